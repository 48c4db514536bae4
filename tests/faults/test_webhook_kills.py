"""kill -9 of a server while it tells webhooks: every change that was answered is told, in order, doubles under one delivery id."""

from __future__ import annotations

import http.client
import random
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tests.support.receivers import Got, Receiver
from tests.support.servers import Server, ask, serve


class Dying:
    """A receiver's answers: after so many requests the server is killed, while it waits for the answer or just after it has come."""

    def __init__(self) -> None:
        self.left, self.before = 0, False
        self.server: Server | None = None
        self.killed = threading.Event()

    def __call__(self, got: Got) -> int:
        self.left -= 1
        if self.left == 0 and self.server is not None:
            if self.before:
                self.server.kill()
            else:
                threading.Thread(target=self.server.kill).start()
            self.killed.set()
        return 200


@pytest.mark.parametrize("kills", [4, pytest.param(60, marks=pytest.mark.soak)])
def test_every_change_that_was_answered_is_told_in_order(tmp_path: Path, kills: int) -> None:
    dice, dying = random.Random(kills), Dying()
    receiver = Receiver(dying)
    environment = {"RUNSTONE_WEBHOOK_SCHEMES": "http", "RUNSTONE_WEBHOOK_HOSTS": "127.0.0.1"}
    store, answered, number = tmp_path / "store", list[str](), 0
    server = serve(store, "--no-access-log", environment=environment)
    try:
        ask(server, "/api/2.0/mlflow/webhooks", {
            "name": "hook", "url": receiver.url, "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}], "secret": "s" * 20,
        })  # fmt: skip
        for _ in range(kills):
            dying.killed.clear()
            dying.server, dying.before = server, dice.random() < 0.5
            dying.left = dice.randrange(1, 12)
            while not dying.killed.is_set():
                number += 1
                try:
                    ask(server, "/api/2.0/mlflow/registered-models/create", {"name": f"{number:06}"})
                    answered.append(f"{number:06}")
                except urllib.error.HTTPError:
                    raise
                except (OSError, http.client.HTTPException):  # it was killed, maybe in the midst of its answer
                    break
            assert dying.killed.wait(60)
            server.kill()
            server = serve(store, "--no-access-log", environment=environment)
        dying.server = None
        ask(server, "/api/2.0/mlflow/registered-models/create", {"name": "the last"})
        answered.append("the last")
        told: dict[str, str] = {}
        count = len(answered)
        while "the last" not in told:  # what it waits for comes, or the receiver's patience ends
            told = {}
            came = receiver.wait(count)
            for got in came:
                name = got.said["data"]["name"]
                assert got.is_signed_by("s" * 20)
                assert told.setdefault(name, got.delivery) == got.delivery
            count = len(came) + 1
    finally:
        server.stop()
        receiver.stop()
    names = list(told)
    assert names == sorted(names)  # digits come before letters
    # What was carried out and never answered may be told too.
    assert set(answered) <= set(names)
    assert len(set(told.values())) == len(told)
