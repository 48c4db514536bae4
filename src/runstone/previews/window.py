"""A file of somebody else's, seekable and read within bounds: so many bytes, so many seconds, and then no more."""

from __future__ import annotations

import io
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from runstone.repository.seekable import Seekable

# Bytes that are read of one file for one preview, and seconds that it may take.
BYTES, SECONDS = 64 << 20, 8.0
# Bytes that are fetched at once, and pieces of them that are kept for whoever goes back and forth.
_PIECE, _KEPT = 256 * 1024, 24
# Bytes of a zip's directory: some 80,000 members.
_DIRECTORY = 4 << 20

Read = Callable[[int, int], Iterator[bytes]]


class EnoughError(Exception):
    """More was to be read than a preview may take. Its text says what of."""


class UnreadableError(Exception):
    """The file is not what its name says, or broken. Its text says how."""


class Window(Seekable):
    """The file. Reading raises EnoughError where the bounds are met, or `enough`, a kind of it that a reader knows.

    Args:
        read: gives the bytes from one place to before another, in pieces.
        size: bytes of the file.
        most: bytes that may be fetched.
        seconds: from now on.
    """

    def __init__(self, read: Read, size: int, most: int = BYTES, seconds: float = SECONDS) -> None:
        super().__init__(size)
        self.enough: type[EnoughError] = EnoughError
        self._read, self._most, self._seconds = read, most, seconds
        self.renew()
        self._pieces: OrderedDict[int, bytes] = OrderedDict()

    def readinto(self, buffer: Any) -> int:
        """The next bytes, as many as one piece has of them."""
        view = memoryview(buffer).cast("B")
        count = min(len(view), self.size - self.place)
        if count <= 0:
            return 0
        start = self.place - self.place % _PIECE
        data = self._piece(start)
        inner = self.place - start
        part = data[inner : inner + count]
        view[: len(part)] = part
        self.place += len(part)
        return len(part)

    def check(self) -> None:
        """Raise EnoughError when the time is over: for what works without reading."""
        if time.monotonic() > self._end:
            raise self.enough("it takes too long to look through")

    def renew(self) -> None:
        """Have as many bytes and as much time again: for what is shown, when where it lies had to be looked for."""
        self._left, self._end = self._most, time.monotonic() + self._seconds

    @property
    def seconds_left(self) -> float:
        """How much time there is yet."""
        return max(0.0, self._end - time.monotonic())

    def _piece(self, start: int) -> bytes:
        self.check()
        found = self._pieces.get(start)
        if found is None:
            stop = min(start + _PIECE, self.size)
            self._left -= stop - start
            if self._left < 0:
                raise self.enough("it is larger than what is looked through for a preview")
            found = b"".join(self._read(start, stop))
            if len(found) != stop - start:
                raise UnreadableError("it ends before its end")
            self._pieces[start] = found
            while len(self._pieces) > _KEPT:
                self._pieces.popitem(last=False)
        self._pieces.move_to_end(start)
        return found


class Frugal(io.BufferedReader):
    """The file for readers of archives, who believe what an archive says of its directory's length and read that at once."""

    def __init__(self, window: Window) -> None:
        super().__init__(window, 64 * 1024)
        self._window = window

    def read(self, size: int | None = -1, /) -> bytes:
        """So many bytes; EnoughError for more than any directory that is listed has."""
        wanted = self._window.size - self.tell() if size is None or size < 0 else size
        if wanted > _DIRECTORY:
            raise self._window.enough("its directory is too long to be listed")
        return super().read(size)


def buffered(window: Window) -> io.BufferedReader:
    """The file with what most readers ask for: lines, exact counts."""
    return io.BufferedReader(window, 64 * 1024)
