"""The one row a metric has for search: its last, first, least and greatest value and its count, kept up to date with its points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from runstone.store.database import Connection
from runstone.store.points import Batch, Points


class Summary(NamedTuple):
    """A metric in one row. NaN is None in the value fields, and left out of min and max."""

    key: str
    count: int  # type: ignore[assignment]  # the column's name; nobody counts fields
    last_step: int
    last_timestamp: int
    last_value: float | None
    first_step: int
    first_timestamp: int
    first_value: float | None
    min_value: float | None
    max_value: float | None


_FIELDS = ", ".join(Summary._fields)
_UPSERT = (
    f"INSERT INTO metric (run, {_FIELDS}) VALUES ({','.join('?' * (len(Summary._fields) + 1))})"
    " ON CONFLICT (run, key) DO UPDATE SET " + ", ".join(f"{field} = excluded.{field}" for field in Summary._fields[1:])
)


def read(connection: Connection, run: int) -> list[Summary]:
    """The summary of each of a run's metrics, by key."""
    return [
        Summary(*row) for row in connection.execute(f"SELECT {_FIELDS} FROM metric WHERE run = ? ORDER BY key", (run,))
    ]


def update(connection: Connection, run: int, keys: Sequence[str], batch: Batch) -> None:
    """Take in new points; `keys` says whose each group of the batch is (several groups may be one key's)."""
    fresh: dict[str, Summary] = {}
    for summary in summarised(keys, batch):
        known = fresh.get(summary.key)
        fresh[summary.key] = summary if known is None else combined(known, summary)
    for start in range(0, len(fresh), 500):
        some = list(fresh)[start : start + 500]
        rows = connection.execute(
            f"SELECT {_FIELDS} FROM metric WHERE run = ? AND key IN ({','.join('?' * len(some))})", (run, *some)
        ).fetchall()
        for row in rows:
            fresh[row[0]] = combined(Summary(*row), fresh[row[0]])
    connection.executemany(_UPSERT, [(run, *summary) for summary in fresh.values()])


def summarised(keys: Sequence[str], batch: Batch) -> list[Summary]:
    """One summary a group; a few passes over all the points, however many groups there are."""
    import numpy

    step, timestamp, value = batch.points
    starts, ends = batch.starts, numpy.append(batch.starts[1:], len(step))
    rising = numpy.ones(len(step), bool)
    rising[1:] = step[1:] > step[:-1]
    rising[starts] = True
    first, last = starts.copy(), ends - 1
    # Where steps only rise, the usual case, the ends are known; elsewhere they are looked for.
    for place in numpy.flatnonzero(~numpy.logical_and.reduceat(rising, starts)).tolist():
        group = batch.group(place)
        first[place] = starts[place] + _extreme(group, greatest=False)
        last[place] = starts[place] + _extreme(group, greatest=True)
    with numpy.errstate(invalid="ignore"):
        lows, highs = numpy.fmin.reduceat(value, starts), numpy.fmax.reduceat(value, starts)
    columns = (
        (ends - starts).tolist(),
        step[last].tolist(), timestamp[last].tolist(), _numbers(value[last].tolist()),
        step[first].tolist(), timestamp[first].tolist(), _numbers(value[first].tolist()),
        _numbers(lows.tolist()), _numbers(highs.tolist()),
    )  # fmt: skip
    return [Summary(*row) for row in zip(keys, *columns, strict=True)]


def _numbers(values: list[float]) -> list[float | None]:
    return [None if value != value else value for value in values]


def _extreme(given: Points, *, greatest: bool) -> int:
    """The place of the greatest or least (step, timestamp, value), NaN below every number."""
    import numpy

    step, timestamp, value = given
    edge = step.max() if greatest else step.min()
    places = numpy.flatnonzero(step == edge)
    if len(places) > 1:
        times = timestamp[places]
        places = places[times == (times.max() if greatest else times.min())]
    if len(places) > 1:
        ranked = numpy.where(numpy.isnan(value[places]), -numpy.inf, value[places])
        return int(places[ranked.argmax() if greatest else ranked.argmin()])
    return int(places[0])


def combined(one: Summary, other: Summary) -> Summary:
    """The summary of both one's points and the other's."""
    end, start = (other, one) if other.first_step > one.last_step else _ends(one, other)
    return Summary(
        one.key, one.count + other.count,
        end.last_step, end.last_timestamp, end.last_value,
        start.first_step, start.first_timestamp, start.first_value,
        _chosen(min, one.min_value, other.min_value), _chosen(max, one.max_value, other.max_value),
    )  # fmt: skip


def _chosen(choose: Callable[[float, float], float], one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)


def _ends(one: Summary, other: Summary) -> tuple[Summary, Summary]:
    """Which of them has the last point, and which the first."""

    def last(summary: Summary) -> tuple[int, int, float]:
        return (
            summary.last_step,
            summary.last_timestamp,
            float("-inf") if summary.last_value is None else summary.last_value,
        )

    def first(summary: Summary) -> tuple[int, int, float]:
        return (
            summary.first_step,
            summary.first_timestamp,
            float("-inf") if summary.first_value is None else summary.first_value,
        )

    return max(one, other, key=last), min(one, other, key=first)
