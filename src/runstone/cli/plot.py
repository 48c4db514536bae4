"""Points drawn in text: dots of braille, or plain marks where a terminal has none. Knows neither runs nor metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

# A cell of braille is 2 dots wide and 4 high; the bit of each dot by column and line.
_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_MARKS = "*+xo#%@&"
COLOURS = ("cyan", "yellow", "green", "magenta", "red", "blue")
# Room left of the plot for its labels.
_MARGIN = 11


class Line(NamedTuple):
    """One series: its name, and x and y as float arrays sorted by x. Only finite ones are drawn."""

    name: str
    x: Any
    y: Any


class Paper(NamedTuple):
    """What is drawn on: characters across and down, whether it shows braille, and whether it shows colours."""

    width: int
    height: int
    braille: bool
    colours: bool


Cells = list[list[tuple[str, int]]]


def plot(lines: Sequence[Line], paper: Paper, log: bool, label: Callable[[float], str]) -> list[list[tuple[str, str]]]:
    """The plot as lines of (text, colour).

    Args:
        lines: what to draw, on one scale.
        paper: what to draw it on.
        log: the y axis is logarithmic; values that are not positive are left out.
        label: how a place on the x axis is written.
    """
    import numpy

    drawn = []
    for line in lines:
        y = line.y
        if log:
            positive = numpy.where(y > 0, y, numpy.nan)
            y = numpy.log10(positive)
        drawn.append(line._replace(y=y))
    shown = [numpy.isfinite(line.y) for line in drawn]
    if not any(mask.any() for mask in shown):
        return [[("no values to draw" + (" on a logarithmic axis" if log else ""), "")]]
    left = min(float(line.x[mask].min()) for line, mask in zip(drawn, shown, strict=True) if mask.any())
    right = max(float(line.x[mask].max()) for line, mask in zip(drawn, shown, strict=True) if mask.any())
    low = min(float(line.y[mask].min()) for line, mask in zip(drawn, shown, strict=True) if mask.any())
    high = max(float(line.y[mask].max()) for line, mask in zip(drawn, shown, strict=True) if mask.any())
    across, down = max(paper.width - _MARGIN - 2, 10), paper.height
    # Several series are told apart by colour, or else by a mark each.
    braille = paper.braille and (paper.colours or len(lines) == 1)
    fine = (across * 2, down * 4) if braille else (across, down)
    grids = [_dots(line, fine, (left, right, low, high)) for line in drawn]
    cells = _braille(grids, across, down) if braille else _marks(grids, across, down)
    side, corner, dash = ("┤", "└", "─") if paper.braille else ("|", "+", "-")
    rows: list[list[tuple[str, str]]] = []
    for number, row in enumerate(cells):
        text = ""
        if number % 4 == 0 or number == down - 1:
            level = high - (high - low) * number / (down - 1)
            text = f"{10**level if log else level:.4g}"
        rows.append([(f"{text:>{_MARGIN}}{side}", ""), *_runs(row, paper.colours)])
    rows.append([(" " * _MARGIN + corner + dash * across, "")])
    rows.append([(" " * (_MARGIN + 1) + _axis(left, right, across, label), "")])
    return rows


def legend(names: Sequence[str], paper: Paper) -> list[tuple[str, str]]:
    """Which series is which, as (text, colour)."""
    if paper.colours:
        return [
            (f"{'⣿' if paper.braille else '*'} {name}  ", COLOURS[n % len(COLOURS)]) for n, name in enumerate(names)
        ]
    return [(f"{_MARKS[n % len(_MARKS)]} {name}  ", "") for n, name in enumerate(names)]


def _dots(line: Line, size: tuple[int, int], frame: tuple[float, float, float, float]) -> Any:
    """Which dots a series sets: a boolean array, lines by columns."""
    import numpy

    (columns, lines), (left, right, low, high) = size, frame
    grid = numpy.zeros((lines, columns), bool)
    x = (line.x - left) / ((right - left) or 1.0) * (columns - 1)
    y = (
        (high - line.y) / ((high - low) or 1.0) * (lines - 1)
        if high > low
        else numpy.where(numpy.isfinite(line.y), (lines - 1) / 2, numpy.nan)
    )
    finite = numpy.isfinite(y)
    grid[numpy.rint(y[finite]).astype(int), numpy.rint(x[finite]).astype(int)] = True
    if len(x) <= 2 * columns:  # few points: joined by lines, with a gap where a value is not finite
        for start in range(len(x) - 1):
            if finite[start] and finite[start + 1]:
                count = int(max(abs(x[start + 1] - x[start]), abs(y[start + 1] - y[start]))) + 2
                path = numpy.rint(numpy.linspace((y[start], x[start]), (y[start + 1], x[start + 1]), count)).astype(int)
                grid[path[:, 0], path[:, 1]] = True
    return grid


def _braille(grids: list[Any], across: int, down: int) -> Cells:
    cells = [[(" ", 0)] * across for _ in range(down)]
    for number, grid in enumerate(grids):
        for line in range(down):
            for column in range(across):
                part = grid[line * 4 : line * 4 + 4, column * 2 : column * 2 + 2]
                if part.any():
                    bits = sum(_BITS[x][y] for y in range(4) for x in range(2) if part[y, x])
                    # Where series meet, the later one's colour shows, and the dots of both.
                    old = cells[line][column][0]
                    bits |= ord(old) - 0x2800 if old != " " else 0
                    cells[line][column] = (chr(0x2800 + bits), number)
    return cells


def _marks(grids: list[Any], across: int, down: int) -> Cells:
    cells = [[(" ", 0)] * across for _ in range(down)]
    for number, grid in enumerate(grids):
        for line in range(down):
            for column in range(across):
                if grid[line, column]:
                    cells[line][column] = (_MARKS[number % len(_MARKS)], number)
    return cells


def _runs(row: list[tuple[str, int]], colours: bool) -> list[tuple[str, str]]:
    """A row as pieces of one colour each."""
    pieces = groupby(row, key=lambda cell: cell[1] if cell[0] != " " else -1)
    return [
        ("".join(mark for mark, _ in piece), COLOURS[number % len(COLOURS)] if colours and number >= 0 else "")
        for number, piece in pieces
    ]


def _axis(left: float, right: float, across: int, label: Callable[[float], str]) -> str:
    start, middle, end = label(left), label((left + right) / 2), label(right)
    if left == right:
        return start
    if len(start) + len(middle) + len(end) + 4 > across:
        middle = ""
    before = max(across // 2 - len(start) - len(middle) // 2, 1)
    rest = across - len(start) - before - len(middle)
    return f"{start}{' ' * before}{middle}{end:>{rest}}"
