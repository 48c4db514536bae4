"""What webhooks are told of: each event's fields, which are MLflow's, written in the transaction of the change. Knows nothing of receivers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from runstone.store import webhook_deliveries
from runstone.store.database import Connection

Data = Mapping[str, object]


def registered_model_created(
    connection: Connection, name: str, tags: list[tuple[str, str]], description: str | None, now: int
) -> None:
    """A registered model was made."""
    data = {"name": name, "tags": dict(tags), "description": description or ""}
    _announce(connection, "registered_model", "created", data, now)


def model_version_created(
    connection: Connection,
    name: str,
    number: int,
    source: str,
    run_id: str | None,
    tags: list[tuple[str, str]],
    description: str | None,
    now: int,
) -> None:
    """A version was made."""
    data = {
        "name": name,
        "version": str(number),
        "source": source,
        "run_id": run_id or None,
        "tags": dict(tags),
        "description": description or None,
    }
    _announce(connection, "model_version", "created", data, now)


def version_tag_set(connection: Connection, name: str, number: int, key: str, value: str, now: int) -> None:
    """A version's tag was set, also to the value that it had."""
    data = {"name": name, "version": str(number), "key": key, "value": value}
    _announce(connection, "model_version_tag", "set", data, now)


def version_tag_deleted(connection: Connection, name: str, number: int, key: str, now: int) -> None:
    """A version's tag was taken away."""
    _announce(connection, "model_version_tag", "deleted", {"name": name, "version": str(number), "key": key}, now)


def alias_set(connection: Connection, name: str, alias: str, number: int, now: int) -> None:
    """An alias was pointed to a version, also to the one that it pointed to."""
    _announce(connection, "model_version_alias", "created", {"name": name, "alias": alias, "version": str(number)}, now)


def alias_deleted(connection: Connection, name: str, alias: str, now: int) -> None:
    """An alias was taken away."""
    _announce(connection, "model_version_alias", "deleted", {"name": name, "alias": alias}, now)


def text(entity: str, action: str, data: Data, now: int) -> str:
    """What is sent of an event; `now` (ms) is when it happened."""
    when = datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="microseconds")
    return json.dumps({"entity": entity, "action": action, "timestamp": when, "data": data})


def example(entity: str, action: str, now: int) -> str:
    """What a webhook's test sends: an event of this kind that did not happen."""
    return text(entity, action, _EXAMPLES[f"{entity}.{action}"], now)


def _announce(connection: Connection, entity: str, action: str, data: Data, now: int) -> None:
    webhook_deliveries.announce(connection, f"{entity}.{action}", lambda: text(entity, action, data, now), now)


_EXAMPLES: dict[str, Data] = {
    "registered_model.created": {"name": "test", "tags": {"test": "true"}, "description": "A test of the webhook"},
    "model_version.created": {
        "name": "test",
        "version": "1",
        "source": "models:/m-00000000000000000000000000000000",
        "run_id": "00000000000000000000000000000000",
        "tags": {"test": "true"},
        "description": "A test of the webhook",
    },
    "model_version_tag.set": {"name": "test", "version": "1", "key": "test", "value": "true"},
    "model_version_tag.deleted": {"name": "test", "version": "1", "key": "test"},
    "model_version_alias.created": {"name": "test", "alias": "test", "version": "1"},
    "model_version_alias.deleted": {"name": "test", "alias": "test"},
}
