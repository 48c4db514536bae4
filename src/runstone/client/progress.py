"""A bar, for a person at a terminal, for what moves bytes for more than a second. Nobody else sees or pays anything."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from runstone import settings

# Seconds of work after which a bar appears.
PATIENCE = 1.0
# Seconds between two lines in a notebook.
_BETWEEN = 0.5

Advance = Callable[[int], None]


@contextlib.contextmanager
def shown(what: str, total: Callable[[], int | None] = lambda: None) -> Iterator[Advance]:
    """Counts bytes as they are done, from any thread; a bar appears on a terminal's stderr, or a line in a notebook, after a second.

    Args:
        what: what is being done, before the bar.
        total: how many bytes there are, where that can be known; asked when the bar appears.
    """
    kind = _kind_of_stderr()
    if kind is None:
        yield _nothing
        return
    counting = _Counting(what, total, kind)
    try:
        yield counting.advance
    finally:
        counting.stop()


def _nothing(count: int) -> None:
    pass


def _kind_of_stderr() -> Callable[[str, int | None], Any] | None:
    stream = sys.stderr
    with contextlib.suppress(
        Exception
    ):  # whatever somebody has put in stderr's place: nothing that is only shown may raise
        if stream is not None and settings.PROGRESS.read():
            if type(stream).__module__.startswith("ipykernel"):
                return _Line
            if stream.isatty():
                return _Bar
    return None


class _Counting:
    def __init__(self, what: str, total: Callable[[], int | None], kind: Callable[[str, int | None], Any]) -> None:
        self._what, self._total, self._kind = what, total, kind
        self._began, self._done, self._given = time.monotonic(), 0, 0
        self._shown: Any = None
        self._guard = threading.Lock()

    def advance(self, count: int) -> None:
        with self._guard:
            self._done += count
            if self._shown is None:
                if time.monotonic() - self._began <= PATIENCE:
                    return
                self._shown = self._kind(self._what, self._total())
            self._shown.advance(self._done - self._given)
            self._given = self._done

    def stop(self) -> None:
        with self._guard:
            if self._shown is not None:
                self._shown.stop()


class _Bar:
    """A bar by rich, which is loaded for it; it is written past the console that runs record."""

    def __init__(self, what: str, total: int | None) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        self._stream = os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding=sys.stderr.encoding or "utf-8")
        console = Console(file=self._stream, markup=False, emoji=False, highlight=False)
        columns = (TextColumn(what), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        # What a program prints meanwhile is its own: nothing is put in the way of its streams.
        self._bar = Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
        self._bar.start()
        self._task = self._bar.add_task("", total=total)

    def advance(self, count: int) -> None:
        self._bar.advance(self._task, count)

    def stop(self) -> None:
        self._bar.stop()
        with contextlib.suppress(OSError):
            self._stream.close()


class _Line:
    """A line that is written again and again: notebooks show that as it is meant, without any extension."""

    def __init__(self, what: str, total: int | None) -> None:
        self._what, self._total, self._done, self._last = what, total, 0, 0.0

    def advance(self, count: int) -> None:
        self._done += count
        if time.monotonic() - self._last >= _BETWEEN:
            self._last = time.monotonic()
            self._write()

    def stop(self) -> None:
        self._write("\n")

    def _write(self, end: str = "") -> None:
        of = f" of {self._total / 1e6:,.0f} MB ({self._done / self._total:.0%})" if self._total else " MB"
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"\r{self._what} {self._done / 1e6:,.0f}{of}{end}")
            sys.stderr.flush()
