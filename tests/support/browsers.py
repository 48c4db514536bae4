"""A real browser: Debian's chromium, driven by Playwright. What a page logs as an error, or breaks of its policy, fails the test."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# Nothing leaves the machine, and nothing is asked of a graphics card.
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Milliseconds that a page may take on a machine that is busy with other things.
PATIENCE = 60_000


def chromium() -> str:
    """Where the browser is; skips the test where there is none."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("chromium is not installed: `apt-get install chromium` (make test does it where it may)")
    return found


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser of one's own."""
    executable = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=_FLAGS)
        try:
            yield started
        finally:
            started.close()


@contextmanager
def visit(browser: Browser, allowed: tuple[str, ...] = (), **context: Any) -> Iterator[Page]:
    """A page with a profile of its own, which must log no error when it is done.

    Args:
        browser: the browser.
        allowed: parts of errors that the test expects, such as the status of an answer.
        context: what Playwright's new_context takes: viewport, color_scheme, ...
    """
    context.setdefault("viewport", {"width": 1280, "height": 800})
    context.setdefault("reduced_motion", "reduce")
    own = browser.new_context(**context)
    own.set_default_timeout(PATIENCE)
    page = own.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    try:
        yield page
        wrong = [one for one in said if not any(part in one for part in allowed)]
        assert not wrong, "\n".join(wrong)
    finally:
        own.close()


def until(page: Page, expression: str, seconds: float = PATIENCE / 1_000) -> Any:
    """Wait until an expression of the page's is true; its value. Playwright's own wait_for_function evaluates within the page, which its policy forbids."""
    limit = time.monotonic() + seconds
    while True:
        value = page.evaluate(expression)
        if value:
            return value
        assert time.monotonic() < limit, f"never became true: {expression}"
        page.wait_for_timeout(25)
