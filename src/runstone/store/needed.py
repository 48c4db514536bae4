"""Whose files the registry needs, in SQL: versions of registered models are made of a run's or a logged model's. Knows nothing of who asks."""

from __future__ import annotations

from runstone.store.database import Connection

_COLUMNS = {"runs": "run_id", "models": "model_id"}


def versions(connection: Connection, owner: str) -> list[tuple[str, int, str]]:
    """Versions of registered models that an owner has to do with: name, number, and where their files are."""
    kind, _, name = owner.partition("/")
    column = _COLUMNS.get(kind)
    if column is None:
        return []
    return connection.execute(
        "SELECT registered_model.name, model_version.version, model_version.storage_location FROM model_version"
        f" JOIN registered_model ON registered_model.id = model_version.registered_model WHERE model_version.{column} = ?"
        " ORDER BY registered_model.name, model_version.version",
        (name,),
    ).fetchall()
