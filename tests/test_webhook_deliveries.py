"""Deliveries to webhooks: what waits, in which order and how long; receivers that refuse, are away or never answer; who sends."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import pytest
from tests.support.points import until
from tests.support.receivers import Got, Receiver
from tests.support.receivers import receiver as receiver
from tests.support.within import ServerWithin

import runstone
from runstone.client import Client
from runstone.entities.webhook import Webhook
from runstone.operations.delivering import Deliverer
from runstone.operations.engine import Engine
from runstone.store import webhook_deliveries

EVENTS = ["registered_model.created"]


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_WEBHOOK_SCHEMES", "http")
    monkeypatch.setenv("RUNSTONE_WEBHOOK_HOSTS", "127.0.0.1")


@pytest.fixture
def client() -> Client:
    return runstone.Client()


def hook(client: Client, receiver: Receiver, name: str = "hook") -> Webhook:
    return client.create_webhook(name, receiver.url, EVENTS, secret="s" * 20)


def names(got: list[Got]) -> list[str]:
    return [one.said["data"]["name"] for one in got]


def states(client: Client) -> list[tuple[str, int, int | None]]:
    return [(one.state, one.attempts, one.response_status) for one in reversed(client.list_webhook_deliveries())]


def again(client: Client, webhook: Webhook) -> int | None:
    """Deliver, without waiting until it is time again: a changed webhook is tried at once."""
    client.update_webhook(webhook.webhook_id, description="tried again")
    return client.deliver_webhooks()


def test_what_fails_is_sent_again_under_its_id_and_what_is_behind_it_waits(client: Client, receiver: Receiver) -> None:
    webhook = hook(client, receiver)
    for name in "abc":
        client.create_registered_model(name)
    receiver.answers = lambda got: 503
    assert client.deliver_webhooks() == 3
    assert client.deliver_webhooks() == 3  # it is not time yet
    assert again(client, webhook) == 3
    receiver.answers = lambda got: 204
    assert again(client, webhook) == 0
    assert names(receiver.got) == ["a", "a", "a", "b", "c"]
    assert len({one.delivery for one in receiver.got}) == 3
    assert all(one.is_signed_by("s" * 20) for one in receiver.got)
    assert states(client) == [("delivered", 3, 204), ("delivered", 1, 204), ("delivered", 1, 204)]
    last = client.get_webhook(webhook.webhook_id).last_delivery
    assert last is not None
    assert (last.state, last.response_status, last.problem, last.next_attempt) == ("delivered", 204, None, None)


def test_a_receiver_that_is_not_there_is_waited_for_longer_each_time(client: Client, receiver: Receiver) -> None:
    webhook = hook(client, receiver)
    receiver.stop()
    client.create_registered_model("a")
    client.deliver_webhooks()
    waits = []
    for _ in range(4):
        (delivery,) = client.list_webhook_deliveries(webhook.webhook_id, "waiting")
        assert delivery.last_attempt is not None
        assert delivery.next_attempt is not None
        waits.append(delivery.next_attempt - delivery.last_attempt)
        assert "refused" in str(delivery.problem)
        again(client, webhook)
    assert all(2**number * 1000 <= wait <= 2**number * 1250 for number, wait in enumerate(waits)), waits


def test_a_receiver_says_when_it_wants_to_be_asked_again(client: Client, receiver: Receiver) -> None:
    hook(client, receiver)
    client.create_registered_model("a")
    receiver.answers = lambda got: 429
    receiver.headers = {"Retry-After": "77"}
    client.deliver_webhooks()
    (delivery,) = client.list_webhook_deliveries()
    assert delivery.last_attempt is not None
    assert delivery.next_attempt is not None
    assert 77_000 <= delivery.next_attempt - delivery.last_attempt <= 97_000


def test_what_a_receiver_refuses_is_given_up_after_some_times_and_stands_in_nobodys_way(
    client: Client, receiver: Receiver
) -> None:
    webhook = hook(client, receiver)
    receiver.answers = lambda got: 422 if names([got]) == ["bad"] else 200
    for name in ("bad", "good"):
        client.create_registered_model(name)
    for attempt in range(5):
        assert client.deliver_webhooks() == (2 if attempt < 4 else 0)
        client.update_webhook(webhook.webhook_id, name="hook")
    assert states(client) == [("given up", 5, 422), ("delivered", 1, 200)]
    assert [one.problem for one in client.list_webhook_deliveries(state="given up")] == [
        "The receiver answers 422: it does not take it."
    ]


def test_an_event_that_is_too_old_is_tried_once_and_given_up(
    client: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook(client, receiver)
    receiver.answers = lambda got: 500
    monkeypatch.setenv("RUNSTONE_WEBHOOK_PATIENCE", "0")
    for name in "ab":
        client.create_registered_model(name)
    until(lambda: client.list_webhook_deliveries()[0].creation_timestamp < time.time_ns() // 1_000_000)
    assert client.deliver_webhooks() == 0
    assert states(client) == [("given up", 1, 500), ("given up", 1, 500)]


def test_what_waits_for_a_webhook_that_is_switched_off_waits_until_it_is_on(client: Client, receiver: Receiver) -> None:
    webhook = hook(client, receiver)
    client.create_registered_model("a")
    client.update_webhook(webhook.webhook_id, status="DISABLED")
    assert client.deliver_webhooks() == 0
    assert states(client) == [("waiting", 0, None)]
    client.update_webhook(webhook.webhook_id, status="ACTIVE")
    assert client.deliver_webhooks() == 0
    assert names(receiver.got) == ["a"]


def test_what_has_ended_is_kept_to_be_looked_at_within_bounds(
    client: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(webhook_deliveries.KEPT, webhook_deliveries.DELIVERED, 3)
    other = Receiver()
    hook(client, receiver), hook(client, other, "other")
    for number in range(6):
        client.create_registered_model(str(number))
    assert client.deliver_webhooks() == 0
    other.stop()
    page = client.list_webhook_deliveries(max_results=4)
    assert len(page) == 4
    assert len(client.list_webhook_deliveries(max_results=4, page_token=page.token)) == 2
    database = sqlite3.connect(".runstone/runstone.db")
    assert database.execute("SELECT count(*) FROM webhook_event").fetchone() == (3,)
    for webhook in client.list_webhooks():
        client.delete_webhook(webhook.webhook_id)
    for table in ("webhook", "webhook_subscription", "webhook_event", "webhook_delivery"):
        assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    database.close()


def test_what_waits_is_bounded_and_the_oldest_is_given_up(
    client: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_deliveries, "MOST_WAITING", 3)
    monkeypatch.setitem(webhook_deliveries.KEPT, webhook_deliveries.GIVEN_UP, 2)
    hook(client, receiver)
    for number in range(7):
        client.create_registered_model(str(number))
    assert [state for state, _, _ in states(client)] == ["given up"] * 2 + ["waiting"] * 3
    assert "waited" in str(client.list_webhook_deliveries()[-1].problem)
    assert client.deliver_webhooks() == 0
    assert names(receiver.got) == ["4", "5", "6"]


def test_one_process_of_a_store_sends(client: Client, receiver: Receiver, tmp_path: Path) -> None:
    from runstone.repository.unfinished import unlock

    hook(client, receiver)
    client.create_registered_model("a")
    engine = Engine(str(tmp_path / ".runstone"))
    turn = Deliverer(engine).take_turn()
    assert turn is not None
    assert client.deliver_webhooks() is None
    assert receiver.got == []
    unlock(turn)
    assert client.deliver_webhooks() == 0
    assert names(receiver.got) == ["a"]
    engine.close()


def test_a_receiver_that_never_answers_delays_neither_the_registry_nor_the_other_webhooks(tmp_path: Path) -> None:
    free = threading.Event()

    def never(got: Got) -> int:
        free.wait()
        return 200

    stuck = [Receiver(never) for _ in range(12)]
    quick = Receiver()
    server = ServerWithin(tmp_path / "served")
    client = Client(server.url)
    try:
        for number, receiver in enumerate(stuck):
            hook(client, receiver, f"stuck{number}")
        hook(client, quick)
        for number in range(20):
            client.create_registered_model(str(number))
        assert names(quick.wait(20)) == [str(number) for number in range(20)]
        assert [receiver.got for receiver in stuck] == [[]] * 12
    finally:
        free.set()
        for receiver in (*stuck, quick):
            receiver.stop()
        server.stop()


def test_what_a_folders_programs_change_a_server_beside_them_tells(receiver: Receiver, tmp_path: Path) -> None:
    beside = Client(tmp_path / "served")
    hook(beside, receiver)
    beside.create_registered_model("before")
    server = ServerWithin(tmp_path / "served")
    beside.create_registered_model("after")
    assert names(receiver.wait(2)) == ["before", "after"]
    server.stop()


def test_an_outcome_that_cannot_be_noted_is_noted_later_and_not_sent_again(
    client: Client, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNSTONE_BUSY_TIMEOUT", "0.01")
    hook(client, receiver)
    client.create_registered_model("a")
    other = sqlite3.connect(tmp_path / ".runstone" / "runstone.db", isolation_level=None, check_same_thread=False)

    def answer(got: Got) -> int:
        other.execute("BEGIN IMMEDIATE")
        return 200

    receiver.answers = answer
    engine = Engine(str(tmp_path / ".runstone"))
    deliverer = Deliverer(engine)
    thread = threading.Thread(target=deliverer.run)
    thread.start()
    receiver.wait(1)
    receiver.answers = lambda got: 200
    until(lambda: deliverer._unnoted)
    other.execute("COMMIT")
    other.close()
    monkeypatch.setenv("RUNSTONE_BUSY_TIMEOUT", "60")
    until(lambda: states(client) == [("delivered", 1, 200)])
    deliverer.stop()
    thread.join()
    assert len(receiver.got) == 1
    engine.close()
