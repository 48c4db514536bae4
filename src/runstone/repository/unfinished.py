"""Files that are being written: locked while their writer lives, so that what a dead one left can be told from them and swept."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time

# Pieces that one call may be given.
_AT_ONCE = 1024


def create(folder: int, name: str, mode: int = 0o666) -> int:
    """Make a new file in a folder (a descriptor) and lock it; its descriptor, to write and read. Unlocked only where locks do not exist."""
    while True:
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode, dir_fd=folder)
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor
        os.close(descriptor)  # somebody's sweep came between the two lines above


def sweep(folder: int, start: str, end: str, kept_for: float | None = None) -> None:
    """Delete a folder's files whose names start and end so and whose writers are dead, for so many seconds where that is said (the last
    write counts). What cannot be deleted is left there."""
    for name in os.listdir(folder):
        if not (name.startswith(start) and name.endswith(end)):
            continue
        with contextlib.suppress(OSError):
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            try:
                # Looked at before it is locked: whoever has just made it is not to find it locked by us, and leave it.
                if kept_for is not None and os.fstat(descriptor).st_mtime >= time.time() - kept_for:
                    continue
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if kept_for is None or os.fstat(descriptor).st_mtime < time.time() - kept_for:
                    os.unlink(name, dir_fd=folder)
            finally:
                unlock(descriptor)


def unlock(descriptor: int) -> None:
    """Give a lock of ours back and close it. A child that was forked meanwhile has the descriptor too: closing alone would leave the lock."""
    release(descriptor)
    os.close(descriptor)


def release(descriptor: int) -> None:
    """Give a lock of ours back; the file stays open."""
    with contextlib.suppress(OSError):  # a file system that knows no locks
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def write(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of it."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_all(descriptor: int, pieces: list[memoryview]) -> None:
    """Write all of several pieces, one behind the other, without joining them first."""
    waiting = list(pieces)
    while waiting:
        written = os.writev(descriptor, waiting[:_AT_ONCE])
        while waiting and written >= len(waiting[0]):
            written -= len(waiting.pop(0))
        if written:
            waiting[0] = waiting[0][written:]
