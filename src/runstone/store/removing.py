"""Runs, logged models and experiments that are deleted, in SQL: which are old enough to be removed for good, and how all that is theirs
goes with them. Knows nothing of who asks.
"""

from __future__ import annotations

from typing import NamedTuple

from runstone.store.database import Connection

# What is a run's, in the order in which it can be deleted. `{}` is the run's row.
_OF_RUN = (
    "DELETE FROM series_chunk WHERE series IN (SELECT id FROM series WHERE run = {})",
    "DELETE FROM series WHERE run = {}",
    "DELETE FROM metric WHERE run = {}",
    "DELETE FROM arrival WHERE run = {}",
    "DELETE FROM damaged_arrival WHERE run = {}",
    "DELETE FROM dataset_use_tag WHERE dataset_use IN (SELECT id FROM dataset_use WHERE run = {})",
    "DELETE FROM dataset_use WHERE run = {}",
    "DELETE FROM model_input WHERE run = {}",
    "DELETE FROM model_output WHERE run = {}",
    "DELETE FROM param WHERE run = {}",
    "DELETE FROM tag WHERE run = {}",
    "DELETE FROM artifact WHERE owner = (SELECT 'runs/' || run_id FROM run WHERE id = {})",
    "DELETE FROM removal WHERE owner = (SELECT 'runs/' || run_id FROM run WHERE id = {})",
    "DELETE FROM run WHERE id = {}",
)
_OF_MODEL = (
    "DELETE FROM logged_model_metric WHERE logged_model = {}",
    "DELETE FROM logged_model_param WHERE logged_model = {}",
    "DELETE FROM logged_model_tag WHERE logged_model = {}",
    "DELETE FROM artifact WHERE owner = (SELECT 'models/' || model_id FROM logged_model WHERE id = {})",
    "DELETE FROM removal WHERE owner = (SELECT 'models/' || model_id FROM logged_model WHERE id = {})",
    "DELETE FROM logged_model WHERE id = {}",
)
_OF_EXPERIMENT = (
    "DELETE FROM dataset WHERE experiment = {}",
    "DELETE FROM experiment_tag WHERE experiment = {}",
    "DELETE FROM retention_rule WHERE experiment = {}",
    "DELETE FROM experiment WHERE experiment_id = {}",
)


class Deleted(NamedTuple):
    """A run or logged model that is deleted: its row, its id, its name, its experiment, and when it was deleted (ms)."""

    row: int
    id: str
    name: str
    experiment: int
    time: int


def deleted_runs(connection: Connection) -> list[Deleted]:
    """The deleted runs, those deleted first come first. What such a run is said to do counts for nothing: it takes no more."""
    return [
        Deleted(*row)
        for row in connection.execute(
            "SELECT id, run_id, run_name, experiment, COALESCE(deleted_time, 0) AS time FROM run"
            " WHERE lifecycle_stage = 'deleted' ORDER BY time, id"
        )
    ]


def deleted_models(connection: Connection) -> list[Deleted]:
    """The deleted logged models, those deleted first come first."""
    return [
        Deleted(*row)
        for row in connection.execute(
            "SELECT id, model_id, name, experiment, COALESCE(deleted_time, 0) AS time FROM logged_model"
            " WHERE lifecycle_stage = 'deleted' ORDER BY time, id"
        )
    ]


def deleted_experiments(connection: Connection) -> list[Deleted]:
    """The deleted experiments, but the first one, that have no runs and models."""
    return [
        Deleted(row, str(row), name, row, time)
        for row, name, time in connection.execute(
            "SELECT experiment_id, name, last_update_time FROM experiment WHERE lifecycle_stage = 'deleted' AND experiment_id <> 0"
            " AND NOT EXISTS (SELECT 1 FROM run WHERE run.experiment = experiment_id)"
            " AND NOT EXISTS (SELECT 1 FROM logged_model WHERE logged_model.experiment = experiment_id) ORDER BY 3, 1"
        )
    ]


def emptied_experiments(connection: Connection, before: int) -> list[Deleted]:
    """The experiments, deleted before a time, that have nothing any more when the runs and models in them that were deleted before it,
    too, and that no registered version is made of, are gone."""
    left = "SELECT 1 FROM {} AS one WHERE one.experiment = experiment_id AND NOT (one.lifecycle_stage = 'deleted'"
    left += " AND COALESCE(one.deleted_time, 0) <= ?1 AND NOT EXISTS (SELECT 1 FROM model_version AS v WHERE v.{} = one.{}))"
    rows = connection.execute(
        "SELECT experiment_id, name, last_update_time FROM experiment WHERE lifecycle_stage = 'deleted' AND experiment_id <> 0"
        f" AND last_update_time <= ?1 AND NOT EXISTS ({left.format('run', 'run_id', 'run_id')})"
        f" AND NOT EXISTS ({left.format('logged_model', 'model_id', 'model_id')}) ORDER BY 3, 1",
        (before,),
    )
    return [Deleted(row, str(row), name, row, time) for row, name, time in rows]


_STILL = {
    "run": "SELECT 1 FROM run WHERE id = ? AND lifecycle_stage = 'deleted' AND COALESCE(deleted_time, 0) = ?",
    "model": "SELECT 1 FROM logged_model WHERE id = ? AND lifecycle_stage = 'deleted' AND COALESCE(deleted_time, 0) = ?",
    "experiment": "SELECT 1 FROM experiment WHERE experiment_id = ?1 AND lifecycle_stage = 'deleted' AND last_update_time = ?2"
    " AND NOT EXISTS (SELECT 1 FROM run WHERE experiment = ?1) AND NOT EXISTS (SELECT 1 FROM logged_model WHERE experiment = ?1)",
}


def is_still_deleted(connection: Connection, kind: str, one: Deleted) -> bool:
    """Whether a run, model or experiment (`kind` says which) was neither removed nor restored since it was listed."""
    return connection.execute(_STILL[kind], (one.row, one.time)).fetchone() is not None


def begin(connection: Connection, owner: str) -> None:
    """Note that a run or model, by what it is called as an owner of files, is being removed: from now on it is not restored."""
    connection.execute("INSERT INTO removal (owner) VALUES (?) ON CONFLICT DO NOTHING", (owner,))


def begun(connection: Connection) -> set[str]:
    """The runs and models that are being removed, by what they are called as owners of files."""
    return {owner for (owner,) in connection.execute("SELECT owner FROM removal")}


def remove_run(connection: Connection, run: int) -> None:
    """Remove a run and all that is its own, the names of its files too."""
    _remove(connection, _OF_RUN, run)


def remove_model(connection: Connection, model: int) -> None:
    """Remove a logged model and all that is its own."""
    _remove(connection, _OF_MODEL, model)


def remove_experiment(connection: Connection, experiment: int) -> None:
    """Remove an experiment that has no runs and models any more."""
    _remove(connection, _OF_EXPERIMENT, experiment)


def _remove(connection: Connection, statements: tuple[str, ...], row: int) -> None:
    for statement in statements:
        connection.execute(statement.format("?"), (row,))
