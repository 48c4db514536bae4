"""Webhooks beside the real MLflow: its client manages ours, its receivers' check takes our signatures, and its server tells the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.mlflow_compat.real import ask, require_mlflow
from tests.support.receivers import Got, Receiver
from tests.support.servers import Server, mlflow_server, serve

from runstone.client import Client
from runstone.entities.webhook import EVENTS, WebhookEvent
from runstone.errors import NotServed

pytestmark = pytest.mark.compat
SECRET = "shared-secret-of-both"
OURS = {"RUNSTONE_WEBHOOK_SCHEMES": "http", "RUNSTONE_WEBHOOK_HOSTS": "127.0.0.1"}
THEIRS = {"MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https", "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true"}

PLAY = """
from mlflow import MlflowClient
client = MlflowClient(given["uri"], given["uri"])
events = ["registered_model.created", "model_version.created", "model_version_tag.set", "model_version_tag.deleted",
          "model_version_alias.created", "model_version_alias.deleted"]
def shown(webhook):
    return {"name": webhook.name, "url": webhook.url, "events": sorted(map(str, webhook.events)), "description": webhook.description,
            "status": str(webhook.status), "secret": webhook.secret,
            "timed": 0 < webhook.creation_timestamp <= webhook.last_updated_timestamp}
made = client.create_webhook("hook", given["url"], events, "what it is for", given["secret"])
other = client.create_webhook("other", given["url"], ["model_version.created"], status="DISABLED")
steps = [shown(made), shown(other), shown(client.get_webhook(made.webhook_id))]
steps.append([shown(webhook) for webhook in client.list_webhooks(max_results=10)])
page = client.list_webhooks(max_results=1)
steps.append([len(page), bool(page.token), [w.name for w in client.list_webhooks(max_results=1, page_token=page.token)]])
tested = client.test_webhook(made.webhook_id)
steps.append([tested.success, tested.response_status, tested.error_message])
steps.append([client.test_webhook(made.webhook_id, event).success for event in events])
steps.append(shown(client.update_webhook(other.webhook_id, name="renamed", description="changed", events=["model_version_tag.set"])))
client.delete_webhook(other.webhook_id)
for act in (lambda: client.get_webhook(other.webhook_id), lambda: client.create_webhook("bad name!", given["url"], events),
            lambda: client.create_webhook("hook", "ftp://example.com/x", events), lambda: client.delete_webhook("nothing")):
    try:
        act()
        steps.append("no error")
    except Exception as error:
        steps.append(error.error_code)
run = client.create_run("0")
model = client.create_logged_model("0", source_run_id=run.info.run_id)
client.create_registered_model("plain")
client.create_registered_model("forest", {"team": "vision", "b": "2"}, "of trees")
client.create_model_version("forest", f"models:/{model.model_id}", run.info.run_id, {"k": "v"}, description="first", model_id=model.model_id)
alone = client.create_logged_model("0")
client.create_model_version("forest", f"models:/{alone.model_id}", model_id=alone.model_id)
client.set_model_version_tag("forest", "1", "checked", "yes")
client.set_model_version_tag("forest", "1", "checked", "yes")
client.set_model_version_tag("forest", "1", "empty", "")
client.set_registered_model_alias("forest", "champion", "1")
client.set_registered_model_alias("forest", "champion", "2")
client.set_registered_model_alias("forest", "champion", "2")
client.delete_model_version_tag("forest", "1", "checked")
client.delete_registered_model_alias("forest", "champion")
client.set_registered_model_tag("forest", "told", "to nobody")
client.transition_model_version_stage("forest", "1", "Staging")
client.update_registered_model("forest", "told to nobody")
client.delete_model_version("forest", "1")
client.create_registered_model("the last")

import hmac
from mlflow.webhooks.constants import WEBHOOK_DELIVERY_ID_HEADER, WEBHOOK_SIGNATURE_HEADER, WEBHOOK_TIMESTAMP_HEADER
from mlflow.webhooks.delivery import _generate_hmac_signature
checked = [
    hmac.compare_digest(headers[WEBHOOK_SIGNATURE_HEADER], _generate_hmac_signature(
        given["secret"], headers[WEBHOOK_DELIVERY_ID_HEADER], headers[WEBHOOK_TIMESTAMP_HEADER], body))
    for headers, body in given["got"]
]
from mlflow.entities.webhook import VALID_ENTITY_ACTIONS
known = sorted(f"{entity.value}.{action.value}" for entity, actions in VALID_ENTITY_ACTIONS.items() for action in actions)
answer = {"steps": steps, "checked": checked, "known": known, "ids": {model.model_id: "MODEL", alone.model_id: "ALONE", run.info.run_id: "RUN"}}
"""

# Tests and what happened.
TOLD = 7 + 13


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    require_mlflow()
    folder = tmp_path_factory.mktemp("webhooks")
    started: dict[str, Server] = {}
    try:
        started["theirs"] = mlflow_server(folder / "theirs", environment=THEIRS)
        started["ours"] = serve(folder / "ours", environment=OURS)
        yield started
    finally:
        for server in started.values():
            server.kill()


@pytest.fixture(scope="module")
def played(servers: dict[str, Server], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found: dict[str, Any] = {}
    got: list[Any] = []  # what ours told, for MLflow to check
    for name in ("ours", "theirs"):
        receiver = Receiver()
        given = {"uri": servers[name].url, "url": receiver.url, "secret": SECRET, "got": got}
        answer = ask(PLAY, given, tmp_path_factory.mktemp(name))
        found[name] = {**answer, "got": receiver.wait(TOLD), "url": receiver.url}
        got = [[dict(one.headers), one.body.decode()] for one in found[name]["got"]]
        receiver.stop()
    return found


def _told(of: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Events and their fields, without ids; MLflow's come in any order."""

    def plain(value: Any) -> Any:
        if isinstance(value, str):
            for found, name in of["ids"].items():
                value = value.replace(found, name)
        return value

    got: list[Got] = of["got"]
    assert all(set(one.said) == {"entity", "action", "timestamp", "data"} for one in got)
    happened = [one for one in got if one.said["data"].get("name") in ("plain", "forest", "the last")]
    said = [(one.event, {key: plain(value) for key, value in one.said["data"].items()}) for one in happened]
    return sorted(said, key=repr)


def test_mlflows_client_manages_our_webhooks_as_its_own(played: dict[str, Any]) -> None:
    ours, theirs = (
        [str(step).replace(played[name]["url"], "URL") for step in played[name]["steps"]] for name in ("ours", "theirs")
    )
    assert ours == theirs


def test_every_event_tells_what_mlflows_tells_field_by_field(played: dict[str, Any]) -> None:
    ours, theirs = _told(played["ours"]), _told(played["theirs"])
    assert ours == theirs
    assert len({event for event, _ in ours}) == 6


def test_a_tests_examples_have_mlflows_fields(played: dict[str, Any]) -> None:
    def fields(of: dict[str, Any]) -> set[tuple[str, frozenset[tuple[str, str]]]]:
        got = [one for one in of["got"] if one.said["data"].get("name") not in ("plain", "forest", "the last")]
        return {(one.event, frozenset((k, type(v).__name__) for k, v in one.said["data"].items())) for one in got}

    assert fields(played["ours"]) == fields(played["theirs"]) != set()


def test_the_check_of_mlflows_receivers_takes_our_signatures(played: dict[str, Any]) -> None:
    assert played["theirs"]["checked"] == [True] * len(played["ours"]["got"])
    assert all(one.is_signed_by(SECRET) for one in played["theirs"]["got"])


def test_the_headers_are_mlflows(played: dict[str, Any]) -> None:
    def headers(of: dict[str, Any]) -> set[str]:
        got: list[Got] = of["got"]
        return {name for one in got for name in one.headers if name.startswith("X-")}

    assert headers(played["ours"]) == headers(played["theirs"])
    assert {one.headers["Content-Type"] for one in played["ours"]["got"]} == {"application/json"}


def test_the_events_that_are_known_are_mlflows(played: dict[str, Any]) -> None:
    known = [str(WebhookEvent.from_str(event)) for event in played["theirs"]["known"]]
    assert known == played["theirs"]["known"]
    assert set(EVENTS) < set(known)


def test_our_client_manages_webhooks_of_mlflows_server(servers: dict[str, Server]) -> None:
    receiver = Receiver()
    client = Client(servers["theirs"].url)
    made = client.create_webhook("stock", receiver.url, ["prompt.created", "model_version.created"], secret=SECRET)
    assert {str(event) for event in made.events} == {"prompt.created", "model_version.created"}
    assert made in client.list_webhooks()
    assert client.update_webhook(made.webhook_id, description="changed").description == "changed"
    assert client.test_webhook(made.webhook_id, "model_version.created").success
    assert receiver.wait(1)[0].is_signed_by(SECRET)
    with pytest.raises(NotServed):
        client.list_webhook_deliveries()
    client.delete_webhook(made.webhook_id)
    receiver.stop()
