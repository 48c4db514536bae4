"""Bytes in order, from a file or out of a decompressor: what a pickle's walker reads, within bounds. Knows nothing of pickles."""

from __future__ import annotations

from typing import BinaryIO, cast

_PIECE = 1 << 20


class Ended(Exception):
    """The bytes end in the midst of something."""


class TooLong(Exception):
    """More than anybody looks at."""


class Budget:
    """What is gone through at the most, of one file and all that is in it, however it is wrapped.

    Args:
        steps: opcodes.
        text: characters of names and other short constants.
        size: bytes, of them those that come out of decompressors.
    """

    __slots__ = ("size", "steps", "text")

    def __init__(self, steps: int = 20_000_000, text: int = 64 << 20, size: int = 16 << 30) -> None:
        self.steps, self.text, self.size = steps, text, size

    def take(self, count: int) -> None:
        """So many bytes more. Raises TooLong."""
        self.size -= count
        if self.size < 0:
            raise TooLong


class Source:
    """Where the next byte comes from.

    Args:
        stream: what is read.
        budget: bytes that may come of it, so that a small file that unpacks to terabytes ends.
    """

    def __init__(self, stream: BinaryIO, budget: Budget) -> None:
        self._read, self._line = stream.read, stream.readline
        self._budget = budget
        self.position = 0

    def read(self, count: int) -> bytes:
        """So many bytes: few, for steps alone are counted. Raises Ended."""
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
        self._budget.take(count)
        while count:
            count -= len(self.read(min(count, _PIECE)))

    def line(self, most: int) -> bytes:
        """Up to the next line's end, without it. Raises Ended, TooLong."""
        found = self._line(most)
        self.position += len(found)
        self._budget.take(len(found))
        if not found.endswith(b"\n"):
            raise TooLong if len(found) == most else Ended
        return found[:-1]

    def at_end(self) -> bool:
        """Whether nothing is left; else one byte fewer is."""
        return not self._read(1)


class Metered:
    """A file that is unpacked as it is read, whose bytes are counted before they are made.

    Args:
        file: a member of an archive, say.
        length: its bytes, as the archive says; no more than that come of it.
        budget: what is taken from.
    """

    def __init__(self, file: BinaryIO, length: int, budget: Budget) -> None:
        self._file, self._length, self._budget = file, length, budget
        self.tell, self.close = file.tell, file.close

    def __enter__(self) -> BinaryIO:
        return cast(BinaryIO, self)

    def __exit__(self, *error: object) -> None:
        self.close()

    def seekable(self) -> bool:
        """It is, from its beginning anew."""
        return self._file.seekable()

    def read(self, count: int = -1) -> bytes:
        """So many bytes, or all."""
        self._budget.take(min(count, self._length) if count >= 0 else self._length)
        return self._file.read(count)

    def readline(self, count: int = -1) -> bytes:
        """Up to the next line's end."""
        found = self._file.readline(count)
        self._budget.take(len(found))
        return found

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go somewhere, unpacking all that is before it."""
        now = self._file.tell()
        to = {0: offset, 1: now + offset, 2: self._length + offset}[whence]
        self._budget.take(min(to - now if to >= now else max(to, 0), self._length))
        return self._file.seek(offset, whence)
