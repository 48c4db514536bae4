"""Cutting and naming: bytes become chunks, cut where their content says, each named by its digest. Knows nothing of where they go."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from functools import cached_property, partial
from io import FileIO
from typing import Any

from runstone.repository.memory import mapped
from runstone.repository.workers import Started

ALGORITHM = "blake3"
# What is said behind every damage that a reader meets; a verification, which is that, leaves it out.
VERIFY = " `runstone verify` lists all damage and says what brings it back."
# A content up to LEAST is one chunk. In a longer one a cut is unlikely before AVERAGE and likely after it: random bytes give chunks
# of 141 KiB on average, and a small change costs about one of them. docs/stored-once.md says why these; docs/format-artifacts.md, what
# they fix for good. Chunks of older stores may have any size up to MOST.
LEAST = 64 * 1024
AVERAGE = 128 * 1024
MOST = 2 * 1024 * 1024
# Read and cut at once; the first MOST of it are for what the window before left over. Small enough to stay in the processor's cache, and a few of
# them, until all its chunks are named and written.
WINDOW = 6 * 1024 * 1024
# More would not help: past this the disk is the slower one.
HASHING_THREADS = 4

# Puts the next bytes of a content at the start of a buffer and says how many; 0 at the end.
ReadInto = Callable[[memoryview], int]
# Has it done while the caller goes on.
Ahead = Callable[[Callable[[], int]], Started[int]]


def digest(data: bytes | memoryview) -> str:
    """The name of these bytes; the algorithm is part of it, so that it can change."""
    import blake3

    return f"{ALGORITHM}:{blake3.blake3(data).hexdigest()}"


def digest_of_file(file: FileIO) -> str:
    """The digest of what a file holds from where it stands."""
    total, buffer = Hasher(), memoryview(bytearray(WINDOW))
    while count := file.readinto(buffer):
        total.add(buffer[:count])
    return total.name


def digest_of(pieces: Iterable[bytes]) -> str:
    """The digest of what comes piece by piece."""
    total = Hasher()
    for data in pieces:
        total.add(data)
    return total.name


class Hasher:
    """The digest of a large thing that is taken piece by piece.

    Args:
        threads: so many cores share a piece.
    """

    def __init__(self, threads: int = HASHING_THREADS) -> None:
        import blake3

        self._hash: Any = blake3.blake3(max_threads=threads)

    def add(self, data: bytes | memoryview) -> None:
        """The next bytes."""
        self._hash.update(data)

    @property
    def name(self) -> str:
        """The digest of all so far."""
        return f"{ALGORITHM}:{self._hash.hexdigest()}"


def begin(read_into: ReadInto, expected: int) -> bytes:
    """A content's first bytes: all of it where it is at most LEAST long, else LEAST + 1 of them.

    Args:
        read_into: the content.
        expected: how long it is thought to be, so that a small file costs a small buffer.
    """
    buffer, held = bytearray(min(expected, LEAST) + 1), 0
    while count := read_into(memoryview(buffer)[held:]):
        held += count
        if held > LEAST:
            break
        if held == len(buffer):  # longer than was thought
            buffer.extend(bytes(LEAST + 1 - held))
    return bytes(memoryview(buffer)[:held])


class Cutter:
    """Cuts contents, one after the other, in memory that it keeps: FastCDC (Xia et al., 2020), normalisation 3, seed 0.

    Args:
        windows: two or more: as many groups of chunks as are good at once, and one that is being read.
    """

    def __init__(self, windows: int = 2) -> None:
        from pyfastcdc import FastCDC

        self._cutter: Any = FastCDC(AVERAGE, min_size=LEAST, max_size=MOST, normalized_chunking=3)
        self._windows: list[memoryview] = []
        self._count = windows

    def cut(
        self, first: bytes, read_into: ReadInto, ahead: Ahead | None = None
    ) -> Generator[list[memoryview], None, None]:
        """The chunks of a content in order, some at a time; they are good until so many more are asked for.

        Args:
            first: the bytes that were read of it already.
            read_into: the rest.
            ahead: has the next bytes read while these are being cut; None reads them here.
        """
        number, window = 0, self._window(0)
        start, stop = MOST - len(first), MOST
        window[start:stop] = first
        stop += _fill(window[stop:], read_into)
        while start < stop:
            # Only what is full may have something behind it.
            following = self._window((number + 1) % self._count) if stop == WINDOW else None
            reading = None
            if following is not None and ahead is not None:
                reading = ahead(partial(_fill, following[MOST:], read_into))
            chunks: list[memoryview] = []
            # A cut is decided by up to MOST bytes behind the last one, and must not depend on how many happen to be here.
            least = 1 if following is None else MOST
            while stop - start >= least:
                start = self._cut_some(window, start, stop, least, chunks)
            try:
                yield chunks
            finally:
                # Whoever asks for no more is about to close what is being read.
                if reading is not None:
                    reading.wait()
            if following is None:
                return
            count = _fill(following[MOST:], read_into) if reading is None else reading.result()
            rest = window[start:stop]
            following[MOST - len(rest) : MOST] = rest
            number, window, start, stop = number + 1, following, MOST - len(rest), MOST + count

    def _cut_some(self, window: memoryview, start: int, stop: int, least: int, chunks: list[memoryview]) -> int:
        if self._is_zero(window, start, stop):
            chunks.append(self.zeros)
            return start + len(self.zeros)
        for chunk in self._cutter.cut_buf(window[start:stop]):
            chunks.append(chunk.data)
            start += chunk.length
            if stop - start < least or _may_be_zero(window, start, stop):
                break
        return start

    def _is_zero(self, window: memoryview, start: int, stop: int) -> bool:
        # Bytes are compared at the speed of memory, a view of them one by one.
        return _may_be_zero(window, start, stop) and bytes(window[start : start + MOST]) == self._most_zeros

    @cached_property
    def _most_zeros(self) -> bytes:
        return bytes(MOST)

    @cached_property
    def zeros(self) -> memoryview:
        """The chunk that zeros are cut into, of which files with holes have thousands: always this one object."""
        return memoryview(next(iter(self._cutter.cut_buf(self._most_zeros))).data)

    @cached_property
    def zeros_name(self) -> str:
        """Its digest."""
        return digest(self.zeros)

    def _window(self, number: int) -> memoryview:
        if number == len(self._windows):
            self._windows.append(mapped(WINDOW))
        return self._windows[number]


def _may_be_zero(window: memoryview, start: int, stop: int) -> bool:
    return stop - start >= MOST and not (window[start] or window[start + MOST // 2] or window[start + MOST - 1])


def _fill(buffer: memoryview, read_into: ReadInto) -> int:
    held = 0
    while held < len(buffer) and (count := read_into(buffer[held:])):
        held += count
    return held
