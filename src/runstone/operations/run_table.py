"""What a page asks for to show runs by the hundred thousand: a window of a table, with the columns that are chosen, and which there are.

A search in MLflow's wire gives whole runs, a page after the other. A table that is scrolled wants rows 40,000 to 40,100 at once, of each run
six values, and an order that stands still while one reads (run_order.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from runstone.errors import InvalidParameter
from runstone.operations import rules
from runstone.operations.engine import Engine
from runstone.operations.run_order import AskedRuns, experiments_of, ordered
from runstone.operations.table import operation
from runstone.store import run_table as store
from runstone.store.database import Connection
from runstone.store.search.names import SUMMARIES

# Rows of one window, columns of one table, keys that are listed of one kind, ids of one answer.
WINDOW = 1_000
COLUMNS = 500
KEYS = 5_000
# Letters that all texts of one answer have.
LETTERS = 64 << 20
# The runs whose keys are counted: all keys of the store come without counts.
_COUNTED = 2_000
IDS = 100_000
# Values of one key that are told; runs whose numbers are told at once.
VALUES = 50
NUMBERED = 2_000


class Column(msgspec.Struct, omit_defaults=True):
    """A column: `kind` is param, tag or metric; of a metric `show` is last, min, max, first or count."""

    kind: str
    key: str
    show: str = "last"


class GetRunTable(AskedRuns, omit_defaults=True):
    """Rows `offset` to `offset + limit` of a table of runs, with a cell for each of `columns`."""

    columns: list[Column] = msgspec.field(default_factory=list)


class GetRunIds(AskedRuns, omit_defaults=True):
    """Which runs stand at `offset` to `offset + limit` of a table."""


class RunIds(msgspec.Struct):
    """Runs in the table's order; `total` is how many it has."""

    run_ids: list[str]
    total: int


class TableRow(msgspec.Struct, omit_defaults=True):
    """A run: its own facts, how many runs it is the parent of (in a nested table: how many stand below it, and how deep it stands itself),
    and a cell for each column. A metric that is NaN is the text "NaN". `number` is the run's number in its store, see `RunNumbers`."""

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
    depth: int = 0
    number: int = 0
    cells: list[str | float | int | None] = []


class RunTable(msgspec.Struct):
    """A window. `total` is how many rows the table has, `found` how many runs the search finds, `all` how many there are without a filter;
    `rows` may lack runs that are gone."""

    rows: list[TableRow]
    total: int
    all: int
    stamp: str
    found: int = 0


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


@operation("POST", "/runstone/runs/table", permission="read")
def get_run_table(engine: Engine, request: GetRunTable) -> RunTable:
    """A window of a table of runs. Raises InvalidParameter for a filter or an order that is none, with a caret below it."""
    _check(request)
    with engine.reading_points() as connection:
        order = ordered(connection, engine, request)
        rows = order.rows[request.offset : request.offset + request.limit].tolist()
        depths = order.depths[request.offset : request.offset + request.limit] if order.depths else bytes(len(rows))
        shown = _rows(connection, rows, depths, order.below, request.columns)
        return RunTable(shown, len(order.rows), order.all, order.stamp, order.found)


@operation("POST", "/runstone/runs/ids", permission="read")
def get_run_ids(engine: Engine, request: GetRunIds) -> RunIds:
    """The ids of many runs of a table at once (100,000 at the most): what is chosen by a range, or by "all that the filter finds"."""
    _check_window(request, IDS)
    with engine.reading_points() as connection:
        order = ordered(connection, engine, request)
        rows = order.rows[request.offset : request.offset + request.limit].tolist()
        return RunIds(store.run_ids(connection, rows), len(order.rows))


@operation("POST", "/runstone/runs/columns", permission="read")
def get_run_columns(engine: Engine, request: GetRunColumns) -> RunColumns:
    """The params, metrics and tags that runs of these experiments have."""
    experiments = experiments_of(request.experiment_ids)
    with engine.reading_points() as connection:
        rows = store.newest(connection, experiments, _COUNTED)
        return RunColumns(*(_keys(connection, table, rows) for table in ("param", "metric", "tag")))


class GetRunValues(msgspec.Struct, omit_defaults=True):
    """The values of a param or tag (`kind`) that newest runs of these experiments have; only those that hold `part`, in any letters."""

    experiment_ids: list[str] = []
    kind: str = "param"
    key: str = ""
    part: str = ""


class Value(msgspec.Struct):
    """A value, and how many of the newest runs have it."""

    value: str
    runs: int


class RunValues(msgspec.Struct):
    """Values of one key, the most frequent first."""

    values: list[Value]


@operation("POST", "/runstone/runs/values", permission="read")
def get_run_values(engine: Engine, request: GetRunValues) -> RunValues:
    """What a filter may compare a param or tag with: the values that the newest 2,000 runs have, 50 at the most."""
    if request.kind not in ("param", "tag"):
        raise rules.invalid("kind", request.kind, "Values are those of a param or a tag.")
    experiments = experiments_of(request.experiment_ids)
    with engine.database.read() as connection:
        rows = store.newest(connection, experiments, _COUNTED)
        found = store.values(
            connection, request.kind, rows, request.key, request.part.lower(), VALUES, store.Letters(LETTERS)
        )
        return RunValues([Value(*one) for one in found])


class GetRunNumbers(msgspec.Struct, omit_defaults=True):
    """Whose numbers: up to 2,000 runs."""

    run_ids: list[str] = []


class RunNumbers(msgspec.Struct):
    """A number for each run that was asked for, 0 where there is no such run.

    Runs are numbered from 1 on as they come into the store. A run keeps its number, and no other run ever gets it: a page colours runs by it.
    """

    numbers: list[int]


@operation("POST", "/runstone/runs/numbers", permission="read")
def get_run_numbers(engine: Engine, request: GetRunNumbers) -> RunNumbers:
    """Which number each of these runs has in the store. Raises InvalidParameter for more than 2,000 runs."""
    if len(request.run_ids) > NUMBERED:
        raise InvalidParameter(
            f"{len(request.run_ids)} runs are asked for; at once {NUMBERED} are told. Ask several times."
        )
    with engine.database.read() as connection:
        found = store.rows_by_id(connection, request.run_ids)
    return RunNumbers([found.get(run_id, 0) for run_id in request.run_ids])


def _keys(connection: Connection, table: str, rows: Sequence[int]) -> list[Key]:
    counted = store.keys_of(connection, table, rows)
    first = sorted(counted, key=lambda key: (-counted[key], key))[:KEYS]
    if len(rows) < _COUNTED:
        return [Key(key, counted[key]) for key in first]
    others = [key for key in store.all_keys(connection, table, KEYS) if key not in counted]
    return [Key(key, counted.get(key, 0)) for key in [*first, *others][:KEYS]]


def _check_window(request: AskedRuns, most: int) -> None:
    if not 0 <= request.offset < 2**53:
        raise rules.invalid("offset", request.offset, "Give the number of a row, from 0 on.")
    if not 0 < request.limit <= most:
        raise rules.invalid("limit", request.limit, f"Give 1 to {most} rows.")


def _check(request: GetRunTable) -> None:
    _check_window(request, WINDOW)
    check_columns(request.columns)


def check_columns(columns: Sequence[Column]) -> None:
    """Refuse columns that no table has."""
    if len(columns) > COLUMNS:
        raise InvalidParameter(f"{len(columns)} columns are asked for; a table has {COLUMNS} at the most.")
    for column in columns:
        if column.kind not in ("param", "tag", "metric"):
            raise rules.invalid("kind", column.kind, "A column is one of param, tag, metric.")
        if column.show not in SUMMARIES:
            raise rules.invalid("show", column.show, f"Of a metric {', '.join(SUMMARIES)} can be shown.")


def _rows(
    connection: Connection,
    rows: Sequence[int],
    depths: Sequence[int],
    below: dict[int, int] | None,
    columns: Sequence[Column],
) -> list[TableRow]:
    if not rows:
        return []
    facts, parents, colours, children = store.frame(connection, rows)
    wanted = {kind: Counter(one.key for one in columns if one.kind == kind) for kind in ("param", "tag", "metric")}
    letters = store.Letters(LETTERS)
    params = store.texts(connection, "param", rows, wanted["param"], letters)
    tags = store.texts(connection, "tag", rows, wanted["tag"], letters)
    metrics = store.numbers(connection, rows, list(wanted["metric"]))

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
            one.lifecycle_stage, parents.get(row, ""), children.get(one.run_id, 0) if below is None else below.get(row, 0),
            colours.get(row, ""), depth, row, [cell(row, column) for column in columns],
        )
        for row, depth in zip(rows, depths, strict=True)
        if (one := facts.get(row)) is not None
    ]  # fmt: skip
