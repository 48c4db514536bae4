"""Registered models, their tags and aliases in SQL. Every change is noted beside it. Knows nothing of who asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runstone.entities.model_registry import RegisteredModel, RegisteredModelAlias, RegisteredModelTag
from runstone.errors import AlreadyExists, NotFound
from runstone.store import model_versions, registry_changes
from runstone.store.database import Connection
from runstone.store.registry_changes import Author

_MANY = 5_000


def insert(connection: Connection, name: str, description: str | None, author: Author) -> int:
    """A new registered model's row, without versions. Raises AlreadyExists for a name in use."""
    refuse_taken(connection, name)
    model = connection.execute(
        "INSERT INTO registered_model (name, description, creation_timestamp, last_updated_timestamp) VALUES (?, ?, ?, ?)",
        (name, description, author.time, author.time),
    ).lastrowid
    assert model is not None
    registry_changes.add(connection, author, model, None, "created", new=name)
    return model


def refuse_taken(connection: Connection, name: str) -> None:
    """Raises AlreadyExists for the name of a registered model that is there."""
    if find(connection, name) is not None:
        raise AlreadyExists(f"Registered Model (name={name}) already exists. Choose another name.")


def find(connection: Connection, name: str) -> int | None:
    """The registered model's row; None where there is none."""
    row = connection.execute("SELECT id FROM registered_model WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def require(connection: Connection, name: str) -> int:
    """As `find`. Raises NotFound."""
    model = find(connection, name)
    if model is None:
        raise NotFound(
            f"Registered Model with name={name} not found. search_registered_models(), or `runstone models ls`, lists those that there are."
        )
    return model


def rename(connection: Connection, model: int, old: str, new: str, author: Author) -> None:
    """Give a registered model another name; its versions go with it, and count as updated."""
    if new != old:
        refuse_taken(connection, new)
        registry_changes.add(connection, author, model, None, "renamed", old=old, new=new)
    connection.execute(
        "UPDATE registered_model SET name = ?, last_updated_timestamp = ? WHERE id = ?", (new, author.time, model)
    )
    connection.execute(
        "UPDATE model_version SET last_updated_timestamp = ? WHERE registered_model = ?", (author.time, model)
    )


def describe(connection: Connection, model: int, description: str | None, author: Author) -> None:
    """Set the description."""
    old = connection.execute("SELECT description FROM registered_model WHERE id = ?", (model,)).fetchone()[0]
    if old != description:
        registry_changes.add(connection, author, model, None, "description", old=old, new=description)
    connection.execute(
        "UPDATE registered_model SET description = ?, last_updated_timestamp = ? WHERE id = ?",
        (description, author.time, model),
    )


def touch(connection: Connection, model: int, now: int) -> None:
    """Count as updated."""
    connection.execute("UPDATE registered_model SET last_updated_timestamp = ? WHERE id = ?", (now, model))


def delete(connection: Connection, model: int, name: str, author: Author) -> None:
    """Delete a registered model with its versions; what was noted about them stays."""
    for statement in (
        "DELETE FROM registered_model_alias WHERE registered_model = ?",
        "DELETE FROM alias_protection WHERE registered_model = ?",
        "DELETE FROM model_version_tag WHERE model_version IN (SELECT id FROM model_version WHERE registered_model = ?)",
        "DELETE FROM model_version WHERE registered_model = ?",
        "DELETE FROM registered_model_tag WHERE registered_model = ?",
        "DELETE FROM registered_model WHERE id = ?",
    ):
        connection.execute(statement, (model,))
    registry_changes.add(connection, author, model, None, "deleted", old=name)


def set_tags(connection: Connection, model: int, tags: Iterable[tuple[str, str]], author: Author) -> None:
    """Set tags, in place of those of the same keys."""
    for key, value in tags:
        old = _tag(connection, model, key)
        if old != value:
            registry_changes.add(connection, author, model, None, "tag", key=key, old=old, new=value)
        connection.execute(
            "INSERT INTO registered_model_tag (registered_model, key, value) VALUES (?, ?, ?)"
            " ON CONFLICT (registered_model, key) DO UPDATE SET value = excluded.value",
            (model, key, value),
        )


def delete_tag(connection: Connection, model: int, key: str, author: Author) -> None:
    """Take a tag away, if it is there."""
    old = _tag(connection, model, key)
    if old is not None:
        connection.execute("DELETE FROM registered_model_tag WHERE registered_model = ? AND key = ?", (model, key))
        registry_changes.add(connection, author, model, None, "tag", key=key, old=old)


def _tag(connection: Connection, model: int, key: str) -> str | None:
    row = connection.execute(
        "SELECT value FROM registered_model_tag WHERE registered_model = ? AND key = ?", (model, key)
    ).fetchone()
    return None if row is None else str(row[0])


def set_alias(connection: Connection, model: int, alias: str, version: int, author: Author) -> None:
    """Point an alias to a version, which is there; an alias that pointed elsewhere is moved."""
    old = aliased(connection, model, alias)
    if old != version:
        was = None if old is None else str(old)
        registry_changes.add(connection, author, model, version, "alias", key=alias, old=was, new=str(version))
    connection.execute(
        "INSERT INTO registered_model_alias (registered_model, alias, version) VALUES (?, ?, ?)"
        " ON CONFLICT (registered_model, alias) DO UPDATE SET version = excluded.version",
        (model, alias, version),
    )


def delete_alias(connection: Connection, model: int, alias: str, author: Author) -> bool:
    """Take an alias away, if it is there; whether it was."""
    old = aliased(connection, model, alias)
    if old is not None:
        connection.execute(
            "DELETE FROM registered_model_alias WHERE registered_model = ? AND alias = ?", (model, alias)
        )
        registry_changes.add(connection, author, model, old, "alias", key=alias, old=str(old))
    return old is not None


def aliased(connection: Connection, model: int, alias: str) -> int | None:
    """The version that an alias points to; None for an alias that is not there."""
    row = connection.execute(
        "SELECT version FROM registered_model_alias WHERE registered_model = ? AND alias = ?", (model, alias)
    ).fetchone()
    return None if row is None else int(row[0])


def load_registered_models(connection: Connection, models: Sequence[int]) -> list[RegisteredModel]:
    """The registered models of these rows, in this order, each with the newest version of each stage."""
    loaded: list[RegisteredModel] = []
    for start in range(0, len(models), _MANY):
        loaded.extend(_load(connection, models[start : start + _MANY]))
    return loaded


def _load(connection: Connection, models: Sequence[int]) -> list[RegisteredModel]:
    marks = ",".join("?" * len(models))
    rows = connection.execute(
        "SELECT id, name, creation_timestamp, last_updated_timestamp, description"
        f" FROM registered_model WHERE id IN ({marks})",
        models,
    )
    found = {row: RegisteredModel(name, created, updated, text) for row, name, created, updated, text in rows}
    latest = model_versions.latest(connection, list(found))
    for row, version in zip(latest, model_versions.load_model_versions(connection, list(latest)), strict=True):
        found[latest[row]].latest_versions.append(version)
    tags = connection.execute(
        f"SELECT registered_model, key, value FROM registered_model_tag WHERE registered_model IN ({marks})", models
    )
    for row, key, value in tags:
        found[row]._tags.append(RegisteredModelTag(key, value))
    aliases = connection.execute(
        f"SELECT registered_model, alias, version FROM registered_model_alias WHERE registered_model IN ({marks})",
        models,
    )
    for row, alias, number in aliases:
        found[row]._aliases.append(RegisteredModelAlias(alias, str(number)))
    return [found[model] for model in models]
