"""A long new file written past the system's page cache: nobody reads it soon, and the disk takes it at its own speed.

What goes through the cache is copied, kept in place of what is read, and written out only when a sync asks for it. Where a file system
does not take such writes, and at the end of the file, it is written as usual.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable
from functools import partial

from runstone.repository import unfinished
from runstone.repository.memory import mapped
from runstone.repository.workers import Started, Workers

# Written at once, from memory that begins with a page. A file that is shorter never goes past the cache.
BLOCK = 4 * 1024 * 1024
_PAGE = 4096
_DIRECT = getattr(os, "O_DIRECT", 0)


class Disk:
    """A thread that writes blocks of several files, and the memory that it writes from, used again and again."""

    def __init__(self) -> None:
        self._thread = Workers(1)
        self._free: list[memoryview] = []

    def start(self, act: Callable[[], None]) -> Started[None]:
        """Have it done behind what was asked before."""
        self._thread.begin()
        return self._thread.start(act)

    def block(self) -> memoryview:
        """Memory for a block."""
        try:
            return self._free.pop()
        except IndexError:
            return mapped(BLOCK)

    def give_back(self, *blocks: memoryview) -> None:
        """Take memory that nobody writes from any more."""
        self._free.extend(block for block in blocks if block)

    def end(self) -> None:
        """Have no thread and no memory any more."""
        self._thread.end()
        self._free.clear()


class Unbuffered:
    """The writing end of a new file.

    Args:
        descriptor: at its beginning; it stays the caller's.
        disk: writes one block while the next is filled; None writes here.
    """

    def __init__(self, descriptor: int, *, disk: Disk | None = None) -> None:
        self._descriptor, self._disk = descriptor, disk
        self._held = 0
        self._direct: bool | None = None if _DIRECT else False
        self._buffer, self._other = disk.block() if disk else mapped(BLOCK), memoryview(b"")
        self._writing: Started[None] | None = None

    def write(self, data: bytes | memoryview) -> None:
        """The next bytes."""
        view = memoryview(data)
        while view:
            part = view[: BLOCK - self._held]
            self._buffer[self._held : self._held + len(part)] = part
            self._held += len(part)
            view = view[len(part) :]
            if self._held == BLOCK:
                self._hand_over()

    def finish(self) -> None:
        """Hand the rest to the system. It is not synced."""
        self._wait()
        self._go_by_cache()
        unfinished.write(self._descriptor, self._buffer[: self._held])
        if self._disk is not None:
            self._disk.give_back(self._buffer, self._other)
        self.close()

    def close(self) -> None:
        """Let go of the memory, and of the descriptor: nothing is written to it any more."""
        with contextlib.suppress(OSError):
            self._wait()
        # Not closed by force: where writing failed, the error's own frames still look at it.
        self._held, self._buffer, self._other = 0, memoryview(b""), memoryview(b"")

    def _hand_over(self) -> None:
        """Have the full block written. One is on its way at a time."""
        self._wait()
        if self._disk is None:
            self._write_block(self._buffer)
        else:
            self._writing = self._disk.start(partial(self._write_block, self._buffer))
            self._buffer, self._other = self._other or self._disk.block(), self._buffer
        self._held = 0

    def _wait(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def _write_block(self, block: memoryview) -> None:
        if self._direct is None:
            self._direct = self._go_direct()
        written = 0
        while written < BLOCK:
            try:
                written += os.write(self._descriptor, block[written:])
            except OSError as error:
                if not self._direct or error.errno != errno.EINVAL:
                    raise
                self._go_by_cache()  # it can be asked for here, but not be done
            if written % _PAGE:
                self._go_by_cache()

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
