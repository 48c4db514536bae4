"""Cutting and naming: bytes become chunks, cut where their content says, each named by its digest. Knows nothing of where they go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import FileIO
from typing import Any

ALGORITHM = "blake3"
# A content up to LEAST is one chunk. In a longer one a cut is unlikely before AVERAGE and likely after it: random bytes give chunks
# of 141 KiB on average, and a small change costs about one of them. docs/stored-once.md says why these; docs/format-artifacts.md, what
# they fix for good. Chunks of older stores may have any size up to MOST.
LEAST = 64 * 1024
AVERAGE = 128 * 1024
MOST = 2 * 1024 * 1024
# Read and cut at once. Small enough to stay in the processor's cache until all its chunks are named and written.
WINDOW = 4 * 1024 * 1024
# More would not help: past this the disk is the slower one.
HASHING_THREADS = 4

# Puts the next bytes of a content at the start of a buffer and says how many; 0 at the end.
ReadInto = Callable[[memoryview], int]


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


class Hasher:
    """Digests of large things: of one taken piece by piece, whose pieces several cores share, or of many pieces, each alone."""

    def __init__(self) -> None:
        import blake3

        self._hash: Any = blake3.blake3(max_threads=HASHING_THREADS)

    def add(self, data: bytes | memoryview) -> None:
        """The next bytes."""
        self._hash.update(data)

    @property
    def name(self) -> str:
        """The digest of all so far."""
        return f"{ALGORITHM}:{self._hash.hexdigest()}"

    def digest(self, data: bytes | memoryview) -> str:
        """The digest of this piece alone. Taken on one core: chunks are too short to be shared, it would cost three times the CPU."""
        return digest(data)


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
    """Cuts contents, one after the other, in a buffer that it keeps: FastCDC (Xia et al., 2020), normalisation 3, seed 0."""

    def __init__(self) -> None:
        from pyfastcdc import FastCDC

        self._cutter: Any = FastCDC(AVERAGE, min_size=LEAST, max_size=MOST, normalized_chunking=3)
        self._window = memoryview(bytearray(WINDOW))

    def cut(self, first: bytes, read_into: ReadInto) -> Iterator[list[memoryview]]:
        """The chunks of a content in order, some at a time; they are good until the next are asked for.

        Args:
            first: the bytes that were read of it already.
            read_into: the rest.
        """
        window, held, ended = self._window, len(first), False
        window[:held] = first
        while held or not ended:
            while held < WINDOW and not ended:
                count = read_into(window[held:])
                held, ended = held + count, count == 0
            chunks, cut = [], 0
            for chunk in self._cutter.cut_buf(window[:held]):
                chunks.append(chunk.data)
                cut += chunk.length
                # A cut is decided by up to MOST bytes behind the last one, and must not depend on how many happen to be here.
                if held - cut < MOST and not ended:
                    break
            if chunks:
                yield chunks
            window[: held - cut] = window[cut:held]
            held -= cut
