"""A browser for the tests of a file, and a server with what a real training leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from tests.support import browsers

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser; one for a file, for Playwright keeps the thread's event loop while it is there."""
    with browsers.browser() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that must log no error."""
    with browsers.visit(browser) as visited:
        yield visited
