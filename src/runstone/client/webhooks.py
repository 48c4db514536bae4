"""The client's methods on webhooks. One typed method per operation; MLflow's names and arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runstone.entities import PagedList

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.entities.webhook import Webhook, WebhookDelivery, WebhookEvent, WebhookStatus, WebhookTestResult


def create_webhook(
    self: Client,
    name: str,
    url: str,
    events: Sequence[str | WebhookEvent],
    description: str | None = None,
    secret: str | None = None,
    status: str | WebhookStatus | None = None,
) -> Webhook:
    """Have an address told of changes in the registry from now on, by the server of the store or by `deliver_webhooks`.

    Args:
        name: what it is called; letters, digits, '.', '_' and '-'.
        url: where events are sent: https, on the public network unless the operator of the store allows more.
        events: what it is told of, as "model_version.created".
        description: for people.
        secret: by it deliveries are signed (HMAC-SHA256); it is never given back.
        status: ACTIVE unless said; or DISABLED.

    Raises:
        InvalidParameter: events may not be sent there.
    """
    from runstone.entities.webhook import events_of
    from runstone.operations import webhooks

    request = webhooks.CreateWebhook(name, url, events_of(events), description, secret, _text(status))
    return self._transport.call(webhooks.create_webhook, request).webhook


def get_webhook(self: Client, webhook_id: str) -> Webhook:
    """The webhook, without its secret. Raises NotFound."""
    from runstone.operations import webhooks

    return self._transport.call(webhooks.get_webhook, webhooks.WebhookId(webhook_id)).webhook


def list_webhooks(self: Client, max_results: int | None = None, page_token: str | None = None) -> PagedList[Webhook]:
    """All webhooks, those made last first, a page at a time; without their secrets."""
    from runstone.operations import webhooks

    request = webhooks.ListWebhooks(100 if max_results is None else max_results, page_token or None)
    answer = self._transport.call(webhooks.list_webhooks, request)
    return PagedList(answer.webhooks, answer.next_page_token or None)


def update_webhook(
    self: Client,
    webhook_id: str,
    name: str | None = None,
    description: str | None = None,
    url: str | None = None,
    events: Sequence[str | WebhookEvent] | None = None,
    secret: str | None = None,
    status: str | WebhookStatus | None = None,
) -> Webhook:
    """Change what is given of a webhook; what waits for it is tried at once. An empty secret takes it away. Raises NotFound, InvalidParameter."""
    from runstone.entities.webhook import events_of
    from runstone.operations import webhooks

    request = webhooks.UpdateWebhook(webhook_id, name, description, url, events_of(events), secret, _text(status))
    return self._transport.call(webhooks.update_webhook, request).webhook


def delete_webhook(self: Client, webhook_id: str) -> None:
    """Delete a webhook, with what waits for it. Raises NotFound."""
    from runstone.operations import webhooks

    self._transport.call(webhooks.delete_webhook, webhooks.WebhookId(webhook_id))


def test_webhook(
    self: Client,
    webhook_id: str,
    event: str | WebhookEvent | None = None,  # noqa: PT028  # no test: MLflow's name
) -> WebhookTestResult:
    """Send an example of an event, the webhook's first unless said, and say what came of it. Raises NotFound."""
    from runstone.entities.webhook import events_of
    from runstone.operations import webhooks

    request = webhooks.TestWebhook(webhook_id, None if event is None else events_of([event])[0])
    return self._transport.call(webhooks.test_webhook, request).result


def list_webhook_deliveries(
    self: Client,
    webhook_id: str | None = None,
    state: str | None = None,
    max_results: int = 100,
    page_token: str | None = None,
) -> PagedList[WebhookDelivery]:
    """What is on its way to a webhook, or to all, and what has ended, the newest first; `state` is waiting, delivered or given up. (Ours.)"""
    from runstone.operations import webhook_deliveries

    request = webhook_deliveries.ListDeliveries(webhook_id, state, max_results, page_token)
    answer = self._transport.call(webhook_deliveries.list_webhook_deliveries, request)
    return PagedList(answer.deliveries, answer.next_page_token or None)


def deliver_webhooks(self: Client) -> int | None:
    """Send what waits now; a server does this by itself. How many still wait; None where another process sends them. (Ours.)"""
    from runstone.operations import webhook_deliveries
    from runstone.operations.table import Empty

    done = self._transport.call(webhook_deliveries.deliver_webhooks, Empty())
    return None if done.elsewhere else done.waiting


def _text(status: str | WebhookStatus | None) -> str | None:
    return None if status is None else str(status)
