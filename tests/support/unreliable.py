"""A server between a client and another server that does what networks and tired servers do: delay, lose, refuse, say "not now"."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

PASS, HANG, LOSE, CUT = "pass", "hang", "lose", "cut"


class Proxy:
    """Stands at `url`, passes on to `target`.

    `behaviour` says what becomes of requests:
    PASS: they are passed on; HANG: they are kept, and passed on when something else is said; LOSE: they are passed on, and the answer is
    lost; CUT: the connection is cut before anything is passed on; (status, headers): that is the answer.
    Bodies of more than `largest` bytes, where it is set, are answered with 413.
    `times`, where it is set, is for how many requests; then they pass. `seen` has the method and path of each.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.behaviour: Any = PASS
        self.times: int | None = None
        self.only = ""
        self.largest: int | None = None
        self.seen: list[tuple[str, str]] = []
        self._changed = threading.Condition()
        self._server: _Server | None = None
        self.port = 0
        self.up()
        self.url = f"http://127.0.0.1:{self.port}"

    def up(self) -> None:
        """Listen (again)."""
        proxy = self

        class Handler(_Handler):
            owner = proxy

        self._server = _Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def down(self) -> None:
        """Refuse connections from now on; those that are open are cut."""
        self.say(CUT)
        if self._server is not None:
            self._server.is_down = True  # a thread of its that begins late passes nothing on
            self._server.shutdown()
            self._server.server_close()
            self._server.cut_all()
            self._server = None
        self.behaviour = PASS

    def say(self, behaviour: Any, times: int | None = None, only: str = "") -> None:
        """Do so from now on, with paths that hold `only`; requests that hang do so too."""
        with self._changed:
            self.behaviour, self.times, self.only = behaviour, times, only
            self._changed.notify_all()

    def decide(self, path: str) -> Any:
        """What becomes of the next request."""
        with self._changed:
            if self.only not in path:
                return PASS
            while self.behaviour == HANG:
                self._changed.wait()
            decided = self.behaviour
            if self.times is not None and decided != PASS:
                self.times -= 1
                if self.times <= 0:
                    self.behaviour, self.times = PASS, None
            return decided


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    is_down = False

    def __init__(self, *arguments: Any) -> None:
        self._sockets: set[socket.socket] = set()
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._sockets.add(request)
        super().process_request(request, client_address)

    def cut_all(self) -> None:
        for one in list(self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nothing to tell of."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Proxy
    server: _Server

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.owner.seen.append((self.command, self.path))
        decided = self.owner.decide(self.path)
        if self.server.is_down:
            decided = CUT
        if self.owner.largest is not None and len(body) > self.owner.largest:
            decided = 413, {}
        if decided == CUT:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if isinstance(decided, tuple):
            self._answer(decided[0], decided[1], b"")
            return
        target = urlsplit(self.owner.target)
        there = http.client.HTTPConnection(target.hostname or "", target.port, timeout=60)
        try:
            try:
                there.request(self.command, target.path + self.path, body, dict(self.headers.items()))
                answer = there.getresponse()
                data, headers = answer.read(), dict(answer.getheaders())
            except OSError:
                self._answer(502, {}, b"")
                return
        finally:
            there.close()
        if decided == LOSE:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self._answer(answer.status, headers, data)

    def _answer(self, status: int, headers: dict[str, str], data: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _pass

    def log_message(self, *arguments: Any) -> None:
        """Nothing."""
