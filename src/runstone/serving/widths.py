"""How many values the rows of CSV have. pandas fills rows that are too short, and takes the first value of longer ones for an index."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from runstone.errors import BadRequest, InvalidParameter
from runstone.types.sentences import counted, there_are

if TYPE_CHECKING:
    from runstone.types.schema import Schema

# Columns of a body: for a model that says nothing of its columns, and for others, which take no more than they say.
_MOST_COLUMNS, _MOST_BESIDE = 100_000, 10_000
# Cells of a table: a few bytes can say that there are billions.
MOST_CELLS = 20_000_000
_BLANK = " \t\r\n"


class Widths:
    """Goes through the rows beside whatever reads them.

    Args:
        file: the same text or bytes, at their beginning, opened with newline="" where it is text.
    """

    def __init__(self, file: Any) -> None:
        # A cell may hold a picture. Python has one limit for all readers of a process.
        csv.field_size_limit(sys.maxsize)
        # what is no UTF-8 is for the reader to say
        self._text = file if isinstance(file, io.TextIOBase) else io.TextIOWrapper(file, "utf-8", "surrogateescape", "")
        self._rows = _rows(self._text)
        _, self._columns, self._head = next(self._rows, (0, 0, ""))
        self._row = 0

    @property
    def columns(self) -> int:
        """How many names there are."""
        return self._columns

    def require_unique(self) -> None:
        """Refuse two columns of one name: pandas would give the second another one. Raises InvalidParameter."""
        seen: set[str] = set()
        for name in (
            self._head.removeprefix("\ufeff").rstrip("\r\n").split(",") if isinstance(self._head, str) else self._head
        ):
            if name and name in seen:
                raise InvalidParameter(f"The column {name!r:.100} is there twice.")
            seen.add(name)

    def check(self, rows: int | None) -> None:
        """Look at so many more rows; None: at all that are left. Raises BadRequest, which names the first that has more or fewer values than there are names."""
        for line, values, _ in islice(self._rows, rows):
            if values != self._columns:
                raise BadRequest(
                    f"{there_are(self._columns, 'column')}; row {self._row} (line {line}) has {counted(values, 'value')}."
                )
            self._row += 1


def require_columns(count: int, schema: Schema | None, rows: int = 0) -> None:
    """Refuse more columns than anybody means: each costs a frame a thousand times what it costs a body. Raises BadRequest.

    Args:
        count: of the columns.
        schema: of the model, where it has one.
        rows: of a table whose body need not have all its cells.
    """
    most = _MOST_COLUMNS if schema is None else max(_MOST_BESIDE, 2 * len(schema))
    if count > most:
        raise BadRequest(f"There are {count:,} columns; {most:,} may be asked at once.")
    if count * rows > MOST_CELLS:
        raise BadRequest(
            f"The {rows:,} rows have {count:,} columns between them, {count * rows:,} cells; {MOST_CELLS:,} may be asked at once."
        )


def _rows(text: Any) -> Iterator[tuple[int, int, str | list[str]]]:
    """Of each line of names or row: its first line, from 1 on, how many values it has, and its text or they. Blank lines are none."""
    lines = enumerate(text, 1)
    for number, line in lines:
        if number == 1:
            line = line.removeprefix("\ufeff")
        if '"' in line:
            # quoted values may go over several lines, of which the reader takes as many as it needs
            values = next(csv.reader(chain([line], (more for _, more in lines))))
            yield number, len(values), values
        elif line.strip(_BLANK):
            yield number, line.count(",") + 1, line
