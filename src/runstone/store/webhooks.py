"""Webhooks in SQL. Knows nothing of who asks, nor of what secrets are: it keeps what it is given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runstone.entities.webhook import EVENTS, Webhook, WebhookEvent, WebhookStatus
from runstone.errors import NotFound
from runstone.store import webhook_deliveries
from runstone.store.database import Connection


def insert(connection: Connection, webhook: Webhook, sealed: str | None) -> None:
    """A new webhook."""
    row = connection.execute(
        "INSERT INTO webhook (webhook_id, name, url, description, secret, status, creation_timestamp, last_updated_timestamp)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            webhook.webhook_id, webhook.name, webhook.url, webhook.description, sealed, str(webhook.status),
            webhook.creation_timestamp, webhook.last_updated_timestamp,
        ),
    ).lastrowid  # fmt: skip
    assert row is not None
    subscribe(connection, row, webhook.events)


def count(connection: Connection) -> int:
    """How many there are."""
    return int(connection.execute("SELECT count(*) FROM webhook").fetchone()[0])


def require(connection: Connection, webhook_id: str) -> int:
    """The webhook's row. Raises NotFound."""
    row = connection.execute("SELECT id FROM webhook WHERE webhook_id = ?", (webhook_id,)).fetchone()
    if row is None:
        raise NotFound(f"Webhook with ID {webhook_id} not found. list_webhooks() lists those that there are.")
    return int(row[0])


def page(connection: Connection, before: int | None, limit: int) -> list[int]:
    """Rows, those made last first, before one."""
    rows = connection.execute(
        "SELECT id FROM webhook WHERE id < coalesce(?, 9223372036854775807) ORDER BY id DESC LIMIT ?", (before, limit)
    )
    return [row for (row,) in rows]


def load_webhooks(connection: Connection, rows: Sequence[int]) -> list[Webhook]:
    """The webhooks of these rows, in this order."""
    return [_load(connection, row) for row in rows]


def sealed_secret(connection: Connection, row: int) -> str | None:
    """A webhook's secret, as it was given to be kept."""
    secret: str | None = connection.execute("SELECT secret FROM webhook WHERE id = ?", (row,)).fetchone()[0]
    return secret


def update(connection: Connection, row: int, now: int, changes: Iterable[tuple[str, str | None]]) -> None:
    """Set columns, and try at once what waits."""
    for column, value in changes:
        connection.execute(f"UPDATE webhook SET {column} = ? WHERE id = ?", (value, row))
    connection.execute("UPDATE webhook SET last_updated_timestamp = ? WHERE id = ?", (now, row))
    webhook_deliveries.hasten(connection, row, now)


def subscribe(connection: Connection, row: int, events: Iterable[WebhookEvent]) -> None:
    """Have it told of these events, and of no others."""
    connection.execute("DELETE FROM webhook_subscription WHERE webhook = ?", (row,))
    connection.executemany(
        "INSERT INTO webhook_subscription (event, webhook) VALUES (?, ?)", [(str(event), row) for event in events]
    )


def delete(connection: Connection, row: int) -> None:
    """Delete it with what waits for it."""
    connection.execute("DELETE FROM webhook WHERE id = ?", (row,))


def _load(connection: Connection, row: int) -> Webhook:
    webhook_id, name, url, description, status, created, updated = connection.execute(
        "SELECT webhook_id, name, url, description, status, creation_timestamp, last_updated_timestamp FROM webhook WHERE id = ?",
        (row,),
    ).fetchone()
    told = {
        event for (event,) in connection.execute("SELECT event FROM webhook_subscription WHERE webhook = ?", (row,))
    }
    events = [WebhookEvent.from_str(event) for event in EVENTS if event in told]
    last = webhook_deliveries.last_tried(connection, row)
    return Webhook(webhook_id, name, url, events, created, updated, description, WebhookStatus(status), None, last)
