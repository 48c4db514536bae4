"""The few answers that are not operations: is it well, which server is it, what can it be asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from runstone.errors import RunstoneError
from runstone.operations.engine import Engine
from runstone.operations.locations import Locations
from runstone.operations.store import Ping, ping
from runstone.server import openapi
from runstone.server.dispatch import Route
from runstone.server.monitoring import Monitor


def page_routes(engine: Engine, monitor: Monitor, others: Sequence[Route]) -> list[Route]:
    """The routes of these answers.

    Args:
        engine: the store.
        monitor: what counts its requests.
        others: the routes that are served besides.
    """

    described: list[bytes] = []

    async def health(request: Request) -> Response:
        """OK, when the database answers and writes are carried out."""
        if not monitor.writing:
            raise RunstoneError("The thread that writes has died. Start the server again.")
        await asyncio.get_running_loop().run_in_executor(None, ping.function, engine, Ping())
        return PlainTextResponse("OK")

    async def version(request: Request) -> Response:
        """The MLflow whose wire is spoken; and, in a header, that it is not MLflow who speaks it."""
        from runstone.version import HEADER, MLFLOW_VERSION, __version__

        # Clients decide by it what they may ask.
        return PlainTextResponse(MLFLOW_VERSION, headers={HEADER: __version__})

    async def server_info(request: Request) -> Response:
        """What kind of server it is."""
        from runstone.version import __version__

        return JSONResponse(
            {
                "store_type": "SqlStore",
                "workspaces_enabled": False,
                "trace_archival_enabled": False,
                "multipart_uploads_enabled": False,
                "multipart_downloads_enabled": False,
                "artifacts": "chunks" if engine.locations == Locations() else "files",
                "runstone": __version__,
            }
        )

    async def figures(request: Request) -> Response:
        """Figures for Prometheus."""
        return PlainTextResponse(monitor.page(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def description(request: Request) -> Response:
        """This description."""
        if not described:
            described.append(msgspec.json.encode(openapi.document([*others, *pages])))
        return Response(described[0], media_type="application/json")

    pages = [
        Route("GET", "/health", health, None, root=True),
        Route("GET", "/version", version, None, root=True),
        Route("GET", "/metrics", figures, None, root=True),
        Route("GET", "/api/openapi.json", description, None, root=True),
        Route("GET", "/mlflow/server-info", server_info, None),
    ]
    return pages
