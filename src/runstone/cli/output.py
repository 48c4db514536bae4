"""Tables for people, tab-separated lines for pipes, JSON for programs. Knows no store."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import click

from runstone.operations.numbers import spelt

# Spaces between two columns; and characters that a column keeps while another one can be broken into lines.
_GAP = 2
_LEAST = 6

json_option = click.option("--json", "as_json", is_flag=True, help="As JSON.")


def for_people() -> bool:
    """Whether a person reads stdout: a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def show(
    rows: Sequence[dict[str, Any]],
    as_json: bool,
    empty: str = "",
    parts: dict[str, float] | None = None,
    typed: str = "",
) -> None:
    """Print rows of the same keys: JSON when asked, a table on a terminal, tab-separated lines elsewhere.

    Args:
        rows: what to print.
        as_json: whether JSON was asked for.
        empty: what to say on stderr where there are no rows.
        parts: columns that are cut to their part of what the others leave of a terminal's width; without, the last one is broken into lines,
            and where that is not enough the widest are cut.
        typed: a column of names that are typed again: the others are cut for it; broken into lines where it still does not fit, never cut.
    """
    if as_json:
        show_json(rows)
    elif not rows:
        if empty:
            print(empty, file=sys.stderr)
    elif for_people():
        _table(rows, parts or {}, typed)
    else:
        show_lines(rows[0], (row.values() for row in rows))


def show_json(value: object) -> None:
    """Print JSON. NaN and infinities, which JSON does not have, are texts: "NaN", "Infinity", "-Infinity", as on MLflow's wire."""
    print(json.dumps(_strict(value), indent=2))


def show_lines(titles: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Print tab-separated lines under their titles."""
    print("\t".join(titles))
    for row in rows:
        print("\t".join(text(value) for value in row))


def _table(rows: Sequence[dict[str, Any]], parts: dict[str, float], typed: str) -> None:
    from rich.table import Table

    out = console()
    table = Table(box=None, header_style="bold", padding=(0, _GAP, 0, 0), pad_edge=False)
    cells = {title: [text(row[title], people=True) for row in rows] for title in rows[0]}
    widths = _widths(cells, parts, out.width) if parts else _levelled(cells, typed, out.width)
    for number, title in enumerate(cells):
        numeric = all(isinstance(row[title], int | float) or row[title] is None for row in rows)
        broken = title == typed or (number == len(cells) - 1 and not parts and not typed)
        table.add_column(
            title,
            no_wrap=not broken,
            overflow="fold" if broken else "ellipsis",
            justify="right" if numeric else "left",
            max_width=widths.get(title),
        )
    for row in zip(*cells.values(), strict=True):
        table.add_row(*row)
    out.print(table)


def _widths(cells: dict[str, list[str]], parts: dict[str, float], width: int) -> dict[str, int]:
    longest = {title: max(map(len, (title, *column))) for title, column in cells.items()}
    room = width - _GAP * (len(cells) - 1) - sum(longest[title] for title in cells if title not in parts)
    widths = {title: min(longest[title], int(room * part)) for title, part in parts.items()}
    last = list(parts)[-1]
    return {**widths, last: room - sum(widths.values()) + widths[last]}


def _levelled(cells: dict[str, list[str]], typed: str, width: int) -> dict[str, int]:
    """Widths that fit. The widest columns are made narrower: all but the typed one first; where there is none, the last one. None vanishes."""
    widths = {title: max(map(len, (title, *column))) for title, column in cells.items()}
    room = width - _GAP * (len(cells) - 1)
    first = ([title for title in cells if title != typed], _LEAST) if typed else (list(cells)[-1:], width // 3)
    for given, least in (first, (list(cells), 1)):
        while sum(widths.values()) > room:
            widest = max(given, key=widths.__getitem__)
            if widths[widest] <= least:
                break
            widths[widest] -= 1
    return widths


def console(stderr: bool = False) -> Any:
    """A rich console that takes text for just text."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def text(value: Any, people: bool = False) -> str:
    """A value in a cell: floats short for people and whole for programs; control characters as escapes, a name is no command."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}" if people else repr(value)
    shown = str(value)
    return shown if shown.isprintable() else "".join(mark if mark.isprintable() else _escape(mark) for mark in shown)


def _escape(mark: str) -> str:
    return mark.encode("unicode_escape").decode("ascii")


def moment(milliseconds: int | None) -> str | None:
    """A time to the second: this machine's own for people, UTC for programs."""
    if milliseconds is None:
        return None
    when = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return when.astimezone().strftime("%Y-%m-%d %H:%M:%S") if for_people() else when.strftime("%Y-%m-%dT%H:%M:%SZ")


def age(milliseconds: int | None) -> str:
    """How long ago that was, in two or three characters."""
    seconds = 0 if milliseconds is None else max(time.time() - milliseconds / 1000, 0)
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return f"{int(seconds)}s"


def span(milliseconds: int | None) -> str | None:
    """A duration: 12.3s, 4m05s, 3h07m, 2d04h for people, seconds for programs."""
    if milliseconds is None:
        return None
    seconds = milliseconds / 1000
    if not for_people():
        return f"{seconds:.3f}"
    if seconds < 60:
        return f"{seconds:.1f}s"
    for unit, part, length in (("m", "s", 60), ("h", "m", 3600)):
        if seconds < length * (60 if unit == "m" else 24):
            return f"{int(seconds // length)}{unit}{int(seconds % length // (length // 60)):02}{part}"
    return f"{int(seconds // 86400)}d{int(seconds % 86400 // 3600):02}h"


def size(count: float | None) -> str:
    """A number of bytes for people."""
    if count is None:
        return ""
    unit = "B"
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            break
        count /= 1000
    return f"{count:.0f} {unit}" if unit == "B" else f"{count:.3g} {unit}"


def progress(what: str) -> AbstractContextManager[Callable[[int], None]]:
    """Counts bytes as they are done; a bar appears on a terminal's stderr once it has taken a second."""
    from runstone.client.progress import shown

    return shown(what)


def _strict(value: Any) -> Any:
    if isinstance(value, float):
        return spelt(value)
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    return value
