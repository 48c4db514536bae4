"""A store in which every text is hostile: each page opens, nothing of it runs, nothing leaves the machine, no layout breaks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import browsers, hostile_store
from tests.support.pages import SETTLED, Seen, addresses
from tests.support.within import ServerWithin

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# What reaches over the right edge and cannot be scrolled to within a box of its own.
_BROAD = """() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
  [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > window.innerWidth + 1)
    .map((one) => `${one.tagName}.${one.className} ${Math.round(one.getBoundingClientRect().right)}`).slice(0, 12)"""

# Texts with a mark that turns the line round, whose element lets it turn what stands beside it, too.
_TURNING = """() => {
  const found = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const one = texts.currentNode.parentElement;
    if (!texts.currentNode.data.includes("\u202e") || one.closest("script, option")) continue;
    const { display, unicodeBidi } = getComputedStyle(one);
    if (unicodeBidi.startsWith("isolate") || (display !== "inline" && one.childElementCount === 0)) continue;
    found.push(`${one.tagName}.${one.className} in ${one.parentElement?.tagName}.${one.parentElement?.className}`);
  }
  return [...new Set(found)];
}"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Seen]]:
    folder = tmp_path_factory.mktemp("hostile") / "store"
    server = ServerWithin(folder)
    seen = hostile_store.fill(server.url, folder)
    yield server.url, seen
    server.stop()


class Watched:
    """A page of which is noted what it must not do: asking other machines, opening windows, showing the browser's own questions."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.wrong = page, list[str]()
        page.add_init_script("delete window.canary")
        page.on("request", lambda one: self._asked(one.url, url))
        page.on("popup", lambda one: self.wrong.append(f"opened {one.url}"))
        page.on("dialog", self._question)

    def _asked(self, address: str, url: str) -> None:
        if not address.startswith((url, "blob:", "data:")):
            self.wrong.append(f"asked {address[:200]}")

    def _question(self, dialog: Any) -> None:
        self.wrong.append(f"said {dialog.message}")
        dialog.dismiss()

    def check(self, where: str) -> None:
        assert self.page.evaluate("window.canary") is None, f"{where}: a text of the store was executed"
        assert not self.wrong, f"{where}: {self.wrong}"


def visited(page: Page, url: str, address: str) -> None:
    """Go to an address as a link does, and wait until it is drawn."""
    page.goto(f"{url}/{address}")
    browsers.until(page, SETTLED)


def test_nothing_of_a_hostile_store_runs_and_no_layout_breaks(browser: Browser, hostile: tuple[str, Seen]) -> None:
    url, seen = hostile
    # What a page among the artifacts tries in its cage, it tries in vain: the cage says so.
    caged = ('Blocked a frame with origin "null"', 'directive: "img-src data: blob:"')
    with browsers.visit(browser, allowed=("Failed to load resource", *caged)) as page:
        watched = Watched(page, url)
        for name, address in addresses(seen).items():
            visited(page, url, address)
            for width in (390, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                browsers.until(page, SETTLED)
                # what is placed by script follows the window a moment later
                with contextlib.suppress(AssertionError):
                    browsers.until(page, f"({_BROAD})().length === 0", seconds=10)
                broad = page.evaluate(_BROAD)
                assert not broad, f"{name} at {width} pixels: {broad}"
                watched.check(name)
            turning = page.evaluate(_TURNING)
            assert not turning, f"{name}: {turning}"


def test_what_is_opened_above_a_hostile_page_runs_nothing(browser: Browser, hostile: tuple[str, Seen]) -> None:
    url, _ = hostile
    with browsers.visit(browser, viewport={"width": 390, "height": 800}) as page:
        watched = Watched(page, url)
        visited(page, url, "#/experiments")
        for act in ("Rename…", "Describe…", "Tag…"):
            page.locator("tbody button[aria-haspopup]").first.click()
            page.get_by_role("button", name=act).click()
            assert page.evaluate("document.querySelector('dialog').getBoundingClientRect().right <= innerWidth")
            page.keyboard.press("Escape")
        page.keyboard.press("Control+k")
        page.get_by_label("Go to, or do").fill("img src")
        page.get_by_role("option", name=hostile_store.MARKUP).first.wait_for()
        page.keyboard.press("Escape")
        page.set_viewport_size({"width": 1280, "height": 800})
        page.locator("tbody input").first.check()
        page.get_by_role("toolbar").get_by_role("button", name="Archive").click()
        page.get_by_role("button", name="Undo").click()
        assert not page.evaluate(_BROAD)
        watched.check("what lies above")
