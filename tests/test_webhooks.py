"""Webhooks: made, listed, changed and deleted; what they are told, in which order, and signed; secrets that nobody gets back."""

from __future__ import annotations

import os
import sqlite3
import stat
import urllib.error
from pathlib import Path

import pytest
from tests.support.receivers import Got, Receiver
from tests.support.receivers import receiver as receiver
from tests.support.servers import ask
from tests.support.within import ServerWithin
from tests.test_registered_models import version_of

import runstone
from runstone.client import Client
from runstone.entities.webhook import EVENTS, Webhook, WebhookEvent
from runstone.errors import InvalidParameter, NotFound
from runstone.webhooks import secrets

pytestmark = pytest.mark.everywhere
SECRET = "s3cr3t-of-the-hook"


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_WEBHOOK_SCHEMES", "http,https")
    monkeypatch.setenv("RUNSTONE_WEBHOOK_HOSTS", "127.0.0.1")


@pytest.fixture
def client(allowed: None, store_at: str) -> Client:
    return runstone.Client()


def told(client: Client, receiver: Receiver, count: int) -> list[Got]:
    """What the receiver got, when it was so much: sent by the server, or, in a folder, when asked to."""
    client.deliver_webhooks()
    return receiver.wait(count)


def hook(client: Client, receiver: Receiver, *events: str, secret: str | None = SECRET) -> Webhook:
    return client.create_webhook("hook", receiver.url, events or EVENTS, "for tests", secret)


def test_a_webhook_has_what_it_was_made_with_but_for_its_secret(client: Client, receiver: Receiver) -> None:
    made = hook(client, receiver, "model_version.created", "registered_model.created")
    assert (made.name, made.url, made.description, made.status) == ("hook", receiver.url, "for tests", "ACTIVE")
    assert [str(event) for event in made.events] == ["registered_model.created", "model_version.created"]
    assert made.creation_timestamp == made.last_updated_timestamp
    assert client.get_webhook(made.webhook_id) == made
    assert client.list_webhooks() == [made]
    assert made.secret is None
    assert SECRET not in repr(made) + str(made.to_dictionary())


def test_all_that_happens_is_told_in_order_and_signed(client: Client, receiver: Receiver) -> None:
    hook(client, receiver)
    client.create_registered_model("forest", {"team": "vision"}, "of trees")
    model = client.create_logged_model("0")
    client.create_model_version("forest", f"models:/{model.model_id}", tags={"a": "1"}, description="first")
    client.set_model_version_tag("forest", "1", "checked", "yes")
    client.set_registered_model_alias("forest", "champion", "1")
    client.delete_model_version_tag("forest", "1", "checked")
    client.delete_registered_model_alias("forest", "champion")
    client.delete_registered_model_alias("forest", "champion")  # was not there: nothing happened
    client.set_registered_model_alias("forest", "last", "1")
    got = told(client, receiver, 7)
    assert [(one.event, one.said["data"]) for one in got] == [
        ("registered_model.created", {"name": "forest", "tags": {"team": "vision"}, "description": "of trees"}),
        (
            "model_version.created",
            {
                "name": "forest", "version": "1", "source": f"models:/{model.model_id}", "run_id": None, "tags": {"a": "1"},
                "description": "first",
            },
        ),
        ("model_version_tag.set", {"name": "forest", "version": "1", "key": "checked", "value": "yes"}),
        ("model_version_alias.created", {"name": "forest", "alias": "champion", "version": "1"}),
        ("model_version_tag.deleted", {"name": "forest", "version": "1", "key": "checked"}),
        ("model_version_alias.deleted", {"name": "forest", "alias": "champion"}),
        ("model_version_alias.created", {"name": "forest", "alias": "last", "version": "1"}),
    ]  # fmt: skip
    assert all(one.is_signed_by(SECRET) and not one.is_signed_by("another") for one in got)
    assert len({one.delivery for one in got}) == 7


def test_what_a_refused_change_would_have_told_is_told_to_nobody(client: Client, receiver: Receiver) -> None:
    hook(client, receiver)
    client.create_registered_model("forest")
    for refused in (
        lambda: client.create_registered_model("forest"),
        lambda: client.create_model_version("forest", "/etc/passwd"),
        lambda: client.set_registered_model_alias("forest", "champion", "9"),
    ):
        with pytest.raises((ValueError, LookupError)):
            refused()
    client.create_registered_model("tree")
    assert [one.said["data"]["name"] for one in told(client, receiver, 2)] == ["forest", "tree"]


def test_only_what_was_asked_for_is_told_and_unsigned_without_a_secret(client: Client, receiver: Receiver) -> None:
    made = hook(client, receiver, "model_version_alias.created", secret=None)
    version_of(client, "forest")
    client.set_registered_model_alias("forest", "champion", "1")
    (got,) = told(client, receiver, 1)
    assert (got.event, got.headers.get("X-MLflow-Signature")) == ("model_version_alias.created", None)
    client.update_webhook(made.webhook_id, events=["model_version.created"], secret=SECRET)
    client.set_registered_model_alias("forest", "other", "1")
    version_of(client, "forest")
    got = told(client, receiver, 2)[1]
    assert got.event == "model_version.created"
    assert got.is_signed_by(SECRET)
    client.update_webhook(made.webhook_id, secret="")
    version_of(client, "forest")
    assert "X-MLflow-Signature" not in told(client, receiver, 3)[2].headers


def test_a_disabled_webhook_is_told_of_nothing_and_a_deleted_one_is_gone(client: Client, receiver: Receiver) -> None:
    made = hook(client, receiver)
    assert client.update_webhook(made.webhook_id, status="DISABLED").status == "DISABLED"
    client.create_registered_model("unheard")
    client.update_webhook(made.webhook_id, status="ACTIVE")
    client.create_registered_model("heard")
    assert [one.said["data"]["name"] for one in told(client, receiver, 1)] == ["heard"]
    client.delete_webhook(made.webhook_id)
    client.create_registered_model("too late")
    assert client.list_webhooks() == []
    assert client.list_webhook_deliveries() == []
    for missing in (client.get_webhook, client.delete_webhook, client.test_webhook, client.update_webhook):
        with pytest.raises(NotFound):
            missing(made.webhook_id)


def test_a_test_says_what_came_of_it_and_not_what_was_answered(client: Client, receiver: Receiver) -> None:
    made = hook(client, receiver)
    for event in EVENTS:
        result = client.test_webhook(made.webhook_id, event)
        assert (result.success, result.response_status, result.response_body, result.error_message) == (
            True,
            200,
            None,
            None,
        )
    assert [one.event for one in receiver.got] == list(EVENTS)
    assert all(one.is_signed_by(SECRET) for one in receiver.got)
    receiver.answers = lambda got: 500
    result = client.test_webhook(made.webhook_id)
    assert (result.success, result.response_status, result.response_body) == (False, 500, None)
    assert "500" in str(result.error_message)


def test_webhooks_come_in_pages_the_newest_first(client: Client, receiver: Receiver) -> None:
    made = [client.create_webhook(f"hook{number}", receiver.url, ["model_version.created"]) for number in range(5)]
    page = client.list_webhooks(2)
    found = list(page)
    while page.token:
        page = client.list_webhooks(2, page.token)
        found += page
    assert [one.webhook_id for one in found] == [one.webhook_id for one in reversed(made)]


@pytest.mark.folder
@pytest.mark.parametrize(
    "event", ["prompt.created", "budget_policy.exceeded", "model_version.set", "", "x", "model_version"]
)
def test_an_event_that_never_happens_here_is_refused(client: Client, receiver: Receiver, event: str) -> None:
    made = hook(client, receiver)
    with pytest.raises(InvalidParameter, match="told of"):
        client.create_webhook("hook", receiver.url, [event])
    with pytest.raises(InvalidParameter, match="told of"):
        client.update_webhook(made.webhook_id, events=[event])
    with pytest.raises(InvalidParameter, match="told of"):
        client.test_webhook(made.webhook_id, event)


@pytest.mark.folder
@pytest.mark.parametrize("name", ["", "-a", "a-", "a b", "a/b", "a" * 64, "\0", "é"])
def test_a_name_is_letters_digits_and_few_marks(client: Client, receiver: Receiver, name: str) -> None:
    with pytest.raises(InvalidParameter):
        client.create_webhook(name, receiver.url, ["model_version.created"])


@pytest.mark.folder
@pytest.mark.parametrize("secret", ["a\nb", "a" * 1_001, "\x7f"])
def test_a_secret_that_cannot_be_kept_is_refused_and_not_shown(client: Client, receiver: Receiver, secret: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        client.create_webhook("hook", receiver.url, ["model_version.created"], secret=secret)
    assert secret not in str(refused.value)


@pytest.mark.folder
def test_events_are_mlflows_words() -> None:
    event = WebhookEvent("model_version_tag", "set")
    assert (event.entity, event.action, str(event)) == ("model_version_tag", "set", "model_version_tag.set")
    assert event == WebhookEvent.from_str("model_version_tag.set")
    assert len({event, WebhookEvent.from_str("model_version_tag.set")}) == 1


def _folder(tmp_path: Path, store_at: str) -> Path:
    return tmp_path / ("served" if store_at == "server" else ".runstone")


@pytest.mark.folder
@pytest.mark.parametrize("field", ["secret", "url"])
@pytest.mark.parametrize("value", [271828182845, ["271828182845"], {"a": "271828182845"}])
def test_a_secret_of_a_wrong_type_is_refused_and_not_shown(tmp_path: Path, field: str, value: object) -> None:
    server = ServerWithin(tmp_path / "served")
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(server, "/api/2.0/mlflow/webhooks", {"name": "hook", field: value})
    text = refused.value.read().decode()
    server.stop()
    assert (f"'{field}'" in text, "271828182845" in text) == (True, False)


def test_a_copy_of_the_database_does_not_hold_the_secret(
    client: Client, receiver: Receiver, tmp_path: Path, store_at: str
) -> None:
    hook(client, receiver)
    folder = _folder(tmp_path, store_at)
    for path in folder.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path
    assert stat.S_IMODE((folder / secrets.KEY_FILE).stat().st_mode) == 0o600
    sealed = sqlite3.connect(folder / "runstone.db")
    (text,) = sealed.execute("SELECT secret FROM webhook").fetchone()
    sealed.close()
    assert SECRET[:6] not in text


def test_a_secret_whose_key_is_lost_is_never_replaced_by_no_signature(
    client: Client, receiver: Receiver, tmp_path: Path, store_at: str
) -> None:
    made = hook(client, receiver)
    os.unlink(_folder(tmp_path, store_at) / secrets.KEY_FILE)
    result = client.test_webhook(made.webhook_id)
    assert not result.success
    assert "secret cannot be read" in str(result.error_message)
    assert receiver.got == []
    client.update_webhook(made.webhook_id, secret="another")
    assert client.test_webhook(made.webhook_id).success
    assert receiver.got[0].is_signed_by("another")


def test_an_operators_key_seals_and_older_ones_open(
    client: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, store_at: str
) -> None:
    old, new = "k" * 44, "l" * 44
    monkeypatch.setenv("MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY", old)
    made = hook(client, receiver)
    assert not (_folder(tmp_path, store_at) / secrets.KEY_FILE).exists()
    monkeypatch.setenv("RUNSTONE_WEBHOOK_KEY", f"{new},{old}")
    assert client.test_webhook(made.webhook_id).success
    client.update_webhook(made.webhook_id, secret=SECRET)
    monkeypatch.setenv("RUNSTONE_WEBHOOK_KEY", new)
    assert client.test_webhook(made.webhook_id).success
    monkeypatch.setenv("RUNSTONE_WEBHOOK_KEY", "short")
    with pytest.raises(InvalidParameter) as refused:
        client.create_webhook("hook", receiver.url, ["model_version.created"], secret=SECRET)
    assert "'short'" not in str(refused.value)
