"""Points as they arrive: a row for each request, until they are put into their series. Knows nothing of who asks.

A request with one point of each of a hundred metrics would touch a hundred series, a few rows each. Kept as it came it is one row;
of many requests together, each series is then touched once. Whoever reads points has them gathered first.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from runstone.store.database import Connection

if TYPE_CHECKING:
    from runstone.store.points import Points

# key, value, timestamp (ms), step; with the context of the series behind them where it has one.
Point = tuple[str, float, int, int] | tuple[str, float, int, int, str, str, str]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[list[str | int | float]]).decode


def add(connection: Connection, run: int, points: Sequence[Point]) -> None:
    """Keep points of a run, checked ones, as they came."""
    data = _encode(points)
    connection.execute("INSERT INTO arrival (run, checksum, data) VALUES (?, ?, ?)", (run, zlib.crc32(data), data))


def put(connection: Connection, run: int, points: Sequence[Point]) -> None:
    """Put points of a run, checked ones, into their series at once."""
    groups: _Groups = {}
    _sort(points, groups)
    _append(connection, run, groups)


def waiting(connection: Connection) -> int:
    """About how many requests wait."""
    first, last = connection.execute("SELECT (SELECT min(id) FROM arrival), (SELECT max(id) FROM arrival)").fetchone()
    return 0 if first is None else int(last - first + 1)


def runs_waiting(connection: Connection) -> list[int]:
    """The rows of the runs that have points waiting."""
    return [run for (run,) in connection.execute("SELECT DISTINCT run FROM arrival ORDER BY run")]


def gather(connection: Connection, run: int | None = None) -> None:
    """Put what waits, all of it or a run's, into its series, within a transaction that is open. What is damaged is set aside, for
    `damaged` to tell."""
    which, values = ("", ()) if run is None else (" WHERE run = ?", (run,))
    runs: dict[int, _Groups] = {}
    rows = connection.execute(f"SELECT run, checksum, data FROM arrival{which} ORDER BY id", values).fetchall()
    for owner, checksum, data in rows:
        if zlib.crc32(data) != checksum:
            connection.execute("INSERT INTO damaged_arrival (run, data) VALUES (?, ?)", (owner, data))
        else:
            _sort(_decode(data), runs.setdefault(owner, {}))
    connection.execute(f"DELETE FROM arrival{which}", values)
    for owner, groups in runs.items():
        _append(connection, owner, groups)


def damaged(connection: Connection) -> list[str]:
    """The runs, by their ids, that have points which were damaged before they came into their series."""
    rows = connection.execute(
        "SELECT DISTINCT run_id FROM damaged_arrival JOIN run ON run.id = damaged_arrival.run ORDER BY run_id"
    )
    return [run_id for (run_id,) in rows]


# Steps, times and values of each series; one without a context is known by its key alone, which is quicker to look up.
_Groups = dict[str | tuple[str, ...], tuple[list[int], list[int], list[float]]]


def _sort(points: Sequence[Sequence[Any]], groups: _Groups) -> None:
    for point in points:
        name = point[0] if len(point) == 4 else (point[0], *point[4:])
        columns = groups.get(name)
        if columns is None:
            columns = groups[name] = ([], [], [])
        columns[0].append(point[3])
        columns[1].append(point[2])
        columns[2].append(point[1])


def _append(connection: Connection, run: int, groups: _Groups) -> None:
    from runstone.store import series
    from runstone.store.series import Context

    named = [(Context(name) if isinstance(name, str) else Context(*name), columns) for name, columns in groups.items()]
    series.append(connection, run, [(context, _points(*columns)) for context, columns in named])


def _points(steps: list[int], timestamps: list[int], values: list[float]) -> Points:
    import numpy

    from runstone.store.points import Points

    return Points(numpy.array(steps, "<i8"), numpy.array(timestamps, "<i8"), numpy.array(values, "<f8"))
