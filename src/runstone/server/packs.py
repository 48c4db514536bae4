"""The routes by which our own client sends and fetches packs."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from runstone.errors import BadRequest
from runstone.operations import packs
from runstone.operations.engine import Engine
from runstone.operations.reading import open_pack
from runstone.repository.arriving import LONGEST
from runstone.server.dispatch import Route
from runstone.server.downloads import download
from runstone.server.streams import Body, receive
from runstone.server.transfers import Transfers


def pack_routes(engine: Engine, transfers: Transfers) -> list[Route]:
    """The routes; `transfers` has the threads for those who send and fetch."""

    async def get(request: Request) -> Response:
        name = request.path_params["name"]
        opened = await asyncio.get_running_loop().run_in_executor(transfers.reading, open_pack, engine, name)
        return download(request, opened, name, transfers)

    async def put(request: Request) -> Response:
        name, said = request.path_params["name"], request.headers.get("content-length", "")
        if not said.isdigit() or int(said) > LONGEST:
            raise BadRequest(f"A pack needs a Content-Length of up to {LONGEST} bytes, not {said[:40]!r}.")

        def take(body: Body) -> None:
            pack = packs.arriving_pack(engine, name)
            if pack is None:
                return
            try:
                while pieces := body.pieces():
                    pack.write(pieces)
                packs.take_pack(engine, pack)
            finally:
                pack.close()

        await receive(request, transfers, take)
        return Response(b"{}", media_type="application/json")

    return [
        Route("GET", "/runstone/packs/{name}", get, "read"),
        Route("PUT", "/runstone/packs/{name}", put, "edit"),
    ]
