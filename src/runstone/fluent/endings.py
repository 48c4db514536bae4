"""How the process ends and what that makes of its runs: by itself FINISHED, by an exception FAILED, by a signal KILLED."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

_end_all: Callable[[str], None] | None = None
# The uncaught exception that was already known (a notebook's, a test runner's) when the first run started.
_known: object = None
# The process that called `watch` last; a forked child that starts no run of its own is another one.
_watcher = 0


class Terminated(SystemExit):
    """Raised in the main thread by SIGTERM or SIGHUP, so that `with` and `finally` blocks run before the process ends."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)


def watch(end_all: Callable[[str], None]) -> None:
    """Have `end_all(status)` called when the process ends in a way that Python sees. Done once a process."""
    global _end_all, _known, _watcher
    _watcher = os.getpid()
    if _end_all is None:
        _end_all = end_all
        _known = _uncaught()
        atexit.register(_at_exit)
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            # Only where nobody else has said what the signal does: a program's own handler stays.
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _on_signal)


def status_of(error: BaseException | None) -> str:
    """The status of a run that is left by this exception (None: by none)."""
    if error is None or (isinstance(error, SystemExit) and not isinstance(error, Terminated) and not error.code):
        return "FINISHED"
    return "KILLED" if isinstance(error, KeyboardInterrupt | Terminated) else "FAILED"


def _on_signal(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)  # the same signal once more ends the process at once
    if os.getpid() != _watcher:
        # A worker has no run to end. Raised just after the fork, in a hook, the exception would be swallowed and the worker live on,
        # with a pool that terminates its workers waiting for it without end.
        os.kill(os.getpid(), number)
    global _terminated
    _terminated = True
    raise Terminated(number)


_terminated = False


def _uncaught() -> object:
    # set by the interpreter just before it prints the exception that ends a script
    return getattr(sys, "last_value", None)


def _at_exit() -> None:
    assert _end_all is not None
    error = _uncaught()
    if _terminated:
        _end_all("KILLED")
    elif isinstance(error, BaseException) and error is not _known and not hasattr(sys, "ps1"):
        _end_all(status_of(error))
    else:
        _end_all("FINISHED")
