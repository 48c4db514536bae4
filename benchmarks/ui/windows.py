"""The browser, and what it is asked about itself: when something was first painted, how long frames and tasks were, which bytes came."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Failed

if TYPE_CHECKING:
    from playwright.sync_api import Page

# The page's own clock begins where the navigation does. Every painted frame is looked at; canvases say when they were last drawn.
_WATCH = """(() => {
  const seen = (window.__seen = { rows: null, drawn: 0, draws: 0, tasks: [], frames: [] });
  const look = (now) => {
    seen.frames.push(now);
    const row = document.querySelector('main a[href*="/runs/"], [role="row"] a[href*="/runs/"], table a[href*="/runs/"]');
    if (seen.rows === null && row && row.textContent.trim()) requestAnimationFrame(() => { seen.rows = performance.now(); });
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  const clear = CanvasRenderingContext2D.prototype.clearRect;
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    seen.draws += 1;
    seen.drawn = performance.now();
    return clear.apply(this, box);
  };
  new PerformanceObserver((list) => { for (const one of list.getEntries()) seen.tasks.push(one.duration); }).observe({ type: 'longtask', buffered: true });
})()"""
# All charts in sight have a canvas and no bones.
CHARTED = """() => { const all = [...document.querySelectorAll('main figure')].filter((one) => {
    const box = one.getBoundingClientRect(); return box.top < innerHeight && box.bottom > 0; });
  return all.length > 0 && all.every((one) => one.querySelector('canvas') && !one.querySelector('.bone')); }"""
_FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
PATIENCE = 300_000  # milliseconds


@contextmanager
def window() -> Iterator[Page]:
    """A page of a browser of its own, with an empty cache, which watches itself. Raises Failed where there is no chromium.

    Playwright keeps the thread's event loop while the browser is there: what has a loop of its own is done before or after.
    """
    found = shutil.which("chromium")
    if found is None:
        raise Failed("chromium is missing: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_FLAGS.split())
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(PATIENCE)
        page.add_init_script(_WATCH)
        try:
            yield page
        finally:
            browser.close()


def first_rows(page: Page, url: str) -> float:
    """Milliseconds from the navigation to the frame behind the one that had a run's row."""
    page.goto("about:blank")
    page.goto(url)
    return float(until(page, "window.__seen.rows"))


def until(page: Page, expression: str) -> Any:
    """Wait until an expression of the page's is true; its value. The page's policy forbids what Playwright's wait_for_function does. Raises Failed."""
    limit = time.monotonic() + PATIENCE / 1_000
    while not (value := page.evaluate(expression)):
        if time.monotonic() > limit:
            raise Failed(f"never became true in the page: {expression}")
        page.wait_for_timeout(10)
    return value


def transferred(page: Page, url: str) -> int:
    """Bytes, as they came over the wire, of scripts and styles until the first rows are there, with nothing kept from before."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    wanted: set[str] = set()
    sizes: dict[str, int] = {}
    session.on(
        "Network.responseReceived",
        lambda said: wanted.add(said["requestId"]) if said["type"] in ("Script", "Stylesheet", "Document") else None,
    )
    session.on(
        "Network.loadingFinished", lambda said: sizes.update({said["requestId"]: int(said["encodedDataLength"])})
    )
    first_rows(page, url)
    session.detach()  # what is measured next is to have nobody listen to each of its requests
    return sum(size for request, size in sizes.items() if request in wanted)


def longest_frame(page: Page, act: str) -> float:
    """Milliseconds between the two frames farthest from each other while a script acts."""
    page.evaluate("window.__seen.frames.length = 0")
    page.evaluate(act)
    frames = [float(one) for one in page.evaluate("window.__seen.frames")]
    return max((later - sooner for sooner, later in itertools.pairwise(frames)), default=0.0)
