"""Runs, their params and tags in SQL. Knows nothing of who asks; reading whole runs is runs_read's work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runstone.entities import LifecycleStage
from runstone.errors import AlreadyExists, InvalidParameter, NotFound
from runstone.store.database import Connection


def insert(
    connection: Connection,
    run_id: str,
    experiment: int,
    name: str,
    user: str,
    start_time: int | None,
    artifact_uri: str,
) -> int:
    """A new running run's row."""
    cursor = connection.execute(
        "INSERT INTO run (run_id, experiment, run_name, user_id, status, start_time, artifact_uri)"
        " VALUES (?, ?, ?, ?, 'RUNNING', ?, ?)",
        (run_id, experiment, name, user, start_time, artifact_uri),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def require(connection: Connection, run_id: str, *, active: bool = False) -> int:
    """The run's row. Raises NotFound; InvalidParameter for a deleted run where `active` is asked."""
    row = connection.execute("SELECT id, lifecycle_stage FROM run WHERE run_id = ?", (run_id,)).fetchone()
    if row is None:
        raise NotFound(
            f"Run with id={run_id} not found. Check the id, and that this is the right store (`runstone doctor`)."
        )
    if active and row[1] != LifecycleStage.ACTIVE:
        raise InvalidParameter(
            f"The run {run_id} must be in the 'active' state; it is {row[1]!r}. Restore it with restore_run() first."
        )
    return int(row[0])


def find(connection: Connection, run_id: str) -> int | None:
    """The run's row; None where there is none."""
    row = connection.execute("SELECT id FROM run WHERE run_id = ?", (run_id,)).fetchone()
    return None if row is None else int(row[0])


def refuse_taken(connection: Connection, run_id: str) -> None:
    """Raises AlreadyExists for the id of a run that is there."""
    if connection.execute("SELECT 1 FROM run WHERE run_id = ?", (run_id,)).fetchone() is not None:
        raise AlreadyExists(f"A run with id={run_id} exists already. Leave the id out to have a new one.")


def artifact_uri(connection: Connection, run_id: str) -> str:
    """Where the run's artifacts are, for the world."""
    return str(connection.execute("SELECT artifact_uri FROM run WHERE run_id = ?", (run_id,)).fetchone()[0])


def experiment(connection: Connection, run: int) -> int:
    """Where a run belongs."""
    return int(connection.execute("SELECT experiment FROM run WHERE id = ?", (run,)).fetchone()[0])


def update(connection: Connection, run: int, *, status: str | None, end_time: int | None, name: str | None) -> None:
    """Change what is not None."""
    connection.execute(
        "UPDATE run SET status = coalesce(?, status), end_time = coalesce(?, end_time), run_name = coalesce(?, run_name) WHERE id = ?",
        (status, end_time, name, run),
    )


def reopen(connection: Connection, run: int) -> None:
    """Running again: no end time any more."""
    connection.execute("UPDATE run SET status = 'RUNNING', end_time = NULL WHERE id = ?", (run,))


def end_if_running(connection: Connection, run: int, status: str, end_time: int) -> bool:
    """End a run unless it has ended already; whether it was running."""
    cursor = connection.execute(
        "UPDATE run SET status = ?, end_time = ? WHERE id = ? AND status IN ('RUNNING', 'SCHEDULED')",
        (status, end_time, run),
    )
    return cursor.rowcount > 0


def set_stage(connection: Connection, run: int, stage: str, now: int) -> None:
    """Delete (softly) or restore a run."""
    deleted = now if stage == LifecycleStage.DELETED else None
    connection.execute("UPDATE run SET lifecycle_stage = ?, deleted_time = ? WHERE id = ?", (stage, deleted, run))


def set_tags(connection: Connection, run: int, tags: Sequence[tuple[str, str]]) -> None:
    """Set tags, in place of those of the same keys."""
    connection.executemany(
        "INSERT INTO tag (run, key, value) VALUES (?, ?, ?) ON CONFLICT (run, key) DO UPDATE SET value = excluded.value",
        [(run, key, value) for key, value in tags],
    )


def tag(connection: Connection, run: int, key: str) -> str | None:
    """A tag's value; None where the run has none of that key."""
    row = connection.execute("SELECT value FROM tag WHERE run = ? AND key = ?", (run, key)).fetchone()
    return None if row is None else str(row[0])


def delete_tag(connection: Connection, run: int, key: str) -> bool:
    """Whether there was such a tag to delete."""
    return connection.execute("DELETE FROM tag WHERE run = ? AND key = ?", (run, key)).rowcount > 0


def add_params(connection: Connection, run: int, params: Iterable[tuple[str, str]]) -> tuple[str, str, str] | None:
    """Add params; the same key with the same value is no change. The first conflict (key, old, new) where there is one: roll back."""
    for key, value in params:
        cursor = connection.execute(
            "INSERT INTO param (run, key, value) VALUES (?, ?, ?) ON CONFLICT (run, key) DO NOTHING", (run, key, value)
        )
        if cursor.rowcount == 0:
            old = connection.execute("SELECT value FROM param WHERE run = ? AND key = ?", (run, key)).fetchone()[0]
            if old != value:
                return key, old, value
    return None
