"""The rows of the report, and how they are printed. Knows nothing of how a figure came about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One figure of one contender.

    Args:
        figure: what was measured.
        contender: whose it is: "runstone", a peer, or a limit of the machine ("cp + fsync").
        value: the figure; None when the contender is missing or cannot do it.
        unit: of value.
        bar: the largest value that is good; None for contenders that have none.
        cpu: CPU seconds of the act, where they are not the figure itself.
        note: what must be known to read the figure.
    """

    figure: str
    contender: str
    value: float | None
    unit: str
    bar: float | None = None
    cpu: float | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """What the row says of its bar."""
        if self.bar is None:
            return ""
        if self.value is None:
            return "not measured"
        return "met" if self.value <= self.bar else "MISSED"


def missing(figure: str, contender: str, unit: str, why: str = "left out, not installed, or failed") -> Row:
    """The row of a contender that could not be measured."""
    return Row(figure, contender, None, unit, note=why)


def lines(rows: Sequence[Row]) -> list[str]:
    """The table as text: the ratio is a contender's figure over runstone's (how many times more it costs)."""
    ours = {row.figure: row.value for row in rows if row.contender == "runstone"}
    cells = [("figure", "who", "value", "ratio", "CPU s", "bar", "", "")]
    before = ""
    for row in rows:
        own = ours.get(row.figure)
        ratio = "" if row.contender == "runstone" or not own or row.value is None else f"{row.value / own:.3g}x"
        cells.append(
            (
                "" if row.figure == before else row.figure,
                row.contender,
                "-" if row.value is None else f"{number(row.value)} {row.unit}".strip(),
                ratio,
                "" if row.cpu is None else f"{row.cpu:.2f}",
                "" if row.bar is None else f"<= {number(row.bar)}",
                row.verdict,
                row.note,
            )
        )
        before = row.figure
    widths = [max(len(cell[place]) for cell in cells) for place in range(len(cells[0]))]
    right = {2, 3, 4, 5}
    return [
        "  ".join(
            text.rjust(width) if place in right else text.ljust(width)
            for place, (text, width) in enumerate(zip(cell, widths, strict=True))
        ).rstrip()
        for cell in cells
    ]


def markdown(rows: Sequence[Row]) -> list[str]:
    """The table for a page: each contender beside runstone in one row a figure."""
    figures = list(dict.fromkeys(row.figure for row in rows))
    found = ["| figure | runstone | bar | others |", "|---|---|---|---|"]
    for figure in figures:
        of_figure = [row for row in rows if row.figure == figure]
        own = next((row for row in of_figure if row.contender == "runstone"), None)
        others = "; ".join(
            f"{row.contender} {number(row.value)}" for row in of_figure if row is not own and row.value is not None
        )
        value, bar = "not measured", ""
        if own is not None and own.value is not None:
            value = f"{number(own.value)} {own.unit}".strip()
        if own is not None and own.bar is not None:
            bar = f"<= {number(own.bar)}: {own.verdict}"
        found.append(f"| {figure} | {value} | {bar} | {others} |")
    return found


def number(value: float) -> str:
    """A figure with as many digits as mean something."""
    if value == int(value) and abs(value) < 1e7:
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def plain(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows as what JSON can hold."""
    return [{**row._asdict(), "verdict": row.verdict} for row in rows]
