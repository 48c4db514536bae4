"""Which aliases of a registered model are protected, in SQL. Every change is noted beside it. Knows nothing of who asks."""

from __future__ import annotations

from collections.abc import Sequence

from runstone.store import registry_changes
from runstone.store.database import Connection
from runstone.store.registry_changes import Author


def protections(connection: Connection, model: int) -> list[tuple[str, list[str]]]:
    """Patterns of aliases, and who may move them."""
    rows = connection.execute(
        "SELECT pattern, users FROM alias_protection WHERE registered_model = ? ORDER BY pattern", (model,)
    )
    return [(pattern, users.splitlines()) for pattern, users in rows]


def guarding(connection: Connection, model: int, alias: str) -> list[tuple[str, list[str]]]:
    """Those that protect an alias."""
    rows = connection.execute(
        "SELECT pattern, users FROM alias_protection WHERE registered_model = ? AND ? GLOB pattern ORDER BY pattern",
        (model, alias),
    )
    return [(pattern, users.splitlines()) for pattern, users in rows]


def protect(connection: Connection, model: int, pattern: str, users: Sequence[str], author: Author) -> None:
    """Protect the aliases of a pattern, in place of what protected those of the very pattern."""
    old, new = dict(protections(connection, model)).get(pattern), list(users)
    if old != new:
        was = None if old is None else ", ".join(old)
        registry_changes.add(connection, author, model, None, "protected", key=pattern, old=was, new=", ".join(new))
    connection.execute(
        "INSERT INTO alias_protection (registered_model, pattern, users) VALUES (?, ?, ?)"
        " ON CONFLICT (registered_model, pattern) DO UPDATE SET users = excluded.users",
        (model, pattern, "\n".join(new)),
    )


def unprotect(connection: Connection, model: int, pattern: str, author: Author) -> None:
    """Take a protection away, if it is there."""
    old = dict(protections(connection, model)).get(pattern)
    if old is not None:
        connection.execute("DELETE FROM alias_protection WHERE registered_model = ? AND pattern = ?", (model, pattern))
        registry_changes.add(connection, author, model, None, "unprotected", key=pattern, old=", ".join(old))


def aliases_of(connection: Connection, model: int, version: int | None = None) -> list[str]:
    """The aliases of a registered model, or of one of its versions."""
    rows = connection.execute(
        "SELECT alias FROM registered_model_alias WHERE registered_model = ? AND version = coalesce(?, version)",
        (model, version),
    )
    return [alias for (alias,) in rows]
