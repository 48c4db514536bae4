"""Keys of MLflow's artifact proxy in SQL: whose root is above a key, which roots are below one. Knows nothing of who asks."""

from __future__ import annotations

from runstone.store.database import Connection

SCHEME = "mlflow-artifacts:/"
_ROOT = "artifacts"


def owner_of(connection: Connection, key: str) -> tuple[str, str] | None:
    """The run or logged model whose root lies at or above a key, as an owner; and what is left of the key. None: nobody's."""
    parts = key.split("/")
    for place in range(1, len(parts)):
        if parts[place] == _ROOT:
            uri, name = SCHEME + "/".join(parts[: place + 1]), parts[place - 1]
            for table, column, kind in (("run", "run_id", "runs"), ("logged_model", "model_id", "models")):
                query = f"SELECT 1 FROM {table} WHERE {column} = ? AND artifact_uri = ?"
                if connection.execute(query, (name, uri)).fetchone() is not None:
                    return f"{kind}/{name}", "/".join(parts[place + 1 :])
    return None


def roots_below(connection: Connection, folder: str) -> list[str]:
    """The roots below a folder ('' for all) of the runs and logged models that have files, as keys."""
    start, end = _range(folder)
    rows = connection.execute(
        "SELECT artifact_uri FROM run WHERE artifact_uri >= ?1 AND artifact_uri < ?2"
        " AND EXISTS (SELECT 1 FROM artifact WHERE owner = 'runs/' || run_id)"
        " UNION ALL SELECT artifact_uri FROM logged_model WHERE artifact_uri >= ?1 AND artifact_uri < ?2"
        " AND EXISTS (SELECT 1 FROM artifact WHERE owner = 'models/' || model_id)",
        (start, end),
    )
    return [uri[len(SCHEME) :] for (uri,) in rows]


def is_above_roots(connection: Connection, folder: str) -> bool:
    """Whether a run's or a logged model's root lies below a folder, whether or not it has files."""
    query = "SELECT 1 FROM {} WHERE artifact_uri >= ? AND artifact_uri < ? LIMIT 1"
    return any(connection.execute(query.format(table), _range(folder)).fetchone() for table in ("run", "logged_model"))


def version_location(connection: Connection, name: str, version: str) -> str | None:
    """Where the files of a model version are; None where there is no such version."""
    row = connection.execute(
        "SELECT storage_location FROM model_version JOIN registered_model ON registered_model.id = registered_model"
        " WHERE registered_model.name = ? AND CAST(version AS TEXT) = ?",
        (name, version),
    ).fetchone()
    return None if row is None else str(row[0])


def model_stage(connection: Connection, model_id: str) -> str | None:
    """A logged model's lifecycle stage; None where there is none."""
    row = connection.execute("SELECT lifecycle_stage FROM logged_model WHERE model_id = ?", (model_id,)).fetchone()
    return None if row is None else str(row[0])


def model_uri(connection: Connection, model_id: str) -> str:
    """Where a logged model's artifacts are, for the world."""
    row = connection.execute("SELECT artifact_uri FROM logged_model WHERE model_id = ?", (model_id,)).fetchone()
    return str(row[0])


def _range(folder: str) -> tuple[str, str]:
    """The first URI below a folder, and the first behind all of them."""
    start = f"{SCHEME}{folder}/" if folder else SCHEME
    return start, start[:-1] + chr(ord(start[-1]) + 1)
