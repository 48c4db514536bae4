"""The rows of `runstone run --explain`, as they come: a table on a terminal, padded lines in a pipe, JSON objects. Knows no calls."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any, NamedTuple, TextIO

TITLES = ("step", "action", "input", "output", "what changed")
# Columns in a pipe: wide enough for most, and never cut. On a terminal, the parts that input, output and changes get of its width.
_WIDTHS = (4, 15, 32, 32)
_PARTS = (0.28, 0.28)
# For a terminal that knows no others.
_ASCII = {ord("→"): "->", ord("×"): "x", ord("…"): "..."}


class Step(NamedTuple):
    """One row: a call that happened, or a file that was written. `error`: it was refused, and why is in `changed`."""

    action: str
    input: str
    output: str
    changed: str
    error: bool = False


class Steps:
    """Numbers rows and prints them.

    Args:
        as_json: JSON objects, a line each, and nothing else on stdout: what the script itself prints goes to stderr.
    """

    def __init__(self, as_json: bool) -> None:
        self.count = 0
        self.as_json = as_json
        self._out = _stdout()
        if as_json and sys.stdout is not None:
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever writes there from here on, children too
        self._table: Any = None if as_json or not self._out.isatty() else _Table(self._out)

    def head(self) -> None:
        """The titles of the columns."""
        if self._table is not None:
            self._row(TITLES, "bold")
        elif not self.as_json:
            self._line(_padded(TITLES))

    def tell(self, step: Step, state: dict[str, Any]) -> None:
        """Print a row; `state` is what a program reads about the run and the file after it."""
        self.count += 1
        cells = (str(self.count), step.action, step.input, step.output, step.changed)
        if self.as_json:
            row = {"step": self.count, **step._asdict(), **state}
            self._line(json.dumps(row))
        elif self._table is not None:
            self._row(cells, "red" if step.error else "")
        else:
            self._line(_padded(cells))

    def end(self, stopped: dict[str, Any], lines: list[str]) -> None:
        """What stopped the script, after the last row."""
        if self.as_json:
            self._line(json.dumps({"stopped": stopped}))
            return
        self._line("")
        for line in lines:
            self._line(line)

    def _write(self, write: Callable[[], None]) -> None:
        with contextlib.suppress(BrokenPipeError):  # nobody reads the table any more (`| head`): the script goes on
            if sys.stdout is not None:
                sys.stdout.flush()  # what the script printed before comes before
            write()
            self._out.flush()

    def _line(self, text: str) -> None:
        self._write(lambda: print(self._plain(text), file=self._out))

    def _row(self, cells: tuple[str, ...], style: str) -> None:
        self._write(lambda: self._table.row(tuple(map(self._plain, cells)), style))

    def _plain(self, text: str) -> str:
        return text if self._out.encoding.lower().startswith("utf") else text.translate(_ASCII)


class _Table:
    """Rows of one table, each printed by itself: a row cannot wait for the ones after it."""

    def __init__(self, out: TextIO) -> None:
        from rich.console import Console

        self._console = Console(file=out, markup=False, emoji=False, highlight=False)
        room = self._console.width - sum(_WIDTHS[:2]) - len(TITLES)
        given, made = (int(room * part) for part in _PARTS)
        self._widths = (*_WIDTHS[:2], given, made, room - given - made)

    def row(self, cells: tuple[str, ...], style: str) -> None:
        from rich.table import Table

        table = Table(box=None, show_header=False, padding=(0, 1, 0, 0), pad_edge=False)
        for number, width in enumerate(self._widths):
            table.add_column(width=width, overflow="fold", justify="right" if number == 0 else "left")
        table.add_row(*cells, style=style)
        self._console.print(table)


def _padded(cells: tuple[str, ...]) -> str:
    return "  ".join(
        [cells[0].rjust(_WIDTHS[0])]
        + [cell.ljust(width) for cell, width in zip(cells[1:], (*_WIDTHS[1:], 0), strict=True)]
    )


def _stdout() -> TextIO:
    """Another stream to where stdout goes now: it takes any mark, and a run that records its console does not find the table in it."""
    if sys.stdout is None:
        return open(os.devnull, "w", encoding="utf-8")
    sys.stdout.flush()
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding=encoding, errors="replace")
