"""What can be asked of webhooks: made, listed, changed, deleted, tested. Messages in MLflow's wire shape; the rules.

A secret goes in and never comes out. Who may see webhooks may manage them: an address often is a secret, too.
"""

from __future__ import annotations

import re
import time
import uuid

import msgspec

from runstone import settings
from runstone.entities.webhook import EVENTS, Webhook, WebhookEvent, WebhookStatus, WebhookTestResult, events_of
from runstone.errors import InvalidParameter, RunstoneError
from runstone.operations import model_rules, rules, webhook_events
from runstone.operations.delivering import MOST_WEBHOOKS, attempt
from runstone.operations.engine import Engine
from runstone.operations.table import Empty, operation
from runstone.store import webhooks
from runstone.webhooks import places, reachable
from runstone.webhooks.secrets import SECRET_LENGTH, seal

MOST_RESULTS = 1_000
DESCRIPTION_LENGTH = 1_000
_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?", re.IGNORECASE | re.ASCII)


class CreateWebhook(msgspec.Struct, omit_defaults=True):
    """Where to send which events; with a secret they are signed."""

    name: str | None = None
    url: str | None = None
    events: list[WebhookEvent] = []
    description: str | None = None
    secret: str | None = None
    status: str | None = None

    def __repr__(self) -> str:
        return f"CreateWebhook(name={self.name!r})"  # the secret is in no traceback


class WebhookId(msgspec.Struct, omit_defaults=True):
    """One webhook."""

    webhook_id: str | None = None


class WebhookAnswer(msgspec.Struct, omit_defaults=True):
    """One webhook."""

    webhook: Webhook


class ListWebhooks(msgspec.Struct, omit_defaults=True):
    """A page of webhooks; `page_token` as the page before gave it."""

    max_results: int = 100
    page_token: str | None = None


class WebhookList(msgspec.Struct, omit_defaults=True):
    """A page of webhooks; no token on the last."""

    webhooks: list[Webhook] = []
    next_page_token: str | None = None


class UpdateWebhook(msgspec.Struct, omit_defaults=True):
    """What is to be another; what is left out stays. An empty secret takes it away."""

    webhook_id: str | None = None
    name: str | None = None
    description: str | None = None
    url: str | None = None
    events: list[WebhookEvent] = []
    secret: str | None = None
    status: str | None = None

    def __repr__(self) -> str:
        return f"UpdateWebhook(webhook_id={self.webhook_id!r})"  # as above


class TestWebhook(msgspec.Struct, omit_defaults=True):
    """Which webhook to test, and by which event: one that it is told of, unless said."""

    __test__ = False  # pytest takes it for a test

    webhook_id: str | None = None
    event: WebhookEvent | None = None


class TestAnswer(msgspec.Struct, omit_defaults=True):
    """What became of a test."""

    __test__ = False

    result: WebhookTestResult


@operation("POST", "/mlflow/webhooks", permission="manage", alone=True)
def create_webhook(engine: Engine, request: CreateWebhook) -> WebhookAnswer:
    """A new webhook, told of what happens from now on. Raises InvalidParameter for an address that events may not go to."""
    webhook_id, now = str(uuid.uuid4()), engine.now()
    events = _events(request.events)
    if not events:
        raise InvalidParameter("A webhook needs the 'events' that it is to be told of, one at least.")
    webhook = Webhook(
        webhook_id, _name(request.name), _url(request.url), events, now, now, _description(request.description), _status(request.status)
    )  # fmt: skip
    sealed = _sealed(engine, webhook_id, request.secret)
    with engine.database.write() as connection:
        if webhooks.count(connection) >= MOST_WEBHOOKS:
            raise InvalidParameter(
                f"There are {MOST_WEBHOOKS} webhooks here, and there may be no more. Delete one first."
            )
        webhooks.insert(connection, webhook, sealed)
        return WebhookAnswer(webhook)


@operation("GET", "/mlflow/webhooks/{webhook_id}", permission="manage")
def get_webhook(engine: Engine, request: WebhookId) -> WebhookAnswer:
    """One webhook, without its secret. Raises NotFound."""
    webhook_id = model_rules.required("webhook_id", request.webhook_id)
    with engine.database.read() as connection:
        return WebhookAnswer(webhooks.load_webhooks(connection, [webhooks.require(connection, webhook_id)])[0])


@operation("GET", "/mlflow/webhooks", permission="manage")
def list_webhooks(engine: Engine, request: ListWebhooks) -> WebhookList:
    """All webhooks, those made last first, without their secrets."""
    if not 1 <= (request.max_results or 100) <= MOST_RESULTS:
        raise rules.invalid("max_results", request.max_results, f"It is a number from 1 to {MOST_RESULTS}.")
    size = request.max_results or 100
    before = model_rules.check_version(request.page_token) if request.page_token else None
    with engine.database.read() as connection:
        rows = webhooks.page(connection, before, size + 1)
        found = webhooks.load_webhooks(connection, rows[:size])
    return WebhookList(found, str(rows[size - 1]) if len(rows) > size else None)


@operation("PATCH", "/mlflow/webhooks/{webhook_id}", permission="manage", alone=True)
def update_webhook(engine: Engine, request: UpdateWebhook) -> WebhookAnswer:
    """Change a webhook; what waits for it is tried at once. Raises NotFound, InvalidParameter as `create_webhook` does."""
    webhook_id = model_rules.required("webhook_id", request.webhook_id)
    changes: list[tuple[str, str | None]] = []
    if request.name:
        changes.append(("name", _name(request.name)))
    if request.url:
        changes.append(("url", _url(request.url)))
    if request.description is not None:
        changes.append(("description", _description(request.description)))
    if request.secret is not None:
        changes.append(("secret", _sealed(engine, webhook_id, request.secret)))
    if request.status is not None:
        changes.append(("status", str(_status(request.status))))
    events = _events(request.events)
    with engine.database.write() as connection:
        row = webhooks.require(connection, webhook_id)
        webhooks.update(connection, row, engine.now(), changes)
        if events:
            webhooks.subscribe(connection, row, events)
        return WebhookAnswer(webhooks.load_webhooks(connection, [row])[0])


@operation("DELETE", "/mlflow/webhooks/{webhook_id}", permission="manage")
def delete_webhook(engine: Engine, request: WebhookId) -> Empty:
    """Delete a webhook with its secret and what waits for it. Raises NotFound."""
    webhook_id = model_rules.required("webhook_id", request.webhook_id)
    with engine.database.write() as connection:
        webhooks.delete(connection, webhooks.require(connection, webhook_id))
    return Empty()


@operation("POST", "/mlflow/webhooks/{webhook_id}/test", permission="manage", alone=True)
def test_webhook(engine: Engine, request: TestWebhook) -> TestAnswer:
    """Send an example of an event now, once, and say what came of it. Raises NotFound."""
    webhook_id = model_rules.required("webhook_id", request.webhook_id)
    with engine.database.read() as connection:
        row = webhooks.require(connection, webhook_id)
        webhook = webhooks.load_webhooks(connection, [row])[0]
        sealed = webhooks.sealed_secret(connection, row)
    event = request.event or webhook.events[0]
    _events([event])
    body = webhook_events.example(event.entity, event.action, engine.now())
    outcome = attempt(engine.folder, webhook_id, webhook.url, sealed, str(uuid.uuid4()), body.encode(), time.time())
    return TestAnswer(WebhookTestResult(outcome.problem is None, outcome.status, None, outcome.problem))


test_webhook.__test__ = False  # type: ignore[attr-defined]  # an operation, whatever pytest takes its name for


def _name(name: str | None) -> str:
    text = model_rules.required("name", name)
    if not _NAME.fullmatch(text):
        raise InvalidParameter(
            f"Invalid webhook name {text[:80]!r}: it begins and ends with a letter or digit, has at most 63 characters, and of others only "
            "'.', '_' and '-'."
        )
    return text


def _events(given: list[WebhookEvent]) -> list[WebhookEvent]:
    """Each once, in their order here; or InvalidParameter for one that never happens."""
    events = events_of(given)
    for event in events:
        if str(event) not in EVENTS:
            raise InvalidParameter(
                f"The event {str(event)!r} never happens here. Webhooks are told of: {', '.join(EVENTS)}."
            )
    return events


def _url(url: str | None) -> str:
    place = places.read(url)
    try:
        reachable.addresses_of(place, settings.WEBHOOK_TIMEOUT.read())
    except RunstoneError as error:
        raise InvalidParameter(error.message) from None
    assert url is not None
    return url


def _description(description: str | None) -> str | None:
    if description:
        rules.check_text("The description", description)
        if len(description) > DESCRIPTION_LENGTH:
            raise InvalidParameter(
                f"The webhook's description has {len(description)} characters, and may have {DESCRIPTION_LENGTH}. Shorten it."
            )
    return description or None


def _status(status: str | None) -> WebhookStatus:
    try:
        return WebhookStatus(str(status or WebhookStatus.ACTIVE).upper())
    except ValueError:
        raise rules.invalid("status", status, "It is ACTIVE or DISABLED.") from None


def _sealed(engine: Engine, webhook_id: str, secret: str | None) -> str | None:
    if not secret:
        return None
    if len(secret) > SECRET_LENGTH or not secret.isprintable():
        raise InvalidParameter(f"A webhook's secret is a printable text of at most {SECRET_LENGTH} characters.")
    try:
        secret.encode()
    except UnicodeEncodeError:
        raise InvalidParameter("A webhook's secret is a text that can be written as UTF-8.") from None
    return seal(secret, webhook_id, engine.folder)
