"""Values of many runs by columns, in one answer: what parallel coordinates, scatter, boxes and importance are drawn from.

A window of a table (run_table.py) gives rows, as they are read. A picture of 10,000 runs wants each column as one array: a metric is eight bytes a
run, a param the texts that there are and a number a run.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Mapping, Sequence

import msgspec

from runstone.errors import InvalidParameter
from runstone.operations import rules
from runstone.operations.engine import Engine
from runstone.operations.run_order import experiments_of
from runstone.operations.run_table import LETTERS, Column, check_columns
from runstone.operations.search import runs_scope, stages_of
from runstone.operations.table import operation
from runstone.store import run_table as store
from runstone.store.database import Connection
from runstone.store.search.conditions import Fragment
from runstone.store.search.names import RUNS
from runstone.store.search.order import Term
from runstone.store.search.query import page

# Runs and columns of one answer; runs that are read at a time.
MOST_RUNS, MOST_COLUMNS = 10_000, 100
_TOGETHER = 1_000
_TIES = [Term("run.start_time", True, True), Term("run.run_id", False, False)]


class GetRunMatrix(msgspec.Struct, omit_defaults=True):
    """Columns of the runs that a search (docs/search.md) finds, the first `limit` in its order (the newest, where none is given)."""

    experiment_ids: list[str] = []
    filter: str = ""
    run_view_type: str | int = "ACTIVE_ONLY"
    order_by: list[str] = []
    columns: list[Column] = []
    limit: int = MOST_RUNS


class ColumnValues(msgspec.Struct, omit_defaults=True):
    """One column.

    Of a metric `numbers`: little-endian float64, NaN where a run has none. Of a param or tag `texts`, those that there are, and `places`:
    little-endian int32, where in `texts` a run's stands, -1 where it has none.
    """

    numbers: bytes = b""
    texts: list[str] = []
    places: bytes = b""


class RunMatrix(msgspec.Struct):
    """Runs, each with a place in every column; `total` is how many runs the search finds."""

    run_ids: list[str]
    run_names: list[str]
    experiment_ids: list[str]
    statuses: list[str]
    colours: list[str]
    columns: list[ColumnValues]
    total: int


@operation("POST", "/runstone/runs/matrix", permission="read")
def get_run_matrix(engine: Engine, request: GetRunMatrix) -> RunMatrix:
    """Chosen columns of up to 10,000 runs. Raises InvalidParameter for a filter or an order that is none, with a caret below it."""
    if not 0 < request.limit <= MOST_RUNS:
        raise rules.invalid("limit", request.limit, f"Give 1 to {MOST_RUNS} runs.")
    if len(request.columns) > MOST_COLUMNS:
        raise InvalidParameter(
            f"{len(request.columns)} columns are asked for; one answer has {MOST_COLUMNS} at the most."
        )
    check_columns(request.columns)
    experiments = experiments_of(request.experiment_ids)
    stages = stages_of(request.run_view_type)
    if not experiments:
        return RunMatrix([], [], [], [], [], [ColumnValues() for _ in request.columns], 0)
    with engine.reading_points() as connection:
        scope: Fragment = runs_scope(experiments, stages)
        most = max(store.count(connection, experiments, stages), 1)
        found, _ = page(connection, RUNS, scope, request.filter, request.order_by, _TIES, most, None)
        return _values(connection, found[: request.limit], request.columns, len(found))


def _values(connection: Connection, rows: Sequence[int], columns: Sequence[Column], total: int) -> RunMatrix:
    made = RunMatrix([], [], [], [], [], [], total)
    told = store.Letters(LETTERS)
    written = [_Numbers(one) if one.kind == "metric" else _Texts(one, told) for one in columns]
    keys = {kind: {one.key: 1 for one in columns if one.kind == kind} for kind in ("param", "tag", "metric")}
    for first in range(0, len(rows), _TOGETHER):
        some = rows[first : first + _TOGETHER]
        facts, _, colours, _ = store.frame(connection, some)
        read = store.Letters(LETTERS)
        texts = {kind: store.texts(connection, kind, some, keys[kind], read) for kind in ("param", "tag")}
        numbers = store.numbers(connection, some, list(keys["metric"]))
        for row in some:
            one = facts[row]
            made.run_ids.append(one.run_id)
            made.run_names.append(one.run_name)
            made.experiment_ids.append(str(one.experiment))
            made.statuses.append(one.status)
            made.colours.append(colours.get(row, ""))
        for column in written:
            if isinstance(column, _Numbers):
                column.add(some, numbers)
            else:
                column.add(some, texts[column.kind])
    made.columns = [column.values() for column in written]
    return made


class _Numbers:
    """A metric's column while it is read."""

    def __init__(self, column: Column) -> None:
        self._key, self._show = column.key, column.show
        self._found: list[float] = []

    def add(self, rows: Sequence[int], summaries: Mapping[tuple[int, str], Mapping[str, store.Cell]]) -> None:
        for row in rows:
            there = summaries.get((row, self._key))
            value = None if there is None else there[self._show]
            self._found.append(float("nan") if value is None else float(value))

    def values(self) -> ColumnValues:
        return ColumnValues(numbers=struct.pack(f"<{len(self._found)}d", *self._found))


class _Texts:
    """A param's or a tag's column while it is read."""

    def __init__(self, column: Column, letters: store.Letters) -> None:
        self.kind, self._key, self._letters = column.kind, column.key, letters
        self._known: dict[str, int] = {}
        self._places = array("i")

    def add(self, rows: Sequence[int], texts: Mapping[tuple[int, str], store.Cell]) -> None:
        for row in rows:
            text = texts.get((row, self._key))
            if text is not None and text not in self._known:
                self._letters.take(len(str(text)))
                self._known[str(text)] = len(self._known)
            self._places.append(-1 if text is None else self._known[str(text)])

    def values(self) -> ColumnValues:
        return ColumnValues(texts=list(self._known), places=struct.pack(f"<{len(self._places)}i", *self._places))
