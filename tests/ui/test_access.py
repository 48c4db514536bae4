"""Whoever reads with a screen reader, a keyboard, in the dark: axe-core finds no serious fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support import browsers, gallery
from tests.support.pages import Seen, addresses
from tests.support.within import ServerWithin
from tests.ui.test_hostile import visited

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AXE = Path(__file__).parent.parent.parent / "tools" / "page" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Seen]]:
    server = ServerWithin(tmp_path_factory.mktemp("filled") / "store")
    yield server.url, gallery.fill(server.url, runs=6, points=20)
    server.stop()


def faults(page: Page) -> list[str]:
    """What axe-core calls serious or critical of the page as it is now."""
    if not AXE.exists():
        pytest.skip("axe-core is not there: make tools/page/node_modules/.ready")
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['impact']} {one['id']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def test_axe_finds_what_is_wrong(page: Page) -> None:
    """The measure itself: a page with faults has them."""
    page.set_content('<html lang="en"><title>x</title><main><h1>x</h1><button></button><img src="data:,"></main>')
    assert len(faults(page)) == 2


@pytest.mark.soak
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_fault(browser: Browser, filled: tuple[str, Seen], scheme: str) -> None:
    url, seen = filled
    with browsers.visit(browser, color_scheme=scheme) as page:
        found = {}
        for name, address in addresses(seen).items():
            visited(page, url, address)
            found[name] = faults(page)
        assert not {name: wrong for name, wrong in found.items() if wrong}


def test_the_first_pages_have_none_and_neither_has_what_lies_above_them(
    browser: Browser, filled: tuple[str, Seen]
) -> None:
    url, seen = filled
    with browsers.visit(browser) as page:
        visited(page, url, f"#/experiments/{seen.experiment}")
        assert faults(page) == []
        page.keyboard.press("t")
        visited(page, url, "#/experiments")
        assert faults(page) == []  # now, for what lies below a dialog is not looked at
        page.keyboard.press("Control+k")
        page.get_by_label("Go to, or do").fill("e")
        page.get_by_role("option", name="digits").first.wait_for()
        assert faults(page) == []
