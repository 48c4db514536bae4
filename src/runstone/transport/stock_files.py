"""A stock MLflow server's files: listed a folder at a time, sent and fetched whole through its proxy. It has no chunks and no digests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from typing import BinaryIO
from urllib.parse import quote

from runstone.connection import Answer, Connection, answer_error
from runstone.entities import FileInfo, RunInfo
from runstone.errors import NotFound, NotServed, from_os_error
from runstone.operations import artifacts
from runstone.repository.files import Commit, Place
from runstone.transport.http import PREFIX, HttpTransport

SCHEME = "mlflow-artifacts:"
_PROXY = PREFIX + "/mlflow-artifacts/artifacts/"
_PIECE = 1024 * 1024


def root_of(info: RunInfo, address: str) -> str:
    """Where in the proxy a run's files are. Raises NotServed where the server wants them put somewhere else."""
    uri = info.artifact_uri or ""
    if not uri.startswith(SCHEME):
        raise NotServed(
            f"{address} keeps the files of run {info.run_id} in {uri!r} and does not pass them on itself. Start it with --serve-artifacts, "
            "for an experiment that is made then; the metrics and params of this one are not touched by that."
        )
    # mlflow-artifacts:/path, or with the proxy's host: mlflow-artifacts://host:port/path.
    path = uri.removeprefix(SCHEME)
    return path[2:].partition("/")[2] if path.startswith("//") else path.lstrip("/")


def listed(http: HttpTransport, request: artifacts.ListArtifacts) -> artifacts.Files:
    """One level of a run's files; what runstone records by itself is shown only when it is asked for."""
    found = http.call(artifacts.list_artifacts, request)
    return artifacts.Files(
        found.root_uri, [file for file in found.files if request.path or file.path != artifacts.HIDDEN]
    )


def tree(http: HttpTransport, request: artifacts.TreeOf) -> artifacts.Tree:
    """A run's files at and below a path. In place of a digest each has its place in the proxy."""
    path = request.path.strip("/")
    above = listed(http, artifacts.ListArtifacts(request.run_id, path.rpartition("/")[0] or None))
    root = root_of(RunInfo(request.run_id, "", "", "", artifact_uri=above.root_uri), http.uri)
    if not path:
        return artifacts.Tree(list(_below(http, request.run_id, above.files, root)))
    if path == artifacts.HIDDEN:
        above.files.append(FileInfo(path, True))
    found = list(_below(http, request.run_id, [file for file in above.files if file.path == path], root))
    if not found:
        raise NotFound(f"No artifact {path!r} in run {request.run_id}.")
    return artifacts.Tree(found)


def _below(http: HttpTransport, run_id: str, files: list[FileInfo], root: str) -> Iterator[FileInfo]:
    for file in files:
        if file.is_dir:
            inside = http.call(artifacts.list_artifacts, artifacts.ListArtifacts(run_id, file.path)).files
            yield from _below(http, run_id, inside, root)
        else:
            yield FileInfo(file.path, False, file.file_size, f"{root}/{file.path}")


class StockFiles:
    """What a Repository does, with whole files.

    Args:
        connection: the way to the server.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def store(
        self,
        sources: Iterable[tuple[str, str | bytes | BinaryIO]],
        known: Callable[[list[str]], set[str]],
        commit: Commit,
    ) -> None:
        """Send files (path, and a local path, the bytes or a stream), one after the other: MLflow knows no all or none."""
        (root,) = known([])
        for path, source in sources:
            if isinstance(source, str):
                with _opened(source) as stream:
                    self._put(f"{root}/{path}", stream, os.fstat(stream.fileno()).st_size)
            elif isinstance(source, bytes):
                self._put(f"{root}/{path}", BytesIO(source), len(source))
            else:
                self._put(f"{root}/{path}", source, _size(source))

    def read(self, places: Iterable[Place], whole: str, what: str) -> Iterator[bytes]:
        """A file's bytes in pieces; `whole` is its place. What came on the way is checked against what the server said, no more."""
        response = self.connection.stream("GET", _PROXY + quote(whole))
        try:
            if response.status >= 400:
                raise answer_error(Answer(response.status, response.headers, response.read()), self.connection.address)
            yield from self.connection.pieces(response, _PIECE)
        finally:
            response.release_conn()

    def read_all(self, contents: Sequence[tuple[Sequence[Place], str, str]]) -> Iterator[Iterator[bytes]]:
        """Several files, one after the other."""
        return (self.read(places, whole, what) for places, whole, what in contents)

    def _put(self, place: str, stream: BinaryIO, size: int | None) -> None:
        headers = {"Content-Type": "application/octet-stream"}
        if size is not None:
            headers["Content-Length"] = str(size)
        response = self.connection.stream("PUT", _PROXY + quote(place), body=stream, headers=headers)
        try:
            answer = Answer(response.status, response.headers, response.read())
        finally:
            response.release_conn()
        if answer.status >= 400:
            raise answer_error(answer, self.connection.address)


def _size(stream: BinaryIO) -> int | None:
    """How much is left of a stream, where it can be known."""
    if not stream.seekable():
        return None
    here = stream.tell()
    size = stream.seek(0, os.SEEK_END) - here
    stream.seek(here)
    return size


def _opened(path: str) -> BinaryIO:
    try:
        return open(path, "rb")  # whoever asked for it closes it
    except OSError as error:
        raise from_os_error(error, f"Reading {path!r}") from error
