"""Environments that are kept, each by the digest of its plan: made once, by one process at a time, used only when whole, gone when long unused."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from runstone import settings
from runstone.environments.installing import Tell, install, python_of
from runstone.environments.planning import Plan
from runstone.errors import RunstoneError, from_os_error

# The file that an environment gets last of all; when it was touched, the environment was used.
_WHOLE = "whole"
# Seconds after which one that nobody used goes when another is made.
_UNUSED = 30 * 86_400


def folder_of(plan: Plan) -> str:
    """Where a plan's environment is, or is to be."""
    return os.path.join(_all(), plan.digest)


class Made(NamedTuple):
    """An environment that is there, and stays while `held` is open: in this process, and in what takes its place.

    Attributes:
        python: its Python.
        held: an open file, locked.
    """

    python: str
    held: int


def environment(plan: Plan, agree: Callable[[], None], tell: Tell) -> Made:
    """A plan's environment, which is made where it is not there.

    Args:
        plan: of what.
        agree: called before anything is installed; raises what is to stop that.
        tell: is told what goes on, line by line.

    Raises:
        NotFound, Unreachable, InvalidParameter, RunstoneError: it cannot be made (`installing.install`).
        StorageError: the folder of kept environments cannot be written.
    """
    folder = folder_of(plan)
    held = -1
    try:
        os.makedirs(_all(), mode=0o700, exist_ok=True)
        held = _open(folder)
        while not _share(folder, held, tell):
            fcntl.flock(held, fcntl.LOCK_UN)  # two that turn theirs into the other kind would wait for each other
            with contextlib.suppress(BlockingIOError):  # somebody else was quicker, and is waited for
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not _is_whole(folder):
                    agree()
                    _make(plan, folder, tell, held)
        os.utime(os.path.join(folder, _WHOLE))
        os.set_inheritable(held, True)
    except BaseException as error:
        if held >= 0:
            os.close(held)
        if isinstance(error, OSError) and not isinstance(error, RunstoneError):
            raise from_os_error(error, f"Making an environment in {_all()!r}") from error
        raise
    return Made(python_of(folder), held)


def _share(folder: str, held: int, tell: Tell) -> bool:
    """Whether the environment is whole; then nobody takes it away any more."""
    try:
        fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        tell("Another process makes the same environment; waiting for it.")
        fcntl.flock(held, fcntl.LOCK_SH)
    return _is_whole(folder)


def _make(plan: Plan, folder: str, tell: Tell, held: int) -> None:
    _forget_unused(folder)
    shutil.rmtree(folder, ignore_errors=True)  # half of one: whoever made it was killed
    locked = "by its lock" if plan.locked else "by its requirements"
    tell(f"Making an environment with Python {plan.python} {locked}, by {plan.manager}; it is kept in {folder}.")
    try:
        install(plan, folder, tell, held)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    with open(os.path.join(folder, _WHOLE), "x", encoding="utf-8"):
        pass


def _forget_unused(but: str) -> None:
    for name in os.listdir(_all()):
        folder = os.path.join(_all(), name)
        if name.endswith(".lock") or folder == but:
            continue
        with contextlib.suppress(OSError), _alone(folder):
            if not _is_whole(folder) or time.time() - os.stat(os.path.join(folder, _WHOLE)).st_mtime > _UNUSED:
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _alone(folder: str) -> Iterator[None]:
    held = _open(folder)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(held)


def _open(folder: str) -> int:
    return os.open(f"{folder}.lock", os.O_RDWR | os.O_CREAT, 0o600)


def _is_whole(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, _WHOLE))


def _all() -> str:
    return os.path.join(settings.cache_folder(), "environments")
