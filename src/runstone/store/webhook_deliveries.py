"""What is on its way to webhooks, in SQL: written with the change that it tells of, taken off when the receiver has it. Sends nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from runstone.entities.webhook import WebhookDelivery
from runstone.store.database import Connection

WAITING, DELIVERED, GIVEN_UP = "waiting", "delivered", "given up"
# Deliveries that have ended and are kept to be looked at, of each webhook and state.
KEPT = {DELIVERED: 100, GIVEN_UP: 1_000}
# Deliveries that may wait for one webhook; beyond, the oldest are given up.
MOST_WAITING = 10_000

_COLUMNS = (
    "delivery_id, webhook.webhook_id, webhook_event.event, webhook_event.time, state, attempts, last_attempt, next_attempt, response_status,"
    " problem FROM webhook_delivery JOIN webhook ON webhook.id = webhook_delivery.webhook"
    " JOIN webhook_event ON webhook_event.id = webhook_delivery.event"
)


class Due(NamedTuple):
    """A delivery that may be sent now: the first that waits for its webhook. `secret` is sealed; `time` (ms) is the event's."""

    row: int
    webhook: int
    webhook_id: str
    url: str
    secret: str | None
    delivery_id: str
    event: int
    attempts: int
    time: int


def announce(connection: Connection, event: str, body: Callable[[], str], now: int) -> None:
    """Put an event on its way to every active webhook that is told of it. `body` is asked only where there are any."""
    told = connection.execute(
        "SELECT webhook.id FROM webhook_subscription JOIN webhook ON webhook.id = webhook_subscription.webhook"
        " WHERE event = ? AND status = 'ACTIVE' ORDER BY webhook.id",
        (event,),
    ).fetchall()
    if not told:
        return
    import uuid

    row = connection.execute(
        "INSERT INTO webhook_event (event, body, time) VALUES (?, ?, ?)", (event, body(), now)
    ).lastrowid
    connection.executemany(
        "INSERT INTO webhook_delivery (delivery_id, webhook, event, next_attempt) VALUES (?, ?, ?, ?)",
        [(str(uuid.uuid4()), webhook, row, now) for (webhook,) in told],
    )
    for (webhook,) in told:
        _bound(connection, webhook)


def due(connection: Connection, now: int) -> list[Due]:
    """The first delivery that waits for each active webhook, where it may be tried by now."""
    rows = connection.execute(
        "SELECT d.id, webhook.id, webhook.webhook_id, url, secret, d.delivery_id, d.event, d.attempts, webhook_event.time FROM webhook"
        " JOIN webhook_delivery AS d ON d.id ="
        "  (SELECT min(id) FROM webhook_delivery WHERE webhook = webhook.id AND state = 'waiting')"
        " JOIN webhook_event ON webhook_event.id = d.event WHERE webhook.status = 'ACTIVE' AND d.next_attempt <= ?",
        (now,),
    )
    return [Due(*row) for row in rows]


def body(connection: Connection, event: int) -> str:
    """What is to be sent of an event; the text that was given."""
    return str(connection.execute("SELECT body FROM webhook_event WHERE id = ?", (event,)).fetchone()[0])


def note(
    connection: Connection, delivery: Due, state: str, now: int, wait: int, status: int | None, problem: str | None
) -> None:
    """What became of an attempt; one that is to be tried again waits so long (ms). A delivery whose webhook was deleted is nobody's."""
    connection.execute(
        "UPDATE webhook_delivery SET state = ?, attempts = attempts + 1, last_attempt = ?, next_attempt = ?, response_status = ?, problem = ?"
        " WHERE id = ?",
        (state, now, now + wait, status, problem, delivery.row),
    )
    if state in KEPT:
        _forget(connection, delivery.webhook, state)


def _bound(connection: Connection, webhook: int) -> None:
    given_up = connection.execute(
        f"UPDATE webhook_delivery SET state = 'given up', problem = 'More than {MOST_WAITING} waited.' WHERE webhook = ?"
        " AND state = 'waiting' AND id <= (SELECT id FROM webhook_delivery WHERE webhook = ? AND state = 'waiting'"
        " ORDER BY id DESC LIMIT 1 OFFSET ?)",
        (webhook, webhook, MOST_WAITING),
    )
    if given_up.rowcount:
        _forget(connection, webhook, GIVEN_UP)


def _forget(connection: Connection, webhook: int, state: str) -> None:
    """Leave of what has ended so the newest."""
    connection.execute(
        "DELETE FROM webhook_delivery WHERE webhook = ? AND state = ? AND id <="
        " (SELECT id FROM webhook_delivery WHERE webhook = ? AND state = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
        (webhook, state, webhook, state, KEPT[state]),
    )


def give_up_idle(connection: Connection, before: int) -> None:
    """Give up what waits for webhooks that are switched off, of events before a time (ms)."""
    connection.execute(
        "UPDATE webhook_delivery SET state = 'given up', problem = 'The webhook was switched off.' WHERE state = 'waiting' AND webhook IN"
        " (SELECT id FROM webhook WHERE status <> 'ACTIVE') AND event IN (SELECT id FROM webhook_event WHERE time < ?)",
        (before,),
    )


def hasten(connection: Connection, webhook: int, now: int) -> None:
    """Have what waits for a webhook tried now."""
    connection.execute(
        "UPDATE webhook_delivery SET next_attempt = min(next_attempt, ?) WHERE webhook = ? AND state = 'waiting'",
        (now, webhook),
    )


def page(
    connection: Connection, webhook: int | None, state: str | None, before: int | None, limit: int
) -> list[tuple[int, WebhookDelivery]]:
    """Deliveries, the newest first, before one; of a webhook and in a state, where these are said."""
    conditions, values = ["webhook_delivery.id < coalesce(?, 9223372036854775807)"], [before]
    for column, value in (("webhook_delivery.webhook", webhook), ("state", state)):
        if value is not None:
            conditions.append(f"{column} = ?")
            values.append(value)  # type: ignore[arg-type]
    rows = connection.execute(
        f"SELECT webhook_delivery.id, {_COLUMNS} WHERE {' AND '.join(conditions)} ORDER BY webhook_delivery.id DESC LIMIT ?",
        (*values, limit),
    )
    return [(row[0], _delivery(row[1:])) for row in rows]


def last_tried(connection: Connection, webhook: int) -> WebhookDelivery | None:
    """The delivery of a webhook that was tried last."""
    row = connection.execute(
        f"SELECT {_COLUMNS} WHERE webhook_delivery.webhook = ? AND last_attempt IS NOT NULL ORDER BY last_attempt DESC, webhook_delivery.id DESC LIMIT 1",
        (webhook,),
    ).fetchone()
    return None if row is None else _delivery(row)


def counted(connection: Connection) -> int:
    """How many wait for active webhooks."""
    return int(
        connection.execute(
            "SELECT count(*) FROM webhook_delivery JOIN webhook ON webhook.id = webhook WHERE state = 'waiting' AND status = 'ACTIVE'"
        ).fetchone()[0]
    )


def _delivery(row: Sequence[object]) -> WebhookDelivery:
    found = WebhookDelivery(*row)  # type: ignore[arg-type]
    if found.state != WAITING:
        found.next_attempt = None
    return found
