"""A server behind one that asks who one is, as companies have it: the page says so when that has forgotten, and the way back leads there."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support import browsers
from tests.support.within import ServerWithin

from runstone.client import Client

if TYPE_CHECKING:
    from playwright.sync_api import Browser


class Gate:
    """A proxy before a server. `how` it meets those whom it does not know: "open" lets them in; else a status, or a page to sign in at."""

    def __init__(self, url: str) -> None:
        self.how = "open"
        gate, there = self, url.removeprefix("http://")

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with contextlib.suppress(ConnectionError):  # who looks elsewhere hears no end
                    if gate.how == "open":
                        self._let_in()
                    else:
                        self._refuse()

            def _let_in(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with contextlib.closing(http.client.HTTPConnection(there)) as connection:
                    connection.request(self.command, self.path, body, {**self.headers, "Accept-Encoding": "identity"})
                    with connection.getresponse() as answer:
                        self.send_response(answer.status)
                        for name, value in answer.getheaders():
                            if name.lower() not in ("transfer-encoding", "connection", "date", "server"):
                                self.send_header(name, value)
                        self.end_headers()
                        while gate.how == "open" and (piece := answer.read1(65_536)):
                            self.wfile.write(piece)
                            self.wfile.flush()

            do_POST = do_GET

            def _refuse(self) -> None:
                login = self.path == "/login"
                self.send_response(200 if login or gate.how == "page" else 302 if gate.how == "redirect" else 401)
                if gate.how == "redirect":
                    self.send_header(
                        "Location", f"http://localhost:{self.server.server_address[1]}/login"
                    )  # another origin
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<title>Sign in</title><h1>Who are you?</h1>")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerWithin]:
    started = ServerWithin(tmp_path / "store")
    yield started
    started.stop()


def test_who_is_not_known_any_more_is_led_to_where_one_signs_in(server: ServerWithin, browser: Browser) -> None:
    gate, client = Gate(server.url), Client(server.url)
    vision = client.create_experiment("vision")
    try:
        # A stream goes where it is led, and may not.
        with browsers.visit(browser, allowed=("status of 401", "EventSource", "net::ERR", "/login' violates")) as page:
            page.goto(gate.url)
            page.get_by_role("link", name="vision").wait_for()
            dialog, said = (
                page.get_by_role("dialog"),
                page.get_by_role("alert").get_by_text("wants to know who you are"),
            )
            for gate.how in ("status", "page", "redirect"):
                page.keyboard.press("n")
                dialog.get_by_label("Name").fill("speech")
                dialog.get_by_role("button", name="Create").click()
                said.wait_for()
                page.keyboard.press("Escape")
                dialog.wait_for(state="detached")
            client.create_run(vision)
            for how in ("status", "redirect"):
                gate.how = "open"
                page.goto(f"{gate.url}/#/experiments/{vision}")
                page.locator(".grid-row .dot").first.wait_for()
                client.create_run(vision)
                page.get_by_role("button", name="1 new run").wait_for()  # it hears what goes on
                asked: list[str] = []
                page.on("request", lambda request, asked=asked: asked.append(request.url))
                gate.how = how
                # The stream of what goes on breaks with the next thing that is told. Whether anybody is there is asked, and somebody is.
                client.create_run(vision)
                for _ in range(2_000):
                    if any("/health" in url for url in asked):
                        break
                    page.wait_for_timeout(25)
                else:
                    pytest.fail("nobody asked whether the server is there")
                page.get_by_role("button", name="Ask anew").click()
                said.first.wait_for()
                assert page.get_by_text("The server does not answer").count() == 0
                page.goto("about:blank")
            gate.how = "open"
            page.goto(gate.url)
            page.get_by_role("link", name="vision").wait_for()
            gate.how = "redirect"
            page.get_by_role("link", name="vision").click()
            page.get_by_role("button", name="Load the page anew").first.click()
            page.get_by_role("heading", name="Who are you?").wait_for()
            gate.how = "open"
            page.goto(gate.url)
            page.get_by_role("link", name="vision").wait_for()
            assert page.get_by_role("link", name="speech").count() == 0
    finally:
        gate.close()
