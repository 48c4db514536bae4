"""Files that still grow, such as the console of a run under way: one process appends, anybody reads meanwhile.

They lie beside the packs as `console/<run_id>.<name>`. Their writer holds a lock on them: a free lock means that it is dead, and that
what it left can be kept for good. Knows nothing of what becomes of them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
import weakref
from collections.abc import Collection
from typing import BinaryIO, NamedTuple

from runstone.errors import from_os_error
from runstone.repository import unfinished
from runstone.repository.unfinished import unlock

FOLDER_NAME = "console"
# Seconds after which an empty file without a writer is swept away; before that it may be one that is just being made.
_STALE = 3600

_open: weakref.WeakSet[GrowingFile] = weakref.WeakSet()


class Growing(NamedTuple):
    """A growing file: its name, where it is, its size in bytes so far."""

    name: str
    path: str
    size: int


class GrowingFile:
    """The writing end. Any thread may write; so may forked children, whose lock it is not.

    Args:
        folder: the store's folder.
        run_id: the run it belongs to.
        stem: what it is called, without its ending `.log`; a number is added where there is one of that name.
        taken: names that mean something already.
        limit: bytes it may have. Beyond, a part of the middle is left out: the beginning says what it is, the end what happened.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, folder: str, run_id: str, stem: str, taken: Collection[str], limit: int) -> None:
        os.makedirs(os.path.join(folder, FOLDER_NAME), exist_ok=True)
        self.limit = limit
        self._guard = threading.RLock()
        self._left_out = 0
        number = 1
        while True:
            self.name = f"{stem}.log" if number == 1 else f"{stem}-{number}.log"
            self.path = os.path.join(folder, FOLDER_NAME, f"{run_id}.{self.name}")
            number += 1
            if self.name not in taken:
                with contextlib.suppress(FileExistsError):  # another process of the run has it
                    self._lock = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
                    break
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            # The lock belongs to a descriptor of its own: a forked child goes on writing, but must not keep its dead parent's lock.
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        except BaseException:
            os.close(self._lock)
            raise
        self._size = 0
        _open.add(self)

    def write(self, data: bytes) -> None:
        """Append; readers see it at once. Where the disk refuses, it grows no more."""
        with self._guard:
            if self._descriptor < 0:
                return
            try:
                unfinished.write(self._descriptor, data)
                self._size += len(data)
                if self._size > self.limit:
                    self._shorten()
            except OSError:
                self.stop()  # a full disk must not break the program's print

    def stop(self) -> None:
        """Write no more; the file and its lock stay until `remove`."""
        with self._guard:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1

    def size(self) -> int:
        """Bytes it has now."""
        return os.fstat(self._lock).st_size

    def stream(self) -> BinaryIO:
        """What it holds now, from the start; forked children may go on writing behind that."""
        from io import BytesIO

        return BytesIO(os.pread(self._lock, self.size(), 0))

    def remove(self) -> None:
        """Take it away: what it held is kept elsewhere, or was nothing."""
        self.stop()
        # Gone, or the disk fails: whoever reads the run next adopts it, and nothing is lost.
        with contextlib.suppress(OSError):
            os.unlink(self.path)
        self.release()

    def release(self) -> None:
        """Give the lock back: whoever comes next may keep what it holds."""
        self.stop()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _shorten(self) -> None:
        if self._lock < 0:
            self.stop()  # a forked child: the file is its parent's to rewrite
            return
        size = os.fstat(self._lock).st_size
        head, tail = self.limit // 4, self.limit // 2
        self._left_out += size - head - tail - (len(_gap(0)) if self._left_out else 0)
        last = os.pread(self._lock, tail, size - tail)
        rest = _gap(self._left_out) + last
        os.pwrite(self._lock, rest, head)
        self._size = head + len(rest)
        os.ftruncate(self._lock, self._size)

    def _forked(self) -> None:
        self._guard = threading.RLock()  # another thread may have held it
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _gap(count: int) -> bytes:
    return f"\n[... {count:>15,} bytes are left out here ...]\n".encode()


def find(folder: str, run_id: str) -> list[Growing]:
    """The run's growing files that hold anything, by name."""
    found = []
    try:
        with os.scandir(os.path.join(folder, FOLDER_NAME)) as entries:
            for entry in entries:
                run, _, name = entry.name.partition(".")
                if run == run_id and name:
                    with contextlib.suppress(FileNotFoundError):
                        size = entry.stat().st_size
                        if size:
                            found.append(Growing(name, entry.path, size))
                        elif entry.stat().st_mtime < time.time() - _STALE:
                            _sweep(entry.path)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise from_os_error(error, f"Looking for growing files in {folder!r}") from error
    return sorted(found)


def is_dead(path: str) -> bool:
    """Whether a growing file's writer is dead. One that went away meanwhile is nobody's."""
    descriptor = _locked(path, fcntl.LOCK_SH)
    if descriptor is None:
        return False
    unlock(descriptor)
    return True


def read(path: str, offset: int, length: int) -> bytes | None:
    """A stretch of a growing file, as it is now; None where it is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise from_os_error(error, f"Reading {path!r}") from error
    try:
        return os.pread(descriptor, length, offset)
    finally:
        os.close(descriptor)


class Leftover:
    """A dead writer's file, locked for us: a binary stream of what it holds, to be kept and then removed."""

    def __init__(self, path: str, descriptor: int) -> None:
        self._path = path
        self.stream: BinaryIO = os.fdopen(descriptor, "rb")

    def close(self, *, remove: bool) -> None:
        """Let go of it, and take it away where it is kept now."""
        if remove:
            with contextlib.suppress(OSError):
                os.unlink(self._path)
        fcntl.flock(self.stream.fileno(), fcntl.LOCK_UN)  # as `unlock` does, which closes too
        self.stream.close()


def take(path: str) -> Leftover | None:
    """A dead writer's file; None where the writer lives, or somebody else was faster."""
    descriptor = _locked(path, fcntl.LOCK_EX)
    return None if descriptor is None else Leftover(path, descriptor)


def _locked(path: str, how: int) -> int | None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None  # gone meanwhile, or another user's: theirs to keep
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    if os.fstat(descriptor).st_nlink == 0:  # kept and removed between our open and our lock
        unlock(descriptor)
        return None
    return descriptor


def _sweep(path: str) -> None:
    leftover = take(path)
    if leftover is not None:
        leftover.close(remove=True)


def _after_fork() -> None:
    for file in list(_open):
        file._forked()


os.register_at_fork(after_in_child=_after_fork)
