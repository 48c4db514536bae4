"""Whole experiments out of SQL. Knows nothing of who asks or of how experiments are written."""

from __future__ import annotations

from collections.abc import Sequence

from runstone.entities import Experiment, ExperimentTag
from runstone.store.database import Connection

_MANY = 5_000


def load_experiments(connection: Connection, experiments: Sequence[int]) -> list[Experiment]:
    """The experiments of these ids, in this order."""
    loaded: list[Experiment] = []
    for start in range(0, len(experiments), _MANY):
        loaded.extend(_load(connection, experiments[start : start + _MANY]))
    return loaded


def _load(connection: Connection, experiments: Sequence[int]) -> list[Experiment]:
    marks = ",".join("?" * len(experiments))
    rows = connection.execute(
        "SELECT experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time"
        f" FROM experiment WHERE experiment_id IN ({marks})",
        experiments,
    )
    found = {}
    for number, name, location, stage, created, updated in rows:
        found[number] = Experiment(str(number), name, location, stage, [], created, updated)
    tags = connection.execute(
        f"SELECT experiment, key, value FROM experiment_tag WHERE experiment IN ({marks})", experiments
    )
    for experiment, key, value in tags:
        found[experiment]._tags.append(ExperimentTag(key, value))
    return [found[experiment] for experiment in experiments]
