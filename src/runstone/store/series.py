"""Metric points in SQL: series and their chunks. Knows nothing of who asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from runstone.errors import CorruptData
from runstone.store import logged_model_metrics, points, summaries
from runstone.store.database import Connection
from runstone.store.points import Batch, Points

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

# Points a chunk holds at the most: a read decodes whole chunks.
CHUNK_POINTS = 8192
# So many chunks of about one size at a series' end are made one: few chunks, and a point is rewritten rarely.
_FAN = 4
# Values bound in one statement.
_MANY = 500


class Context(NamedTuple):
    """What a series belongs to: a metric's key, and the logged model and dataset it was measured on ('' for none)."""

    key: str
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class _Series(NamedTuple):
    """A series' row: the number its next chunk gets, and the greatest step and time among its points."""

    id: int
    chunks: int = 0
    last_step: int = -(2**63)
    last_timestamp: int = -(2**63)


def append(connection: Connection, run: int, groups: Iterable[tuple[Context, Points]]) -> int:
    """Add points to a run's series; those that are there already, equal in every field, are left out. How many were new."""
    gathered: dict[Context, list[Points]] = {}
    for context, given in groups:
        gathered.setdefault(context, []).append(given)
    contexts, batch = list(gathered), Batch.of([points.join(parts) for parts in gathered.values()])
    rows = _series(connection, run, contexts)
    fresh = _fresh(connection, rows, batch)
    if fresh is not None:
        kept = [place for place, part in enumerate(fresh) if len(part.step)]
        if not kept:
            return 0
        contexts, rows = [contexts[place] for place in kept], [rows[place] for place in kept]
        batch = Batch.of([fresh[place] for place in kept])
    _write(connection, rows, batch)
    summaries.update(connection, run, [context.key for context in contexts], batch)
    logged_model_metrics.update(connection, contexts, batch)
    return len(batch.points.step)


def history(connection: Connection, run: int, key: str) -> list[tuple[Context, Points]]:
    """All points of a metric, a series at a time; chunk by chunk in the order of their arrival.

    MLflow's client logs points of a run once more for a model of their step: those are the run's own, and told of once.
    """
    rows = connection.execute(
        "SELECT id, model_id, dataset_name, dataset_digest FROM series WHERE run = ? AND key = ? ORDER BY id",
        (run, key),
    ).fetchall()
    found = []
    plain = next((series for series, *context in rows if not any(context)), None)
    for series, *context in rows:
        count = connection.execute("SELECT sum(count) FROM series_chunk WHERE series = ?", (series,)).fetchone()[0]
        chunks = connection.execute("SELECT data FROM series_chunk WHERE series = ? ORDER BY number", (series,))
        given = points.decode_all((data for (data,) in chunks), count or 0)
        if plain not in (None, series) and count:
            given = _without_known(connection, plain, given)
        found.append((Context(key, *context), given))
    return found


def at_step(connection: Connection, run: int, step: int) -> list[tuple[Context, Points]]:
    """The points of a run at a step that are of no model, a series at a time. What is damaged is left out."""
    rows = connection.execute(
        "SELECT id, key, dataset_name, dataset_digest FROM series WHERE run = ? AND model_id = '' AND last_step >= ? ORDER BY id",
        (run, step),
    ).fetchall()
    found = []
    for series, key, *dataset in rows:
        heads = connection.execute(
            "SELECT number, substr(data, 1, ?) FROM series_chunk WHERE series = ? ORDER BY number",
            (points.HEAD, series),
        ).fetchall()
        parts = []
        for number in [number for number, head in heads if points.may_hold(head, step)]:
            data = connection.execute(
                "SELECT data FROM series_chunk WHERE series = ? AND number = ?", (series, number)
            ).fetchone()[0]
            chunk = _intact(data)
            if chunk is not None and (places := chunk.step == step).any():
                parts.append(points.at(chunk, places))
        if parts:
            found.append((Context(key, "", *dataset), points.join(parts)))
    return found


def _series(connection: Connection, run: int, contexts: Sequence[Context]) -> list[_Series]:
    """The rows of these series, made where they are missing."""
    fields = "id, chunks, last_step, last_timestamp, key, model_id, dataset_name, dataset_digest"
    found: dict[Context, _Series] = {}
    keys = list(dict.fromkeys(context.key for context in contexts))
    # A run that measures a thousand models has as many series of one key.
    models = list({context.model_id for context in contexts})[: _MANY + 1]
    narrowed = f" AND model_id IN ({','.join('?' * len(models))})" if len(models) <= _MANY else ""
    for start in range(0, len(keys), _MANY):
        some = keys[start : start + _MANY]
        rows = connection.execute(
            f"SELECT {fields} FROM series WHERE run = ? AND key IN ({','.join('?' * len(some))}){narrowed}",
            (run, *some, *(models if narrowed else ())),
        )
        for series, chunks, step, timestamp, *context in rows:
            found[Context(*context)] = _Series(series, chunks, step, timestamp)
    for context in contexts:
        if context not in found:
            made = connection.execute(
                "INSERT INTO series (run, key, model_id, dataset_name, dataset_digest) VALUES (?, ?, ?, ?, ?)",
                (run, *context),
            ).lastrowid
            assert made is not None
            found[context] = _Series(made)
    return [found[context] for context in contexts]


def _fresh(connection: Connection, rows: Sequence[_Series], batch: Batch) -> list[Points] | None:
    """The groups without what is known or stands twice; None where all is new. Points in the order of time cost a few passes."""
    import numpy

    step, timestamp, _ = batch.points
    rising = numpy.ones(len(step), bool)
    rising[1:] = (timestamp[1:] > timestamp[:-1]) | ((timestamp[1:] == timestamp[:-1]) & (step[1:] > step[:-1]))
    rising[batch.starts] = True
    doubtful = ~numpy.logical_and.reduceat(rising, batch.starts)
    _, chunks, last_step, last_timestamp = numpy.array(rows, "<i8").T
    overlap = (numpy.minimum.reduceat(step, batch.starts) <= last_step) & (chunks > 0)
    overlap &= numpy.minimum.reduceat(timestamp, batch.starts) <= last_timestamp
    places = numpy.flatnonzero(doubtful | overlap).tolist()
    if not places:
        return None
    groups = [batch.group(place) for place in range(len(rows))]
    for place in places:
        part = points.unique(groups[place]) if doubtful[place] else groups[place]
        groups[place] = _without_known(connection, rows[place].id, part) if overlap[place] else part
    return groups


def _without_known(connection: Connection, series: int, given: Points) -> Points:
    """Without points that the series has. Only chunks whose times overlap can hold any: for points as they come, the last one."""
    import numpy

    rows = connection.execute(
        "SELECT data FROM series_chunk WHERE series = ? AND last_timestamp >= ? AND first_timestamp <= ?",
        (series, int(given.timestamp.min()), int(given.timestamp.max())),
    )
    fresh = numpy.ones(len(given.step), bool)
    for (data,) in rows:
        stored = _intact(data)
        if stored is None:
            continue  # what it held cannot be compared with: better twice than not at all
        # A chunk at a time, and of it and of what comes only what may be equal: the sets stay small, however long the series.
        places = numpy.flatnonzero(fresh & _near(given, stored))
        if len(places):
            known = set(_fields(given=points.at(stored, _near(stored, points.at(given, places)))))
            fresh[places] = [field not in known for field in _fields(points.at(given, places))]
    return given if fresh.all() else points.at(given, fresh)


def _intact(data: bytes) -> Points | None:
    try:
        return points.decode(data)
    except CorruptData:
        return None


def _near(some: Points, others: Points) -> NDArray[numpy.bool_]:
    """Which of some points lie within the times and steps of others."""
    near: NDArray[numpy.bool_] = (some.timestamp >= others.timestamp.min()) & (some.timestamp <= others.timestamp.max())
    near &= (some.step >= others.step.min()) & (some.step <= others.step.max())
    return near


def _fields(given: Points) -> Iterable[tuple[int, int, int]]:
    return zip(given.step.tolist(), given.timestamp.tolist(), given.value.view("<u8").tolist(), strict=True)


def _write(connection: Connection, rows: Sequence[_Series], batch: Batch) -> None:
    import numpy

    tails = _tails(connection, [row.id for row in rows])
    steps = numpy.maximum.reduceat(batch.points.step, batch.starts).tolist()
    times = numpy.maximum.reduceat(batch.points.timestamp, batch.starts).tolist()
    changed = []
    for place, row in enumerate(rows):
        fresh, number = batch.group(place), row.chunks
        merged = _merged(tails.get(row.id, []), number, len(fresh.step))
        if merged:
            number -= merged
            chunks = connection.execute(
                "SELECT data FROM series_chunk WHERE series = ? AND number >= ? ORDER BY number", (row.id, number)
            ).fetchall()
            earlier = [chunk for (data,) in chunks if (chunk := _intact(data)) is not None]
            if len(earlier) == len(chunks):
                fresh = points.join([*earlier, fresh])
                connection.execute("DELETE FROM series_chunk WHERE series = ? AND number >= ?", (row.id, number))
            else:
                number += merged  # a damaged one stays as it is, for `verify` to find, and holds nothing up
        for part in _parts(fresh):
            span = int(part.timestamp.min()), int(part.timestamp.max())
            connection.execute(
                "INSERT INTO series_chunk (series, number, count, first_timestamp, last_timestamp, data) VALUES (?, ?, ?, ?, ?, ?)",
                (row.id, number, len(part.step), *span, points.encode(part)),
            )
            number += 1
        changed.append((number, max(steps[place], row.last_step), max(times[place], row.last_timestamp), row.id))
    connection.executemany("UPDATE series SET chunks = ?, last_step = ?, last_timestamp = ? WHERE id = ?", changed)


def _tails(connection: Connection, series: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """The chunks that are not full, by series: number and count, the last first. An index holds just these."""
    found: dict[int, list[tuple[int, int]]] = {}
    for start in range(0, len(series), _MANY):
        some = series[start : start + _MANY]
        rows = connection.execute(
            "SELECT series, number, count FROM series_chunk INDEXED BY series_chunk_open"
            f" WHERE count < {CHUNK_POINTS} AND series IN ({','.join('?' * len(some))}) ORDER BY series, number DESC",
            some,
        )
        for row, number, count in rows:
            found.setdefault(row, []).append((number, count))
    return found


def _merged(tail: Sequence[tuple[int, int]], following: int, total: int) -> int:
    """How many of the last chunks become one with `total` points that come: as in a counter to the base of _FAN."""
    merged = run = gathered = 0
    for number, count in tail:
        if number != following - merged - run - 1 or count > 2 * total:
            break
        run, gathered = run + 1, gathered + count
        if run >= _FAN - 1:
            merged, total, run, gathered = merged + run, total + gathered, 0, 0
    return merged


def _parts(given: Points) -> Iterator[Points]:
    for start in range(0, len(given.step), CHUNK_POINTS):
        yield points.at(given, slice(start, start + CHUNK_POINTS))
