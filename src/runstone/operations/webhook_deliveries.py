"""What can be asked of deliveries to webhooks: what became of them; and, where no server serves the store, that they are made."""

from __future__ import annotations

import msgspec

from runstone.entities.webhook import WebhookDelivery
from runstone.errors import InvalidParameter
from runstone.operations import model_rules
from runstone.operations.delivering import Deliverer
from runstone.operations.engine import Engine
from runstone.operations.table import Empty, operation
from runstone.store import webhook_deliveries, webhooks
from runstone.store.webhook_deliveries import DELIVERED, GIVEN_UP, WAITING

MOST_DELIVERIES = 1_000


class ListDeliveries(msgspec.Struct, omit_defaults=True):
    """Deliveries of a webhook, or of all; in a state, or in any; `page_token` as the page before gave it."""

    webhook_id: str | None = None
    state: str | None = None
    max_results: int = 100
    page_token: str | None = None


class DeliveryList(msgspec.Struct, omit_defaults=True):
    """A page of deliveries; no token on the last."""

    deliveries: list[WebhookDelivery] = []
    next_page_token: str | None = None


class Delivered(msgspec.Struct):
    """How many deliveries wait; `elsewhere` where another process, a server most likely, sends them."""

    waiting: int
    elsewhere: bool


@operation("GET", "/runstone/webhooks/deliveries", permission="manage")
def list_webhook_deliveries(engine: Engine, request: ListDeliveries) -> DeliveryList:
    """What waits and what has ended, the newest first. Raises NotFound for a webhook that is not there."""
    if request.state not in (None, WAITING, DELIVERED, GIVEN_UP):
        raise InvalidParameter(
            f"A delivery's state is {WAITING!r}, {DELIVERED!r} or {GIVEN_UP!r}, not {request.state[:40]!r}."
        )
    size = min(max(request.max_results, 1), MOST_DELIVERIES)
    before = model_rules.check_version(request.page_token) if request.page_token else None
    with engine.database.read() as connection:
        row = webhooks.require(connection, request.webhook_id) if request.webhook_id else None
        found = webhook_deliveries.page(connection, row, request.state, before, size + 1)
    token = str(found[size - 1][0]) if len(found) > size else None
    return DeliveryList([delivery for _, delivery in found[:size]], token)


@operation("POST", "/runstone/webhooks/deliver", permission="manage", alone=True)
def deliver_webhooks(engine: Engine, request: Empty) -> Delivered:
    """Send what waits, each webhook's in order, as far as receivers take it; a server does this by itself."""
    done = Deliverer(engine).once()
    with engine.database.read() as connection:
        return Delivered(webhook_deliveries.counted(connection), not done)
