"""Reading files with holes: what was never written is zeros, and need not be fetched from the disk, nor fill the system's cache."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from io import FileIO

_ZEROS = bytes(4 * 1024 * 1024)
_BLOCK = 512


def reading(file: FileIO) -> Callable[[memoryview], int]:
    """What reads a file that stands at its beginning: its own `readinto`, or one that knows where its holes are."""
    status = os.fstat(file.fileno())
    # Less room on the disk than it has bytes. A file system that compresses shows the same, and says that there are no holes.
    if status.st_blocks * _BLOCK >= status.st_size or not hasattr(os, "SEEK_DATA"):
        return file.readinto
    return _Sparse(file.fileno(), status.st_size).read_into


class _Sparse:
    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor, self._size, self._place = descriptor, size, 0
        # From where on there is data, and where it ends.
        self._data = self._hole = 0

    def read_into(self, buffer: memoryview) -> int:
        """The next bytes."""
        if self._place >= self._hole:
            self._look()
        if self._place < self._data:
            count = min(len(buffer), self._data - self._place, len(_ZEROS))
            buffer[:count] = _ZEROS[:count] if count < len(_ZEROS) else _ZEROS
        else:
            # Behind the end that it had: whatever has come since, which its times tell.
            wanted = buffer[: self._hole - self._place] if self._place < self._hole else buffer
            count = os.preadv(self._descriptor, [wanted], self._place)
        self._place += count
        return count

    def _look(self) -> None:
        """Find the next data, and its end."""
        try:
            self._data = os.lseek(self._descriptor, self._place, os.SEEK_DATA)
            self._hole = os.lseek(self._descriptor, self._data, os.SEEK_HOLE)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            self._data = self._hole = max(self._size, self._place)  # nothing but a hole is left
