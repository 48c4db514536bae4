"""A real receiver of webhooks: an HTTP server in a thread, which keeps what it was sent and answers as it is told."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest

from runstone.webhooks import signing

Answers = Callable[["Got"], int]


class Got(NamedTuple):
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def delivery(self) -> str:
        return self.headers[signing.DELIVERY_ID]

    @property
    def said(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.body)
        return said

    @property
    def event(self) -> str:
        return f"{self.said['entity']}.{self.said['action']}"

    def is_signed_by(self, secret: str) -> bool:
        expected = signing.signature(secret, self.delivery, self.headers[signing.TIMESTAMP], self.body)
        return self.headers.get(signing.SIGNATURE) == expected


class Receiver:
    """Listens on a port of its own of 127.0.0.1; `url` is its address, `got` what came, in order; `headers` go with each answer.

    Args:
        answers: the status for each request; 200 unless said. `redirect` is where a redirect leads.
        certificate: a file with a certificate and its key: it speaks TLS then.
    """

    def __init__(
        self, answers: Answers = lambda got: 200, *, redirect: str = "", certificate: str | None = None, port: int = 0
    ) -> None:
        self.answers, self.got = answers, list[Got]()
        self.headers = {"Location": redirect} if redirect else {}
        self._changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got = Got(self.path, dict(self.headers.items()), body)
                status = receiver.answers(got)
                with receiver._changed:
                    receiver.got.append(got)
                    receiver._changed.notify_all()
                self.send_response(status)
                for header in receiver.headers.items():
                    self.send_header(*header)
                self.send_header("Content-Length", "6")
                self.end_headers()
                self.wfile.write(b"secret")

            do_GET = do_POST

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                pass  # whoever asked has gone, or was killed

        self._server = Quiet(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def wait(self, count: int, seconds: float = 60) -> list[Got]:
        """The requests, when there are so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.got) >= count, seconds), [got.event for got in self.got]
            return list(self.got)

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()
