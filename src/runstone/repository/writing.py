"""Who stores at the moment: every writer holds a shared lock on the folder in which packs are made, so that whoever prunes can tell
that nobody does. A server holds it as long as it serves: its clients may be storing.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator

from runstone.errors import from_os_error
from runstone.repository.unfinished import unlock


def hold(folder: str) -> int:
    """Say that this process stores, or may at any time: a descriptor, to be given back by `unfinished.unlock`. The folder is made when missing."""
    descriptor = _open(folder)
    with contextlib.suppress(OSError):  # a file system that knows no locks
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


@contextlib.contextmanager
def storing(folder: str) -> Iterator[None]:
    """A block in which this thread stores."""
    descriptor = hold(folder)
    try:
        yield
    finally:
        unlock(descriptor)


@contextlib.contextmanager
def keeping_out(folder: str) -> Iterator[bool]:
    """A block in which nobody else stores, where nobody did when it began; False where somebody does, and nobody is kept out."""
    descriptor = _open(folder)
    try:
        yield _taken(descriptor)
    finally:
        unlock(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # somebody has it, or there are no locks here: then nothing is known of anybody
        return False
    return True


def _open(folder: str) -> int:
    try:
        os.makedirs(folder, exist_ok=True)
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise from_os_error(error, f"Opening {folder!r}") from error
