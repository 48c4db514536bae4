"""A file of a run's as a file object that is read where its reader goes: only the chunks touched are fetched, and each is checked."""

from __future__ import annotations

import io
from bisect import bisect_right, insort
from collections import OrderedDict
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from runstone.client.downloads import chunks_now, tree
from runstone.client.uris import parts_of_uri
from runstone.errors import CorruptData, InvalidParameter, NotFound
from runstone.operations import artifacts, growing, rules, stretches
from runstone.repository.chunks import VERIFY
from runstone.repository.seekable import Seekable

if TYPE_CHECKING:
    from runstone.client import Client

# Bytes of a run's file that are kept, so that who reads here and there comes back to them for nothing.
KEPT = 16 * 1024 * 1024
# Bytes that are fetched at once at the most.
AT_ONCE = 8 * 1024 * 1024
# Bytes on each side of what is wanted whose chunks' places are asked for with it: they cost nearly nothing more.
_AROUND = 32 * 1024 * 1024
_BUFFER = 64 * 1024

Piece = tuple[int, bytes]


class Source(Protocol):
    """What bytes come from."""

    def fetch(self, start: int, stop: int) -> Iterator[Piece]:
        """Pieces in order, each with its place, that have all bytes from `start` to before `stop`."""
        ...


class ArtifactFile(io.BufferedReader):
    """A file of a run's, open for reading; what it holds is what it held when it was opened. Close it, or use it in a `with`.

    A call of its methods is safe beside others of other threads. But they share one place in it: a thread that seeks and then reads
    opens it for itself.

    Attributes:
        run_id: the run.
        path: the path among the run's files.
        size: bytes.
        digest: algorithm:hex of all of it; None where it still grew when it was opened, or where the store knows no digests.
    """

    def __init__(self, source: Source, run_id: str, path: str, size: int, digest: str | None) -> None:
        super().__init__(_Pieces(source, path, size), _BUFFER)
        self.run_id, self.path, self.size, self.digest = run_id, path, size, digest

    def __repr__(self) -> str:
        return f"<ArtifactFile {self.path!r} of run {self.run_id}, {self.size} bytes>"


def open_file(self: Client, run: Any, path: str | None) -> ArtifactFile:
    """What `open_artifact` gives."""
    run_id, path = _named(run, path)
    file = next((file for file in tree(self, run_id, path) if file.path == path), None)
    if file is None:
        raise NotFound(
            f"{path!r} is a folder of run {run_id}, not a file. `runstone artifacts ls` and list_artifacts say what is in it."
        )
    size, digest = file.file_size or 0, file.digest
    if digest is None:
        return ArtifactFile(_Growing(self, run_id, path, size), run_id, path, size, None)
    if self._is_server:
        from runstone.transport.stock_files import StockFiles

        repository: object = self._repository
        if isinstance(repository, StockFiles):
            return ArtifactFile(repository.open(digest, f"{path!r} of run {run_id}"), run_id, path, size, None)
    return ArtifactFile(_Chunks(self, digest, size, f"{path!r} of run {run_id}"), run_id, path, size, digest)


def open_content(self: Client, digest: str, size: int, path: str, whose: str) -> ArtifactFile:
    """A file that is known by its digest, open as `open_artifact` opens one of a run's; `whose` it is, is said in errors."""
    return ArtifactFile(_Chunks(self, digest, size, f"{path!r} of {whose}"), whose, path, size, digest)


def _named(run: Any, path: str | None) -> tuple[str, str]:
    run = getattr(getattr(run, "info", None), "run_id", run)
    if not isinstance(run, str):
        raise InvalidParameter(f"A run is named by its id or by a URI, not by {type(run).__name__}: {run!r:.200}.")
    if ":" in run:
        run, inner = parts_of_uri(run)
        path = "/".join(part for part in (inner, path) if part)
    if not path:
        raise InvalidParameter(f"Which file of run {run[:100]}? Give its path as well, or a URI: runs:/RUN_ID/path.")
    return run, rules.check_path(path)


class _Pieces(Seekable):
    """Bytes that are fetched a piece at a time where they are wanted; the last ones used are kept."""

    def __init__(self, source: Source, name: str, size: int) -> None:
        super().__init__(size)
        self.name = name
        self._source = source
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._starts: list[int] = []
        self._held = 0
        self._fetched, self._ahead = 0, 1

    def readinto(self, buffer: Any) -> int:
        """The next bytes; fewer than there is room for where that saves fetching more."""
        self.check_open()
        view = memoryview(buffer).cast("B")
        length = min(len(view), self.size - self.place)
        if length <= 0:
            return 0
        start, piece = self._piece_at(self.place, length)
        # The buffer above is only filled: what is behind this piece is fetched when it is wanted.
        count = min(length, start + len(piece) - self.place)
        inner = self.place - start
        view[:count] = memoryview(piece)[inner : inner + count]
        self.place += count
        return count

    def readall(self) -> bytes:
        """All that is left."""
        self.check_open()
        data = bytearray()
        while len(piece := self.read(max(AT_ONCE, _BUFFER)) or b""):
            data += piece
        return bytes(data)

    def close(self) -> None:
        """Let go of what is kept."""
        if not self.closed:
            self._kept.clear()
            self._starts.clear()
            close = getattr(self._source, "close", None)
            if close is not None:
                close()
        super().close()

    def _piece_at(self, place: int, length: int) -> Piece:
        index = bisect_right(self._starts, place) - 1
        if index >= 0:
            start = self._starts[index]
            piece = self._kept[start]
            if place < start + len(piece):
                self._kept.move_to_end(start)
                return start, piece
        # A small read is one that fills a buffer; of more, all of it is wanted.
        least = 1 if length <= _BUFFER else min(length, AT_ONCE)
        # Who comes to the end of what was fetched last reads on: more and more is fetched at once.
        self._ahead = min(max(2 * self._ahead, _BUFFER), AT_ONCE) if place == self._fetched else 1
        stop = min(place + max(least, self._ahead), self.size)
        found: Piece | None = None
        for start, piece in self._source.fetch(place, stop):
            self._keep(start, piece)
            self._fetched = start + len(piece)
            if start <= place < start + len(piece):
                found = start, piece
        if found is None:
            raise CorruptData(f"{self.name!r} ends before byte {place}, of {self.size}. Open it again.")
        return found

    def _keep(self, start: int, piece: bytes) -> None:
        if start in self._kept:
            self._held -= len(self._kept[start])
        else:
            insort(self._starts, start)
        self._kept[start] = piece
        self._kept.move_to_end(start)
        self._held += len(piece)
        while self._held > KEPT and len(self._kept) > 1:
            oldest, gone = self._kept.popitem(last=False)
            self._held -= len(gone)
            self._starts.remove(oldest)


class _Chunks:
    """A content of the store: its chunks' places are asked for as they are needed, and remembered."""

    def __init__(self, client: Client, digest: str, size: int, what: str) -> None:
        self._client, self._digest, self._size, self._what = client, digest, size, what
        self._places: dict[int, artifacts.PlacedChunk] = {}
        self._starts: list[int] = []

    def fetch(self, start: int, stop: int) -> Iterator[Piece]:
        wanted = list(self._wanted(start, stop))
        asked = [([place], place.digest, self._what) for _, place in wanted]
        read = self._client._repository.read_all(asked, again=partial(chunks_now, self._client))
        for (begin, _), content in zip(wanted, read, strict=True):
            yield begin, b"".join(content)

    def _wanted(self, start: int, stop: int) -> Iterator[tuple[int, artifacts.PlacedChunk]]:
        while start < stop:
            found = self._known(start) or self._ask(start, stop)
            yield found
            start = found[0] + found[1].size

    def _known(self, place: int) -> tuple[int, artifacts.PlacedChunk] | None:
        index = bisect_right(self._starts, place) - 1
        if index >= 0:
            start = self._starts[index]
            chunk = self._places[start]
            if place < start + chunk.size:
                return start, chunk
        return None

    def _ask(self, start: int, stop: int) -> tuple[int, artifacts.PlacedChunk]:
        # What is behind is read next more often than what lies before.
        request = stretches.GetStretch(self._digest, start, min(stop + _AROUND, self._size))
        answer = self._client._transport.call(stretches.get_stretch, request)
        place = answer.start
        for chunk in answer.chunks:
            if chunk.size <= 0:
                break
            if place not in self._places:
                insort(self._starts, place)
            self._places[place] = chunk
            place += chunk.size
        found = self._known(start)
        if found is None:
            raise CorruptData(f"{self._what}: no chunk has its byte {start}, of {self._size}.{VERIFY}")
        return found


class _Growing:
    """A file that still grew when it was opened, as far as it went then."""

    def __init__(self, client: Client, run_id: str, path: str, size: int) -> None:
        self._client, self._run_id, self._path, self._size = client, run_id, path, size
        self._whole: _Chunks | None = None

    def fetch(self, start: int, stop: int) -> Iterator[Piece]:
        while start < stop and self._whole is None:
            request = growing.ReadGrowing(self._run_id, self._path, start, min(growing.STRETCH, self._size - start))
            try:
                data = self._client._transport.call(growing.read_growing, request).data
            except NotFound:
                # Kept for good meanwhile: what is left to read is in the store.
                (file,) = tree(self._client, self._run_id, self._path)
                if file.digest is None:
                    return
                what = f"{self._path!r} of run {self._run_id}"
                self._whole = _Chunks(self._client, file.digest, file.file_size or 0, what)
                break
            if not data:
                return
            yield start, data
            start += len(data)
        if self._whole is not None and start < stop:
            yield from self._whole.fetch(start, stop)
