"""The routes of MLflow that carry artifacts' bytes: the proxy, by key; a run's, a model version's and a logged model's, by path."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from runstone.errors import BadRequest, InvalidParameter
from runstone.operations import locating, owners, storing
from runstone.operations.artifacts import TreeOf, get_tree
from runstone.operations.engine import Engine
from runstone.operations.owners import Place
from runstone.operations.reading import open_file
from runstone.server.dispatch import Route
from runstone.server.downloads import disposition, download
from runstone.server.pieces import Pieces
from runstone.server.shown import shown
from runstone.server.streams import Body, receive
from runstone.server.transfers import Transfers
from runstone.server.zips import zipped

# What may come through MLflow's route for its page, which holds it in memory there.
_SMALL_UPLOAD = 10 * 1024 * 1024

_FILE = "A file of a run's or a logged model's (`run_id`, `path`), to be saved; with `show=1`, as a browser shows it."

Answer = Callable[[Request], Awaitable[Response]]


def artifact_routes(engine: Engine, transfers: Transfers) -> list[Route]:
    """The routes.

    Args:
        engine: the store.
        transfers: threads and turns for those who send and fetch.
    """

    def reading(locate: Callable[[Engine, Request], Place], told: str | None = None) -> Answer:
        async def answer(request: Request) -> Response:
            loop = asyncio.get_running_loop()
            place = await loop.run_in_executor(transfers.reading, locate, engine, request)
            opened = await loop.run_in_executor(transfers.reading, open_file, engine, place)
            headers = None
            if request.query_params.get("show") == "1":
                # Browsers say so, but for servers that they reach by plain HTTP on other machines.
                alone = request.headers.get("sec-fetch-dest") == "document"
                try:
                    headers = await loop.run_in_executor(transfers.reading, shown, place.path, opened, alone)
                except BaseException:
                    opened.close()
                    raise
            return download(request, opened, place.path, transfers, headers)

        answer.__doc__ = told
        return answer

    async def put(request: Request) -> Response:
        key = request.path_params["artifact_path"]
        await _store(request, engine, transfers, lambda: locating.of_key(engine, key))
        return Response()

    async def upload(request: Request) -> Response:
        await _store(request, engine, transfers, lambda: _by_upload(engine, request))
        return Response(media_type="application/json")

    async def keep(request: Request) -> Response:
        """Bytes that become a file of a run's or a logged model's (`run_id`, `path`), all of them or none; it replaces what was there."""
        await _store(request, engine, transfers, lambda: _by_owner(engine, request))
        return Response(b"{}", media_type="application/json")

    async def folder(request: Request) -> Response:
        """A folder of a run's or a logged model's files (`run_id`, `path`; without a path all of them) as a zip."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(transfers.reading, _zip, request, engine, transfers)

    return [
        Route("GET", "/mlflow-artifacts/artifacts/{artifact_path:path}", reading(_by_key), "read"),
        Route("PUT", "/mlflow-artifacts/artifacts/{artifact_path:path}", put, "edit"),
        Route("POST", "/mlflow/upload-artifact", upload, "edit"),
        Route("GET", "/mlflow/logged-models/{model_id}/artifacts/files", reading(_by_model), "read"),
        Route("GET", "/runstone/artifacts/file", reading(_by_owner, _FILE), "read"),
        Route("PUT", "/runstone/artifacts/file", keep, "edit"),
        Route("GET", "/runstone/artifacts/zip", folder, "read"),
        Route("GET", "/runstone/artifact-versions/file", reading(_by_artifact_version), "read"),
        Route("GET", "/get-artifact", reading(_by_run), "read", root=True),
        Route("GET", "/model-versions/get-artifact", reading(_by_version), "read", root=True),
    ]


async def _store(request: Request, engine: Engine, transfers: Transfers, locate: Callable[[], Place]) -> None:
    def store(body: Body) -> None:
        encoding = request.headers.get("content-encoding", "identity")
        if encoding != "identity":
            raise BadRequest(
                f"Content-Encoding {encoding[:100]!r} is not taken: an artifact is kept as it is sent. Send it without."
            )
        owner, path = locate()
        if not path:
            raise InvalidParameter("Artifact path must include a filename: a folder cannot be written.")
        storing.store_streams(engine, owner, [(path, body)])

    await receive(request, transfers, store)


def _zip(request: Request, engine: Engine, transfers: Transfers) -> Response:
    run_id, path = request.query_params.get("run_id"), request.query_params.get("path", "").strip("/")
    owner = owners.of(run_id)
    files = get_tree.function(engine, TreeOf(run_id or "", path)).files
    headers = {
        "Content-Type": "application/zip",
        "Content-Disposition": disposition(f"{path.rpartition('/')[2] or run_id}.zip"),
        "Cache-Control": "private, no-cache",
    }
    if request.method == "HEAD":
        return Response(headers=headers)
    return Pieces(partial(zipped, engine, owner, path, files), lambda: None, transfers, 200, headers)


def _by_upload(engine: Engine, request: Request) -> Place:
    run_id, path = request.query_params.get("run_uuid"), request.query_params.get("path")
    for name, value in (("run_uuid", run_id), ("path", path)):
        if not value:
            raise InvalidParameter(f"Request must specify {name}.")
    said = request.headers.get("content-length", "")
    if said in ("", "0"):
        raise InvalidParameter("Request must specify data.")
    if not said.isdigit() or int(said) > _SMALL_UPLOAD:
        raise InvalidParameter("Artifact size is too large. Max size is 10MB.")
    return locating.of_run(engine, run_id, path)


def _by_key(engine: Engine, request: Request) -> Place:
    return locating.of_key(engine, request.path_params["artifact_path"])


def _by_run(engine: Engine, request: Request) -> Place:
    asked = request.query_params
    return locating.of_run(engine, asked.get("run_id") or asked.get("run_uuid"), _required(request, "path"))


def _by_owner(engine: Engine, request: Request) -> Place:
    return locating.of_owner(engine, request.query_params.get("run_id"), _required(request, "path"))


def _by_version(engine: Engine, request: Request) -> Place:
    asked = request.query_params
    path = _required(request, "path")
    return locating.of_version(engine, asked.get("name", ""), asked.get("version", ""), path)


def _by_artifact_version(engine: Engine, request: Request) -> Place:
    return locating.of_artifact_version(engine, _required(request, "reference"), request.query_params.get("path", ""))


def _by_model(engine: Engine, request: Request) -> Place:
    path = request.query_params.get("artifact_file_path")
    if not path:
        raise BadRequest('Request must include the "artifact_file_path" query parameter.')
    return locating.of_model(engine, request.path_params["model_id"], path)


def _required(request: Request, name: str) -> str:
    value = request.query_params.get(name)
    if not value:
        raise InvalidParameter(f"Missing value for required parameter '{name}'")
    return value
