"""Versions of registered models and their tags in SQL. Every change is noted beside it. Knows nothing of who asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from runstone.entities.model_registry import ModelVersion, ModelVersionTag
from runstone.errors import NotFound
from runstone.store import registry_changes
from runstone.store.database import Connection
from runstone.store.registry_changes import Author

_MANY = 5_000


class Origin(NamedTuple):
    """Where a version comes from: what was registered, where its files are, and the run and the logged model behind it."""

    source: str
    storage_location: str
    run_id: str | None
    model_id: str | None


class Version(NamedTuple):
    """A version's own row, its registered model's, and its number."""

    row: int
    model: int
    number: int


def insert(
    connection: Connection, model: int, origin: Origin, run_link: str | None, description: str | None, author: Author
) -> Version:
    """A new version, READY and in no stage, under a number that no other version of the model ever had."""
    number = connection.execute(
        "UPDATE registered_model SET last_version = last_version + 1, last_updated_timestamp = ? WHERE id = ? RETURNING last_version",
        (author.time, model),
    ).fetchone()[0]
    row = connection.execute(
        "INSERT INTO model_version (registered_model, version, source, storage_location, run_id, model_id, run_link, description,"
        " user_id, current_stage, status, creation_timestamp, last_updated_timestamp)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'None', 'READY', ?, ?)",
        (model, number, *origin, run_link, description, author.user_id or None, author.time, author.time),
    ).lastrowid
    assert row is not None
    registry_changes.add(connection, author, model, number, "created", new=origin.source)
    return Version(row, model, number)


def require(connection: Connection, name: str, number: int) -> Version:
    """The version's row. Raises NotFound."""
    row = connection.execute(
        "SELECT model_version.id, registered_model.id FROM registered_model"
        " JOIN model_version ON model_version.registered_model = registered_model.id"
        " WHERE registered_model.name = ? AND model_version.version = ?",
        (name, number),
    ).fetchone()
    if row is None:
        raise NotFound(
            f"Model Version (name={name}, version={number}) not found. search_model_versions(), or `runstone models versions`, lists those that there are."
        )
    return Version(int(row[0]), int(row[1]), number)


def origin(connection: Connection, version: Version) -> Origin:
    """Where a version comes from."""
    return Origin(
        *connection.execute(
            "SELECT source, storage_location, run_id, model_id FROM model_version WHERE id = ?", (version.row,)
        ).fetchone()
    )


def describe(connection: Connection, version: Version, description: str | None, author: Author) -> None:
    """Set the description."""
    old = connection.execute("SELECT description FROM model_version WHERE id = ?", (version.row,)).fetchone()[0]
    if old != description:
        registry_changes.add(connection, author, version.model, version.number, "description", old=old, new=description)
    connection.execute(
        "UPDATE model_version SET description = ?, last_updated_timestamp = ? WHERE id = ?",
        (description, author.time, version.row),
    )


def move(connection: Connection, version: Version, stage: str, author: Author) -> None:
    """Bring a version into a stage."""
    old = connection.execute("SELECT current_stage FROM model_version WHERE id = ?", (version.row,)).fetchone()[0]
    if old != stage:
        registry_changes.add(connection, author, version.model, version.number, "stage", old=old, new=stage)
    connection.execute(
        "UPDATE model_version SET current_stage = ?, last_updated_timestamp = ? WHERE id = ?",
        (stage, author.time, version.row),
    )


def others_in(connection: Connection, version: Version, stage: str) -> list[Version]:
    """The model's other versions in a stage."""
    rows = connection.execute(
        "SELECT id, version FROM model_version WHERE registered_model = ? AND current_stage = ? AND id <> ?",
        (version.model, stage, version.row),
    )
    return [Version(row, version.model, number) for row, number in rows.fetchall()]


def delete(connection: Connection, version: Version, author: Author) -> None:
    """Delete a version with its tags and the aliases that point to it; what was noted about it stays."""
    aliases = connection.execute(
        "SELECT alias FROM registered_model_alias WHERE registered_model = ? AND version = ?", version[1:]
    )
    for (alias,) in aliases.fetchall():
        registry_changes.add(
            connection, author, version.model, version.number, "alias", key=alias, old=str(version.number)
        )
    (source,) = connection.execute("SELECT source FROM model_version WHERE id = ?", (version.row,)).fetchone()
    connection.execute("DELETE FROM registered_model_alias WHERE registered_model = ? AND version = ?", version[1:])
    connection.execute("DELETE FROM model_version_tag WHERE model_version = ?", (version.row,))
    connection.execute("DELETE FROM model_version WHERE id = ?", (version.row,))
    registry_changes.add(connection, author, version.model, version.number, "deleted", old=source)


def set_tags(connection: Connection, version: Version, tags: Iterable[tuple[str, str]], author: Author) -> None:
    """Set tags, in place of those of the same keys."""
    for key, value in tags:
        old = _tag(connection, version, key)
        if old != value:
            registry_changes.add(connection, author, version.model, version.number, "tag", key=key, old=old, new=value)
        connection.execute(
            "INSERT INTO model_version_tag (model_version, key, value) VALUES (?, ?, ?)"
            " ON CONFLICT (model_version, key) DO UPDATE SET value = excluded.value",
            (version.row, key, value),
        )


def delete_tag(connection: Connection, version: Version, key: str, author: Author) -> bool:
    """Take a tag away, if it is there; whether it was."""
    old = _tag(connection, version, key)
    if old is not None:
        connection.execute("DELETE FROM model_version_tag WHERE model_version = ? AND key = ?", (version.row, key))
        registry_changes.add(connection, author, version.model, version.number, "tag", key=key, old=old)
    return old is not None


def _tag(connection: Connection, version: Version, key: str) -> str | None:
    row = connection.execute(
        "SELECT value FROM model_version_tag WHERE model_version = ? AND key = ?", (version.row, key)
    ).fetchone()
    return None if row is None else str(row[0])


def latest(connection: Connection, models: Sequence[int]) -> dict[int, int]:
    """The newest version of each stage of these registered models: its row, and its model's. Stages in the order of their oldest."""
    marks = ",".join("?" * len(models))
    rows = connection.execute(
        "SELECT newest.id, newest.registered_model, stage.oldest FROM"
        " (SELECT registered_model, max(version) AS version, min(version) AS oldest FROM model_version"
        f" WHERE registered_model IN ({marks}) GROUP BY registered_model, current_stage) AS stage"
        " JOIN model_version AS newest ON newest.registered_model = stage.registered_model AND newest.version = stage.version"
        " ORDER BY newest.registered_model, stage.oldest",
        models,
    )
    return {row: model for row, model, _ in rows}


def load_model_versions(connection: Connection, versions: Sequence[int]) -> list[ModelVersion]:
    """The versions of these rows, in this order."""
    loaded: list[ModelVersion] = []
    for start in range(0, len(versions), _MANY):
        loaded.extend(_load(connection, versions[start : start + _MANY]))
    return loaded


def _load(connection: Connection, versions: Sequence[int]) -> list[ModelVersion]:
    marks = ",".join("?" * len(versions))
    rows = connection.execute(
        "SELECT v.id, m.name, v.version, v.creation_timestamp, v.last_updated_timestamp, v.description, v.user_id, v.current_stage,"
        " v.source, v.run_id, v.status, v.status_message, v.run_link, v.model_id"
        f" FROM model_version AS v JOIN registered_model AS m ON m.id = v.registered_model WHERE v.id IN ({marks})",
        versions,
    )
    found: dict[int, ModelVersion] = {}
    for (
        row,
        name,
        number,
        created,
        updated,
        description,
        user,
        stage,
        source,
        run_id,
        status,
        message,
        link,
        model_id,
    ) in rows:
        found[row] = ModelVersion(
            name, str(number), created, updated, description, user, stage, source, run_id, status, message, [], link, [], model_id
        )  # fmt: skip
    tags = connection.execute(
        f"SELECT model_version, key, value FROM model_version_tag WHERE model_version IN ({marks})", versions
    )
    for row, key, value in tags:
        found[row]._tags.append(ModelVersionTag(key, value))
    aliases = connection.execute(
        "SELECT v.id, a.alias FROM model_version AS v JOIN registered_model_alias AS a"
        f" ON a.registered_model = v.registered_model AND a.version = v.version WHERE v.id IN ({marks}) ORDER BY a.alias",
        versions,
    )
    for row, alias in aliases:
        found[row].aliases.append(alias)
    return [found[version] for version in versions]
