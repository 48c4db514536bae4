"""Metric points in SQL: series, their chunks, and the summary of each metric that search uses. Knows nothing of who asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from runstone.store import points
from runstone.store.database import Connection
from runstone.store.points import Points

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from runstone.store.points import Floats

# Points a chunk holds at the most: a read decodes whole chunks, an append rewrites at most this much.
CHUNK_POINTS = 8192


class Context(NamedTuple):
    """What a series belongs to: a metric's key, and the logged model and dataset it was measured on ('' for none)."""

    key: str
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


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


def append(connection: Connection, run: int, groups: Iterable[tuple[Context, Points]]) -> int:
    """Add points to a run's series; those that are there already, equal in every field, are left out. How many were new."""
    added = 0
    summaries: dict[str, Summary] = {}
    for context, given in groups:
        series = _series(connection, run, context)
        fresh = _without_known(connection, series, _unique(given))
        if len(fresh.step) == 0:
            continue
        added += len(fresh.step)
        _write(connection, series, fresh)
        summary = _summarise(context.key, fresh)
        known = summaries.get(context.key)
        summaries[context.key] = summary if known is None else _combine(known, summary)
    _update(connection, run, summaries)
    return added


def history(connection: Connection, run: int, key: str) -> list[tuple[Context, Points]]:
    """All points of a metric, a series at a time; chunk by chunk in the order of their arrival."""
    rows = connection.execute(
        "SELECT id, model_id, dataset_name, dataset_digest FROM series WHERE run = ? AND key = ? ORDER BY id",
        (run, key),
    ).fetchall()
    found = []
    for series, *context in rows:
        chunks = connection.execute("SELECT data FROM series_chunk WHERE series = ? ORDER BY number", (series,))
        found.append((Context(key, *context), points.join([points.decode(data) for (data,) in chunks])))
    return found


def summaries(connection: Connection, run: int) -> list[Summary]:
    """The summary of each of a run's metrics, by key."""
    rows = connection.execute(f"SELECT {', '.join(Summary._fields)} FROM metric WHERE run = ? ORDER BY key", (run,))
    return [Summary(*row) for row in rows]


def _series(connection: Connection, run: int, context: Context) -> int:
    row = connection.execute(
        "SELECT id FROM series WHERE run = ? AND key = ? AND model_id = ? AND dataset_name = ? AND dataset_digest = ?",
        (run, *context),
    ).fetchone()
    if row is not None:
        return int(row[0])
    cursor = connection.execute(
        "INSERT INTO series (run, key, model_id, dataset_name, dataset_digest) VALUES (?, ?, ?, ?, ?)", (run, *context)
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _unique(given: Points) -> Points:
    """Without points that stand twice among these. Arrival in the order of time, the usual case, costs one comparison."""
    step, timestamp, value = given
    later, together = timestamp[1:] > timestamp[:-1], timestamp[1:] == timestamp[:-1]
    if bool((later | (together & (step[1:] > step[:-1]))).all()):
        return given
    import numpy

    bits = value.view("<u8")
    order = numpy.lexsort((bits, step, timestamp))
    same = (
        (timestamp[order][1:] == timestamp[order][:-1])
        & (step[order][1:] == step[order][:-1])
        & (bits[order][1:] == bits[order][:-1])
    )
    if not same.any():
        return given
    kept = numpy.sort(order[numpy.concatenate(([True], ~same))])
    return _at(given, kept)


def _without_known(connection: Connection, series: int, given: Points) -> Points:
    """Without points that the series has. Only chunks whose times overlap can hold any: for points as they come, the last one."""
    import numpy

    rows = connection.execute(
        "SELECT data FROM series_chunk WHERE series = ? AND last_timestamp >= ? AND first_timestamp <= ?",
        (series, int(given.timestamp.min()), int(given.timestamp.max())),
    )
    fresh = numpy.ones(len(given.step), bool)
    for (data,) in rows:
        stored = points.decode(data)
        # A chunk at a time, and of it and of what comes only what may be equal: the sets stay small, however long the series.
        places = numpy.flatnonzero(fresh & _near(given, stored))
        if len(places):
            known = set(_fields(_at(stored, _near(stored, _at(given, places)))))
            fresh[places] = [field not in known for field in _fields(_at(given, places))]
    return given if fresh.all() else _at(given, fresh)


def _near(some: Points, others: Points) -> NDArray[numpy.bool_]:
    """Which of some points lie within the times and steps of others."""
    near: NDArray[numpy.bool_] = (some.timestamp >= others.timestamp.min()) & (some.timestamp <= others.timestamp.max())
    near &= (some.step >= others.step.min()) & (some.step <= others.step.max())
    return near


def _at(given: Points, places: Any) -> Points:
    """The points at some places: indices, a mask or a slice."""
    return Points(given.step[places], given.timestamp[places], given.value[places])


def _fields(given: Points) -> Iterable[tuple[int, int, int]]:
    return zip(given.step.tolist(), given.timestamp.tolist(), given.value.view("<u8").tolist(), strict=True)


def _write(connection: Connection, series: int, fresh: Points) -> None:
    # Like a binary counter: a tail chunk is merged while it is not larger than what comes, so that a series fed point by point has
    # few chunks and each point is rewritten a logarithmic number of times.
    tail = connection.execute(
        "SELECT number, count FROM series_chunk WHERE series = ? ORDER BY number DESC LIMIT 20", (series,)
    ).fetchall()
    number = tail[0][0] + 1 if tail else 0
    total, merged = len(fresh.step), []
    for place, count in tail:
        if count > total or count >= CHUNK_POINTS:
            break
        merged.append(place)
        total += count
    if merged:
        number = merged[-1]
        rows = connection.execute(
            "SELECT data FROM series_chunk WHERE series = ? AND number >= ? ORDER BY number", (series, number)
        ).fetchall()
        fresh = points.join([*(points.decode(data) for (data,) in rows), fresh])
        connection.execute("DELETE FROM series_chunk WHERE series = ? AND number >= ?", (series, number))
    for place, start in enumerate(range(0, total, CHUNK_POINTS)):
        part = _at(fresh, slice(start, start + CHUNK_POINTS))
        connection.execute(
            "INSERT INTO series_chunk (series, number, count, first_timestamp, last_timestamp, data) VALUES (?, ?, ?, ?, ?, ?)",
            (
                series,
                number + place,
                len(part.step),
                int(part.timestamp.min()),
                int(part.timestamp.max()),
                points.encode(part),
            ),
        )


def _summarise(key: str, given: Points) -> Summary:
    step, timestamp, value = given
    last, first = _extreme(given, greatest=True), _extreme(given, greatest=False)
    import numpy

    numbers = value[~numpy.isnan(value)]
    low, high = (float(numbers.min()), float(numbers.max())) if len(numbers) else (None, None)
    return Summary(
        key, len(step),
        int(step[last]), int(timestamp[last]), _number(value, last),
        int(step[first]), int(timestamp[first]), _number(value, first),
        low, high,
    )  # fmt: skip


def _number(column: Floats, place: int) -> float | None:
    number = float(column[place])
    return None if number != number else number


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


def _combine(one: Summary, other: Summary) -> Summary:
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

    end, start = max(one, other, key=last), min(one, other, key=first)
    lows = [number for number in (one.min_value, other.min_value) if number is not None]
    highs = [number for number in (one.max_value, other.max_value) if number is not None]
    return Summary(
        one.key, one.count + other.count,
        end.last_step, end.last_timestamp, end.last_value,
        start.first_step, start.first_timestamp, start.first_value,
        min(lows, default=None), max(highs, default=None),
    )  # fmt: skip


def _update(connection: Connection, run: int, fresh: dict[str, Summary]) -> None:
    fields = ", ".join(Summary._fields)
    keys: Sequence[str] = list(fresh)
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        marks = ",".join("?" * len(some))
        for row in connection.execute(
            f"SELECT {fields} FROM metric WHERE run = ? AND key IN ({marks})", (run, *some)
        ).fetchall():
            fresh[row[0]] = _combine(Summary(*row), fresh[row[0]])
    connection.executemany(
        f"INSERT INTO metric (run, {fields}) VALUES ({','.join('?' * (len(Summary._fields) + 1))})"
        " ON CONFLICT (run, key) DO UPDATE SET "
        + ", ".join(f"{field} = excluded.{field}" for field in Summary._fields[1:]),
        [(run, *summary) for summary in fresh.values()],
    )
