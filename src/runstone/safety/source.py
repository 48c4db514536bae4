"""Bytes in order, from a file or out of a decompressor: what a pickle's walker reads, within bounds. Knows nothing of pickles."""

from __future__ import annotations

from typing import BinaryIO

_PIECE = 1 << 20


class Ended(Exception):
    """The bytes end in the midst of something."""


class TooLong(Exception):
    """More than anybody looks at."""


class Source:
    """Where the next byte comes from.

    Args:
        stream: what is read.
        most: bytes that may come of it, so that a small file that unpacks to terabytes ends.
    """

    def __init__(self, stream: BinaryIO, most: int) -> None:
        self._read, self._line = stream.read, stream.readline
        self._most = most
        self.position = 0

    def read(self, count: int) -> bytes:
        """So many bytes. Raises Ended."""
        found = self._read(count)
        self.position += len(found)
        if len(found) != count:
            raise Ended
        return found

    def number(self, count: int) -> int:
        """An unsigned number of so many bytes, the least one first. Raises Ended."""
        return int.from_bytes(self.read(count), "little")

    def skip(self, count: int) -> None:
        """Pass so many bytes. Raises Ended, TooLong."""
        if self.position + count > self._most:
            raise TooLong
        while count:
            count -= len(self.read(min(count, _PIECE)))

    def line(self, most: int) -> bytes:
        """Up to the next line's end, without it. Raises Ended, TooLong."""
        found = self._line(most)
        self.position += len(found)
        if not found.endswith(b"\n"):
            raise TooLong if len(found) == most else Ended
        return found[:-1]

    def at_end(self) -> bool:
        """Whether nothing is left; else one byte fewer is."""
        return not self._read(1)
