"""Is the database well, and how much is in it."""

from __future__ import annotations

from runstone.store.database import Connection

_TABLES = (
    "experiment",
    "run",
    "param",
    "tag",
    "metric",
    "series_chunk",
    "dataset",
    "logged_model",
    "registered_model",
    "model_version",
    "artifact",
    "content",
    "chunk",
    "pack",
)


def schema(connection: Connection) -> int:
    """The number of the schema that the tables are of; raises where the database cannot be read."""
    connection.execute("SELECT 1 FROM run LIMIT 1").fetchone()
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def counts(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {table: int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in _TABLES}


def problem(connection: Connection) -> str | None:
    """The first thing the database finds wrong with itself, or None."""
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        return str(found)
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    return None if broken is None else f"a row of {broken[0]} names a row of {broken[2]} that is not there"
