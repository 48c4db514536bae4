"""A file whose bytes lie elsewhere: the place in it that its reader goes to. Where bytes come from, each kind of it knows."""

from __future__ import annotations

import io
import os


class Seekable(io.RawIOBase):
    """The file. Whoever makes one of it gives `readinto`, which reads from `place` on and leaves that behind what it read.

    Attributes:
        size: bytes.
        place: of the next byte that is read; it may be behind the end.
    """

    def __init__(self, size: int) -> None:
        self.size, self.place = size, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """The place. Raises ValueError when the file is closed."""
        self.check_open()
        return self.place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; also behind the end, where there is nothing to read.

        Raises io.UnsupportedOperation, a kind of ValueError and of OSError, for one before the beginning: readers of archives look for what small
        files have no room for. ValueError when the file is closed, or for another `whence`.
        """
        self.check_open()
        if whence not in (os.SEEK_SET, os.SEEK_CUR, os.SEEK_END):
            raise ValueError(f"whence={whence} is not 0, 1 or 2")
        place = offset + (0, self.place, self.size)[whence]
        if place < 0:
            raise io.UnsupportedOperation(f"a place before the beginning: {place}")
        self.place = place
        return place

    def check_open(self) -> None:
        """Raise ValueError when it is closed."""
        if self.closed:
            raise ValueError("I/O operation on a closed file")
