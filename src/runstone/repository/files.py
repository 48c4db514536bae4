"""Files in and out: read, cut, packed and committed; fetched, checked and joined. The index behind it is somebody else's."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from io import RawIOBase
from typing import Any, BinaryIO, Protocol

from runstone.errors import ContentGone, CorruptData
from runstone.repository.batch import Batch, Commit, Forget, Known, Remembered
from runstone.repository.blobs import Blobs, Range
from runstone.repository.blobs.local import LocalBlobs
from runstone.repository.chunks import VERIFY, Hasher, digest
from runstone.repository.compression import decompress
from runstone.repository.writing import storing


class Place(Protocol):
    """Where a chunk is. Digest and size are of its plain bytes; compressed by `codec` it lies there in `stored` bytes, else 0 and ''."""

    digest: str
    size: int
    pack: str | None
    offset: int | None
    data: bytes | None
    stored: int
    codec: str


Found = tuple[Place, "bytes | None"]
# Where chunks are by now, by their digests; those that are nowhere are left out.
Again = Callable[[list[str]], Iterable[Place]]
# Chunks that are asked for again at once.
_ASKED = 500
NEVER_AGAIN = -1


class _Once:
    """Tells how many bytes were read; those that are read once more are not told again."""

    def __init__(self, told: Callable[[int], object]) -> None:
        self._told = told
        self._read = self._most = 0

    def begin(self) -> None:
        """From the beginning again."""
        self._read = 0

    def __call__(self, size: int) -> None:
        self._read += size
        if self._read > self._most:
            fresh, self._most = self._read - self._most, self._read
            self._told(fresh)


def repository_in(folder: str) -> Repository:
    """The repository of a store that is a folder here."""
    return Repository(LocalBlobs(os.path.join(folder, "packs")), os.path.join(folder, "incoming"))


class Repository:
    """The bytes of one store.

    Args:
        blobs: where packs rest.
        folder: where packs are written before they are handed over; in the same file system.
    """

    def __init__(self, blobs: Blobs, folder: str) -> None:
        self.blobs, self.folder = blobs, folder

    def store(
        self,
        sources: Iterable[tuple[str, str | bytes | BinaryIO | RawIOBase]],
        known: Known,
        commit: Commit,
        forget: Forget | None = None,
        told: Callable[[int], object] | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        """Store files (path, and a local path, the bytes or a stream), all or none. They are on disk when this returns.

        Args:
            sources: the files.
            known: tells which of some chunks are stored already.
            commit: names packs, small chunks and files in the index, in one transaction: those of a long call as they are full, and the
                files last.
            forget: takes a pack that was named early away again, when this fails; without it none is.
            told: is told the bytes of what was read.
            remembered: by which files that have not changed are not read again; None reads all.
        """
        sources = list(sources)
        # Where each stream began, so that all can be read once more; None of one that cannot.
        starts = [None if isinstance(source, str | bytes) else start_of(source) for _, source in sources]
        # Where packs are kept by somebody who indexes them, that one is the writer who is seen.
        with nullcontext() if self.blobs.indexed else storing(self.folder):
            # What was known to be here may be pruned before it is named. Then it is known not to be; the last time, nothing is taken
            # for known.
            once = None if told is None else _Once(told)
            for trusted, guess in ((known, remembered), (known, None), (_nothing_known, None)):
                if once is not None:
                    once.begin()
                try:
                    self._store(sources, trusted, commit, forget, once, guess)
                    return
                except ContentGone:
                    if trusted is _nothing_known or NEVER_AGAIN in starts:
                        raise
                    for (_, source), start in zip(sources, starts, strict=True):
                        if start is not None:
                            source.seek(start)  # type: ignore[union-attr]  # what has a place is a stream

    def _store(
        self,
        sources: Iterable[tuple[str, str | bytes | BinaryIO | RawIOBase]],
        known: Known,
        commit: Commit,
        forget: Forget | None,
        told: Callable[[int], object] | None,
        remembered: Remembered | None,
    ) -> None:
        batch = Batch(self.blobs, self.folder, known, commit, forget, told, remembered)
        try:
            for path, source in sources:
                batch.add(path, source)
            batch.finish()
        except BaseException:
            batch.abandon()
            raise
        # The order of writes: every pack is on disk; now, and not before, the index may name what is in them. What goes wrong from
        # here on leaves packs that nothing names, or that are named although the answer was lost: they are not ours to delete.
        commit(batch.packs, batch.small, batch.files)

    def read(
        self,
        places: Iterable[Place],
        whole: str,
        what: str,
        start: int = 0,
        stop: int | None = None,
        *,
        again: Again | None = None,
    ) -> Iterator[bytes]:
        """A content's bytes, chunk by chunk, each checked; at the end, the whole. Raises CorruptData, which says what is damaged.

        Args:
            places: its chunks, in order.
            whole: its digest.
            what: what an error calls it.
            start: the first byte that is wanted.
            stop: the byte before which to end; None is the end. Of a part, only the chunks that it lies in are read and checked.
            again: tells where chunks are by now: a pack may have been pruned since it was asked. What was read is not read again.
        """
        places = list(places)
        wanted, before, behind = _part(places, start, stop)
        found = self._found(wanted, again)
        if before or behind or len(wanted) < len(places):
            return _cut(wanted, found, what, before, behind)
        return _joined(places, found, whole, what)

    def read_all(
        self, contents: Sequence[tuple[Sequence[Place], str, str]], *, again: Again | None = None
    ) -> Iterator[Iterator[bytes]]:
        """Several contents (chunks, digest, what an error calls it), each as `read` gives it, fetched as one. Each is to be read to its
        end before the next is asked for."""
        found = self._found([place for places, _, _ in contents for place in places], again)
        return (_joined(places, found, whole, what) for places, whole, what in contents)

    def _found(self, places: list[Place], again: Again | None) -> Iterator[Found]:
        """Each chunk as it lies where it is; where its pack is gone, where it is by then."""
        rest = places
        while rest:
            done, failure = 0, None
            packed = self._gather(rest)
            for place in rest:
                try:
                    data = place.data if place.pack is None else next(packed, None)
                except CorruptData as error:
                    failure = error
                    break
                done += 1
                yield place, data
            rest = rest[done:]
            if failure is not None:
                moved = None if again is None else _moved(rest, again)
                if moved is None:
                    raise failure
                rest = moved

    def _gather(self, places: Iterable[Place]) -> Iterator[bytes]:
        return self.blobs.gather(
            Range(place.pack, place.offset or 0, place.stored or place.size)
            for place in places
            if place.pack is not None
        )


def _nothing_known(digests: list[str]) -> set[str]:
    return set()


def start_of(source: Any) -> int:
    """Where a stream is; `NEVER_AGAIN` of one that cannot go back."""
    try:
        return int(source.tell()) if source.seekable() else NEVER_AGAIN
    except (AttributeError, OSError, ValueError):
        return NEVER_AGAIN


def _moved(places: list[Place], again: Again) -> list[Place] | None:
    """Where these chunks are by now; None where the first of them is where it was, or nowhere."""
    # Those that follow soon: where the pack of others is gone too, they are asked for when it comes to them.
    asked = places[:_ASKED]
    now = {place.digest: place for place in again(list(dict.fromkeys(place.digest for place in asked)))}
    first = now.get(places[0].digest)
    if first is None or (first.pack, first.offset) == (places[0].pack, places[0].offset):
        return None
    return [*(now.get(place.digest, place) for place in asked), *places[_ASKED:]]


def _joined(places: Sequence[Place], found: Iterator[Found], whole: str, what: str) -> Iterator[bytes]:
    total = None if [place.digest for place in places] == [whole] else Hasher(threads=1)
    for left, place in zip(range(len(places) - 1, -1, -1), places, strict=True):
        data = _checked(place, found, what)
        if total is not None:
            total.add(data)
            # Before the last bytes are given: whoever hands them on must not have handed on all of it.
            if not left and total.name != whole:
                raise CorruptData(f"{what}: its chunks do not join to {whole}.{VERIFY}")
        # Given away: while the next one is not asked for, and that may be long, nothing is held here.
        given = [data]
        del data
        yield given.pop()


def _cut(places: Sequence[Place], found: Iterator[Found], what: str, before: int, behind: int) -> Iterator[bytes]:
    for left, place in zip(range(len(places) - 1, -1, -1), places, strict=True):
        given = [_checked(place, found, what)[before : place.size - (0 if left else behind)]]
        yield given.pop()
        before = 0


def _part(places: list[Place], start: int, stop: int | None) -> tuple[list[Place], int, int]:
    """The chunks in which a part lies; and how many bytes of the first and of the last of them do not belong to it."""
    wanted: list[Place] = []
    offset = before = behind = 0
    for place in places:
        end = offset + place.size
        if end > start and (stop is None or offset < stop):
            if not wanted:
                before = start - offset if start > offset else 0
            behind = 0 if stop is None or end <= stop else end - stop
            wanted.append(place)
        offset = end
    return wanted, before, behind


def _checked(place: Place, found: Iterator[Found], what: str) -> bytes:
    problem = f"{what}: the chunk {place.digest}"
    try:
        place, data = next(found)
    except CorruptData as error:
        raise CorruptData(f"{problem} is lost. {error.message}") from error
    where = "the database" if place.pack is None else f"the pack {place.pack}"
    damaged = f"{problem} in {where} is damaged.{VERIFY}"
    if data is not None and place.codec:
        try:
            data = decompress(data, place.codec, place.size)
        except CorruptData as error:
            raise CorruptData(f"{damaged} {error.message}") from error
    if data is None or digest(data) != place.digest:
        raise CorruptData(damaged)
    return data
