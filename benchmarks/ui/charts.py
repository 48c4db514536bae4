"""Charts of many runs with many points: until all in sight are drawn, zoomed, with a new point; and a page of 1,000 metrics. Only ours:
MLflow's tables with these 50 million points take hours to fill, and its page is known to stand still with a hundredth of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.measure import median
from benchmarks.server.serving import Servers, Serving
from benchmarks.table import Row
from benchmarks.ui.stores import curves, served
from benchmarks.ui.windows import CHARTED, until, window

if TYPE_CHECKING:
    from playwright.sync_api import Page

# A chart is zoomed by drawing over it; told is when the frame behind its first drawing began, after the button was let go.
_WAIT_FIRST = """() => {
  window.__seen.first = null;
  const clear = CanvasRenderingContext2D.prototype.clearRect;
  window.addEventListener('mouseup', () => {
    window.__seen.up = performance.now();
    CanvasRenderingContext2D.prototype.clearRect = function (...box) {
      requestAnimationFrame(() => { window.__seen.first ??= performance.now(); });
      return clear.apply(this, box);
    };
  }, { capture: true, once: true });
}"""


def _charted(page: Page, url: str) -> float:
    """Milliseconds from the navigation until all charts in sight are drawn."""
    page.goto("about:blank")
    page.goto(f"{url}/#/experiments/0?view=charts")
    until(page, CHARTED)
    return float(page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done(performance.now())))"))


def _zoomed(page: Page) -> float:
    box = page.locator("main figure canvas").first.bounding_box()
    assert box is not None
    page.evaluate(_WAIT_FIRST)
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.4, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=4)
    page.mouse.up()
    until(page, "window.__seen.first")
    return float(page.evaluate("window.__seen.first - window.__seen.up"))


def many_points(servers: Servers) -> list[Row]:
    """100 runs x 50 metrics x 10,000 points: until all charts in sight are drawn, and until one is drawn that was zoomed."""
    course = servers.course
    runs, keys, points = course.size(100, 5), course.size(50, 6), course.size(10_000, 500)
    course.say(f"  filling a store with {runs * keys * points:,} points")
    server = served(course, curves(runs, keys, points))
    drawn, zoomed = [], []
    try:
        for _ in range(course.size(5, 2)):
            with window() as page:
                _charted(page, server.url)
                drawn.append(_charted(page, server.url))
                zoomed.append(_zoomed(page))
    finally:
        server.stop()
    what = f"{runs} runs x {keys} metrics x {points:,} points"
    return [
        Row(f"all charts in sight of {what} drawn", "runstone", median(drawn), "ms", 1_500.0),
        Row(f"zoomed, of {what}: drawn again", "runstone", median(zoomed), "ms", 100.0),
    ]


def live(servers: Servers) -> list[Row]:
    """From the request that logs a point to the frame that shows it."""
    server = served(servers.course, curves(1, 1, 10))
    times = []
    try:
        run = server.new_run()
        _log(server, run, 0)
        with window() as page:
            _charted(page, server.url)
            page.wait_for_load_state("networkidle")
            for step in range(1, servers.course.size(21, 4)):
                until(page, "performance.now() - window.__seen.drawn > 1500")
                before = page.evaluate("window.__seen.draws")
                began = time.time()
                _log(server, run, step)
                until(page, f"window.__seen.draws > {before}")
                at = float(page.evaluate("performance.timeOrigin + window.__seen.drawn"))
                times.append(at - began * 1000)
    finally:
        server.stop()
    return [Row("a new point on the screen", "runstone", median(times), "ms", 1_000.0, None, f"worst of {len(times)}: {max(times):,.0f} ms")]  # fmt: skip


def _log(server: Serving, run: str, step: int) -> None:
    point = {"key": "group0/metric0000", "value": step / 7, "timestamp": int(time.time() * 1000), "step": step}
    server.ask("POST", "/runs/log-batch", {"run_id": run, "metrics": [point]})


def many_metrics(servers: Servers) -> list[Row]:
    """A page of 1,000 metrics, opened and scrolled through: the longest task."""
    course = servers.course
    keys = course.size(1_000, 60)
    server = served(course, curves(course.size(10, 2), keys, 100))
    tasks = []
    try:
        for _ in range(course.size(3, 1)):
            with window() as page:
                _charted(page, server.url)
                for _ in range(20):
                    page.mouse.wheel(0, 2_000)
                    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
                tasks.append(max((float(one) for one in page.evaluate("window.__seen.tasks")), default=0.0))
    finally:
        server.stop()
    return [Row(f"longest task on a page of {keys:,} metrics", "runstone", median(tasks), "ms", 200.0)]
