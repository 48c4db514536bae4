"""How the process ends and what that makes of its runs: by itself FINISHED, by an exception FAILED, by a signal KILLED."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from runstone.journal.departure import end_as_interrupted

_end_all: Callable[[str], None] | None = None
_end_here: Callable[[str], None] | None = None
# Whether the interpreter is on its way out.
ending = False
# The uncaught exception that was already known (a notebook's, a test runner's) when the first run started.
_known: object = None
# The process that called `watch` last; a forked child that starts no run of its own is another one.
_watcher = 0


class Terminated(SystemExit):
    """Raised in the main thread by SIGTERM or SIGHUP, so that `with` and `finally` blocks run before the process ends."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)


class _Exit(SystemExit):
    """What `sys.exit` raises while runs are watched: it knows whether it ended the program or was caught.

    The interpreter tells nobody with what code it exits, and forgets the exception before `atexit`. Where no Python code runs in the
    moment of that, it was the interpreter that caught it.
    """

    def __del__(self) -> None:
        global _exit_status
        if sys._getframe().f_back is None and threading.current_thread() is threading.main_thread():
            _exit_status = status_of(self)

    def __reduce__(self) -> tuple[type[SystemExit], tuple[object, ...]]:
        return SystemExit, self.args


# To whoever looks it is what it stands for.
_Exit.__name__ = _Exit.__qualname__ = "SystemExit"
_Exit.__module__ = "builtins"
_exit_status = "FINISHED"


def _exit(status: object = None, /) -> NoReturn:
    raise _Exit(status)


def watch(end_all: Callable[[str], None], end_here: Callable[[str], None]) -> None:
    """Be told when the process, or a thread of it, ends in a way that Python sees. Done once a process.

    Outside of any `with`, exit codes are known from `sys.exit` only, and not from `raise SystemExit(1)`; nor from `sys.exit(main())`
    where `main` starts the first run, as Python looks `sys.exit` up before it calls `main`.

    Args:
        end_all: ends every run with the status given.
        end_here: ends the runs of the thread that calls it, which crashed.
    """
    global _end_all, _end_here, _known, _watcher, _thread_hook
    _watcher = os.getpid()
    if _end_all is None:
        _end_all, _end_here = end_all, end_here
        _known = _uncaught()
        atexit.register(_at_exit)
        _thread_hook, threading.excepthook = threading.excepthook, _on_thread_crash
        _exit.__doc__ = sys.exit.__doc__
        sys.exit = _exit
    # A pool's worker ends at once, as its pool expects: a handler in Python runs between two steps of Python, and a worker that is
    # just about to wait for its queue's lock would take none any more. Its runs are KILLED by whoever reads them next.
    if threading.current_thread() is threading.main_thread() and not _is_worker():
        for number in _SIGNALS:
            # Only where nobody else has said what the signal does: a program's own handler stays.
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _on_signal)


def status_of(error: BaseException | None) -> str:
    """The status of a run that is left by this exception (None: by none)."""
    if error is None or (isinstance(error, SystemExit) and not isinstance(error, Terminated) and not error.code):
        return "FINISHED"
    # PyTorch Lightning's trainers catch Ctrl-C and exit with an error: interrupted all the same
    interrupted = isinstance(error, SystemExit) and isinstance(error.__context__, KeyboardInterrupt)
    return "KILLED" if interrupted or isinstance(error, KeyboardInterrupt | Terminated) else "FAILED"


def end_interrupted(interrupt: KeyboardInterrupt, quietly: bool = False) -> None:
    """End the program as Ctrl-C does, with 130 and no traceback: what it interrupted was only a wait, after which all had been said.

    Args:
        interrupt: what Ctrl-C raised; in a session where a person types, it is raised on.
        quietly: whether another exception is on its way, which is left to it.
    """
    if ending:
        end_as_interrupted()
    elif hasattr(sys, "ps1"):
        raise interrupt
    elif not quietly:
        raise Terminated(signal.SIGINT) from None


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
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def _is_worker() -> bool:
    multiprocessing = sys.modules.get("multiprocessing.process")
    return multiprocessing is not None and multiprocessing.parent_process() is not None


def _after_fork() -> None:
    # What a child of its own makes of the signal is its own matter; one that starts a run is watched again.
    for number in _SIGNALS:
        if signal.getsignal(number) is _on_signal:
            signal.signal(number, signal.SIG_DFL)


os.register_at_fork(after_in_child=_after_fork)

_thread_hook: Callable[[threading.ExceptHookArgs], object] = threading.excepthook


def _on_thread_crash(crash: threading.ExceptHookArgs) -> None:
    _thread_hook(crash)
    if _end_here is not None:
        _end_here(status_of(crash.exc_value))


def _uncaught() -> object:
    # set by the interpreter just before it prints the exception that ends a script
    return getattr(sys, "last_value", None)


def _at_exit() -> None:
    global ending
    assert _end_all is not None
    ending = True
    error = _uncaught()
    if _terminated:
        _end_all("KILLED")
    elif isinstance(error, BaseException) and error is not _known and not hasattr(sys, "ps1"):
        _end_all(status_of(error))
    else:
        _end_all(_exit_status)
