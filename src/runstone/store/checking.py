"""Is the database as it was written: its pages, its indexes, its schema, its log, and what sums up points. Knows nothing of who asks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache

from runstone.errors import CorruptData
from runstone.store import points, summaries
from runstone.store.database import Connection, separated
from runstone.store.points import Batch
from runstone.store.schema import MIGRATIONS, statements
from runstone.store.summaries import Summary

# Problems told of one table.
_MOST = 20
# What is compared here, or by those who read the bytes, rather than written twice. A table that is not named has all in its indexes.
COMPARED: dict[str, frozenset[str]] = {
    "metric": frozenset(Summary._fields),
    "series": frozenset({"chunks", "last_step", "last_timestamp"}),
    "series_chunk": frozenset({"count", "first_timestamp", "last_timestamp", "data"}),
    "arrival": frozenset({"checksum", "data"}),
    "damaged_arrival": frozenset({"id", "run", "data"}),  # damage that is told already
    "chunk": frozenset({"data"}),
    "content": frozenset({"size"}),
    "artifact": frozenset({"executable"}),  # an index of those that are
}


def tables(connection: Connection) -> list[str]:
    """The tables, by name."""
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    )
    return [name for (name,) in rows]


def table(connection: Connection, name: str) -> list[str]:
    """What is wrong with a table: its rows against its indexes, what they must be, what they refer to."""
    if name not in tables(connection):
        return [f"the table {name!r} is not there"]
    found = _told(connection, f"PRAGMA main.integrity_check({name})")
    found = [f"{name}: {problem}" for problem in found]
    for _, row, parent, _ in connection.execute(f"PRAGMA foreign_key_check({name})").fetchmany(_MOST):
        found.append(f"{name}: the row {row} names a row of {parent} that is not there")
    if name == "content_chunk":
        found += _wrong_starts(connection)
    return found


def whole(connection: Connection) -> list[str]:
    """What is wrong with the database besides its tables: free pages, the schema, the counters of rows."""
    found = _told(connection, "PRAGMA main.quick_check")
    for kind, name, *_ in sorted(_schema(connection) ^ _expected()):
        problem = f"the {kind} {name!r} is not defined as this runstone defines it"
        if problem not in found:
            found.append(problem)
    for name, last in connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall():
        if name not in tables(connection):
            found.append(f"the counter of rows of {str(name)[:100]!r} is no table's")
        elif (connection.execute(f"SELECT max(rowid) FROM {name}").fetchone()[0] or 0) > last:
            found.append(f"the counter of rows of {name} is less than its last row")
    return found


def metrics_after(connection: Connection, run: int, key: str, limit: int) -> list[tuple[int, str]]:
    """Metrics behind one: the row of the run, and the key."""
    return connection.execute(
        "SELECT DISTINCT run, key FROM series WHERE (run, key) > (?, ?) ORDER BY run, key LIMIT ?", (run, key, limit)
    ).fetchall()


def metric(connection: Connection, run: int, key: str) -> tuple[int, str | None]:
    """Read all points of a metric: how many bytes they are, and what is wrong with them or with what sums them up."""
    size, summed = 0, None
    problem: str | None = None
    series = connection.execute(
        "SELECT id, chunks, last_step, last_timestamp FROM series WHERE run = ? AND key = ?", (run, key)
    ).fetchall()
    for row, *ends in series:
        count, greatest, latest = 0, None, None
        for length, summary, steps, times, wrong in _chunks(connection, row, key):
            size, count, problem = size + length, count + 1, problem or wrong
            if summary is not None:
                summed = summary if summed is None else summaries.combined(summed, summary)
                greatest = steps if greatest is None else max(greatest, steps)
                latest = times if latest is None else max(latest, times)
        if ends != [count, greatest, latest]:
            problem = (
                problem
                or f"Its row says {ends}, its points are {[count, greatest, latest]} (chunks, last step, last time)."
            )
    kept = next((one for one in summaries.read(connection, run) if one.key == key), None)
    if kept != summed:
        problem = problem or f"Its summary is {kept}, its points give {summed}."
    return size, problem


def in_pack(connection: Connection, name: str) -> list[str]:
    """The digests of the chunks that lie in a pack."""
    rows = connection.execute(
        "SELECT digest FROM chunk JOIN pack ON pack.id = chunk.pack WHERE pack.name = ? ORDER BY offset", (name,)
    )
    return [digest for (digest,) in rows]


def loose(connection: Connection, after: int, limit: int) -> list[tuple[int, str]]:
    """Chunks that no content names, behind one, in the order of their arrival: number and digest."""
    return connection.execute(
        "SELECT id, digest FROM chunk WHERE id > ? AND NOT EXISTS (SELECT 1 FROM content_chunk WHERE content_chunk.chunk = chunk.id)"
        " ORDER BY id LIMIT ?",
        (after, limit),
    ).fetchall()


def replace_small(connection: Connection, chunks: Sequence[tuple[str, bytes]]) -> None:
    """Keep the bytes of these chunks, which are there, in the database, whatever was known of them."""
    connection.executemany(
        "UPDATE chunk SET size = ?, data = ?, pack = NULL, offset = NULL, stored = 0, codec = '' WHERE digest = ?",
        [(len(data), data, digest) for digest, data in chunks],
    )


def run_id(connection: Connection, run: int) -> str:
    """A run's id; '' where its row is lost."""
    row = connection.execute("SELECT run_id FROM run WHERE id = ?", (run,)).fetchone()
    return "" if row is None else str(row[0])


def _chunks(
    connection: Connection, series: int, key: str
) -> Iterator[tuple[int, Summary | None, int, int, str | None]]:
    """The chunks of a series: bytes, summary, greatest step and time, and what is wrong."""
    rows = connection.execute(
        "SELECT number, count, first_timestamp, last_timestamp, data FROM series_chunk WHERE series = ? ORDER BY number",
        (series,),
    )
    for expected, (number, *facts, data) in enumerate(rows):
        try:
            given = points.decode(data)
        except CorruptData as error:
            yield len(data), None, 0, 0, error.message
            continue
        step, timestamp, _ = given
        are = [len(step), int(timestamp.min()), int(timestamp.max())]
        wrong = None
        if number != expected or facts != are:
            wrong = f"The row of its chunk {number} says {facts}, its points are {are} (count, first time, last time)."
        (summary,) = summaries.summarised([key], Batch.of([given]))
        yield len(data), summary, int(step.max()), are[2], wrong


def _told(connection: Connection, pragma: str) -> list[str]:
    rows = connection.execute(pragma).fetchmany(_MOST)
    return [text for (text,) in rows if text != "ok"]


def _wrong_starts(connection: Connection) -> list[str]:
    # Of a content the first one: behind it all are wrong.
    rows = connection.execute(
        "SELECT digest, position, start, due FROM (SELECT content, position, start,"
        "  SUM(chunk.size) OVER (PARTITION BY content ORDER BY position) - chunk.size AS due"
        "  FROM content_chunk JOIN chunk ON chunk.id = content_chunk.chunk)"
        " JOIN content ON content.id = content WHERE start <> due GROUP BY content HAVING position = MIN(position)"
    ).fetchmany(_MOST)
    return [
        f"content_chunk: the chunk {position} of {digest} begins at {due}, its row says {start}"
        for digest, position, start, due in rows
    ]


@cache
def _expected() -> frozenset[tuple[str, str, str, str]]:
    """The schema as the migrations make it."""
    made = sqlite3.connect(":memory:")
    try:
        for name in MIGRATIONS:
            for statement in separated(statements(name)):
                made.execute(statement)
        return _schema(made)
    finally:
        made.close()


def _schema(connection: Connection) -> frozenset[tuple[str, str, str, str]]:
    """What is defined, however a version of SQLite quotes it."""
    rows = connection.execute("SELECT type, name, tbl_name, COALESCE(sql, '') FROM sqlite_master")
    return frozenset((kind, name, table, " ".join(sql.replace('"', "").split())) for kind, name, table, sql in rows)
