"""The client's methods on tables of runs: windows of chosen columns, as the page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.operations import run_table


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
    """
    from runstone.operations import run_table

    asked = run_table.GetRunTable(
        list(experiment_ids), filter_string, run_view_type, list(order_by), list(columns), offset, limit, stamp
    )
    return self._transport.call(run_table.get_run_table, asked)


def get_run_columns(self: Client, experiment_ids: Sequence[str]) -> run_table.RunColumns:
    """The keys of params, metrics and tags that runs of these experiments have, the most frequent first."""
    from runstone.operations import run_table

    return self._transport.call(run_table.get_run_columns, run_table.GetRunColumns(list(experiment_ids)))
