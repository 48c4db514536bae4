"""Webhooks in a browser: made where events may go, tried, changed, deleted; a secret that nobody gets back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from tests.support import browsers
from tests.support.points import until
from tests.support.receivers import Receiver
from tests.support.receivers import receiver as receiver
from tests.support.servers import Server, serve

from runstone.client import Client
from runstone.entities.webhook import EVENTS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SECRET = "s3cr3t-of-the-hook"


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("RUNSTONE_WEBHOOK_SCHEMES", "http,https")
    monkeypatch.setenv("RUNSTONE_WEBHOOK_HOSTS", "127.0.0.1")
    started = serve(tmp_path_factory.mktemp("store") / "store")
    yield started
    started.stop()


def test_a_webhook_is_made_tried_changed_and_deleted(server: Server, receiver: Receiver, browser: Browser) -> None:
    client = Client(server.url)
    with browsers.visit(browser, ("status of 400",)) as page:
        page.goto(f"{server.url}/#/webhooks")
        page.get_by_text("Nobody is told of changes").wait_for()
        page.keyboard.press("n")
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name").fill("deploy")
        dialog.get_by_label("Address").fill("http://169.254.169.254/latest/meta-data")
        assert dialog.get_by_role("group", name="Told of").get_by_role("checkbox").count() == len(EVENTS)
        dialog.get_by_role("button", name="Create").click()
        dialog.get_by_text("Choose what it is to be told of").wait_for()
        dialog.get_by_label("registered_model.created").check()
        dialog.get_by_label("model_version.created").check()
        assert dialog.get_by_label("Secret").get_attribute("type") == "password"
        dialog.get_by_label("Secret").fill(SECRET)
        dialog.get_by_role("button", name="Create").click()
        dialog.get_by_role("alert").filter(has_text="169.254.169.254").wait_for()
        dialog.get_by_label("Address").fill(receiver.url)
        dialog.get_by_role("button", name="Create").click()
        row = page.locator("table.models tbody tr")
        row.wait_for()
        [made] = client.list_webhooks()
        assert [str(event) for event in made.events] == ["registered_model.created", "model_version.created"]

        row.get_by_role("button", name="More about deploy").click()
        row.get_by_role("button", name="Send an example").click()
        page.get_by_text("deploy answered 200. An example arrived.").wait_for()
        [got] = receiver.wait(1)
        assert got.is_signed_by(SECRET)

        # What is not changed stays, the secret too: it is nowhere in the page.
        row.get_by_role("button", name="More about deploy").click()
        row.get_by_role("button", name="Change…").click()
        assert dialog.get_by_label("Another secret").input_value() == ""
        assert dialog.get_by_role("checkbox", checked=True).count() == 2
        dialog.get_by_label("model_version.created").uncheck()
        dialog.get_by_label("Description").fill("tells the deployment")
        dialog.get_by_role("button", name="Save").click()
        page.get_by_text("tells the deployment").wait_for()
        assert SECRET not in page.content()
        client.create_registered_model("iris")
        told = receiver.wait(2)[1]
        assert (told.event, told.is_signed_by(SECRET)) == ("registered_model.created", True)

        until(lambda: [one.state for one in client.list_webhook_deliveries()] == ["delivered"])
        # By keyboard: what this one was sent.
        page.get_by_role("button", name="Ask anew").click()
        row.get_by_text("delivered").wait_for()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Deliveries to deploy").wait_for()

        row.get_by_role("button", name="More about deploy").click()
        row.get_by_role("button", name="Tell it of nothing for now").click()
        row.get_by_text("disabled").wait_for()
        assert client.get_webhook(made.webhook_id).status == "DISABLED"
        row.get_by_role("button", name="More about deploy").click()
        row.get_by_role("button", name="Take its secret away…").click()
        dialog.get_by_role("button", name="Take away").click()
        dialog.wait_for(state="detached")
        client.test_webhook(made.webhook_id)
        assert "X-MLflow-Signature" not in receiver.wait(3)[-1].headers
        row.get_by_role("button", name="More about deploy").click()
        row.get_by_role("button", name="Delete…").click()
        dialog.get_by_role("button", name="Delete").click()
        page.get_by_text("Nobody is told of changes").wait_for()
        assert client.list_webhooks() == []
