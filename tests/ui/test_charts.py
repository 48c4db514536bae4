"""Charts in a browser: what is drawn is what was logged, every point of it where one zooms, and what is logged meanwhile appears."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from tests.support import points
from tests.support.browsers import until, visit
from tests.support.servers import Server, ask, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = serve(tmp_path_factory.mktemp("store") / "store")
    yield started
    started.stop()


def log(server: Server, run_id: str, key: str, values: Sequence[float], first: int = 0) -> None:
    now = int(time.time() * 1000)
    for start in range(0, len(values), 1000):
        metrics = [
            {"key": key, "value": value, "timestamp": now, "step": first + start + place}
            for place, value in enumerate(values[start : start + 1000])
        ]
        ask(server, "/api/2.0/mlflow/runs/log-batch", {"run_id": run_id, "metrics": metrics})


def trained(server: Server, experiment: str, name: str, rate: float) -> tuple[str, list[float]]:
    """A run that goes down a parabola, and its losses."""
    created = ask(server, "/api/2.0/mlflow/runs/create", {"experiment_id": experiment, "run_name": name})
    run_id = str(created["run"]["info"]["run_id"])
    place, losses = 4.0, []
    for _ in range(12):
        losses.append(place**2)
        place -= rate * 2 * place
    log(server, run_id, "train/loss", losses)
    return run_id, losses


def experiment(server: Server, name: str) -> str:
    return str(ask(server, "/api/2.0/mlflow/experiments/create", {"name": name})["experiment_id"])


def ended(server: Server, run_id: str) -> None:
    ask(server, "/api/2.0/mlflow/runs/update", {"run_id": run_id, "status": "FINISHED"})


def chart(page: Page, name: str, drawn: int = 1) -> Locator:
    """A chart, when it has been drawn so many times."""
    found = page.get_by_role("group", name=name)
    page.wait_for_function(
        "([name, drawn]) => [...document.querySelectorAll('.chart')].some((one) => one.ariaLabel.startsWith(name)"
        " && Number(one.querySelector('[data-drawn]')?.dataset.drawn ?? 0) >= drawn)",
        arg=[name, drawn],
    )
    return found


def test_what_is_drawn_said_and_downloaded_is_what_was_logged(server: Server, browser: Browser, page: Page) -> None:
    number = experiment(server, "two rates")
    slow, losses = trained(server, number, "slow", 0.125)
    quick, others = trained(server, number, "quick", 0.25)
    for run_id, accuracy in ((slow, 0.75), (quick, 0.875)):
        log(server, run_id, "test/accuracy", [accuracy])
        log(server, run_id, "val/loss", [16.0, 10 + accuracy])
        ended(server, run_id)
    page.goto(f"{server.url}/#/experiments/{number}?view=charts")
    found = chart(page, "train/loss")
    # Of a metric with one value a run there are bars, the longest first.
    assert page.locator(".bars li").all_inner_texts() == ["quick\n0.875", "slow\n0.75"]
    found.press("ArrowRight")
    found.press("ArrowRight")
    assert page.locator(".chart [aria-live]", has_text="step").inner_text() == "step 1: slow 9, quick 4"
    found.press("Enter")
    chart(page, "train/loss")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    with open(download.value.path(), newline="") as file:
        rows = list(csv.DictReader(file))
    for run_id, values in ((slow, losses), (quick, others)):
        assert [float(row["value"]) for row in rows if row["run_id"] == run_id] == values
    for kind, start in (("PNG", b"\x89PNG"), ("SVG", b"<svg ")):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind).click()
        assert download.value.path().read_bytes().startswith(start)
    assert page.get_by_role("row", name="slow").count() == 1
    page.keyboard.press("Escape")
    # Bars are taken away like lines.
    page.get_by_role("button", name="Open test/accuracy").press("Enter")
    for kind, start in (("PNG", b"\x89PNG"), ("SVG", b"<svg ")):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind).click()
        assert download.value.path().read_bytes().startswith(start)
    bars = ElementTree.parse(download.value.path())
    assert [text.text for text in bars.iter("{http://www.w3.org/2000/svg}text")][1:5] == [
        "quick",
        "0.875",
        "slow",
        "0.75",
    ]
    page.keyboard.press("Escape")
    # One metric over another, by keyboard alone; it is there when one comes back, and can be undone.
    page.get_by_role("button", name="Draw metrics over train/loss").press("Enter")
    page.keyboard.type("^val/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    both = chart(page, "train/loss, val/loss")
    told = "step 1: quick · val/loss 10.875, slow · val/loss 10.75, slow · train/loss 9, quick · train/loss 4"

    def read() -> bool:
        both.press("Home")
        both.press("ArrowRight")
        return page.locator(".chart [aria-live]", has_text=told).count() == 1

    points.until(read)  # the second metric's lines come after the first ones' chart
    page.get_by_role("button", name="Undo").click()
    chart(page, "val/loss").wait_for()
    page.locator("figcaption .name", has_text="val/loss").drag_to(
        page.locator("figure", has_text="train/loss"), target_position={"x": 250, "y": 100}
    )
    chart(page, "train/loss, val/loss")
    page.reload()
    chart(page, "train/loss, val/loss")
    pairs = page.get_by_role("button", name="train + val")
    pairs.click()
    chart(page, "val/loss").wait_for()
    pairs.click()
    chart(page, "train/loss, val/loss")
    # Who is sent the address sees the same, and keeps a layout of their own.
    with visit(browser) as other:
        other.goto(page.url)
        chart(other, "train/loss, val/loss")
        other.get_by_role("button", name="train + val").click()
        chart(other, "val/loss").wait_for()
        other.goto(f"{server.url}/#/experiments/{number}?view=charts")
        chart(other, "val/loss").wait_for()
        assert "laid" not in other.url
    # A click holds the list, Escape lets go; its names lead to the runs.
    over = page.locator("figure", has_text="train/loss").locator(".u-over")
    over.click(position={"x": 20, "y": 60})
    page.locator(".tip.held").wait_for()
    page.keyboard.press("Escape")
    page.locator(".tip.held").wait_for(state="detached")
    over.click(position={"x": 20, "y": 60})
    page.get_by_role("link", name="slow · train/loss").click()
    page.wait_for_url(f"**/runs/{slow}")


def test_zooming_shows_every_point(server: Server, page: Page) -> None:
    number = experiment(server, "long")
    run_id, _ = trained(server, number, "long", 0.125)
    log(server, run_id, "noise", [float((7 * step) % 1001) for step in range(12_000)])
    ended(server, run_id)
    page.goto(f"{server.url}/#/experiments/{number}?view=charts")
    chart(page, "noise")
    box = page.locator("figure", has_text="noise").locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    page.mouse.up()
    page.get_by_role("button", name="Show all").wait_for()
    assert "from=" in page.url
    page.goto(f"{server.url}/#/experiments/{number}?view=charts&from=5000.5&to=5100.5")
    page.reload()
    found = chart(page, "noise")
    for step in range(5001, 5004):
        found.press("ArrowRight")
        assert (
            page.locator(".chart [aria-live]", has_text="step").inner_text() == f"step {step}: long {7 * step % 1001}"
        )


def test_a_new_point_appears_and_only_its_run_is_asked_for(server: Server, page: Page) -> None:
    number = experiment(server, "live")
    done, _ = trained(server, number, "done", 0.125)
    ended(server, done)
    running, _ = trained(server, number, "running", 0.25)
    asked: list[list[str]] = []
    with page.expect_response("**/runstone/events**"):
        page.goto(f"{server.url}/#/experiments/{number}?view=charts")
    found = chart(page, "train/loss")
    page.on(
        "request",
        lambda request: (
            asked.append(json.loads(request.post_data or "{}")["run_ids"]) if "series" in request.url else None
        ),
    )
    log(server, running, "train/loss", [64.0], 12)
    said = page.locator(".chart [aria-live]")
    for _ in range(600):
        found.press("End")
        if "step 12: running 64, done" in said.inner_text():
            break
        page.wait_for_timeout(20)
    assert "step 12: running 64, done" in said.inner_text()
    assert asked
    assert all(one == [running] for one in asked)


def test_fingers_read_values_zoom_and_scroll(server: Server, browser: Browser) -> None:
    number = experiment(server, "phone")
    for name, rate in (("slow", 0.125), ("quick", 0.25)):
        run_id, losses = trained(server, number, name, rate)
        for key in ("val/loss", "test/loss"):
            log(server, run_id, key, losses)
        ended(server, run_id)
    with visit(browser, viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True) as page:
        page.goto(f"{server.url}/#/experiments/{number}?view=charts")
        over = page.locator("figure", has_text="test/loss").locator(".u-over")
        devtools = page.context.new_cdp_session(page)

        def touch(kind: str, *places: tuple[float, float]) -> None:
            points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(places)]
            devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        def seen() -> tuple[float, float]:
            chart(page, "test/loss")
            over.scroll_into_view_if_needed()
            box = over.bounding_box()
            assert box is not None
            return box["x"], box["y"]

        x, y = seen()
        touch("touchStart", (x + 100, y + 60))
        for moved in range(0, 50, 10):
            touch("touchMove", (x + 100 - 2 * moved, y + 60))
        touch("touchEnd")
        page.locator(".tip.held").wait_for()
        assert page.locator(".tip.held p").all_inner_texts()[1:] == ["slow\n9", "quick\n4"]
        x, y = seen()
        fingers = [((x + 100 - moved, y + 60), (x + 150 + moved, y + 80)) for moved in range(0, 60, 10)]
        touch("touchStart", fingers[0][0])
        touch("touchStart", *fingers[0])
        for places in fingers:
            touch("touchMove", *places)
        touch("touchEnd")
        page.get_by_role("button", name="Show all").wait_for()
        assert page.evaluate("visualViewport.scale") == 1
        x, y = seen()
        for _ in range(2):
            touch("touchStart", (x + 100, y + 60))
            touch("touchEnd")
        page.get_by_role("button", name="Show all").wait_for(state="detached")
        x, y = seen()
        before = page.evaluate("scrollY")
        touch("touchStart", (x + 100, y + 100))
        for moved in range(10, 200, 10):
            touch("touchMove", (x + 100, y + 100 - moved))
        touch("touchEnd")
        until(page, f"scrollY > {before}")
        assert page.locator(".tip").count() == 0
