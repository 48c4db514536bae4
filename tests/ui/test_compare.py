"""Runs side by side, and what a sweep tells, in a real browser: on trainings of a small network by gradient descent."""

from __future__ import annotations

import json
import math
import random
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import pytest
from tests.support import browsers
from tests.support.servers import Server, serve

from runstone.client import Client
from runstone.entities import Metric, Param, RunTag

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route


class Trained(NamedTuple):
    """A server with trainings of a sweep."""

    server: Server
    runs: list[str]

    def page(self, path: str) -> str:
        return f"{self.server.url}/#/{path}"


def fitted(rate: float, steps: int) -> list[float]:
    """The losses of a line that is fitted to points by gradient descent."""
    chance = random.Random(1)
    points = [(x / 10, 3 * x / 10 - 1 + chance.gauss(0, 0.1)) for x in range(-10, 11)]
    slope = offset = 0.0
    losses = []
    for _ in range(steps):
        errors = [slope * x + offset - y for x, y in points]
        losses.append(sum(error * error for error in errors) / len(points))
        slope -= rate * sum(error * x for error, (x, _) in zip(errors, points, strict=True)) / len(points)
        offset -= rate * sum(errors) / len(points)
    return losses


def picture(grey: int) -> bytes:
    """A PNG of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes([0, grey])))
        + chunk(b"IEND", b"")
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    server = serve(tmp_path_factory.mktemp("store") / "store")
    client = Client(server.url)
    runs = []
    for number in range(12):
        rate, schedule = 0.02 * 1.5**number, ("constant", "cosine")[number % 2]
        losses = fitted(min(rate, 1.9), 20)
        run = client.create_run("0", run_name=f"fit-{number}", start_time=1_700_000_000_000).info.run_id
        client.log_batch(
            run,
            [Metric("val/loss", loss, 1_700_000_000_000 + step, step) for step, loss in enumerate(losses)]
            + [Metric("val/accuracy", 1 / (1 + losses[-1]), 1_700_000_000_000, 20)],
            [Param("lr", str(rate)), Param("schedule", schedule), Param("steps", "20")],
            [RunTag("team", "<img src=x onerror=alert(1)>")] + [RunTag(f"same/{one}", "1") for one in range(40)],
        )
        client.log_text(run, f"seed: 0\nlr: {rate}\nsteps: 20\n", "config.yaml")
        client.log_text(run, "the same", "readme.txt")
        client.log_bytes(run, picture(number), "curve.png")
        rows = [f"{step},{step // 2},{'b' if step == number else 'a'}" for step in range(number == 2, 1_500)]
        client.log_text(run, "step,half,name\n" + "".join(f"{row}\n" for row in rows), "losses.csv")
        client.log_dict(run, {"columns": ["x", "n"], "data": [["a", 1], ["b", number]]}, "table.json")
        client.set_terminated(run, end_time=1_700_000_020_000 + 20_000 * (number == 1))
        runs.append(run)
    yield Trained(server, runs)
    server.stop()


def test_runs_stand_side_by_side_with_the_way_from_a_baseline(trained: Trained, page: Page) -> None:
    chosen = trained.runs[:3]
    page.goto(trained.page(f"compare-runs?runs={quote(json.dumps(chosen))}&experiments={quote(json.dumps(['0']))}"))
    row = page.get_by_role("row", name="val/loss")
    assert (
        page.get_by_role("navigation", name="Path").get_by_role("link", name="Default").get_attribute("href")
        == "#/experiments/0"
    )
    first = [fitted(0.02 * 1.5**number, 20)[-1] for number in range(3)]
    by = (first[2] - first[0]) / first[0] * 100
    row.get_by_text(f"(−{abs(round(by))} %)").wait_for()
    assert row.locator(".delta.good").count() == 2
    took = page.get_by_role("row", name="duration").get_by_role("cell").all_inner_texts()
    assert [one.split() for one in took] == [["20.0s"], ["40.0s", "2", "×"], ["20.0s"]]
    # What is better is said by hand where the name says the wrong thing.
    row.get_by_role("button", name="less is better").click()
    assert row.locator(".delta.bad").count() == 2
    page.get_by_role("button", name="fit-2 as baseline").click()
    assert page.get_by_role("columnheader").nth(1).get_by_role("link").inner_text() == "fit-2"
    assert f"base={chosen[2]}" in page.url
    page.get_by_role("rowheader", name="steps").wait_for()
    page.get_by_label("Only differences").check()
    page.get_by_role("rowheader", name="steps").wait_for(state="detached")
    assert page.get_by_role("rowheader", name="lr", exact=True).is_visible()

    page.get_by_role("link", name="environment").click()
    page.get_by_role("rowheader", name="Packages None were recorded.").wait_for()
    page.get_by_role("link", name="artifacts").click()
    page.get_by_role("button", name="How config.yaml changed").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("1 value differs, 2 are the same").wait_for()
    assert dialog.get_by_role("cell").all_inner_texts() == ["lr", "0.045", "0.02"]
    dialog.get_by_role("button", name="Lines").click()
    assert dialog.locator("tr.less").inner_text().split() == ["2", "−", "only", "in", "the", "first:", "lr:", "0.045"]
    assert dialog.locator("tr.more").count() == 1
    assert math.isclose(float(dialog.locator("tr.more").inner_text().split()[-1]), 0.02)
    dialog.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="How curve.png changed").first.click()
    for caption in ("fit-2", "fit-0"):
        dialog.get_by_role("figure").filter(has_text=caption).get_by_role("img", name="curve.png").wait_for()
    dialog.get_by_role("button", name="Wipe").click()
    dialog.get_by_label("How much of the first is seen").fill("25")
    assert (
        dialog.get_by_role("img", name="curve.png of fit-2").get_attribute("style")
        == "clip-path: inset(0px 75% 0px 0px);"
    )
    dialog.get_by_role("button", name="Difference").click()
    dialog.get_by_text("100 % of the pixels differ, by 2 of 255").wait_for()
    dialog.get_by_role("button", name="Close").click()

    # A row less, before the others: rows are told by the column that tells them.
    page.get_by_role("button", name="How losses.csv changed").first.click()
    dialog.get_by_text("1 row changed (1 cell), 1 new, 0 gone, 1,498 the same").wait_for()
    assert dialog.get_by_role("row").nth(1).get_by_role("cell").all_inner_texts()[1:] == ["2", "1", "b a"]
    dialog.get_by_label("Rows belong together by").select_option("their place")
    dialog.get_by_text("1,499 rows changed").wait_for()
    dialog.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="How table.json changed").first.click()
    dialog.get_by_text("1 row changed (1 cell), 0 new, 0 gone, 1 the same").wait_for()
    dialog.get_by_role("button", name="Lines").click()
    dialog.locator("tr.less").first.wait_for()


def test_of_many_runs_those_that_can_be_seen_are_drawn_beside_the_baseline(trained: Trained, page: Page) -> None:
    page.goto(trained.page(f"compare-runs?runs={quote(json.dumps(trained.runs))}&base={trained.runs[3]}"))
    cells = page.get_by_role("row", name="val/loss").get_by_role("cell")
    cells.first.wait_for()
    assert 4 < cells.count() < 12
    page.locator(".sheet").evaluate("element => element.scrollTo(element.scrollWidth, 0)")
    page.locator("td[aria-colindex='13']").first.wait_for()
    shown = {int(cell.get_attribute("aria-colindex") or 0) - 2: cell for cell in cells.all()}
    assert list(shown) == [0, *range(min(set(shown) - {0}), 12)]
    assert "base" in (shown[0].get_attribute("class") or "")
    # The baseline is first, the others follow in their order.
    losses = [fitted(min(0.02 * 1.5**number, 1.9), 20)[-1] for number in (3, 0, 1, 2, *range(4, 12))]
    for at, cell in shown.items():
        told = cell.locator("span").first.get_attribute("title")
        assert told is not None
        assert math.isclose(float(told.split(",")[0]), losses[at])
        # A column's cells are below its head.
        head, box = page.locator("thead th").nth(at + 1).bounding_box(), cell.bounding_box()
        assert head is not None
        assert box is not None
        assert math.isclose(head["x"], box["x"], abs_tol=1)
    # Names are all there, values of rows far below are not, until one comes near.
    below = page.get_by_role("row", name="same/39")
    assert below.get_by_role("cell").count() == 0
    below.scroll_into_view_if_needed()
    below.get_by_role("cell").first.wait_for()
    # Three share the width that there is.
    page.goto(trained.page(f"compare-runs?runs={quote(json.dumps(trained.runs[:3]))}"))
    page.get_by_role("heading", name="Compare 3 runs").wait_for()
    assert page.locator(".sheet").evaluate(
        "element => element.querySelector('table').offsetWidth === element.clientWidth"
    )


# The colours of what is named, once they differ and none is grey.
COLOURED = """() => { const told = [...document.querySelectorAll('%s')].map((one) => getComputedStyle(one).color);
  return new Set(told).size === 3 && !told.includes('rgb(154, 163, 175)') && told; }"""
# How many pixels of the first chart have each of some colours.
PAINTED = """(colours) => { const canvas = document.querySelector('figure canvas'); const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return colours.map((colour) => { let count = 0; for (let at = 0; at < data.length; at += 4) if (colour === `rgb(${data[at]}, ${data[at + 1]}, ${data[at + 2]})`) count += 1; return count; }); }"""


def test_runs_have_colours_of_their_own_that_they_keep_on_every_page_and_canvas(trained: Trained, page: Page) -> None:
    chosen = trained.runs[:3]
    held: list[Route] = []
    page.route("**/runs/numbers", lambda route: held.append(route))  # Playwright marks what it is given
    page.goto(trained.page(f"compare-runs?runs={quote(json.dumps(chosen))}&view=charts"))
    browsers.until(page, "() => document.querySelector('figure [data-drawn]')")
    assert len(held) == 1, "the runs are asked about together"
    grey = "rgb(154, 163, 175)"
    assert page.evaluate(PAINTED, [grey])[0] > 0
    held.pop().continue_()
    colours = browsers.until(page, COLOURED % "main ul .dot")
    until_painted = f"() => ({PAINTED})({json.dumps([*colours, grey])}).map(Boolean).join() === 'true,true,true,false'"
    browsers.until(page, until_painted)
    # A table's rows bring their numbers along: nothing is asked for.
    page.goto("about:blank")
    page.goto(
        trained.page(
            "experiments/0?filter=attributes.run_name IN ('fit-0', 'fit-1', 'fit-2')&sort=attributes.run_name&order=asc"
        )
    )
    page.get_by_text("3 of 12 runs").wait_for()
    assert browsers.until(page, COLOURED % "[data-column=name] .dot") == colours
    assert held == []


def test_mlflow_s_addresses_of_a_metric_lead_to_its_chart(trained: Trained, page: Page) -> None:
    runs = f"runs={quote(json.dumps(trained.runs[:2]))}"
    page.goto(trained.page(f"metric/val%2Floss?{runs}&experiment=0&x_axis=step"))
    figures = page.locator("figure")
    figures.filter(has_text="val/loss").wait_for()
    assert figures.count() == 1
    assert page.get_by_role("link", name="Default", exact=True).get_attribute("href") == "#/experiments/0"
    shown = f'{runs}&metric="val/accuracy"&experiments=%5B"0"%5D&plot_metric_keys=%5B"val%2Faccuracy"%5D&x_axis=relative&y_axis_scale=log&line_smoothness=1'
    page.goto(trained.page(f"metric?{shown}"))
    figures.filter(has_text="val/accuracy").wait_for()
    page.get_by_role("button", name="log y", pressed=True).wait_for()
    assert page.get_by_label("x axis").first.input_value() == "relative"
    page.get_by_role("button", name="Show all metrics").click()
    figures.filter(has_text="val/loss").wait_for()
    assert figures.count() == 2


def test_a_part_of_an_axis_becomes_a_filter_of_the_runs(trained: Trained, page: Page) -> None:
    page.goto(trained.page("experiments/0?view=explore"))
    important = page.get_by_role("region", name="Importance of params").locator("tbody tr")
    assert important.first.inner_text().startswith("lr")
    status = page.get_by_role("status").filter(has_text="runs")
    status.get_by_text("12 runs", exact=True).wait_for()

    # By keyboard: a category of an axis.
    page.get_by_role("button", name="Axis schedule").press("Enter")
    page.get_by_role("checkbox", name="cosine").press("Space")
    status.get_by_text("6 of 12 runs").wait_for()
    page.keyboard.press("Escape")

    # By pointer: learning rates from a quarter of the axis up to nine tenths.
    axis = page.get_by_role("button", name="Axis lr", exact=True).bounding_box()
    canvas = page.get_by_role("img", name="Parallel coordinates of 12 runs").bounding_box()
    assert axis is not None
    assert canvas is not None
    x = axis["x"] + axis["width"] / 2
    page.mouse.move(x, canvas["y"] + 12 + 0.1 * 258)
    page.mouse.down()
    page.mouse.move(x, canvas["y"] + 12 + 0.75 * 258, steps=4)
    page.mouse.up()
    rates = [0.02 * 1.5**number for number in range(12)]
    low, high = (
        rates[0] * (rates[-1] / rates[0]) ** part for part in (0.25, 0.9)
    )  # an axis of learning rates is logarithmic
    fits = sum(low <= rate <= high for rate in rates[1::2])
    assert 0 < fits < sum(low <= rate for rate in rates[1::2])
    status.get_by_text(f"{fits} of 12 runs").wait_for()
    page.get_by_role("button", name="Filter the runs by it").click()
    page.get_by_text(f"{fits} of 12 runs").first.wait_for()
    # Who wants it otherwise is heard, and a link tells it.
    page.get_by_role("button", name="log x", pressed=True).click()
    page.get_by_role("button", name="log x", pressed=False).wait_for()
    assert "linear=p.lr" in page.url
    said = page.get_by_label("Filter runs").input_value()
    assert said.startswith("params.schedule = 'cosine' AND params.lr BETWEEN ")
    for picture in ("box", "heat map", "contour"):
        page.get_by_role("button", name=picture, exact=True).click()
        page.get_by_role("button", name=picture, exact=True, pressed=True).wait_for()
