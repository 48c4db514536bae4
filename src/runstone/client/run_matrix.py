"""The client's method on values of many runs by columns, as pictures of a sweep are drawn from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.operations import run_matrix, run_table


def get_run_matrix(
    self: Client,
    experiment_ids: Sequence[str],
    columns: Sequence[run_table.Column],
    filter_string: str = "",
    order_by: Sequence[str] = (),
    limit: int = 10_000,
    run_view_type: str = "ACTIVE_ONLY",
) -> run_matrix.RunMatrix:
    """Columns of up to 10,000 runs: a metric's as float64, a param's or tag's as the texts that there are and a place among them for each run.

    Args:
        experiment_ids: whose runs.
        columns: params, tags and metrics (`runstone.operations.run_table.Column`), up to 100.
        filter_string: which runs, in the language of docs/search.md.
        order_by: texts such as 'metrics.loss DESC'; the newest runs come first where there is none.
        limit: runs at the most.
        run_view_type: ACTIVE_ONLY, DELETED_ONLY or ALL.
    """
    from runstone.operations import run_matrix

    asked = run_matrix.GetRunMatrix(
        list(experiment_ids), filter_string, run_view_type, list(order_by), list(columns), limit
    )
    return self._transport.call(run_matrix.get_run_matrix, asked)
