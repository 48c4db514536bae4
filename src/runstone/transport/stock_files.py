"""A stock MLflow server's files: listed a folder at a time, sent and fetched whole through its proxy. It has no chunks and no digests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from typing import IO, TYPE_CHECKING, BinaryIO
from urllib.parse import quote

from runstone.connection import Answer, Connection, answer_error
from runstone.entities import FileInfo
from runstone.errors import FileChanged, NotFound, NotServed, RunstoneError, from_os_error
from runstone.operations import artifacts, logged_models, owners, proxy
from runstone.repository.batch import Commit, Forget, Remembered
from runstone.repository.files import Place
from runstone.repository.stores import refuse_file
from runstone.transport.http import PREFIX, HttpTransport

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

SCHEME = "mlflow-artifacts:"
_PROXY = PREFIX + "/mlflow-artifacts/artifacts/"
_PIECE = 1024 * 1024


def root_of(location: str | None, owner: str, address: str) -> str:
    """Where in the proxy the files of a run or a logged model are. Raises NotServed where the server wants them put somewhere else."""
    uri = location or ""
    if not uri.startswith(SCHEME):
        raise NotServed(
            f"{address} keeps the files of {owner} in {uri!r} and does not pass them on itself. Start it with --serve-artifacts, "
            "for an experiment that is made then; the metrics and params of this one are not touched by that."
        )
    # mlflow-artifacts:/path, or with the proxy's host: mlflow-artifacts://host:port/path.
    path = uri.removeprefix(SCHEME)
    return path[2:].partition("/")[2] if path.startswith("//") else path.lstrip("/")


def listed(http: HttpTransport, request: artifacts.ListArtifacts) -> artifacts.Files:
    """One level of a run's or a logged model's files; what runstone records by itself is shown only when it is asked for."""
    found = _level(http, str(request.run_id), request.path)
    return artifacts.Files(
        found.root_uri, [file for file in found.files if request.path or file.path != artifacts.HIDDEN]
    )


def _level(http: HttpTransport, owner: str, path: str | None) -> artifacts.Files:
    if not owners.is_model_id(owner):
        return http.call(artifacts.list_artifacts, artifacts.ListArtifacts(owner, path))
    found = http.call(proxy.list_model_artifacts, proxy.ModelFolder(owner, path))
    if found.root_uri:
        return found
    model = http.call(logged_models.get_logged_model, logged_models.GetLoggedModel(owner)).model
    return artifacts.Files(model.artifact_location, found.files)


def tree(http: HttpTransport, request: artifacts.TreeOf) -> artifacts.Tree:
    """A run's files at and below a path. In place of a digest each has its place in the proxy."""
    path = request.path.strip("/")
    above = listed(http, artifacts.ListArtifacts(request.run_id, path.rpartition("/")[0] or None))
    root = root_of(above.root_uri, request.run_id, http.uri)
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
            yield from _below(http, run_id, _level(http, run_id, file.path).files, root)
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
        forget: Forget | None = None,
        told: Callable[[int], object] | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        """Send files (path, and a local path, the bytes or a stream), one after the other: MLflow knows no all or none, and no packs."""
        (root,) = known([])
        for path, source in sources:
            if isinstance(source, str):
                with _opened(source) as stream:
                    self._put(f"{root}/{path}", stream, os.fstat(stream.fileno()).st_size)
            elif isinstance(source, bytes):
                self._put(f"{root}/{path}", BytesIO(source), len(source))
            else:
                self._put(f"{root}/{path}", source, _size(source))
            if told is not None and isinstance(source, str):
                told(os.path.getsize(source))

    def read(self, places: Iterable[Place], whole: str, what: str, *, again: object = None) -> Iterator[bytes]:
        """A file's bytes in pieces; `whole` is its place. What came on the way is checked against what the server said, no more."""
        response = self.connection.stream("GET", _PROXY + quote(whole))
        try:
            if response.status >= 400:
                raise answer_error(Answer(response.status, response.headers, response.read()), self.connection.address)
            yield from self.connection.pieces(response, _PIECE)
        finally:
            response.release_conn()

    def read_all(
        self, contents: Sequence[tuple[Sequence[Place], str, str]], *, again: object = None
    ) -> Iterator[Iterator[bytes]]:
        """Several files, one after the other."""
        return (self.read(places, whole, what) for places, whole, what in contents)

    def open(self, place: str, what: str) -> StockFile:
        """A file whose bytes are fetched where they are wanted."""
        return StockFile(self.connection, place, what)

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


class StockFile:
    """One file of the server's: ranges of it, where the server gives ranges; else it is fetched whole, into a temporary file.

    Args:
        connection: the way to the server.
        place: the file's place in the proxy.
        what: what an error calls it.
    """

    def __init__(self, connection: Connection, place: str, what: str) -> None:
        self._connection, self._place, self._what = connection, place, what
        self._tag: str | None = None
        self._copy: IO[bytes] | None = None

    def fetch(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """The bytes from `start` to before `stop`, and those around them, in pieces, each with its place."""
        start -= start % _PIECE
        if self._copy is None:
            yield from self._range(start, stop + -stop % _PIECE)
        if self._copy is not None:
            for at in range(start, stop, _PIECE):
                self._copy.seek(at)
                yield at, self._copy.read(_PIECE)

    def close(self) -> None:
        """Let go of the copy, where one was made."""
        if self._copy is not None:
            self._copy.close()

    def _range(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        headers = {"Range": f"bytes={start}-{stop - 1}"}
        if self._tag is not None:
            headers["If-Range"] = self._tag
        response = self._connection.stream("GET", _PROXY + quote(self._place), headers=headers)
        try:
            if response.status == 206:
                self._tag = response.headers.get("etag") or self._tag
                for data in self._connection.pieces(response, _PIECE):
                    yield start, data
                    start += len(data)
            elif response.status >= 400:
                raise answer_error(Answer(response.status, response.headers, response.read()), self._connection.address)
            elif self._tag is not None:
                response.close()
                raise FileChanged(f"{self._what} was written anew while it was read. Open it again.", self._place)
            else:
                self._copy = self._fetched(response)
        finally:
            response.release_conn()

    def _fetched(self, response: BaseHTTPResponse) -> IO[bytes]:
        from tempfile import TemporaryFile

        copy = TemporaryFile(prefix="runstone-")  # noqa: SIM115  # closed with this object
        try:
            for data in self._connection.pieces(response, _PIECE):
                copy.write(data)
        except BaseException as error:
            copy.close()
            if isinstance(error, OSError) and not isinstance(error, RunstoneError):
                raise from_os_error(error, f"Fetching {self._what} into a temporary file") from error
            raise
        return copy


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
        refuse_file(path)
        return open(path, "rb")  # whoever asked for it closes it
    except OSError as error:
        raise from_os_error(error, f"Reading {path!r}") from error
