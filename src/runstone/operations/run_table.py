"""What a page asks for to show runs by the hundred thousand: a window of a table, with the columns that are chosen, and which there are.

A search in MLflow's wire gives whole runs, a page after the other. A table that is scrolled wants rows 40,000 to 40,100 at once, of each run
six values, and an order that stands still while one reads. So the order of a table is kept, by a stamp, as row numbers (400 kB for 100,000 runs).
"""

from __future__ import annotations

import secrets
import threading
from array import array
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from runstone.errors import InvalidParameter
from runstone.operations import rules
from runstone.operations.engine import Engine
from runstone.operations.search import runs_scope, stages_of
from runstone.operations.table import operation
from runstone.store import run_table as store
from runstone.store.database import Connection
from runstone.store.search.conditions import Fragment
from runstone.store.search.names import RUNS, SUMMARIES
from runstone.store.search.order import Term
from runstone.store.search.query import page

# Rows of one window, columns of one table, keys that are listed of one kind.
WINDOW = 1_000
COLUMNS = 500
KEYS = 5_000
# The runs whose keys are counted: all keys of the store come without counts.
_COUNTED = 2_000
_TIES = [Term("run.start_time", True, True), Term("run.run_id", False, False)]
_ORDERS = 32


class Column(msgspec.Struct, omit_defaults=True):
    """A column: `kind` is param, tag or metric; of a metric `show` is last, min, max, first or count."""

    kind: str
    key: str
    show: str = "last"


class GetRunTable(msgspec.Struct, omit_defaults=True):
    """Rows `offset` to `offset + limit` of the runs that a search (docs/search.md) finds. With a `stamp` of an earlier answer the order is that one's."""

    experiment_ids: list[str] = []
    filter: str = ""
    run_view_type: str | int = "ACTIVE_ONLY"
    order_by: list[str] = []
    columns: list[Column] = []
    offset: int = 0
    limit: int = 100
    stamp: str = ""


class TableRow(msgspec.Struct, omit_defaults=True):
    """A run: its own facts, how many runs it is the parent of, and a cell for each column. A metric that is NaN is the text "NaN"."""

    run_id: str
    experiment_id: str
    run_name: str
    status: str
    start_time: int | None = None
    end_time: int | None = None
    user_id: str = ""
    lifecycle_stage: str = "active"
    parent: str = ""
    children: int = 0
    colour: str = ""
    cells: list[str | float | int | None] = []


class RunTable(msgspec.Struct):
    """A window. `total` is how many runs the search finds, `all` how many there are without a filter; `rows` may lack runs that are gone."""

    rows: list[TableRow]
    total: int
    all: int
    stamp: str


class GetRunColumns(msgspec.Struct):
    """Which experiments' columns."""

    experiment_ids: list[str] = []


class Key(msgspec.Struct):
    """A key, and how many of the newest runs have it."""

    key: str
    runs: int


class RunColumns(msgspec.Struct):
    """The keys that can be columns: those of the newest 2,000 runs, the most frequent first, then others of the store (with 0)."""

    params: list[Key]
    metrics: list[Key]
    tags: list[Key]


class _Order:
    """The orders that were asked for last, in this process. Whoever asks for one that is gone has it made anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], array[int]] = OrderedDict()

    def get(self, folder: str, stamp: str) -> array[int] | None:
        with self._lock:
            found = self._kept.get((folder, stamp))
            if found is not None:
                self._kept.move_to_end((folder, stamp))
            return found

    def keep(self, folder: str, stamp: str, rows: Sequence[int]) -> array[int]:
        kept = array("q", rows)
        with self._lock:
            self._kept[folder, stamp] = kept
            while len(self._kept) > _ORDERS:
                self._kept.popitem(last=False)
        return kept


_orders = _Order()


@operation("POST", "/runstone/runs/table", permission="read")
def get_run_table(engine: Engine, request: GetRunTable) -> RunTable:
    """A window of a table of runs. Raises InvalidParameter for a filter or an order that is none, with a caret below it."""
    _check(request)
    experiments = [rules.experiment_number(one) for one in request.experiment_ids]
    stages = stages_of(request.run_view_type)
    if not experiments:
        return RunTable([], 0, 0, "")
    stamp = request.stamp or secrets.token_hex(8)
    with engine.reading_points() as connection:
        everything = store.count(connection, experiments, stages)
        order = _orders.get(engine.folder, stamp) if request.stamp else None
        if order is None:
            scope: Fragment = runs_scope(experiments, stages)
            found, _ = page(connection, RUNS, scope, request.filter, request.order_by, _TIES, max(everything, 1), None)
            order = _orders.keep(engine.folder, stamp, found)
        rows = order[request.offset : request.offset + request.limit].tolist()
        return RunTable(_rows(connection, rows, request.columns), len(order), everything, stamp)


@operation("POST", "/runstone/runs/columns", permission="read")
def get_run_columns(engine: Engine, request: GetRunColumns) -> RunColumns:
    """The params, metrics and tags that runs of these experiments have."""
    experiments = [rules.experiment_number(one) for one in request.experiment_ids]
    with engine.reading_points() as connection:
        rows = store.newest(connection, experiments, _COUNTED)
        return RunColumns(*(_keys(connection, table, rows) for table in ("param", "metric", "tag")))


def _keys(connection: Connection, table: str, rows: Sequence[int]) -> list[Key]:
    counted = store.keys_of(connection, table, rows)
    first = sorted(counted, key=lambda key: (-counted[key], key))[:KEYS]
    if len(rows) < _COUNTED:
        return [Key(key, counted[key]) for key in first]
    others = [key for key in store.all_keys(connection, table, KEYS) if key not in counted]
    return [Key(key, counted.get(key, 0)) for key in [*first, *others][:KEYS]]


def _check(request: GetRunTable) -> None:
    if not 0 <= request.offset < 2**53:
        raise rules.invalid("offset", request.offset, "Give the number of a row, from 0 on.")
    if not 0 < request.limit <= WINDOW:
        raise rules.invalid("limit", request.limit, f"Give 1 to {WINDOW} rows.")
    if len(request.columns) > COLUMNS:
        raise InvalidParameter(f"{len(request.columns)} columns are asked for; a table has {COLUMNS} at the most.")
    for column in request.columns:
        if column.kind not in ("param", "tag", "metric"):
            raise rules.invalid("kind", column.kind, "A column is one of param, tag, metric.")
        if column.show not in SUMMARIES:
            raise rules.invalid("show", column.show, f"Of a metric {', '.join(SUMMARIES)} can be shown.")


def _rows(connection: Connection, rows: Sequence[int], columns: Sequence[Column]) -> list[TableRow]:
    if not rows:
        return []
    facts, parents, colours, children = store.frame(connection, rows)
    wanted = {kind: list({one.key: None for one in columns if one.kind == kind}) for kind in ("param", "tag", "metric")}
    params = store.texts(connection, "param", rows, wanted["param"])
    tags = store.texts(connection, "tag", rows, wanted["tag"])
    metrics = store.numbers(connection, rows, wanted["metric"])

    def cell(row: int, column: Column) -> store.Cell:
        if column.kind != "metric":
            return (params if column.kind == "param" else tags).get((row, column.key))
        summaries = metrics.get((row, column.key))
        if summaries is None:
            return None
        value = summaries[column.show]
        return "NaN" if value is None else value

    return [
        TableRow(
            one.run_id, str(one.experiment), one.run_name, one.status, one.start_time, one.end_time, one.user_id,
            one.lifecycle_stage, parents.get(row, ""), children.get(one.run_id, 0), colours.get(row, ""),
            [cell(row, column) for column in columns],
        )
        for row in rows
        if (one := facts.get(row)) is not None
    ]  # fmt: skip
