"""What is the same on every page, and the page of experiments: keyboard, palette, titles, focus, what is gone, a server that is away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support import browsers
from tests.support.servers import serve
from tests.support.within import ServerWithin

from runstone.client import Client

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = ServerWithin(tmp_path_factory.mktemp("house") / "store")
    client = Client(server.url)
    for name in ("vision", "speech"):
        experiment = client.create_experiment(name)
        client.create_run(experiment, run_name=f"{name}-first")
    client.create_registered_model("vision-net")
    yield server.url
    server.stop()


def test_all_is_reached_by_the_keyboard(page: Page, served: str) -> None:
    page.goto(served)
    page.get_by_role("link", name="speech").wait_for()
    page.get_by_role("button", name="vision is a favourite").click()
    browsers.until(page, "document.querySelector('tbody a').textContent === 'vision'")
    page.keyboard.press("j")
    page.keyboard.press("j")
    browsers.until(page, "document.querySelectorAll('tbody tr')[1].matches('.at')")
    page.keyboard.press("k")
    page.keyboard.press("Enter")  # means the row, not the star that was pressed before
    page.get_by_role("heading", name="vision").wait_for()
    assert page.evaluate("document.activeElement.tagName") == "H1"
    browsers.until(page, "document.title === 'vision · runstone'")
    page.keyboard.press("Control+k")
    page.get_by_label("Go to, or do").fill("SPEECH-f")
    page.get_by_role("option", name="speech-first run · speech").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="speech-first").wait_for()
    page.keyboard.press("Control+k")
    page.get_by_label("Go to, or do").fill("timel")
    page.get_by_role("option", name="timeline on this page").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/timeline")
    page.keyboard.press("Control+k")
    page.get_by_label("Go to, or do").fill("light or")
    page.keyboard.press("Enter")
    browsers.until(page, "document.documentElement.dataset.theme === 'dark'")
    page.get_by_role("link", name="Experiments").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Experiments").wait_for()
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("Next experiment").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    # Enter on a button means the button, wherever the row is.
    page.keyboard.press("j")
    page.get_by_role("button", name="Archived").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Nothing is archived").wait_for()


def test_experiments_are_made_tagged_archived_and_restored(page: Page, served: str) -> None:
    page.goto(served)
    page.get_by_role("link", name="speech").wait_for()
    page.keyboard.press("n")
    page.get_by_label("Name", exact=True).fill('a "new" one')
    page.keyboard.press("Enter")
    page.get_by_role("heading", name='a "new" one').wait_for()
    code = page.get_by_label("Code", exact=True).inner_text()
    assert f'runstone.set_tracking_uri("{served}")' in code
    assert 'runstone.set_experiment("a \\"new\\" one")' in code
    page.goto(f"{served}/#/experiments?find=new")
    page.get_by_role("button", name='More about a "new" one').click()
    page.get_by_role("button", name="Tag…").click()
    page.get_by_label("Key", exact=True).fill("team")
    page.get_by_label("Value").fill("night")
    page.keyboard.press("Enter")
    page.get_by_text("team: night").wait_for()
    page.get_by_label('Choose a "new" one').check()
    page.get_by_role("toolbar").get_by_role("button", name="Archive").click()
    page.get_by_role("heading", name="No experiment fits").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("link", name='a "new" one').wait_for()


def test_what_is_gone_says_what_to_do_and_a_server_that_is_away_comes_back(browser: Browser, tmp_path: Path) -> None:
    server = serve(tmp_path / "store")
    try:
        with browsers.visit(browser, allowed=("Failed to load resource",)) as page:
            page.goto(f"{server.url}/#/experiments/0/runs/abc123")
            page.get_by_role("alert").get_by_text("finds things by their names").wait_for()
            page.goto(f"{server.url}/#/nowhere")
            page.get_by_role("link", name="All experiments").click()
            page.get_by_role("link", name="Default").wait_for()
            server.stop()
            page.get_by_role("link", name="Default").click()
            page.get_by_text("The server does not answer. What is shown").wait_for()
            # Once is not enough: it is asked until it is there.
            page.wait_for_event("requestfailed", lambda request: "/health" in request.url)
            server = serve(tmp_path / "store", port=int(server.url.rsplit(":", 1)[1]))
            page.get_by_role("heading", name="No runs yet").wait_for()
            page.get_by_text("The server does not answer").wait_for(state="detached")
    finally:
        server.stop()
