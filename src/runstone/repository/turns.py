"""One at a time, of all threads and processes of this machine: a lock on a file that is there only while somebody has or wants it.

It ends with its process, also where that was killed and a child that it forked lives on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from io import FileIO

from runstone.errors import from_os_error

# Seconds between two looks at how far others are.
_LOOK = 0.2
# What this process has open, for a child to close: the lock is theirs too who inherit the open file.
_open: set[FileIO] = set()
# No fork comes between opening a file and its being in `_open`. May be taken twice: a signal's handler may fork.
_opening = threading.RLock()
# The threads that have a turn, by its file.
_holders: dict[str, int] = {}


@contextlib.contextmanager
def turn(path: str, wait: bool, meanwhile: Callable[[], object] | None = None) -> Iterator[bool]:
    """Have a turn; whether it is ours comes back. Another thread of this process is waited for, another process only if we are to `wait`.
    `meanwhile` is called every now and then until then.

    It is not ours either where this thread has it already (a signal's handler would wait for himself), nor where the folder is not ours
    to make a file in.

    Raises StorageFull, or a StorageError, where it cannot be told whose turn it is.
    """
    try:
        file = None if _holders.get(path) == threading.get_ident() else _taken(path, wait, meanwhile)
    except OSError as error:
        raise from_os_error(error, f"Locking {path!r}") from error
    try:
        yield file is not None
    finally:
        if file is not None:
            _give_back(path, file)


def _taken(path: str, wait: bool, meanwhile: Callable[[], object] | None) -> FileIO | None:
    while True:
        try:
            with _opening:
                file = FileIO(path, "r", opener=_opener)
                _open.add(file)
        except PermissionError:  # somebody else's folder: what is in it is theirs to deal with
            return None
        taken = False
        try:
            taken = _locked(file, wait or path in _holders, meanwhile) and os.fstat(file.fileno()).st_nlink > 0
            if taken:
                _holders[path] = threading.get_ident()
                return file
        except BlockingIOError:
            return None
        finally:
            if not taken:
                _close(file)
        # Whoever had the lock took the file away with it.


def _opener(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    with contextlib.suppress(PermissionError):  # another user's
        os.fchmod(descriptor, 0o644)  # whatever the umask: who cannot open it has never a turn
    return descriptor


def _locked(file: FileIO, wait: bool, meanwhile: Callable[[], object] | None) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if not wait:
            raise
        _wait(file, meanwhile)
    return True


def _wait(file: FileIO, meanwhile: Callable[[], object] | None) -> None:
    while meanwhile is not None:
        meanwhile()
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(_LOOK)
    fcntl.flock(file, fcntl.LOCK_EX)


def _give_back(path: str, file: FileIO) -> None:
    _holders.pop(path, None)
    if not file.closed:  # else we are a child, and it is our parent's turn
        with contextlib.suppress(OSError):
            os.unlink(path)
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)  # a child that was not forked by Python has it open still
        _close(file)


def _close(file: FileIO) -> None:
    file.close()
    _open.discard(file)


def _after_fork() -> None:
    _opening.release()
    for file in _open:
        file.close()
    _open.clear()
    for path, thread in list(_holders.items()):
        if thread != threading.get_ident():  # the others are not in this process
            del _holders[path]


os.register_at_fork(before=_opening.acquire, after_in_parent=_opening.release, after_in_child=_after_fork)
