"""Experiments and their tags in SQL. Knows nothing of who asks."""

from __future__ import annotations

from collections.abc import Iterable

from runstone.entities import LifecycleStage
from runstone.errors import AlreadyExists, InvalidParameter, NotFound
from runstone.store.database import Connection


def insert(connection: Connection, name: str, artifact_location: str | None, now: int, root: str) -> int:
    """A new experiment's id. Raises AlreadyExists for a name in use, also by a deleted experiment. Without a location it is below `root`."""
    refuse_taken(connection, name)
    cursor = connection.execute(
        "INSERT INTO experiment (name, artifact_location, creation_time, last_update_time) VALUES (?, ?, ?, ?)",
        (name, artifact_location or "", now, now),
    )
    experiment = cursor.lastrowid
    assert experiment is not None
    if not artifact_location:
        connection.execute(
            "UPDATE experiment SET artifact_location = ? WHERE experiment_id = ?",
            (f"{root}/{experiment}", experiment),
        )
    return experiment


def move_default(connection: Connection, root: str) -> None:
    """Have the experiment Default below `root` too, if it is new: it was made with the database, which knew of none."""
    connection.execute(
        "UPDATE experiment SET artifact_location = ? WHERE experiment_id = 0 AND artifact_location = 'mlflow-artifacts:/0'"
        " AND NOT EXISTS (SELECT 1 FROM run WHERE experiment = 0)",
        (f"{root}/0",),
    )


def refuse_taken(connection: Connection, name: str) -> None:
    """Raise AlreadyExists when the name is in use."""
    row = connection.execute("SELECT lifecycle_stage FROM experiment WHERE name = ?", (name,)).fetchone()
    if row is None:
        return
    if row[0] == LifecycleStage.DELETED:
        raise AlreadyExists(
            f"Experiment(name={name}) already exists and is deleted. Restore it with restore_experiment(), or take another name."
        )
    raise AlreadyExists(
        f"Experiment(name={name}) already exists. Take another name, or use set_experiment() to go on with it."
    )


def find(connection: Connection, name: str) -> int | None:
    """The id of the experiment of that name, deleted ones included."""
    row = connection.execute("SELECT experiment_id FROM experiment WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def require(connection: Connection, experiment: int, *, active: bool = False) -> tuple[str, str]:
    """The experiment's name and artifact location. Raises NotFound; InvalidParameter for a deleted one where `active` is asked."""
    row = connection.execute(
        "SELECT name, artifact_location, lifecycle_stage FROM experiment WHERE experiment_id = ?", (experiment,)
    ).fetchone()
    if row is None:
        raise NotFound(f"No Experiment with id={experiment} exists. `runstone doctor` says which store was asked.")
    if active and row[2] != LifecycleStage.ACTIVE:
        raise InvalidParameter(
            f"The experiment {experiment} must be in the 'active' state; it is {row[2]!r}. Restore it with restore_experiment()."
        )
    return row[0], row[1]


def rename(connection: Connection, experiment: int, name: str, now: int) -> None:
    """Give an experiment another name."""
    connection.execute(
        "UPDATE experiment SET name = ?, last_update_time = ? WHERE experiment_id = ?", (name, now, experiment)
    )


def set_stage(connection: Connection, experiment: int, stage: str, now: int) -> None:
    """Delete (softly) or restore an experiment, and its runs with it, but those that are being removed for good."""
    connection.execute(
        "UPDATE experiment SET lifecycle_stage = ?, last_update_time = ? WHERE experiment_id = ?",
        (stage, now, experiment),
    )
    deleted = now if stage == LifecycleStage.DELETED else None
    connection.execute(
        "UPDATE run SET lifecycle_stage = ?, deleted_time = ? WHERE experiment = ?"
        " AND NOT EXISTS (SELECT 1 FROM removal WHERE owner = 'runs/' || run_id)",
        (stage, deleted, experiment),
    )


def set_tags(connection: Connection, experiment: int, tags: Iterable[tuple[str, str]], now: int) -> None:
    """Set tags, in place of those of the same keys."""
    connection.executemany(
        "INSERT INTO experiment_tag (experiment, key, value) VALUES (?, ?, ?)"
        " ON CONFLICT (experiment, key) DO UPDATE SET value = excluded.value",
        [(experiment, key, value) for key, value in tags],
    )
    connection.execute("UPDATE experiment SET last_update_time = ? WHERE experiment_id = ?", (now, experiment))


def delete_tag(connection: Connection, experiment: int, key: str, now: int) -> bool:
    """Whether there was such a tag to delete."""
    cursor = connection.execute("DELETE FROM experiment_tag WHERE experiment = ? AND key = ?", (experiment, key))
    connection.execute("UPDATE experiment SET last_update_time = ? WHERE experiment_id = ?", (now, experiment))
    return cursor.rowcount > 0
