"""The end of a run whose server is away: how long it waits, what it says meanwhile, and that it waits for nothing else."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable

from runstone.connection import each_within
from runstone.errors import RunstoneError, Unreachable
from runstone.journal.waiting import is_passing
from runstone.journal.writer import Journal

_FIRST_WAIT, _LONGEST_WAIT = 0.1, 2.0
# Seconds that the first attempt gets, and one where there is no time to wait for another.
ONE_ATTEMPT = 2.0


def ship_all(
    journal: Journal, seconds: float, quiet: bool, before_waiting: Callable[[], None] = lambda: None
) -> RunstoneError | None:
    """Ship what a journal holds. None when all of it is there; else why it is not, after so many seconds without any progress, or Ctrl-C.
    What is no matter of waiting is not waited for.

    Args:
        journal: what is shipped.
        seconds: how long to wait.
        quiet: whether to say nothing meanwhile.
        before_waiting: called once, where it did not go at once.
    """
    line = _Line(quiet)
    try:
        return _try(journal, seconds, line, before_waiting)
    except KeyboardInterrupt:
        return Unreachable(f"The wait for {journal.transport.uri} was interrupted.")
    finally:
        line.clear()


def _try(journal: Journal, seconds: float, line: _Line, before_waiting: Callable[[], None]) -> RunstoneError | None:
    wait, deadline, pending = _FIRST_WAIT, time.monotonic() + seconds, journal.pending
    patience, told = ONE_ATTEMPT, False  # a server that hangs is told of soon
    while True:
        try:
            with each_within(patience, retries=1):
                journal.drain(patience)
            return None
        except RunstoneError as error:
            problem = error
        except BaseException:
            if not told:
                before_waiting()
            raise
        if not told:
            before_waiting()
            told, pending = True, max(pending, journal.pending)
        if not is_passing(problem):
            return problem
        if journal.pending < pending:
            wait, deadline, pending = _FIRST_WAIT, time.monotonic() + seconds, journal.pending
        left = deadline - time.monotonic()
        if left <= 0:
            return problem
        line.say(
            f"runstone: {journal.pending:,} records of run {journal.run_id} wait for {journal.transport.uri}, {left:.0f} s more "
            "(Ctrl-C leaves them on this machine)"
        )
        time.sleep(min(wait, left))
        wait = min(2 * wait, _LONGEST_WAIT)
        patience = max(deadline - time.monotonic(), ONE_ATTEMPT)


def end_as_interrupted() -> None:
    """Have the process, which is ending, end by SIGINT at last: a shell's 130.

    Where atexit runs, the exit code is decided. But the interpreter looks, last of all, whether code that it ran as a whole was
    interrupted, and ends itself as Ctrl-C does then. Nobody else's work at exit is passed over for it.
    """
    with contextlib.suppress(KeyboardInterrupt):
        exec("raise KeyboardInterrupt")  # noqa: S102  # a text of our own


class _Line:
    """One line on stderr: written over on a terminal, said once elsewhere."""

    def __init__(self, quiet: bool) -> None:
        self._stream = None if quiet else sys.stderr
        self._terminal = False
        with contextlib.suppress(OSError, ValueError):
            self._terminal = self._stream is not None and self._stream.isatty()
        self._length = 0

    def say(self, text: str) -> None:
        if not self._length or self._terminal:
            self._write(f"\r{text:<{self._length}}" if self._terminal else f"{text}\n")
            self._length = len(text)

    def clear(self) -> None:
        if self._terminal and self._length:
            self._write("\r" + " " * self._length + "\r")

    def _write(self, text: str) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError, ValueError):  # its reader is gone, or it is closed
                self._stream.write(text)
                self._stream.flush()
