"""What came from what, in SQL: the neighbours of one thing. Knows nothing of how far anybody wants to go.

A thing is named by its kind and key: ('run', run id), ('artifact', NAME:vN), ('model', model id), ('registered', NAME/N),
('dataset', NAME@DIGEST).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from runstone.store.database import Connection

Thing = tuple[str, str]


class Step(NamedTuple):
    """What one thing has to do with another: `source` came before `target`."""

    source: Thing
    target: Thing
    how: str


def details(connection: Connection, thing: Thing) -> tuple[str, dict[str, str]] | None:
    """A thing's name for people, and facts to show; None where the store does not know it."""
    kind, key = thing
    query, values = _DETAILS[kind], _values(kind, key)
    if values is None:
        return None
    row = connection.execute(query, values).fetchone()
    if row is None:
        return None
    name, *facts = row
    return name, {title: str(fact) for title, fact in zip(_TITLES[kind], facts, strict=True) if fact not in (None, "")}


def before(connection: Connection, thing: Thing, limit: int) -> Iterator[Step]:
    """What a thing came from."""
    return _steps(connection, thing, _BEFORE[thing[0]], limit, lambda other, how: Step(other, thing, how))


def after(connection: Connection, thing: Thing, limit: int) -> Iterator[Step]:
    """What came from a thing."""
    return _steps(connection, thing, _AFTER[thing[0]], limit, lambda other, how: Step(thing, other, how))


def _steps(connection, thing, queries, limit, step) -> Iterator[Step]:  # type: ignore[no-untyped-def]
    values = _values(*thing)
    if values is None:
        return
    for kind, how, query in queries:
        for (key,) in connection.execute(f"{query} LIMIT {int(limit)}", values).fetchall():
            yield step((kind, key), how)


def _values(kind: str, key: str) -> tuple[object, ...] | None:
    """What a query on a thing is given; None for a key that names nothing."""
    if kind in ("run", "model"):
        return (key,)
    mark = {"artifact": ":v", "registered": "/", "dataset": "@"}[kind]
    name, found, rest = key.rpartition(mark)
    if not found:
        return None
    if kind == "dataset":
        return name, rest
    return (name, int(rest)) if rest.isascii() and rest.isdigit() and len(rest) < 16 else None


_TITLES = {
    "run": ("status", "stage", "user", "experiment", "experiment_id"),
    "artifact": ("digest", "size", "files", "description"),
    "model": ("status", "stage", "type", "experiment_id"),
    "registered": ("stage", "status"),
    "dataset": ("source",),
}
_DETAILS = {
    "run": (
        "SELECT run_name, status, run.lifecycle_stage, user_id, experiment.name, run.experiment FROM run"
        " JOIN experiment ON experiment_id = run.experiment WHERE run_id = ?"
    ),
    "artifact": (
        "SELECT n.name || ':v' || v.version, v.digest, v.size, v.file_count, v.description FROM artifact_version AS v"
        " JOIN named_artifact AS n ON n.id = v.named_artifact WHERE n.name = ? AND v.version = ?"
    ),
    "model": "SELECT name, status, lifecycle_stage, model_type, experiment FROM logged_model WHERE model_id = ?",
    "registered": (
        "SELECT m.name || ' version ' || v.version, v.current_stage, v.status FROM model_version AS v"
        " JOIN registered_model AS m ON m.id = v.registered_model WHERE m.name = ? AND v.version = ?"
    ),
    "dataset": "SELECT name, source FROM dataset WHERE name = ? AND digest = ? ORDER BY id LIMIT 1",
}

_VERSION = "n.name || ':v' || v.version FROM {} AS u JOIN artifact_version AS v ON v.id = u.artifact_version JOIN named_artifact AS n ON n.id = v.named_artifact"
_OF_VERSION = (
    "SELECT DISTINCT u.run_id FROM {} AS u JOIN artifact_version AS v ON v.id = u.artifact_version"
    " JOIN named_artifact AS n ON n.id = v.named_artifact WHERE n.name = ? AND v.version = ? ORDER BY u.id"
)
_REGISTERED = (
    "SELECT m.name || '/' || v.version FROM model_version AS v JOIN registered_model AS m ON m.id = v.registered_model"
)
_OF_REGISTERED = (
    "FROM model_version AS v JOIN registered_model AS m ON m.id = v.registered_model WHERE m.name = ? AND v.version = ?"
)

# By kind: the kind of the neighbour, what the two have to do with each other, and the query that gives the neighbours' keys.
_BEFORE: dict[str, list[tuple[str, str, str]]] = {
    "run": [
        ("artifact", "used", f"SELECT {_VERSION.format('artifact_use')} WHERE u.run_id = ? ORDER BY u.id"),
        (
            "dataset",
            "used",
            "SELECT DISTINCT d.name || '@' || d.digest FROM run JOIN dataset_use AS u ON u.run = run.id"
            " JOIN dataset AS d ON d.id = u.dataset WHERE run_id = ? ORDER BY u.id",
        ),
        (
            "model",
            "used",
            "SELECT i.model_id FROM run JOIN model_input AS i ON i.run = run.id WHERE run_id = ? ORDER BY i.id",
        ),
    ],
    "artifact": [("run", "produced", _OF_VERSION.format("artifact_producer"))],
    "model": [
        (
            "run",
            "produced",
            "SELECT source_run_id FROM logged_model WHERE model_id = ?1 AND source_run_id <> '' UNION"
            " SELECT run_id FROM model_output AS o JOIN run ON run.id = o.run WHERE o.model_id = ?1",
        )
    ],
    "registered": [
        ("model", "registered", f"SELECT v.model_id {_OF_REGISTERED} AND v.model_id <> ''"),
        (
            "run",
            "registered",
            f"SELECT v.run_id {_OF_REGISTERED} AND v.run_id <> '' AND COALESCE(v.model_id, '') = ''",
        ),
    ],
    "dataset": [],
}
_AFTER: dict[str, list[tuple[str, str, str]]] = {
    "run": [
        (
            "artifact",
            "produced",
            f"SELECT DISTINCT {_VERSION.format('artifact_producer')} WHERE u.run_id = ? ORDER BY u.id",
        ),
        (
            "model",
            "produced",
            "SELECT model_id FROM logged_model WHERE source_run_id = ?1 UNION"
            " SELECT o.model_id FROM run JOIN model_output AS o ON o.run = run.id WHERE run_id = ?1",
        ),
        ("registered", "registered", f"{_REGISTERED} WHERE v.run_id = ? AND COALESCE(v.model_id, '') = ''"),
    ],
    "artifact": [("run", "used", _OF_VERSION.format("artifact_use"))],
    "model": [
        (
            "run",
            "used",
            "SELECT run_id FROM model_input AS i JOIN run ON run.id = i.run WHERE i.model_id = ? ORDER BY i.id",
        ),
        ("registered", "registered", f"{_REGISTERED} WHERE v.model_id = ?"),
    ],
    "registered": [],
    "dataset": [
        (
            "run",
            "used",
            "SELECT DISTINCT run_id FROM dataset AS d JOIN dataset_use AS u ON u.dataset = d.id JOIN run ON run.id = u.run"
            " WHERE d.name = ? AND d.digest = ? ORDER BY u.id",
        )
    ],
}
