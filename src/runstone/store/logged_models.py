"""Logged models, their params and tags in SQL. Knows nothing of who asks; their metrics are logged_model_metrics' work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runstone.entities import LifecycleStage
from runstone.entities.logged_models import (
    WIRE_STATUSES,
    LoggedModel,
    LoggedModelData,
    LoggedModelInfo,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
)
from runstone.errors import NotFound
from runstone.store import logged_model_metrics
from runstone.store.database import Connection

_MANY = 5_000


def insert(
    connection: Connection,
    model_id: str,
    experiment: int,
    name: str,
    model_type: str | None,
    source_run_id: str | None,
    artifact_uri: str,
    now: int,
) -> int:
    """A new model's row; its files are still to come."""
    row = connection.execute(
        "INSERT INTO logged_model (model_id, experiment, name, model_type, source_run_id, status, artifact_uri,"
        " creation_timestamp, last_updated_timestamp) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (model_id, experiment, name, model_type, source_run_id, LoggedModelStatus.PENDING, artifact_uri, now, now),
    ).lastrowid
    assert row is not None
    return row


def find(connection: Connection, model_id: str, *, deleted: bool = False) -> int | None:
    """The model's row; None where there is none. `deleted` says whether one that was deleted counts."""
    stages = (LifecycleStage.ACTIVE, LifecycleStage.DELETED if deleted else LifecycleStage.ACTIVE)
    row = connection.execute(
        "SELECT id FROM logged_model WHERE model_id = ? AND lifecycle_stage IN (?, ?)", (model_id, *stages)
    ).fetchone()
    return None if row is None else int(row[0])


def require(connection: Connection, model_id: str, *, deleted: bool = False) -> int:
    """As `find`. Raises NotFound."""
    row = find(connection, model_id, deleted=deleted)
    if row is None:
        if find(connection, model_id, deleted=True) is not None:
            raise NotFound(f"Logged model with ID '{model_id}' not found: it was deleted.")
        raise NotFound(
            f"Logged model with ID '{model_id}' not found. Check the id, and that this is the right store (`runstone doctor`)."
        )
    return row


def artifact_uri(connection: Connection, model: int) -> str:
    """Where the model's files are, for the world."""
    return str(connection.execute("SELECT artifact_uri FROM logged_model WHERE id = ?", (model,)).fetchone()[0])


def set_status(connection: Connection, model: int, status: str, now: int) -> None:
    """Say where the model stands."""
    connection.execute(
        "UPDATE logged_model SET status = ?, last_updated_timestamp = ? WHERE id = ?", (status, now, model)
    )


def delete(connection: Connection, model: int, now: int) -> None:
    """Delete a model softly: its files and points are kept."""
    connection.execute(
        "UPDATE logged_model SET lifecycle_stage = 'deleted', deleted_time = ? WHERE id = ? AND lifecycle_stage = 'active'",
        (now, model),
    )


def set_tags(connection: Connection, model: int, tags: Iterable[tuple[str, str]]) -> None:
    """Set tags, in place of those of the same keys."""
    connection.executemany(
        "INSERT INTO logged_model_tag (logged_model, key, value) VALUES (?, ?, ?)"
        " ON CONFLICT (logged_model, key) DO UPDATE SET value = excluded.value",
        [(model, key, value) for key, value in tags],
    )


def delete_tag(connection: Connection, model: int, key: str) -> bool:
    """Whether there was such a tag to delete."""
    return (
        connection.execute("DELETE FROM logged_model_tag WHERE logged_model = ? AND key = ?", (model, key)).rowcount > 0
    )


def add_params(connection: Connection, model: int, params: Iterable[tuple[str, str]]) -> tuple[str, str, str] | None:
    """Add params; the same key with the same value is no change. The first conflict (key, old, new) where there is one: roll back."""
    for key, value in params:
        cursor = connection.execute(
            "INSERT INTO logged_model_param (logged_model, key, value) VALUES (?, ?, ?) ON CONFLICT (logged_model, key) DO NOTHING",
            (model, key, value),
        )
        if cursor.rowcount == 0:
            old = connection.execute(
                "SELECT value FROM logged_model_param WHERE logged_model = ? AND key = ?", (model, key)
            ).fetchone()[0]
            if old != value:
                return key, old, value
    return None


def add_params_of_run(connection: Connection, model: int, run: int) -> None:
    """Add the params of a run to a model's, but for keys that it has."""
    connection.execute(
        "INSERT INTO logged_model_param (logged_model, key, value) SELECT ?, key, value FROM param WHERE run = ?"
        " ON CONFLICT (logged_model, key) DO NOTHING",
        (model, run),
    )


def load_logged_models(connection: Connection, models: Sequence[int], *, points: bool = True) -> list[LoggedModel]:
    """The models of these rows, in this order; without what was measured of them, where `points` is False."""
    loaded: list[LoggedModel] = []
    for start in range(0, len(models), _MANY):
        loaded.extend(_load(connection, models[start : start + _MANY], points))
    return loaded


def _load(connection: Connection, models: Sequence[int], points: bool) -> list[LoggedModel]:
    marks = ",".join("?" * len(models))
    rows = connection.execute(
        "SELECT id, experiment, model_id, name, artifact_uri, creation_timestamp, last_updated_timestamp, model_type,"
        f" source_run_id, status, status_message FROM logged_model WHERE id IN ({marks})",
        models,
    )
    found: dict[int, LoggedModel] = {}
    for row, experiment, model_id, name, uri, created, updated, model_type, run_id, status, message in rows:
        info = LoggedModelInfo(
            model_id, str(experiment), name, created, updated, uri, WIRE_STATUSES[status], model_type, run_id, message
        )
        found[row] = LoggedModel.of(info, LoggedModelData())
    tags = connection.execute(
        f"SELECT logged_model, key, value FROM logged_model_tag WHERE logged_model IN ({marks})", models
    )
    for row, key, value in tags:
        found[row].info.tags.append(LoggedModelTag(key, value))
    params = connection.execute(
        f"SELECT logged_model, key, value FROM logged_model_param WHERE logged_model IN ({marks})", models
    )
    for row, key, value in params:
        found[row].data.params.append(LoggedModelParameter(key, value))
    by_id = {model.model_id: model for model in found.values()}
    if points:
        for model_id, measured in logged_model_metrics.load(connection, list(by_id)).items():
            by_id[model_id].data.metrics.extend(measured)
    return [found[model] for model in models]
