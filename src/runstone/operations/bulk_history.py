"""What can be asked of one metric of many runs, as charts ask: all points up to a limit, or a sample of each run's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from runstone.entities import Metric
from runstone.errors import InvalidParameter
from runstone.operations import model_rules, rules
from runstone.operations.engine import Engine
from runstone.operations.table import operation
from runstone.store import runs, series
from runstone.store.database import Connection
from runstone.store.points import Points, at, join

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

MOST_RUNS = 100
MOST_POINTS = 25_000
MOST_SAMPLED = 2_500
_DEFAULT_SAMPLED = 2_500


class GetHistoryBulk(msgspec.Struct, omit_defaults=True):
    """A metric of several runs; `run_id` is given once for each."""

    run_id: list[str] = []
    metric_key: str | None = None
    max_results: int | None = None


class HistoryBulk(msgspec.Struct):
    """Points by run, then by time."""

    metrics: list[Metric]


class GetHistoryBulkInterval(msgspec.Struct, omit_defaults=True):
    """A metric of several runs, from one step to another; so many points of each at the most."""

    run_ids: list[str] = []
    metric_key: str | None = None
    start_step: int | None = None
    end_step: int | None = None
    max_results: int | None = None


class HistoryBulkInterval(msgspec.Struct, omit_defaults=True):
    """Points by run as it was asked for, then by step."""

    metrics: list[Metric] = []


@operation("GET", "/mlflow/metrics/get-history-bulk", permission="read")
def get_metric_history_bulk(engine: Engine, request: GetHistoryBulk) -> HistoryBulk:
    """A metric's points of several runs, by run and time, up to a limit of all together; none of a run that is not there."""
    import numpy

    if not request.run_id:
        raise InvalidParameter("GetMetricHistoryBulk request must specify at least one run_id.")
    if not request.metric_key:
        raise InvalidParameter("GetMetricHistoryBulk request must specify a metric_key.")
    if len(request.run_id) > MOST_RUNS:
        raise InvalidParameter(
            f"GetMetricHistoryBulk request cannot specify more than {MOST_RUNS} run_ids. Received {len(request.run_id)} run_ids."
        )
    left = MOST_POINTS if request.max_results is None else min(max(request.max_results, 0), MOST_POINTS)
    found: list[Metric] = []
    with engine.reading_points() as connection:
        for run_id in sorted(set(request.run_id)):
            if not left:
                break
            points = _points(connection, run_id, request.metric_key)
            order = numpy.lexsort((points.value, points.step, points.timestamp))[:left]
            found += _metrics(run_id, request.metric_key, points, order)
            left -= len(order)
    return HistoryBulk(found)


@operation("GET", "/mlflow/metrics/get-history-bulk-interval", permission="read")
def get_metric_history_bulk_interval(engine: Engine, request: GetHistoryBulkInterval) -> HistoryBulkInterval:
    """A metric's points of several runs between two steps, so many of each at the most: the last, and others evenly among them."""
    import numpy

    if not request.run_ids:
        raise rules.missing("run_ids")
    key = model_rules.required("metric_key", request.metric_key)
    if len(request.run_ids) > MOST_RUNS:
        raise InvalidParameter(
            f"GetMetricHistoryBulkInterval request must specify at most {MOST_RUNS} run_ids. Received {len(request.run_ids)} run_ids."
        )
    size = _DEFAULT_SAMPLED if request.max_results is None else request.max_results
    if not 1 <= size <= MOST_SAMPLED:
        raise InvalidParameter(f"max_results must be between 1 and {MOST_SAMPLED}.")
    start, end = _interval(request.start_step, request.end_step)
    found: list[Metric] = []
    with engine.reading_points() as connection:
        for run_id in request.run_ids:
            points = _points(connection, run_id, key)
            points = at(points, (points.step >= start) & (points.step <= end))
            order = numpy.lexsort((points.value, points.timestamp, points.step))
            found += _metrics(run_id, key, points, order[sampled(len(order), size)])
    return HistoryBulkInterval(found)


def sampled(count: int, size: int) -> NDArray[numpy.intp]:
    """The places of `size` of `count` points: the first of each of so many parts, larger ones before smaller; of the last part the last."""
    import numpy

    if count <= size:
        return numpy.arange(count)
    each, larger = divmod(count, size)
    parts = numpy.arange(size)
    places = parts * each + numpy.minimum(parts, larger)
    places[-1] = count - 1
    return places


def _interval(start: int | None, end: int | None) -> tuple[int, int]:
    if start is None and end is None:
        return -(2**63), 2**63 - 1
    if start is None or end is None:
        raise InvalidParameter("If either start step or end step are specified, both must be specified.")
    if start > end:
        raise InvalidParameter(
            f"end_step must be greater than start_step. Found start_step={start} and end_step={end}."
        )
    return start, end


def _points(connection: Connection, run_id: str, key: str) -> Points:
    run = runs.find(connection, model_rules.required("run_id", run_id))
    return join([] if run is None else [points for _, points in series.history(connection, run, key)])


def _metrics(run_id: str, key: str, points: Points, order: NDArray[numpy.intp]) -> list[Metric]:
    columns = (column[order].tolist() for column in points)
    return [Metric(key, value, timestamp, step, run_id=run_id) for step, timestamp, value in zip(*columns, strict=True)]
