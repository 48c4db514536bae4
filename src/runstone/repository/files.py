"""Files in and out: read, cut, packed and committed; fetched, checked and joined. The index behind it is somebody else's."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import BinaryIO, NamedTuple, Protocol

from runstone.errors import CorruptData, FileChanged, MissingFile, RunstoneError, WrongFileKind, from_os_error
from runstone.repository.blobs import Blobs
from runstone.repository.chunks import Whole, cut, digest
from runstone.repository.packs import FULL_SIZE, PackedChunk, PackWriter

# Chunks up to this size, of files that are one chunk, live in the database: one fsync instead of three, and no pack of a few bytes.
SMALL = 16 * 1024


class Stored(NamedTuple):
    """A file as it is kept: its name, digest, size in bytes, and chunks in order."""

    path: str
    digest: str
    size: int
    chunks: list[str]


class Packed(NamedTuple):
    """A pack that was written."""

    name: str
    size: int
    chunks: list[PackedChunk]


class Place(Protocol):
    """Where a chunk is."""

    digest: str
    size: int
    pack: str | None
    offset: int | None
    data: bytes | None


Known = Callable[[list[str]], "set[str]"]
Commit = Callable[[list[Packed], "list[tuple[str, bytes]]", list[Stored]], None]


class Repository:
    """The bytes of one store.

    Args:
        blobs: where packs rest.
        folder: where packs are written before they are handed over; in the same file system.
        known: tells which of some chunks are stored already.
        commit: names packs, small chunks and files in one transaction.
    """

    def __init__(self, blobs: Blobs, folder: str, known: Known, commit: Commit) -> None:
        self.blobs, self.folder, self.known, self.commit = blobs, folder, known, commit

    def store(self, sources: Iterable[tuple[str, str | bytes | BinaryIO]]) -> None:
        """Store files (path, and a local path, the bytes or a stream), all or none. They are on disk when this returns."""
        batch = _Batch(self)
        try:
            for path, source in sources:
                batch.add(path, source)
            batch.finish()
        except BaseException:
            batch.abandon()
            raise

    def read(self, places: Iterable[Place], whole: str | None = None, what: str = "the file") -> Iterator[bytes]:
        """A content's bytes, chunk by chunk, each checked; at the end the whole, where its digest is given. Raises CorruptData."""
        total = Whole()
        for place in places:
            data = place.data if place.pack is None else self.blobs.get(place.pack, place.offset or 0, place.size)
            if data is None or digest(data) != place.digest:
                where = "the database" if place.pack is None else f"the pack {place.pack}"
                raise CorruptData(
                    f"{what}: the chunk {place.digest} in {where} is damaged. `runstone verify` lists all that is; restore it from a backup."
                )
            total.add(data)
            yield data
        if whole is not None and total.name != whole:
            raise CorruptData(f"{what}: its chunks do not join to {whole}. `runstone verify` lists all damage.")


class _Batch:
    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.packs: list[Packed] = []
        self.small: list[tuple[str, bytes]] = []
        self.files: list[Stored] = []
        self.seen: set[str] = set()
        self.pack: PackWriter | None = None

    def add(self, path: str, source: str | bytes | BinaryIO) -> None:
        if isinstance(source, bytes):
            self._take(path, BytesIO(source))
        elif isinstance(source, str):
            self._take_file(path, source)
        else:
            self._take(path, source)

    def _take_file(self, path: str, source: str) -> None:
        for attempt in (1, 2):
            try:
                # Asked before it is opened: opening a pipe would wait for its writer.
                if not stat.S_ISREG(os.stat(source).st_mode):
                    raise WrongFileKind(f"{source!r} is no regular file; only files can be logged.", source)
                with open(source, "rb", buffering=0) as file:
                    before = os.fstat(file.fileno())
                    self._take(path, file)
                    after = os.stat(source)
            except FileNotFoundError as error:
                raise MissingFile(f"{source!r} went away while it was being logged.", source) from error
            except RunstoneError:
                raise
            except OSError as error:
                raise from_os_error(error, f"Reading {source!r}") from error
            if _stamp(before) == _stamp(after):
                return
            self.files.pop()
            if attempt == 2:
                raise FileChanged(
                    f"{source!r} changed while it was being logged, twice. Log it when its writer is done.", source
                )

    def _take(self, path: str, stream: BinaryIO) -> None:
        whole, names, size = Whole(), [], 0
        for data in cut(stream):
            name = digest(data)
            whole.add(data)
            names.append(name)
            size += len(data)
            if name in self.seen or self.repository.known([name]):
                continue
            self.seen.add(name)
            if len(data) <= SMALL:
                self.small.append((name, data))
            else:
                self._put(name, data)
        self.files.append(Stored(path, whole.name, size, names))

    def _put(self, name: str, data: bytes) -> None:
        if self.pack is None:
            self.pack = PackWriter(self.repository.folder)
        self.pack.add(name, data)
        if self.pack.size >= FULL_SIZE:
            self._seal()

    def _seal(self) -> None:
        if self.pack is not None:
            self.pack.finish(self.repository.blobs)
            self.packs.append(Packed(self.pack.name, self.pack.size, self.pack.chunks))
            self.pack = None

    def finish(self) -> None:
        self._seal()
        self.repository.commit(self.packs, self.small, self.files)

    def abandon(self) -> None:
        if self.pack is not None:
            self.pack.abandon()


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns


def walk(folder: str) -> list[tuple[str, str]]:
    """A folder's files as (path below it, local path), links followed. Raises WrongFileKind for a link that leads into itself."""
    found: list[tuple[str, str]] = []

    def visit(place: str, prefix: str, above: tuple[tuple[int, int], ...]) -> None:
        status = os.stat(place)
        identity = (status.st_dev, status.st_ino)
        if identity in above:
            raise WrongFileKind(
                f"The folder {place!r} is a link that leads back into itself. Log it without that link.", place
            )
        for entry in sorted(os.scandir(place), key=lambda entry: entry.name):
            if entry.is_dir():
                visit(entry.path, f"{prefix}{entry.name}/", (*above, identity))
            else:
                found.append((prefix + entry.name, entry.path))

    try:
        visit(folder, "", ())
    except RunstoneError:
        raise
    except OSError as error:
        raise from_os_error(error, f"Reading the folder {folder!r}") from error
    return found
