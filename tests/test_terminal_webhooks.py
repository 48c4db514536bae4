"""The terminal on webhooks."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.receivers import Receiver
from tests.support.terminals import Command, script
from tests.support.terminals import runstone as in_a_pipe

import runstone

SECRET = "s3cr3t-of-the-hook"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Receiver]:
    monkeypatch.setenv("RUNSTONE_WEBHOOK_SCHEMES", "http")
    monkeypatch.setenv("RUNSTONE_WEBHOOK_HOSTS", "127.0.0.1")
    (tmp_path / "secret.txt").write_text(f"{SECRET}\n")
    runstone.Client().create_registered_model("there")
    made = Receiver()
    yield made
    made.stop()


def _cells(out: str) -> list[dict[str, str]]:
    titles, *rows = [line.split("\t") for line in out.splitlines()]
    return [dict(zip(titles, row, strict=True)) for row in rows]


def test_a_webhook_is_made_tested_told_changed_and_deleted(command: Command, receiver: Receiver) -> None:
    made = command(
        "models", "webhooks", "create", "deploy", receiver.url, "--event", "registered_model.created", "--description", "for CI",
        "--secret-file", "secret.txt",
    )  # fmt: skip
    assert (made.code, "deploy" in made.out, SECRET in made.out + made.err) == (0, True, False)
    tested = command("models", "webhooks", "test", "deploy")
    assert (tested.code, tested.out) == (0, "delivered: 200\n")
    assert receiver.got[0].is_signed_by(SECRET)
    runstone.Client().create_registered_model("forest")
    (row,) = _cells(command("models", "webhooks", "deliveries", "deploy").out)
    assert (row["webhook"], row["event"], row["state"], row["attempts"]) == (
        "deploy",
        "registered_model.created",
        "waiting",
        "0",
    )
    receiver.answers = lambda got: 500
    sent = command("models", "webhooks", "deliver")
    assert (sent.code, sent.out) == (1, "1 waits: `runstone models webhooks deliveries` says why\n")
    assert [row["last"] for row in _cells(command("models", "webhooks").out)] == ["waiting (500)"]
    assert command("models", "webhooks", "test", "deploy").code == 1
    receiver.answers = lambda got: 200
    assert command("models", "webhooks", "update", "deploy", "--name", "ship", "--no-secret").code == 0
    assert command("models", "webhooks", "deliver").out == "nothing waits\n"
    assert "X-MLflow-Signature" not in receiver.got[-1].headers
    (shown,) = json.loads(command("models", "webhooks", "list", "--json").out)
    assert (shown["name"], shown["events"], shown["last_delivery"]["state"]) == (
        "ship",
        ["registered_model.created"],
        "delivered",
    )
    assert "secret" not in shown
    assert "DISABLED" in command("models", "webhooks", "update", "ship", "--off", "--json").out
    assert "ACTIVE" in command("models", "webhooks", "update", shown["webhook_id"], "--on", "--json").out
    assert command("models", "webhooks", "delete", "ship").code == 2
    assert command("models", "webhooks", "delete", "ship", "--yes").out == "ship is deleted\n"
    assert "No webhooks" in command("models", "webhooks").err
    assert "No deliveries" in command("models", "webhooks", "deliveries").err


def test_the_key_of_secrets_is_in_no_report(
    command: Command, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RUNSTONE_WEBHOOK_KEY", "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"):
        monkeypatch.setenv(name, "the-key-of-all-secrets")
        shown = command("doctor").out + command("doctor", "--json").out
        assert name in shown
        assert "the-key" not in shown
        monkeypatch.delenv(name)


def test_a_slip_is_said_in_a_sentence(command: Command, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    create = ("models", "webhooks", "create", "hook")
    assert "--event" in command(*create, receiver.url).err
    for url, said in (
        ("http://127.0.0.2/", "public network"),
        ("http://a:b@c.example/", "password"),
        ("ftp://a.example/", "https://host"),
    ):
        refused = command(*create, url, "--event", "model_version.created")
        assert (refused.code, said in refused.err) == (1, True), refused
    assert "told of" in command(*create, receiver.url, "--event", "run.created").err
    assert "no webhook 'x'" in command("models", "webhooks", "test", "x").err
    Path("secret.txt").write_text("\n")
    assert (
        "empty" in command(*create, receiver.url, "--event", "model_version.created", "--secret-file", "secret.txt").err
    )
    monkeypatch.setattr("sys.stdin", io.StringIO(SECRET))
    for _ in range(2):
        assert command(*create, receiver.url, "--event", "model_version.created").code == 0
    assert "Several" in command("models", "webhooks", "test", "hook").err
    both = command("models", "webhooks", "update", "hook", "--secret-file", "secret.txt", "--no-secret")
    assert (both.code, "exclude" in both.err) == (2, True)


def test_no_secret_is_in_the_table_of_what_a_script_did(tmp_path: Path) -> None:
    source = """
    import runstone
    client = runstone.Client()
    client.create_registered_model("forest")
    hook = client.create_webhook("hook", "https://127.0.0.1/s3cret-path", ["registered_model.created"], secret="s3cret")
    client.update_webhook(hook.webhook_id, secret="s3cret2")
    client.delete_webhook(hook.webhook_id)
    client.create_webhook("hook", "https://169.254.169.254/s3cret-path", ["registered_model.created"], secret="s3cret3")
    """
    hosts = {"RUNSTONE_WEBHOOK_HOSTS": "127.0.0.1"}
    ended = in_a_pipe(tmp_path, "run", "--explain", "--json", script(tmp_path, source), **hosts)
    steps = [json.loads(line) for line in ended.out.splitlines()]
    assert [step["changed"].partition(":")[0] for step in steps[1:4]] == ["webhook"] * 3
    assert "s3cret" not in ended.out
