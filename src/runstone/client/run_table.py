"""The client's methods on tables of runs: windows of chosen columns, as the page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.operations import run_groups, run_table


def get_run_table(
    self: Client,
    experiment_ids: Sequence[str],
    columns: Sequence[run_table.Column] = (),
    filter_string: str = "",
    order_by: Sequence[str] = (),
    offset: int = 0,
    limit: int = 100,
    stamp: str = "",
    run_view_type: str = "ACTIVE_ONLY",
    nested: bool = False,
    open: Sequence[str] = (),
) -> run_table.RunTable:
    """Rows `offset` to `offset + limit` of a table of runs, with a cell for each column.

    Args:
        experiment_ids: whose runs.
        columns: params, tags and metrics (`runstone.operations.run_table.Column`).
        filter_string: which runs, in the language of docs/search.md.
        order_by: texts such as 'metrics.loss DESC'.
        offset: the first row.
        limit: rows at the most, up to 1,000.
        stamp: of an earlier answer, whose order is to be kept, whatever has been logged since.
        run_view_type: ACTIVE_ONLY, DELETED_ONLY or ALL.
        nested: whether runs stand below their parents.
        open: the ids of the parents whose runs are shown, in a nested table.
    """
    from runstone.operations import run_table

    asked = run_table.GetRunTable(
        experiment_ids=list(experiment_ids), filter=filter_string, run_view_type=run_view_type, order_by=list(order_by),
        columns=list(columns), offset=offset, limit=limit, stamp=stamp, nested=nested, open=list(open),
    )  # fmt: skip
    return self._transport.call(run_table.get_run_table, asked)


def get_run_columns(self: Client, experiment_ids: Sequence[str]) -> run_table.RunColumns:
    """The keys of params, metrics and tags that runs of these experiments have, the most frequent first."""
    from runstone.operations import run_table

    return self._transport.call(run_table.get_run_columns, run_table.GetRunColumns(list(experiment_ids)))


def get_run_ids(
    self: Client,
    experiment_ids: Sequence[str],
    filter_string: str = "",
    order_by: Sequence[str] = (),
    offset: int = 0,
    limit: int = 100_000,
    stamp: str = "",
    run_view_type: str = "ACTIVE_ONLY",
) -> list[str]:
    """The ids of up to 100,000 runs of a table, in its order; the arguments are those of `get_run_table`."""
    from runstone.operations import run_table

    asked = run_table.GetRunIds(
        experiment_ids=list(experiment_ids), filter=filter_string, run_view_type=run_view_type, order_by=list(order_by),
        offset=offset, limit=limit, stamp=stamp,
    )  # fmt: skip
    return self._transport.call(run_table.get_run_ids, asked).run_ids


def get_run_numbers(self: Client, run_ids: Sequence[str]) -> list[int]:
    """The number that each of these runs (2,000 at the most) has in the store, 0 where there is no such run.

    Runs are numbered from 1 on as they come into the store; a run keeps its number. The page colours runs by it.
    """
    from runstone.operations import run_table

    return self._transport.call(run_table.get_run_numbers, run_table.GetRunNumbers(list(run_ids))).numbers


def get_run_groups(
    self: Client,
    experiment_ids: Sequence[str],
    by: Sequence[run_table.Column],
    columns: Sequence[run_table.Column] = (),
    filter_string: str = "",
    run_view_type: str = "ACTIVE_ONLY",
) -> run_groups.RunGroups:
    """Runs put together by the values of params and tags, the largest groups first, with means of metrics.

    Args:
        experiment_ids: whose runs.
        by: one to four params and tags (`runstone.operations.run_table.Column`).
        columns: metrics, of which each group has count, mean, sample standard deviation, least and greatest value.
        filter_string: which runs, in the language of docs/search.md.
        run_view_type: ACTIVE_ONLY, DELETED_ONLY or ALL.
    """
    from runstone.operations import run_groups

    asked = run_groups.GetRunGroups(
        experiment_ids=list(experiment_ids), filter=filter_string, run_view_type=run_view_type, by=list(by), columns=list(columns)
    )  # fmt: skip
    return self._transport.call(run_groups.get_run_groups, asked)


def get_run_values(
    self: Client, experiment_ids: Sequence[str], key: str, kind: str = "param", part: str = ""
) -> list[run_table.Value]:
    """The values of a param (or, by `kind`, of a tag) that the newest runs have and that hold `part`, the most frequent first, 50 at the most."""
    from runstone.operations import run_table

    return self._transport.call(
        run_table.get_run_values, run_table.GetRunValues(list(experiment_ids), kind, key, part)
    ).values
