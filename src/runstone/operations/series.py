"""What can be asked of metric points. MLflow's messages carry a point as an object; ours carry columns as bytes."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from runstone.entities import Metric
from runstone.errors import InvalidParameter
from runstone.operations import rules
from runstone.operations.engine import Engine
from runstone.operations.numbers import check_integer, check_number, check_time
from runstone.operations.table import Empty, operation
from runstone.store import arrivals, runs, series, summaries
from runstone.store.database import Connection
from runstone.store.points import Points, join
from runstone.store.series import Context
from runstone.store.summaries import Summary

# Points in a page at the most. Who asks for no page is given all: MLflow's clients in R and Java do not ask for a second one.
HISTORY_PAGE = 25_000
_BEYOND = 2**63
# A shipment with fewer points a series than this waits as it came.
_FEW = 16


class SeriesPoints(msgspec.Struct):
    """Points of one series: little-endian columns of the same length, step (int64), timestamp (int64, ms), value (float64)."""

    key: str
    steps: bytes
    timestamps: bytes
    values: bytes
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LogPoints(msgspec.Struct):
    """Points of a run, already checked one by one; a batch that comes twice changes nothing."""

    run_id: str
    series: list[SeriesPoints]


class LogMetric(msgspec.Struct, omit_defaults=True):
    """One point."""

    run_id: str | None = None
    key: str | None = None
    value: float | None = None
    timestamp: int | None = None
    step: int = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None
    run_uuid: str | None = None


class GetHistory(msgspec.Struct, omit_defaults=True):
    """A metric's points; a page at a time where `max_results` says how large one is."""

    run_id: str | None = None
    metric_key: str | None = None
    max_results: int | None = None
    page_token: str | None = None
    run_uuid: str | None = None


class History(msgspec.Struct, omit_defaults=True):
    """A page of points, by time; no token on the last page."""

    metrics: list[Metric] = []
    next_page_token: str | None = None


class GetSeries(msgspec.Struct):
    """All points of a metric, as columns."""

    run_id: str
    key: str


class Series(msgspec.Struct):
    """A metric's points by (step, timestamp): little-endian columns, as in SeriesPoints; views of the arrays, which may be large."""

    steps: memoryview
    timestamps: memoryview
    values: memoryview


class RunOfMetrics(msgspec.Struct):
    """Whose metrics."""

    run_id: str


class MetricSummary(msgspec.Struct, omit_defaults=True):
    """A metric in one row; a value that is None is NaN, except that min and max are None where every value is NaN."""

    key: str
    count: int
    last_step: int
    last_timestamp: int
    last: float | None
    first_step: int
    first_timestamp: int
    first: float | None
    min: float | None
    max: float | None


class MetricSummaries(msgspec.Struct, omit_defaults=True):
    """One row for each metric, by key."""

    metrics: list[MetricSummary]


@operation("POST", "/runstone/points/log", permission="edit")
def log_points(engine: Engine, request: LogPoints) -> Empty:
    """Add points in one transaction. A run deleted meanwhile takes them too: they were acknowledged before."""
    groups = [_group(given) for given in request.series]
    if not groups:
        return Empty()
    few = engine.serving and sum(len(points.step) for _, points in groups) < _FEW * len(groups)
    with engine.database.write() as connection:
        run = runs.require(connection, request.run_id)
        if few:
            arrivals.add(connection, run, [point for group in groups for point in _singly(*group)])
        else:
            series.append(connection, run, groups)
    return Empty()


@operation("POST", "/mlflow/runs/log-metric", permission="edit")
def log_metric(engine: Engine, request: LogMetric) -> Empty:
    """Add one point."""
    run_id = rules.check_run_id(request.run_id, request.run_uuid)
    for field in ("key", "value", "timestamp"):
        if getattr(request, field) is None:
            raise rules.missing(field)
    if bool(request.dataset_name) != bool(request.dataset_digest):
        raise InvalidParameter(
            "Both dataset_name and dataset_digest must be provided if one is provided. Give both, or none."
        )
    key, time = rules.check_key("metric", request.key), check_time(request.key or "", request.timestamp)
    point = Metric(
        key, 0.0 if request.value is None else request.value, time, request.step,
        request.model_id, request.dataset_name, request.dataset_digest,
    )  # fmt: skip
    with engine.database.write() as connection:
        store_metrics(engine, connection, runs.require(connection, run_id, active=True), [point])
    return Empty()


@operation("GET", "/mlflow/metrics/get-history", permission="read")
def get_metric_history(engine: Engine, request: GetHistory) -> History:
    """A metric's points by time; none for a key that the run does not have."""
    run_id = rules.check_run_id(request.run_id, request.run_uuid)
    if not request.metric_key:
        raise rules.missing("metric_key")
    size = None if request.max_results is None else min(request.max_results, HISTORY_PAGE)
    if size is not None and size < 1:
        raise rules.invalid("max_results", size, "It must be a positive integer.")
    start = _start(request.page_token)
    with engine.reading_points() as connection:
        found = series.history(connection, runs.require(connection, run_id), request.metric_key)
    page, following = _page(found, start, size)
    return History(page, base64.urlsafe_b64encode(str(following).encode()).decode() if following else None)


@operation("GET", "/runstone/points/get", permission="read")
def get_metric_series(engine: Engine, request: GetSeries) -> Series:
    """All points of a metric as columns, by (step, timestamp)."""
    import numpy

    with engine.reading_points() as connection:
        found = series.history(connection, runs.require(connection, rules.check_run_id(request.run_id)), request.key)
    step, timestamp, value = join([points for _, points in found])
    del found  # a million points are 24 MB: held once, not twice, while they are sorted
    if not bool((step[1:] > step[:-1]).all()):
        order = numpy.lexsort((timestamp, step))
        step, timestamp, value = step[order], timestamp[order], value[order]
    return Series(step.data, timestamp.data, value.data)


@operation("GET", "/runstone/metrics/summaries", permission="read")
def get_metric_summaries(engine: Engine, request: RunOfMetrics) -> MetricSummaries:
    """Last, first, least and greatest value and the count of each of a run's metrics."""
    with engine.reading_points() as connection:
        rows = summaries.read(connection, runs.require(connection, rules.check_run_id(request.run_id)))
    return MetricSummaries([_summary(row) for row in rows])


def store_metrics(engine: Engine, connection: Connection, run: int, metrics: Sequence[Metric]) -> None:
    """Check points and keep them, within a transaction that is open."""
    keep = arrivals.add if engine.serving else arrivals.put
    try:
        points = [_checked(point) for point in metrics]
    except InvalidParameter:
        for number, point in enumerate(metrics):  # once more, to say which of them it is
            check_time(rules.check_key("metric", point.key, number), point.timestamp, number)
        raise
    keep(connection, run, points)


def _checked(point: Metric) -> arrivals.Point:
    key, value, timestamp, step = rules.check_metric_key(point.key), point.value, point.timestamp, point.step
    if type(value) is not float:
        value = check_number(key, value)
    if type(timestamp) is not int or not 0 <= timestamp < _BEYOND:
        timestamp = check_time(key, timestamp)
    if type(step) is not int or not -_BEYOND <= step < _BEYOND:
        step = check_integer("step", key, step)
    if point.model_id or point.dataset_name or point.dataset_digest:
        return key, value, timestamp, step, point.model_id or "", point.dataset_name or "", point.dataset_digest or ""
    return key, value, timestamp, step


def check_points(metrics: Iterable[Metric]) -> list[Metric]:
    """The points with their values, steps and times as plain numbers. Raises InvalidParameter naming the first that has none."""
    return [
        msgspec.structs.replace(
            point,
            key=rules.check_key("metric", point.key),
            value=check_number(point.key, point.value),
            timestamp=check_time(point.key, point.timestamp),
            step=check_integer("step", point.key, point.step),
        )
        for point in metrics
    ]


def _group(given: SeriesPoints) -> tuple[Context, Points]:
    import numpy

    if any(len(column) % 8 for column in (given.steps, given.timestamps, given.values)):
        raise InvalidParameter(f"A column of the metric {given.key!r} is no whole number of 8-byte values.")
    columns = (
        numpy.frombuffer(given.steps, "<i8"), numpy.frombuffer(given.timestamps, "<i8"), numpy.frombuffer(given.values, "<f8")
    )  # fmt: skip
    if not len(columns[0]) == len(columns[1]) == len(columns[2]) or not len(columns[0]):
        raise InvalidParameter(
            f"The columns of the metric {given.key!r} have not the same length, or none. Send as many of each."
        )
    key = rules.check_key("metric", given.key)
    return Context(key, given.model_id or "", given.dataset_name or "", given.dataset_digest or ""), Points(*columns)


def _singly(context: Context, points: Points) -> Iterator[arrivals.Point]:
    key, *rest = context
    for value, timestamp, step in zip(
        points.value.tolist(), points.timestamp.tolist(), points.step.tolist(), strict=True
    ):
        yield (key, value, timestamp, step, *rest) if any(rest) else (key, value, timestamp, step)


def _page(found: list[tuple[Context, Points]], start: int, size: int | None) -> tuple[list[Metric], int | None]:
    """The points of a page, and where the next one begins; None where this is the last."""
    import numpy

    everything = join([points for _, points in found])
    end = len(everything.step) if size is None else start + size
    order = numpy.lexsort((everything.step, everything.timestamp))[start:end]
    owners = numpy.repeat(numpy.arange(len(found)), [len(points.step) for _, points in found])[order].tolist()
    columns = (column[order].tolist() for column in everything)
    contexts = [
        (context.model_id or None, context.dataset_name or None, context.dataset_digest or None) for context, _ in found
    ]
    key = found[0][0].key if found else ""
    page = [
        Metric(key, value, timestamp, step, *contexts[owner])
        for owner, step, timestamp, value in zip(owners, *columns, strict=True)
    ]
    return page, end if end < len(everything.step) else None


def _start(token: str | None) -> int:
    if not token:
        return 0
    try:
        start = int(base64.urlsafe_b64decode(token.encode()))
    except ValueError:
        start = -1
    if start < 0:
        raise rules.invalid("page_token", token, "Give the next_page_token of the page before, or none.")
    return start


def _summary(row: Summary) -> MetricSummary:
    return MetricSummary(*row)
