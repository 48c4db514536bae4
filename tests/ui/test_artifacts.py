"""The files of a run in a browser: the tree by keyboard, previews of what a training logs, and files that would rather be scripts."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy
import pytest
from tests.support import browsers
from tests.support.servers import Server, new_run, serve

from runstone.client import Client

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

EVIL = "<img src=x onerror=\"document.title='ran'\"><script>document.title='ran'</script>"
DRAWING = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9' onload=\"document.title='ran'\"><script>document.title='ran'</script><rect width='9' height='9'/></svg>"
PAGE = "<h1>Report</h1><script>document.body.append('origin ' + origin); try { parent.document.title = 'ran' } catch { document.body.append(', kept out') }</script>"

# What plotly makes of texts: links, a little markup. And what it must not.
FIGURE = {
    "data": [
        {"type": "scatter", "x": [1, 2, 3], "y": [2, 1, 3], "name": EVIL, "text": EVIL, "hovertemplate": f"{EVIL}<a href='javascript:document.title=1'>x</a>"},
        {"type": "scatter3d", "x": [1]},
    ],
    "layout": {
        "title": {"text": "In words <a href='javascript:canary=1' target='_top'>press</a></script><script>canary=1</script>"},
        "annotations": [{"text": f"<a href='https://example.invalid/'>away</a>{EVIL}", "x": 2, "y": 2}],
        "xaxis": {"title": {"text": EVIL}}, "width": 3_000,
        "meta": "</script><script>canary=1</script>",
    },
}  # fmt: skip

# Two files are dropped on a place, of which one has a name that no file may have.
DROP = """place => {
  const some = new DataTransfer();
  some.items.add(new File(["12345"], "c.txt"));
  some.items.add(new File(["1"], ".."));
  place.dispatchEvent(new DragEvent("drop", { dataTransfer: some, bubbles: true, cancelable: true }));
}"""

REACHING = """<body><script>
let cookies = 'cookies';
try { cookies = document.cookie } catch { cookies = 'without cookies' }
fetch('/ajax-api/2.0/mlflow/experiments/search?max_results=1').then(() => document.title = 'asked', () => document.title = `${origin} refused, ${cookies}`);
</script>"""


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return eval, ("1",)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = serve(tmp_path_factory.mktemp("store") / "store")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def run_id(server: Server) -> str:
    run_id = new_run(server)
    client = Client(server.url)
    client.log_text(run_id, "import os\n\nprint('hello')\n", "code/train.py")
    client.log_text(
        run_id, "step,loss\n" + "".join(f"{step},{1 / (step + 1)}\n" for step in range(20_000)), "tables/loss.csv"
    )
    client.log_bytes(run_id, pickle.dumps(_Bomb()), "models/other.pkl")
    for step in (0, 10, 20):
        client.log_image(run_id, numpy.full((8, 8), step, "uint8"), key="val/activation", step=step)
    client.log_text(run_id, PAGE, "evil/report.html")
    client.log_text(run_id, DRAWING, "evil/drawing.svg")
    client.log_dict(run_id, {EVIL: [EVIL], "columns": [EVIL], "data": [[EVIL]]}, "evil/table.json")
    client.log_text(run_id, f"a,b\n{EVIL},x\n", "evil/" + EVIL.replace("/", "_") + ".csv")
    notebook = {
        "cells": [
            {
                "cell_type": "code",
                "source": EVIL,
                "outputs": [{"data": {"text/html": EVIL, "image/svg+xml": DRAWING}}],
            }
        ]
    }
    client.log_dict(run_id, notebook, "evil/book.ipynb")
    client.log_text(run_id, f"# Heading\n\n{EVIL}\n", "evil/README.md")
    client.log_dict(run_id, FIGURE, "evil/figure.json")
    places: list[Any] = [
        {"type": "Point", "coordinates": [9, 50]},
        {"type": "LineString", "coordinates": [[1, 2], ["x", 3], [1e300, 1], [4, 5]]},
    ]
    features = [{"type": "Feature", "properties": {"name": EVIL, EVIL: EVIL}, "geometry": one} for one in places]
    client.log_dict(run_id, {"type": "FeatureCollection", "features": features}, "evil/places.geojson")
    nested = '{"data": [{"y": ' + "[" * 50_000 + "]" * 50_000 + '}], "layout": {}}'
    client.log_text(run_id, nested, "evil/nested.plotly.json")
    deep = "[" * 100_000 + "]" * 100_000
    client.log_text(
        run_id,
        '{"columns": ["a"' + ',"b"' * 1_000 + '], "data": [[' + deep + "]" + ",[]" * 9_000 + "]}",
        "evil/deep.json",
    )
    client.log_text(run_id, "\n" * 200_000, "evil/lines.txt")
    client.log_text(run_id, "".join(f"step {step} ä{'ö' * 150}\n" for step in range(9_000)), "long.log")
    pixels = io.BytesIO()
    numpy.save(pixels, numpy.full((8, 9, 3), 200, "uint8"))
    client.log_bytes(run_id, pixels.getvalue(), "pixels.npy")
    client.log_text(run_id, "optimizer:\n  lr: 0.001\n", "config.yaml")
    client.log_text(run_id, "a: [\n", "evil/torn.yaml")
    client.log_text(run_id, REACHING, "evil/reaching.html")
    return run_id


def _until(page: Page, so: Callable[[], bool]) -> None:
    for _ in range(2_000):
        if so():
            return
        page.wait_for_timeout(25)
    pytest.fail("it never was so")


def opened(page: Page, server: Server, run_id: str, path: str = "") -> None:
    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}/artifacts/{path}")
    page.get_by_role("tree").wait_for()


def test_files_are_found_by_keyboard_and_looked_into(server: Server, run_id: str, page: Page) -> None:
    opened(page, server, run_id)
    page.get_by_role("treeitem", name="code").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_text("print(").wait_for()
    assert page.url.endswith("/artifacts/code/train.py")
    page.keyboard.press("/")
    page.keyboard.type("loss csv")
    page.locator("[role=treeitem][data-path^='evil']").first.wait_for(
        state="detached"
    )  # one of the two words is not enough
    page.get_by_role("treeitem", name="tables/loss.csv").click()
    page.get_by_role("table", name="Rows").wait_for()
    page.get_by_role("table", name="Rows").evaluate("grid => { grid.scrollTop = grid.scrollHeight }")
    page.get_by_text("19999", exact=True).wait_for()
    opened(page, server, run_id, "config.yaml")
    page.get_by_role("button", name="optimizer:").click()
    page.get_by_text("lr: 0.001").wait_for()
    page.get_by_role("button", name="Text").click()
    page.get_by_text("optimizer:").wait_for()
    opened(page, server, run_id, "long.log")
    page.get_by_text("step 0 ä").wait_for()
    page.get_by_role("button", name="End").click()
    page.get_by_text("step 8999 ä").wait_for()
    browsers.until(page, "document.querySelector('.files-text').scrollTop > 1_000")
    # the first line is a whole one
    assert page.locator(".files-text li").first.inner_text().startswith("step ")
    page.get_by_role("button", name="Beginning").click()
    page.get_by_text("step 0 ä").wait_for()
    opened(page, server, run_id, "pixels.npy")
    page.get_by_role("img", name="pixels.npy as a picture").wait_for()
    colour = "[...document.querySelector('canvas').getContext('2d').getImageData(4, 4, 1, 1).data].join()"
    browsers.until(page, f"{colour} === '200,200,200,255'")
    opened(page, server, run_id, "models/other.pkl")
    page.get_by_text("Dangerous: loading this").wait_for()
    page.get_by_text("builtins.eval").wait_for()
    page.get_by_text("About this file").click()
    page.get_by_text("blake3:").wait_for()


@pytest.mark.soak
def test_images_are_gone_through_by_a_slider(server: Server, run_id: str, page: Page) -> None:
    opened(page, server, run_id, "images")
    page.get_by_role("img", name="val/activation at step 20").wait_for()
    page.get_by_role("slider", name="Step").focus()
    page.keyboard.press("ArrowLeft")
    image = page.get_by_role("img", name="val/activation at step 10")
    image.wait_for()
    page.wait_for_function("() => document.querySelector('figure img').naturalWidth === 8")
    # The step and the other runs stand in the address.
    page.get_by_role("button", name="Beside other runs").click()
    page.get_by_role("heading", name="val/activation").wait_for()
    page.reload()
    page.get_by_role("heading", name="val/activation").wait_for()
    image.wait_for()


def test_files_come_and_go(server: Server, browser: Browser, tmp_path: Path) -> None:
    with browsers.visit(browser, allowed=("status of 400",)) as page:
        run_id = new_run(server)
        opened_at = f"{server.url}/#/experiments/0/runs/{run_id}/artifacts/"
        page.goto(opened_at)
        page.get_by_role("heading", name="No files yet").wait_for()
        (tmp_path / "100% #1.txt").write_text("hello")
        (tmp_path / "b.txt").write_text("other")
        page.get_by_label("Files to store").set_input_files([tmp_path / "100% #1.txt", tmp_path / "b.txt"])
        page.get_by_text("2 files stored.").wait_for()
        assert [file.path for file in Client(server.url).list_artifacts(run_id)] == ["100% #1.txt", "b.txt"]
        # What a program logs meanwhile appears.
        Client(server.url).log_text(run_id, "deep", "models/net/weights.txt")
        page.get_by_role("treeitem", name="models").click()
        page.get_by_role("treeitem", name="net").wait_for()
        # What is there already is replaced when one means it.
        page.get_by_role("treeitem", name="100% #1.txt").click()
        page.get_by_text("hello", exact=True).wait_for()
        page.get_by_role("link", name="Files", exact=True).click()
        (tmp_path / "100% #1.txt").write_text("changed")
        page.get_by_label("Files to store").set_input_files(tmp_path / "100% #1.txt")
        page.get_by_role("dialog").get_by_text("There is one of that name already").wait_for()
        page.get_by_role("button", name="Replace").click()
        page.get_by_role("treeitem", name="100% #1.txt").click()
        page.get_by_text("changed", exact=True).wait_for()
        # Dropped into a folder.
        page.get_by_role("treeitem", name="models").click()
        page.locator(".files-drop").evaluate(DROP)
        page.get_by_text("1 file of 2 was not stored. models/..: ").wait_for()
        page.get_by_role("cell", name="c.txt").wait_for()
        page.get_by_role("button", name="Delete…").click()
        page.get_by_role("dialog").get_by_text("2 files, 9 B. That cannot be undone.").wait_for()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        page.get_by_text("2 files deleted.").wait_for()
        assert page.url == opened_at.removesuffix("/")
        page.get_by_role("treeitem", name="models").wait_for(state="detached")


def test_nothing_of_a_file_becomes_part_of_the_page(server: Server, run_id: str, page: Page) -> None:
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    opened(page, server, run_id, "evil/report.html")
    page.frame_locator("iframe").get_by_text("origin null, kept out").wait_for()
    assert page.locator("iframe").get_attribute("sandbox") == "allow-scripts", "the frame says the same as the server"
    opened(page, server, run_id, "evil/drawing.svg")
    page.get_by_text("9 × 9").wait_for()
    opened(page, server, run_id, "evil/table.json")
    page.get_by_role("cell", name="<script>").wait_for()
    page.get_by_role("button", name="Tree").click()
    page.get_by_role("button", name="[1 item]").first.click()
    opened(page, server, run_id, "evil/places.geojson")
    page.get_by_text("2 features").wait_for()
    page.get_by_text("Not all of it is drawn").wait_for()
    page.get_by_role("button", name="Next feature").press("Enter")
    page.get_by_text(f"1 of 2: {EVIL}").wait_for()
    page.get_by_text(f"name: {json.dumps(EVIL)}").wait_for()
    opened(page, server, run_id, "evil/book.ipynb")
    page.get_by_role("img", name="Output").wait_for()
    page.get_by_role("treeitem", name=".csv").click()
    page.get_by_role("table", name="Rows").get_by_text("<script>").wait_for()
    opened(page, server, run_id, "evil/README.md")
    page.get_by_role("heading", name="Heading").wait_for()
    opened(page, server, run_id, "evil/deep.json")
    page.get_by_role("cell", name="…").wait_for()
    assert page.locator("main td").count() <= 20_000
    opened(page, server, run_id, "evil/torn.yaml")
    page.get_by_text("it is no YAML that is read here").wait_for()
    page.get_by_text("a: [", exact=True).wait_for()
    opened(page, server, run_id, "evil/lines.txt")
    page.get_by_role("button", name="Show more").wait_for()
    assert page.locator("main li").count() < 6_000
    assert page.title() != "ran"
    assert page.locator("main script, main img[onerror]").count() == 0


def test_a_page_asks_for_nothing_and_is_saved_where_it_is_opened_by_itself(
    server: Server, run_id: str, browser: Browser
) -> None:
    with browsers.visit(browser, allowed=("Content Security Policy", "Fetch API cannot load")) as page:
        opened(page, server, run_id, "evil/reaching.html")
        page.locator("iframe").hover()
        frame = page.frames[-1]
        frame.wait_for_function("() => document.title !== ''")
        assert frame.title() == "null refused, without cookies"
        with page.expect_download() as saved, contextlib.suppress(Exception):  # it goes nowhere
            page.goto(
                f"{server.url}/ajax-api/2.0/runstone/artifacts/file?run_id={run_id}&path=evil/reaching.html&show=1"
            )
        assert saved.value.suggested_filename == "reaching.html"


def test_a_figure_of_plotlys_is_drawn_where_it_reaches_nothing(server: Server, run_id: str, browser: Browser) -> None:
    with browsers.visit(browser, allowed=("Content Security Policy", "Fetch API cannot load")) as page:
        page.on("popup", lambda one: pytest.fail(one.url))
        opened(page, server, run_id, "evil/figure.json")
        page.frame_locator("iframe").get_by_text("In words").wait_for()
        page.get_by_text("scatter3d: not drawn here").wait_for()
        page.locator("iframe").hover()
        frame = page.frames[-1]
        # Its texts are texts, or links that lead nowhere; a script that got in would not run, and would reach nothing.
        assert frame.evaluate("[origin, document.scripts.length, document.querySelectorAll('img').length]") == [
            "null",
            2,
            0,
        ]
        assert (
            frame.evaluate("[...document.querySelectorAll('a')].filter((one) => /script/.test(one.outerHTML)).length")
            == 0
        )
        frame.evaluate("""() => { const added = document.createElement("script"); added.textContent = "canary = 1";
          document.body.append(added); document.body.setAttribute("onclick", "canary = 1"); document.body.click() }""")
        assert frame.evaluate("typeof canary") == "undefined"
        assert frame.evaluate("fetch('/').then(() => 'asked', () => 'refused')") == "refused"
        # It is as wide as there is room, and as dark as the page.
        size = "[innerWidth, Math.round(document.querySelector('.main-svg').getBoundingClientRect().width)]"
        before = frame.evaluate(size)
        assert before[0] == before[1]
        page.set_viewport_size({"width": 1_000, "height": 800})
        page.keyboard.press("t")
        _until(page, lambda: (wide := frame.evaluate(size))[0] < before[0] and wide[0] == wide[1])
        _until(page, lambda: frame.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 27, 34)")
        with page.expect_download() as saved:
            page.get_by_role("button", name="PNG").press("Enter")
        assert saved.value.path().read_bytes().startswith(b"\x89PNG")
        assert page.title() != "ran"
        opened(page, server, run_id, "evil/nested.plotly.json")
        page.get_by_text("plotly does not draw it").wait_for()
