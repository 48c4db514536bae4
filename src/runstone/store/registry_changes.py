"""What was changed in the registry, in SQL: written beside each change, in its transaction. Knows nothing of who asks."""

from __future__ import annotations

from typing import NamedTuple

from runstone.entities.model_registry import RegistryChange
from runstone.store.database import Connection


class Author(NamedTuple):
    """Who makes a change, and when (ms)."""

    user_id: str
    time: int


def add(
    connection: Connection,
    author: Author,
    model: int,
    version: int | None,
    kind: str,
    *,
    key: str | None = None,
    old: str | None = None,
    new: str | None = None,
) -> None:
    """Note a change of a registered model, or of one of its versions."""
    connection.execute(
        "INSERT INTO registry_change (registered_model, version, kind, key, old, new, user_id, time)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (model, version, kind, key, old, new, *author),
    )


def deleted(connection: Connection, name: str) -> int | None:
    """The row that the registered model had that was deleted last under this name; None where none was."""
    row = connection.execute(
        "SELECT registered_model FROM registry_change WHERE kind = 'deleted' AND key IS NULL AND old = ? AND version IS NULL"
        " ORDER BY id DESC LIMIT 1",
        (name,),
    ).fetchone()
    return None if row is None else int(row[0])


def page(
    connection: Connection, model: int, version: int | None, after: int, limit: int
) -> list[tuple[int, RegistryChange]]:
    """Changes of a registered model and its versions, or of one version, behind one, in the order in which they were made."""
    narrowed = "" if version is None else " AND version = ?"
    rows = connection.execute(
        "SELECT id, kind, time, user_id, version, key, old, new FROM registry_change"
        f" WHERE registered_model = ?{narrowed} AND id > ? ORDER BY id LIMIT ?",
        (model, *(() if version is None else (version,)), after, limit),
    )
    return [
        (row, RegistryChange(kind, time, user, None if number is None else str(number), key, old, new))
        for row, kind, time, user, number, key, old, new in rows
    ]
