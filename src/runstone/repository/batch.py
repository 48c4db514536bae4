"""Files going in together: read, cut, named; what the store lacks is packed. Naming them in the index is the caller's, afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from io import BytesIO, FileIO, RawIOBase
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeVar

from runstone.errors import InvalidParameter
from runstone.repository.blobs import Blobs
from runstone.repository.chunks import LEAST, ReadInto, begin, digest
from runstone.repository.compression import CODEC, compress
from runstone.repository.held import Memory
from runstone.repository.holes import reading
from runstone.repository.packs import Packed, PackWriter
from runstone.repository.steady import read_steadily
from runstone.repository.unbuffered import Disk
from runstone.repository.unchanged import Key, Unchanged

if TYPE_CHECKING:
    from runstone.repository.behind import Behind
    from runstone.repository.pipeline import Pipeline

Data = TypeVar("Data", bytes, memoryview)

# Files up to this size live in the database, to this many bytes a batch: one fsync instead of three, and no pack of a few bytes.
SMALL = 16 * 1024
SMALL_TOTAL = 1024 * 1024
# Files of one chunk are looked up in the store so many, or so many bytes, at a time.
_WAITING_COUNT = 1000
_WAITING_SIZE = 4 * 1024 * 1024


class Stored(NamedTuple):
    """A file as it is kept: its name, digest, size in bytes, and chunks in order; none where the content is known to be here."""

    path: str
    digest: str
    size: int
    chunks: list[str]


# Which of some chunks, by digest, the store has already.
Known = Callable[[list[str]], "set[str]"]
# Names packs, small chunks and files in the index, in one transaction.
Commit = Callable[[list[Packed], "list[tuple[str, bytes]]", list[Stored]], object]
# Takes a pack that no file needs out of the index and away.
Forget = Callable[[str], object]


class Remembered(NamedTuple):
    """How a file that has not changed since it was read is known: what files here held, and which contents, by digest, the store has whole."""

    files: Unchanged
    known: Known


class Batch:
    """What one call stores. `packs` (on disk once `finish` has returned), `small` chunks and `files` are for the index to name;
    where packs rest at a place that indexes them itself, there are none of them here.

    Args:
        blobs: where packs rest.
        folder: where packs are written before they are handed over; in the same file system.
        known: tells which of some chunks are stored already.
        commit: names a full pack in the index as soon as it is on disk, so that what was stored before a kill need not be stored again.
            None leaves all of them to `packs`.
        forget: takes such a pack away again.
        told: is told the bytes of what was read.
        remembered: by which files that have not changed are not read again; None reads all.
    """

    def __init__(
        self,
        blobs: Blobs,
        folder: str,
        known: Known,
        commit: Commit | None = None,
        forget: Forget | None = None,
        told: Callable[[int], object] | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        self.packs: list[Packed] = []
        self.small: list[tuple[str, bytes]] = []
        self.files: list[Stored] = []
        self._blobs, self._folder, self._known = blobs, folder, known
        self._commit, self._forget = (commit, forget) if forget is not None else (None, blobs.delete)
        self._told, self._read = told, 0
        self._remembered = remembered
        self._guessed: list[tuple[str, str, str, int]] = []
        self._written: list[str] = []
        self._seen: set[str] = set()
        self._small_size = 0
        self._waiting: list[tuple[str, bytes]] = []
        self._waiting_size = 0
        self._pack: PackWriter | None = None
        self._behind: Behind | None = None
        self._pipeline: Pipeline | None = None
        self._disk: Disk | None = None
        self._held: Memory | None = None

    def add(self, path: str, source: str | bytes | BinaryIO | RawIOBase) -> None:
        """Take in a local file, bytes or what a stream gives, as `path`."""
        if isinstance(source, str):
            self._take_file(path, source)
        elif isinstance(source, bytes | bytearray | memoryview):
            self._take(path, BytesIO(source).readinto, len(source))
        else:
            self._take(path, _reading(path, source), LEAST)

    def finish(self) -> None:
        """Have every pack on disk."""
        self._take_guessed()
        self._place_waiting()
        last, self._pack = self._pack, None
        if last is not None:
            self._seal(last, self.packs.append)
        if self._behind is not None:
            self._behind.wait()
        self._end()

    def abandon(self) -> None:
        """Leave nothing behind. Only before the index was told of the packs: after that it may name them, whatever it answered."""
        try:
            if self._pack is not None:
                self._pack.abandon()
        finally:
            self._end()
        for name in self._written:
            # What failed before is what is raised. Among others this fails where a file of somebody else's needs the pack by now.
            with contextlib.suppress(Exception):
                self._forget(name)

    def _end(self) -> None:
        """Have no threads any more, whatever went wrong on them."""
        # Each knows the other's methods: let go of, their memory is free at once.
        parts = self._disk, self._pipeline, self._behind
        self._disk = self._pipeline = self._behind = self._held = None
        with contextlib.ExitStack() as last_first:
            for part in parts:
                if part is not None:
                    last_first.callback(part.end)

    def _take_file(self, path: str, source: str) -> None:
        guess = None if self._remembered is None else self._remembered.files.find(source)
        if guess is None:
            self._read_file(path, source)
            return
        self._guessed.append((path, source, *guess))
        if len(self._guessed) >= _WAITING_COUNT:
            self._take_guessed()

    def _take_guessed(self) -> None:
        """Name the files that are as they were when they were read, by content; read those whose content is not here any more."""
        guessed, self._guessed = self._guessed, []
        if not guessed or self._remembered is None:
            return
        known = self._remembered.known(list({name for _, _, name, _ in guessed}))
        for path, source, name, size in guessed:
            if name in known:
                self.files.append(Stored(path, name, size, []))
                self._tell(size)
            else:
                self._read_file(path, source)

    def _read_file(self, path: str, source: str) -> None:
        key: Key | None = None

        def read(file: FileIO, size: int) -> None:
            nonlocal key
            key = None if self._remembered is None else self._remembered.files.watch(source, file.fileno())
            self._take(path, reading(file), size, anywhere=True)

        read_steadily(source, read, self.files.pop)
        if key is not None and self._remembered is not None:
            self._remembered.files.keep(key, self.files[-1].digest)

    def _take(self, path: str, read_into: ReadInto, expected: int, *, anywhere: bool = False) -> None:
        first = begin(read_into, expected)
        if len(first) > LEAST:
            self.files.append(self._take_large(path, first, read_into, anywhere))
            return
        name = digest(first)
        self.files.append(Stored(path, name, len(first), [name] if first else []))
        self._tell(len(first))
        if first:
            self._waiting.append((name, first))
            self._waiting_size += len(first)
        if len(self._waiting) >= _WAITING_COUNT or self._waiting_size >= _WAITING_SIZE:
            self._place_waiting()

    def _take_large(self, path: str, first: bytes, read_into: ReadInto, anywhere: bool) -> Stored:
        if self._pipeline is None:
            from runstone.repository.pipeline import Pipeline

            self._pipeline = Pipeline(self._choose_of_long, self._keep)
        before = self._read
        stored = Stored(path, *self._pipeline.take(first, read_into, anywhere=anywhere))
        self._tell(stored.size - (self._read - before))  # chunks that it has twice
        return stored

    def _place_waiting(self) -> None:
        waiting, self._waiting, self._waiting_size = dict(self._waiting), [], 0
        for name, data in self._choose(waiting).items():
            if len(data) <= SMALL and self._small_size + len(data) <= SMALL_TOTAL:
                self.small.append((name, data))
                self._small_size += len(data)
            else:
                self._keep(name, data, compress(data))

    def _choose_of_long(self, chunks: dict[str, Data]) -> dict[str, Data]:
        self._tell(sum(map(len, chunks.values())))
        return self._choose(chunks)

    def _tell(self, size: int) -> None:
        self._read += size
        if self._told is not None and size:
            self._told(size)

    def _choose(self, chunks: dict[str, Data]) -> dict[str, Data]:
        """Those that neither the store nor this batch has. Whoever asks keeps them."""
        fresh = {name: data for name, data in chunks.items() if name not in self._seen}
        if not fresh:
            return fresh
        self._seen.update(fresh)
        known = self._known(list(fresh))
        return {name: data for name, data in fresh.items() if name not in known}

    def _keep(self, name: str, data: bytes | memoryview, frame: bytes | None) -> None:
        if self._pack is None:
            if self._blobs.indexed:
                self._held = self._held or Memory(self._blobs.full_size)
            else:
                self._disk = self._disk or Disk()
            self._pack = PackWriter(self._folder, held=self._held, disk=self._disk)
        if frame is None:
            self._pack.add(name, data)
        else:
            self._pack.add_stored(name, len(data), len(frame), CODEC, frame)
        if self._pack.is_full(self._blobs.full_size):
            self._seal_behind()

    def _seal_behind(self) -> None:
        """Hand the pack over while the next one is filled; no more of them at once than their place takes."""
        from runstone.repository.behind import Behind

        self._behind = self._behind or Behind(self._blobs.at_once)
        self._behind.make_room()  # what went wrong there is raised here, while this pack is still ours to abandon
        full, self._pack = self._pack, None
        assert full is not None
        self._behind.start(lambda: self._seal(full, self._enter))

    def _seal(self, pack: PackWriter, enter: Callable[[Packed], None]) -> None:
        try:
            pack.finish(self._blobs)
        except BaseException:
            pack.abandon()
            raise
        if not self._blobs.indexed:
            self._written.append(pack.pack.name)
            enter(pack.pack)

    def _enter(self, pack: Packed) -> None:
        if self._commit is None:
            self.packs.append(pack)
        else:
            self._commit([pack], [], [])


def _straight(path: str, stream: RawIOBase, buffer: memoryview) -> int:
    count = stream.readinto(buffer)
    if count is None:
        raise InvalidParameter(
            f"{path!r}: the stream gives nothing for the moment. Give a blocking, binary file object."
        )
    return count


def _reading(path: str, stream: Any) -> ReadInto:
    """Read a stream of somebody else's, which may give less than it is asked for, but not more and nothing but bytes."""
    if isinstance(stream, RawIOBase):
        return partial(_straight, path, stream)
    read = getattr(stream, "read", None)
    if read is None:
        raise InvalidParameter(
            f"{path!r}: a {type(stream).__name__} cannot be read. Give a binary file object, such as open(..., 'rb')."
        )

    def read_into(buffer: memoryview) -> int:
        data = read(len(buffer))
        if not isinstance(data, bytes | bytearray | memoryview) or len(data) > len(buffer):
            got = f"{len(data)} bytes" if isinstance(data, bytes) else f"a {type(data).__name__}"
            raise InvalidParameter(
                f"{path!r}: the stream gave {got} where up to {len(buffer)} bytes were asked for. Give a blocking, binary file object."
            )
        buffer[: len(data)] = data
        return len(data)

    return read_into
