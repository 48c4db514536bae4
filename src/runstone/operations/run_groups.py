"""Runs put together by what they have in common: how many there are of each, and of metrics their mean and how far they lie from it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from runstone.errors import InvalidParameter
from runstone.operations import rules
from runstone.operations.engine import Engine
from runstone.operations.run_order import AskedRuns, ordered
from runstone.operations.run_table import LETTERS, Column, check_columns
from runstone.operations.table import operation
from runstone.store import run_table as store
from runstone.store.database import Connection

# Keys that runs are grouped by, metrics, groups that are told, runs that are named of each.
KEYS, METRICS, GROUPS, NAMED = 4, 60, 1_000, 50


class GetRunGroups(AskedRuns, omit_defaults=True):
    """The runs of a search by the values of `by` (params and tags); `columns` are the metrics to sum up. The groups with most runs come first."""

    by: list[Column] = msgspec.field(default_factory=list)
    columns: list[Column] = msgspec.field(default_factory=list)


class GroupCell(msgspec.Struct, omit_defaults=True):
    """A metric over a group's runs that have it: how many, their mean, sample standard deviation (None for one), least and greatest. `nans` are left out."""

    count: int
    mean: float | None = None
    std: float | None = None
    min: float | None = None
    max: float | None = None
    nans: int = 0


class RunGroup(msgspec.Struct, omit_defaults=True):
    """A group: its values, None where its runs lack the key; how many runs; the first 50 of them in the table's order; a cell for each column."""

    values: list[str | None]
    runs: int
    run_ids: list[str]
    cells: list[GroupCell | None] = []


class RunGroups(msgspec.Struct):
    """The largest 1,000 groups; `total` is how many there are, `found` how many runs they hold."""

    groups: list[RunGroup]
    total: int
    found: int
    stamp: str


@operation("POST", "/runstone/runs/groups", permission="read")
def get_run_groups(engine: Engine, request: GetRunGroups) -> RunGroups:
    """Groups of the runs that a search finds. Raises InvalidParameter for a filter that is none, and for what cannot be grouped by."""
    _check(request)
    with engine.reading_points() as connection:
        order = ordered(connection, engine, request)
        rows = order.rows
        if not rows:
            return RunGroups([], 0, 0, order.stamp)
        letters = store.Letters(LETTERS)
        texts = [store.texts_of(connection, one.kind, rows, one.key, letters) for one in request.by]
        numbers: dict[tuple[str | None, ...], int] = {}
        group_of = np.empty(len(rows), np.int64)
        members: list[list[int]] = []
        for place, row in enumerate(rows):
            values = tuple(some.get(row) for some in texts)
            number = numbers.setdefault(values, len(numbers))
            if number == len(members):
                members.append([])
            if len(members[number]) < NAMED:
                members[number].append(row)
            group_of[place] = number
        sizes = np.bincount(group_of)
        told = np.argsort(-sizes, kind="stable")[:GROUPS].tolist()
        cells = [_cells(connection, rows, group_of, len(sizes), column) for column in request.columns]
        named = list(numbers)
        ids = store.ids_of(connection, [row for number in told for row in members[number]])
        groups = [
            RunGroup(
                list(named[number]), int(sizes[number]),
                [ids[row] for row in members[number] if row in ids], [column[number] for column in cells],
            )
            for number in told
        ]  # fmt: skip
        return RunGroups(groups, len(sizes), len(rows), order.stamp)


def _check(request: GetRunGroups) -> None:
    check_columns([*request.by, *request.columns])
    if not 0 < len(request.by) <= KEYS:
        raise InvalidParameter(f"Runs are grouped by 1 to {KEYS} params and tags; {len(request.by)} are given.")
    if len(request.columns) > METRICS:
        raise InvalidParameter(f"{len(request.columns)} metrics are asked for; of groups {METRICS} at the most.")
    for column in request.by:
        if column.kind == "metric":
            raise rules.invalid("kind", column.kind, "Runs are grouped by params and tags.")
    for column in request.columns:
        if column.kind != "metric":
            raise rules.invalid("kind", column.kind, "Groups have means of metrics.")
    if request.nested:
        raise rules.invalid("nested", request.nested, "Groups hold all runs.")


def _cells(
    connection: Connection, rows: Sequence[int], group_of: np.ndarray, groups: int, column: Column
) -> list[GroupCell | None]:
    found, nans = store.numbers_of(connection, rows, column.key, column.show)
    places = np.fromiter((place for place, row in enumerate(rows) if row in found), np.int64)
    missed = np.fromiter((place for place, row in enumerate(rows) if row in nans), np.int64)
    lost = np.bincount(group_of[missed], minlength=groups)
    of = group_of[places]
    values = np.fromiter((found[row] for row in rows if row in found), np.float64, len(places))
    counts = np.bincount(of, minlength=groups)
    some = np.maximum(counts, 1)
    with np.errstate(over="ignore", invalid="ignore"):
        means = np.bincount(of, values, groups) / some
        spread = np.sqrt(np.bincount(of, (values - means[of]) ** 2, groups) / np.maximum(counts - 1, 1))
    least, most = np.full(groups, np.inf), np.full(groups, -np.inf)
    np.minimum.at(least, of, values)
    np.maximum.at(most, of, values)
    return [
        GroupCell(
            int(counts[at]), float(means[at]), float(spread[at]) if counts[at] > 1 else None,
            float(least[at]), float(most[at]), int(lost[at]),
        )
        if counts[at]
        else GroupCell(0, nans=int(lost[at]))
        if lost[at]
        else None
        for at in range(groups)
    ]  # fmt: skip
