"""Metrics of many runs in one answer, as many values as a screen can show: what a chart is drawn from.

A chart (a metric) has one row of places on its x axis, shared by all its lines, so that who draws joins nothing. Where the points of all lines fit,
the places are theirs and the answer is exact. Elsewhere the axis is cut into `buckets` equal parts, and of each part a line keeps its least and its
greatest value in the order in which they came: a curve that is drawn from these is, to a part's width, the curve of all points.
(After Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014; a part's first and last point are left out, for the parts
are as narrow as pixels.) Zooming asks again, for less of the axis, until all points fit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from runstone.errors import InvalidParameter
from runstone.operations import rules
from runstone.operations.engine import Engine
from runstone.operations.table import operation
from runstone.store import runs as runs_store
from runstone.store import sampling as store

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from runstone.store.database import Connection
    from runstone.store.points import Points

    Floats = NDArray[numpy.float64]

# Runs and metrics of one answer, parts of an axis, values in all: 16 million are 64 MB on the wire. Of each line's NaN the first so many are told.
RUNS, KEYS, BUCKETS, CELLS, NANS = 1_000, 200, 4_000, 16_000_000, 50
# Points that are held at the same time, 24 bytes each.
HELD = 4_000_000
_X = ("step", "time", "relative")
_METRIC = "metric:"


class SampleSeries(msgspec.Struct, omit_defaults=True):
    """Which lines, over what, how finely.

    `x` is step, time (seconds since 1970), relative (seconds since the run's first point of the metric) or `metric:KEY` (that metric's value at the same step).
    `start` and `end` are on that axis; None is where the points begin and end. `means`: of each part its mean, one value instead of two. `log`: the parts
    are equal on a logarithmic axis, of which what is not above zero is left out where the chart is not exact. `both`: the means beside the two.
    """

    run_ids: list[str] = []
    keys: list[str] = []
    x: str = "step"
    start: float | None = None
    end: float | None = None
    buckets: int = 500
    means: bool = False
    log: bool = False
    both: bool = False


class Line(msgspec.Struct, omit_defaults=True):
    """A run's values at the chart's places: little-endian float32, NaN where there is none.

    `count` is how many points it has there, `nans` how many of them are NaN, `nan_x` where the first of these are (float64). `means`: where `both`
    was asked for and the chart is not exact, each part's mean, one for two places.
    """

    run_id: str
    count: int
    nans: int
    values: bytes
    nan_x: bytes = b""
    means: bytes = b""


class Chart(msgspec.Struct):
    """A metric's lines; `x` little-endian float64, one for each value of each line; `exact` where nothing was left out."""

    key: str
    exact: bool
    x: bytes
    lines: list[Line]


class SampledSeries(msgspec.Struct):
    """A chart for each metric that was asked for and that any of the runs has."""

    charts: list[Chart]


class _Given(NamedTuple):
    """A line as it was logged: sorted by x."""

    run_id: str
    x: Floats
    value: Floats


class _Span(NamedTuple):
    """Where a line begins and ends, and its first place above zero."""

    start: float
    end: float
    above: float | None


@operation("POST", "/runstone/series/sampled", permission="read")
def sample_series(engine: Engine, request: SampleSeries) -> SampledSeries:
    """What charts of these metrics are drawn from. Runs that are no more are left out."""
    _check(request)
    charts: list[Chart] = []
    with engine.reading_points() as connection:
        rows = {one: runs_store.find(connection, one) for one in dict.fromkeys(request.run_ids)}
        runs = {one: row for one, row in rows.items() if row is not None}
        counts = store.counts(connection, list(runs.values()), request.keys)
        for keys in _together([key for key in dict.fromkeys(request.keys) if key in counts], counts):
            charts += _charts(partial(_read, connection, runs, keys, request), keys, request)
    return SampledSeries(charts)


def _together(keys: Sequence[str], counts: Mapping[str, int]) -> Iterator[list[str]]:
    """Metrics whose points may be held at the same time; one that has more stands alone."""
    some: list[str] = []
    for key in keys:
        if some and sum(counts[one] for one in some) + counts[key] > HELD:
            yield some
            some = []
        some.append(key)
    if some:
        yield some


def _read(
    connection: Connection, runs: Mapping[str, int], keys: Sequence[str], request: SampleSeries
) -> Iterator[tuple[str, _Given]]:
    """The lines of some metrics, each with its metric, run by run."""
    other = request.x.removeprefix(_METRIC) if request.x.startswith(_METRIC) else None
    wanted = list(dict.fromkeys([*keys, *([other] if other else [])]))
    for run_id, run in runs.items():
        lines = store.lines(connection, run, wanted)
        for key in keys:
            if key in lines and len(lines[key].step):
                given = _placed(run_id, lines[key], request, lines.get(other) if other else None)
                yield key, _within(given, request.start, request.end)


def _charts(
    read: Callable[[], Iterator[tuple[str, _Given]]], keys: Sequence[str], request: SampleSeries
) -> list[Chart]:
    """What charts of these metrics are drawn from. Lines that are too long to be held at the same time are read twice: for where they end, then one by one."""
    found: dict[str, list[_Given]] = {key: [] for key in keys}
    left = HELD
    for key, given in read():
        left -= len(given.x)
        if left < 0:
            break
        found[key].append(given)
    else:
        return [_chart(key, given, request) for key, given in found.items() if given]
    found.clear()
    spans: dict[str, list[_Span | None]] = {}
    for key, given in read():
        spans.setdefault(key, []).append(_span(given))
    edges = {key: _edges(some, request) for key, some in spans.items()}
    lines: dict[str, list[Line]] = {key: [] for key in spans}
    for key, given in read():
        lines[key].append(_sampled(edges[key], given, request))
    return [Chart(key, False, _middles(edges[key], request).tobytes(), some) for key, some in lines.items()]


def _check(request: SampleSeries) -> None:
    if request.x not in _X and not request.x.startswith(_METRIC):
        raise rules.invalid("x", request.x, f"Give one of {', '.join(_X)}, metric:KEY.")
    for name, given, most in (("run_ids", request.run_ids, RUNS), ("keys", request.keys, KEYS)):
        if len(given) > most:
            raise InvalidParameter(f"{len(given)} {name} are asked for; one answer has {most} at the most.")
    for name, place in (("start", request.start), ("end", request.end)):
        if place is not None and not math.isfinite(place):
            raise rules.invalid(name, place, "Give a number on the axis, or none.")
    if not 2 <= request.buckets <= BUCKETS:
        raise rules.invalid("buckets", request.buckets, f"Give 2 to {BUCKETS}.")
    if (3 if request.both else 2) * request.buckets * len(request.run_ids) * len(request.keys) > CELLS:
        raise InvalidParameter("These are more values than one answer has. Ask for fewer runs, metrics or buckets.")


def _placed(run_id: str, given: Points, request: SampleSeries, other: Points | None) -> _Given:
    import numpy

    step, timestamp, value = given
    if request.x == "step":
        return _Given(run_id, step.astype("<f8"), value)
    if request.x.startswith(_METRIC):
        if other is None:
            return _Given(run_id, numpy.empty(0), numpy.empty(0))
        _, mine, others = numpy.intersect1d(step, other.step, return_indices=True)
        x, value = other.value[others], value[mine]
    else:
        x = (timestamp - (timestamp.min() if request.x == "relative" else 0)) / 1_000
    order = numpy.argsort(x, kind="stable")
    order = order[numpy.isfinite(x[order])]
    return _Given(run_id, x[order], value[order])


def _within(given: _Given, start: float | None, end: float | None) -> _Given:
    """The points of a part of the axis, and one beyond each end, so that a line enters and leaves the chart."""
    import numpy

    first = 0 if start is None else max(0, int(numpy.searchsorted(given.x, start)) - 1)
    last = len(given.x) if end is None else int(numpy.searchsorted(given.x, end, "right")) + 1
    x, value = given.x[first:last], given.value[first:last]
    # A small part is not to keep all of them in memory.
    return _Given(given.run_id, x, value) if 2 * len(x) > len(given.x) else _Given(given.run_id, x.copy(), value.copy())


def _chart(key: str, given: Sequence[_Given], request: SampleSeries) -> Chart:
    import numpy

    most = 2 * request.buckets
    places: Floats = given[0].x
    exact = all(len(line.x) <= most for line in given)
    if exact:
        # Runs of one training script have the same steps: looked at first, for to join them is dear.
        if not all(len(line.x) == len(places) and bool((line.x == places).all()) for line in given[1:]):
            places = numpy.unique(numpy.concatenate([line.x for line in given]))
        exact = len(places) <= most and len(numpy.unique(places)) == len(places)
    if exact:
        lines = [_line(line, _at(places, line)) for line in given]
        return Chart(key, True, places.astype("<f8").tobytes(), lines)
    edges = _edges([_span(line) for line in given], request)
    return Chart(key, False, _middles(edges, request).tobytes(), [_sampled(edges, line, request) for line in given])


def _middles(edges: Floats, request: SampleSeries) -> Floats:
    """Where the values of parts are drawn: one, or two beside each other."""
    import numpy

    middles = (edges[1:] + edges[:-1]) / 2
    if request.means:
        return middles.astype("<f8")
    quarter = (edges[1:] - edges[:-1]) / 4
    return numpy.column_stack((middles - quarter, middles + quarter)).ravel().astype("<f8")


def _sampled(edges: Floats, given: _Given, request: SampleSeries) -> Line:
    row = _mean(edges, given) if request.means else _extremes(edges, given)
    return _line(given, row, _bytes(_mean(edges, given)) if request.both and not request.means else b"")


def _line(given: _Given, row: Floats, means: bytes = b"") -> Line:
    import numpy

    nans = numpy.flatnonzero(numpy.isnan(given.value))
    return Line(given.run_id, len(given.x), len(nans), _bytes(row), given.x[nans[:NANS]].tobytes(), means)


def _at(places: Floats, line: _Given) -> Floats:
    import numpy

    if len(line.x) == len(places):
        return line.value
    row = numpy.full(len(places), numpy.nan)
    row[numpy.searchsorted(places, line.x)] = line.value
    return row


def _span(given: _Given) -> _Span | None:
    x = given.x
    if not len(x):
        return None
    above = int(x.searchsorted(0.0, "right"))
    return _Span(float(x[0]), float(x[-1]), float(x[above]) if above < len(x) else None)


def _edges(spans: Sequence[_Span | None], request: SampleSeries) -> Floats:
    import numpy

    filled = [one for one in spans if one is not None]
    start = min((one.start for one in filled), default=0.0) if request.start is None else request.start
    end = max((one.end for one in filled), default=1.0) if request.end is None else request.end
    if not end > start:
        end = start + 1.0
    if request.log and end > 0:
        least = min((one.above for one in filled if one.above is not None), default=1.0)
        return numpy.geomspace(start if start > 0 else min(least, end / 2) or end, end, request.buckets + 1)
    return numpy.linspace(start, end, request.buckets + 1)


def _filled(edges: Floats, line: _Given) -> tuple[NDArray[numpy.intp], NDArray[numpy.intp], Floats]:
    """Which parts hold points, where these begin, and the values of all of them."""
    import numpy

    bounds = numpy.searchsorted(line.x, edges)
    bounds[-1] = numpy.searchsorted(line.x, edges[-1], "right")
    parts = numpy.flatnonzero(bounds[1:] > bounds[:-1])
    return parts, bounds[parts] - bounds[0], line.value[bounds[0] : bounds[-1]]


def _extremes(edges: Floats, line: _Given) -> Floats:
    import numpy

    row = numpy.full(2 * (len(edges) - 1), numpy.nan)
    parts, starts, value = _filled(edges, line)
    if not len(parts):
        return row
    low, high = numpy.fmin.reduceat(value, starts), numpy.fmax.reduceat(value, starts)
    ends = numpy.append(starts[1:], len(value)) - 1
    # Which came first is not looked for: a part that ends higher than it began is drawn upwards.
    rising = ~(value[ends] < value[starts])
    row[2 * parts] = numpy.where(rising, low, high)
    row[2 * parts + 1] = numpy.where(rising, high, low)
    return row


def _mean(edges: Floats, line: _Given) -> Floats:
    import numpy

    row = numpy.full(len(edges) - 1, numpy.nan)
    parts, starts, value = _filled(edges, line)
    if len(parts):
        there = ~numpy.isnan(value)
        sums = numpy.add.reduceat(numpy.where(there, value, 0.0), starts)
        counts = numpy.add.reduceat(there.astype("<f8"), starts)
        with numpy.errstate(invalid="ignore", divide="ignore"):
            row[parts] = sums / counts
    return row


def _bytes(row: Floats) -> bytes:
    import numpy

    with numpy.errstate(over="ignore"):  # beyond float32 is beyond any chart: infinite
        return row.astype("<f4").tobytes()
