"""How many values the rows of CSV have. pandas fills rows that are too short, and takes the first value of longer ones for an index."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from runstone.errors import BadRequest
from runstone.types.sentences import counted, there_are

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
        _, self._columns = next(self._rows, (0, 0))
        self._row = 0

    def check(self, rows: int | None) -> None:
        """Look at so many more rows; None: at all that are left. Raises BadRequest, which names the first that has more or fewer values than there are names."""
        for line, values in islice(self._rows, rows):
            if values != self._columns:
                raise BadRequest(
                    f"{there_are(self._columns, 'column')}; row {self._row} (line {line}) has {counted(values, 'value')}."
                )
            self._row += 1


def _rows(text: Any) -> Iterator[tuple[int, int]]:
    """Of each line of names or row: its first line, from 1 on, and how many values it has. Blank lines are none."""
    lines = enumerate(text, 1)
    for number, line in lines:
        if number == 1:
            line = line.removeprefix("\ufeff")
        if '"' in line:
            # quoted values may go over several lines, of which the reader takes as many as it needs
            yield number, len(next(csv.reader(chain([line], (more for _, more in lines)))))
        elif line.strip(_BLANK):
            yield number, line.count(",") + 1
