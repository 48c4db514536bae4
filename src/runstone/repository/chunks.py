"""Cutting and naming: a stream of bytes becomes chunks, cut where its content says, each named by its digest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

ALGORITHM = "blake3"
# A file up to the least size is one chunk; a small change to a larger one costs about one chunk of the average size.
LEAST = 256 * 1024
AVERAGE = 512 * 1024
MOST = 2 * 1024 * 1024


def digest(data: bytes | memoryview) -> str:
    """The name of these bytes; the algorithm is part of it, so that it can change."""
    import blake3

    return f"{ALGORITHM}:{blake3.blake3(data).hexdigest()}"


class Whole:
    """The digest of a file, taken as its bytes go by."""

    def __init__(self) -> None:
        import blake3

        self._hash: Any = blake3.blake3()

    def add(self, data: bytes | memoryview) -> None:
        """The next bytes."""
        self._hash.update(data)

    @property
    def name(self) -> str:
        """The digest of all so far."""
        return f"{ALGORITHM}:{self._hash.hexdigest()}"


def cut(stream: BinaryIO) -> Iterator[bytes]:
    """The stream's chunks in order. FastCDC (Xia et al., 2020) with two levels of normalisation, seed 0."""
    first = stream.read(LEAST + 1)
    if len(first) <= LEAST:
        if first:
            yield first
        return
    from pyfastcdc import FastCDC

    cutter = FastCDC(AVERAGE, min_size=LEAST, max_size=MOST, normalized_chunking=2)
    for chunk in cutter.cut_stream(_Rejoined(first, stream)):
        yield bytes(chunk.data)


class _Rejoined:
    """A stream with what was read of it put back in front."""

    def __init__(self, first: bytes, rest: BinaryIO) -> None:
        self.first, self.rest = first, rest

    def read(self, size: int) -> bytes:
        if self.first:
            data, self.first = self.first[:size], self.first[size:]
            return data
        return self.rest.read(size)
