"""The client's method on series as charts draw them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.operations import sampling


def sample_series(
    self: Client,
    run_ids: Sequence[str],
    keys: Sequence[str],
    x: str = "step",
    start: float | None = None,
    end: float | None = None,
    buckets: int = 500,
    means: bool = False,
    log: bool = False,
    both: bool = False,
) -> list[sampling.Chart]:
    """Metrics of many runs, as many values as a screen can show; each chart has one row of places for all its lines.

    Args:
        run_ids: whose; up to 1,000.
        keys: which metrics; up to 200.
        x: step, time, relative or metric:KEY.
        start: where on that axis to begin; None: with the first point.
        end: where to end; None: with the last point.
        buckets: parts that the axis is cut into where there are more points than two for each part.
        means: of each part the mean; otherwise the least and the greatest value.
        log: the parts are equal on a logarithmic axis.
        both: the means beside the least and the greatest values.
    """
    from runstone.operations import sampling

    asked = sampling.SampleSeries(list(run_ids), list(keys), x, start, end, buckets, means, log, both)
    return self._transport.call(sampling.sample_series, asked).charts
