"""A long new file written past the system's page cache: nobody reads it soon, and the disk takes it at its own speed.

What goes through the cache is copied, kept in place of what is read, and written out only when a sync asks for it. Where a file system
does not take such writes, and at the end of the file, it is written as usual.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os

from runstone.repository import unfinished

# Written at once, from memory that begins with a page. A file that is shorter never goes past the cache.
BLOCK = 4 * 1024 * 1024
_PAGE = 4096
_DIRECT = getattr(os, "O_DIRECT", 0)


class Unbuffered:
    """The writing end of a new file.

    Args:
        descriptor: at its beginning; it stays the caller's.
        read_soon: it is read at once, so the cache is the place for it.
    """

    def __init__(self, descriptor: int, *, read_soon: bool = False) -> None:
        self._descriptor = descriptor
        self._held = 0
        self._direct: bool | None = None if _DIRECT and not read_soon else False
        self._buffer = memoryview(mmap.mmap(-1, BLOCK, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))

    def write(self, data: bytes | memoryview) -> None:
        """The next bytes."""
        view = memoryview(data)
        while view:
            part = view[: BLOCK - self._held]
            self._buffer[self._held : self._held + len(part)] = part
            self._held += len(part)
            view = view[len(part) :]
            if self._held == BLOCK:
                self._write_block()

    def finish(self) -> None:
        """Hand the rest to the system. It is not synced."""
        self._go_by_cache()
        unfinished.write(self._descriptor, self._buffer[: self._held])
        self.close()

    def close(self) -> None:
        """Let go of the memory."""
        # Not closed by force: where writing failed, the error's own frames still look at it.
        self._held, self._buffer = 0, memoryview(b"")

    def _write_block(self) -> None:
        if self._direct is None:
            self._direct = self._go_direct()
        written = 0
        while written < BLOCK:
            try:
                written += os.write(self._descriptor, self._buffer[written:])
            except OSError as error:
                if not self._direct or error.errno != errno.EINVAL:
                    raise
                self._go_by_cache()  # it can be asked for here, but not be done
            if written % _PAGE:
                self._go_by_cache()
        self._held = 0

    def _go_direct(self) -> bool:
        try:
            fcntl.fcntl(self._descriptor, fcntl.F_SETFL, fcntl.fcntl(self._descriptor, fcntl.F_GETFL) | _DIRECT)
        except OSError:
            return False
        return True

    def _go_by_cache(self) -> None:
        if self._direct:
            fcntl.fcntl(self._descriptor, fcntl.F_SETFL, fcntl.fcntl(self._descriptor, fcntl.F_GETFL) & ~_DIRECT)
        self._direct = False
