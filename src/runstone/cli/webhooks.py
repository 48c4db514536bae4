"""`runstone models webhooks`: who is told of changes in the registry, and what became of what they were told."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from runstone.cli.asking import agreed, yes_option
from runstone.cli.finding import reader
from runstone.cli.grouping import Group
from runstone.cli.output import age, for_people, json_option, moment, show, show_json
from runstone.errors import NotFound, from_os_error

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.entities.webhook import Webhook, WebhookDelivery

_EVENT = click.option(
    "--event", "events", multiple=True, help="What it is told of, as model_version.created; may be repeated."
)
_SECRET = click.option(
    "--secret-file",
    metavar="FILE",
    type=click.File("r"),
    help="Whose first line is the secret that deliveries are signed with; - is stdin.",
)
_DESCRIPTION = click.option("--description", help="For people.")


@click.group(cls=Group)
def webhooks() -> None:
    """Addresses that are told of changes in the registry.

    WEBHOOK is a webhook's id or its name. Without a command: list them.
    """


@webhooks.command("list")
@json_option
def list_webhooks(as_json: bool) -> None:
    """All webhooks, those made last first, with what became of the delivery that was tried last."""
    found = _all(reader())
    if as_json:
        show_json([_plain(webhook) for webhook in found])
        return
    rows = [
        {
            "name": webhook.name,
            "status": webhook.status,
            "last": _outcome(webhook.last_delivery),
            "tried": _when(webhook.last_delivery.last_attempt) if webhook.last_delivery else None,
            "events": ", ".join(map(str, webhook.events)),
            "url": webhook.url,
            "id": webhook.webhook_id,
        }
        for webhook in found
    ]
    show(
        rows,
        False,
        "No webhooks here: `runstone models webhooks create NAME URL --event model_version.created` makes one.",
    )


@webhooks.command()
@click.argument("name")
@click.argument("url")
@_EVENT
@_DESCRIPTION
@_SECRET
@json_option
def create(
    name: str, url: str, events: tuple[str, ...], description: str | None, secret_file: Any, as_json: bool
) -> None:
    """Have URL told of what happens from now on."""
    if not events:
        raise click.UsageError("Say --event, e.g. --event model_version.created; it may be repeated.")
    made = reader().create_webhook(name, url, list(events), description, _secret(secret_file))
    _show_one(made, as_json)


@webhooks.command()
@click.argument("webhook")
@click.option("--name", help="Another name.")
@click.option("--url", help="Another address.")
@_EVENT
@_DESCRIPTION
@_SECRET
@click.option("--no-secret", is_flag=True, help="Sign no more.")
@click.option("--on/--off", "on", default=None, help="Whether it is told of anything.")
@json_option
def update(
    webhook: str,
    name: str | None,
    url: str | None,
    events: tuple[str, ...],
    description: str | None,
    secret_file: Any,
    no_secret: bool,
    on: bool | None,
    as_json: bool,
) -> None:
    """Change a webhook; events are told in place of those that it was told of. What waits for it is tried at once."""
    if secret_file is not None and no_secret:
        raise click.UsageError("--secret-file and --no-secret exclude each other.")
    store = reader()
    status = None if on is None else ("ACTIVE" if on else "DISABLED")
    secret = "" if no_secret else _secret(secret_file)
    changed = store.update_webhook(
        _find(store, webhook).webhook_id, name, description, url, list(events) or None, secret, status
    )
    _show_one(changed, as_json)


@webhooks.command()
@click.argument("webhook")
@yes_option
def delete(webhook: str, yes: bool) -> int | None:
    """Delete a webhook, with what waits for it."""
    store = reader()
    found = _find(store, webhook)
    if not agreed(f"Delete the webhook {found.name}?", yes):
        return 1
    store.delete_webhook(found.webhook_id)
    print(f"{found.name} is deleted")
    return None


@webhooks.command()
@click.argument("webhook")
@click.option("--event", help="The event that is sent; its first unless said.")
@json_option
def test(webhook: str, event: str | None, as_json: bool) -> int | None:
    """Send an example of an event now. Exit code 1 where the receiver does not take it."""
    store = reader()
    result = store.test_webhook(_find(store, webhook).webhook_id, event)
    if as_json:
        show_json(result.to_dictionary())
    else:
        print(f"delivered: {result.response_status}" if result.success else f"not delivered: {result.error_message}")
    return None if result.success else 1


@webhooks.command()
@click.argument("webhook", default="")
@click.option("--state", type=click.Choice(["waiting", "delivered", "given up"]), help="Only those in it.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1_000), help="So many at the most.")
@json_option
def deliveries(webhook: str, state: str | None, limit: int, as_json: bool) -> None:
    """What is on its way to a webhook, or to all, and what has ended, the newest first."""
    store = reader()
    names = {one.webhook_id: one.name for one in _all(store)}
    found = store.list_webhook_deliveries(_find(store, webhook).webhook_id if webhook else None, state, limit)
    if as_json:
        show_json([delivery.to_dictionary() for delivery in found])
        return
    rows = [
        {
            "time": moment(delivery.creation_timestamp),
            "webhook": names.get(delivery.webhook_id, delivery.webhook_id),
            "event": delivery.event,
            "state": delivery.state,
            "attempts": delivery.attempts,
            "status": delivery.response_status,
            "delivery": delivery.delivery_id,
            "problem": delivery.problem,
        }
        for delivery in found
    ]
    show(rows, False, "No deliveries here.")
    if found.token is not None:
        print(f"There are more: `--limit {min(limit * 10, 1_000)}` shows them.", file=sys.stderr)


@webhooks.command()
def deliver() -> int | None:
    """Send what waits, for a store that no server serves. Exit code 1 where something still waits."""
    waiting = reader().deliver_webhooks()
    if waiting is None:
        print("another process sends what waits")
        return None
    print(
        f"{waiting} {'waits' if waiting == 1 else 'wait'}: `runstone models webhooks deliveries` says why"
        if waiting
        else "nothing waits"
    )
    return 1 if waiting else None


def _all(store: Client) -> list[Webhook]:
    return list(store.list_webhooks(1_000))


def _find(store: Client, name: str) -> Webhook:
    found = [webhook for webhook in _all(store) if name in (webhook.webhook_id, webhook.name)]
    if not found:
        raise NotFound(f"There is no webhook {name!r}. `runstone models webhooks` lists them.")
    if len(found) > 1:
        raise NotFound(
            f"Several webhooks are called {name!r}. Say which by its id: `runstone models webhooks` lists them."
        )
    return found[0]


def _secret(file: Any) -> str | None:
    if file is None:
        return None
    try:
        text: str = file.readline().strip()
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError):
            raise from_os_error(error, "Reading the secret") from error
        raise click.UsageError("The file of the secret is no text.") from None
    if not text:
        raise click.UsageError("The file of the secret has an empty first line.")
    return text


def _show_one(webhook: Webhook, as_json: bool) -> None:
    if as_json:
        show_json(_plain(webhook))
    else:
        print(f"{webhook.name} ({webhook.webhook_id}): {', '.join(map(str, webhook.events))} to {webhook.url}")


def _plain(webhook: Webhook) -> dict[str, Any]:
    shown = webhook.to_dictionary()
    del shown["secret"]
    return {**shown, "events": [str(event) for event in webhook.events]}


def _outcome(delivery: WebhookDelivery | None) -> str | None:
    if delivery is None:
        return None
    return delivery.state if delivery.response_status is None else f"{delivery.state} ({delivery.response_status})"


def _when(milliseconds: int | None) -> str | None:
    return age(milliseconds) if for_people() else moment(milliseconds)
