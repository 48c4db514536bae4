"""The client's methods on metric points."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from runstone.entities import Metric, PagedList

if TYPE_CHECKING:
    import numpy
    import pandas
    from numpy.typing import NDArray

    from runstone.client import Client
    from runstone.operations import series


class MetricSeries(NamedTuple):
    """A metric's points by (step, timestamp): arrays of one length, step (int64), timestamp (int64, ms), value (float64)."""

    step: NDArray[numpy.int64]
    timestamp: NDArray[numpy.int64]
    value: NDArray[numpy.float64]


def get_metric_history(self: Client, run_id: str, key: str) -> PagedList[Metric]:
    """A metric's points by time, an object each. `get_metric_series` gives arrays, which cost a hundredth."""
    from runstone.operations import series

    found: list[Metric] = []
    token: str | None = None
    while key:  # nothing has an empty one
        asked = series.GetHistory(run_id, key, series.HISTORY_PAGE, token)
        answer = self._transport.call(series.get_metric_history, asked)
        for point in answer.metrics:
            point.run_id = run_id
        found.extend(answer.metrics)
        token = answer.next_page_token
        if not token:
            break
    return PagedList(found)


def get_metric_series(self: Client, run_id: str, key: str) -> MetricSeries:
    """A metric's points as arrays; empty ones for a key that the run does not have."""
    import numpy

    from runstone.operations import series

    answer = self._transport.call(series.get_metric_series, series.GetSeries(run_id, key))
    return MetricSeries(
        numpy.frombuffer(answer.steps, "<i8"),
        numpy.frombuffer(answer.timestamps, "<i8"),
        numpy.frombuffer(answer.values, "<f8"),
    )


def get_metric_summaries(self: Client, run_id: str) -> list[series.MetricSummary]:
    """Last, first, least and greatest value and the count of each of a run's metrics, by key."""
    from runstone.operations import series

    return self._transport.call(series.get_metric_summaries, series.RunOfMetrics(run_id)).metrics


def metric_frame(self: Client, run_id: str, keys: list[str] | None = None) -> pandas.DataFrame:
    """The points of a run's metrics as a DataFrame: key, step, timestamp (UTC), value.

    Args:
        run_id: the run.
        keys: which metrics; all of them unless given.
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            "metric_frame gives a pandas DataFrame: `pip install pandas`, or use get_metric_series."
        ) from error

    if keys is None:
        keys = [summary.key for summary in self.get_metric_summaries(run_id)]
    columns = ("key", "step", "timestamp", "value")
    frames = []
    for key in keys:
        found = self.get_metric_series(run_id, key)
        times = pandas.to_datetime(found.timestamp, unit="ms", utc=True)
        frames.append(pandas.DataFrame(dict(zip(columns, (key, found.step, times, found.value), strict=True))))
    return pandas.concat(frames, ignore_index=True) if frames else pandas.DataFrame(columns=list(columns))
