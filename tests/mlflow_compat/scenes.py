"""A scenario file, taken apart: cells of plain statements, each with the difference it is expected to show. Needs only Python's own library.

A cell begins at `# %% title`. What stands before the first one belongs to every cell. A statement that is meant to come out otherwise on
runstone ends in `# differs: <row of docs/differences.md>`.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

_TITLE = re.compile(r"# %% (.+)")
_MARK = re.compile(r"# differs: ([\w' -]+)\s*$")


class Statement(NamedTuple):
    """One statement: its text, its first line in the file, and the row of differences.md that it shows (None: no difference)."""

    text: str
    line: int
    differs: str | None
    node: ast.stmt


class Cell(NamedTuple):
    """Statements that are played one after the other, in an experiment of their own."""

    title: str
    statements: list[Statement]


def read(path: Path) -> tuple[list[Statement], list[Cell]]:
    """The statements that every cell begins with, and the cells."""
    lines = path.read_text().splitlines()
    starts = [(number, found[1]) for number, line in enumerate(lines, 1) if (found := _TITLE.fullmatch(line))]
    prelude: list[Statement] = []
    cells = [Cell(title, []) for _, title in starts]
    for node in ast.parse("\n".join(lines)).body:
        last = lines[(node.end_lineno or node.lineno) - 1]
        mark = _MARK.search(last)
        text = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        statement = Statement(text, node.lineno, mark[1] if mark else None, node)
        place = sum(start < node.lineno for start, _ in starts)
        (cells[place - 1].statements if place else prelude).append(statement)
    return prelude, cells
