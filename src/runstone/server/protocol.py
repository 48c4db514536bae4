"""HTTP on the socket: uvicorn's, with a bound on connections and on the time in which a client must have said what it wants."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runstone import settings

_BUSY = b"TEMPORARILY_UNAVAILABLE", b"This server holds as many connections as it may. Try again in a second."
# Bytes that a request's first line and headers may have.
HEAD_LIMIT = 64 * 1024
# Bytes of an artifact that are held for whoever reads it, on each connection.
BODY_HELD = 1024 * 1024
_TOO_LONG = b"BAD_REQUEST", b"The request's address and headers are longer than %d bytes." % HEAD_LIMIT


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or say that there are too many."""
        super().connection_made(transport)
        self._header_timeout = settings.SERVER_HEADER_TIMEOUT.read()
        self._deadline: asyncio.TimerHandle | None = None
        self._head = 0  # bytes of the request's head so far; -1 when it is whole
        if len(self.connections) > settings.SERVER_CONNECTIONS.read():
            self._refuse(b"503 Service Unavailable\r\nretry-after: 1", *_BUSY)
        else:
            self._await_headers()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request, whose head may not grow without end."""
        if self._head >= 0:
            self._head += len(data)
        super().data_received(data)
        if self._head > HEAD_LIMIT and not self.transport.is_closing():
            self._refuse(b"431 Request Header Fields Too Large", *_TOO_LONG)

    def send_400_response(self, msg: str) -> None:
        """What cannot be understood is refused in the shape of every refusal."""
        self._refuse(b"400 Bad Request", b"BAD_REQUEST", msg.encode("ascii", "replace"))

    def on_message_begin(self) -> None:
        """A request begins; its headers are due soon."""
        super().on_message_begin()
        self._head = max(self._head, 0)
        self._await_headers()

    def on_headers_complete(self) -> None:
        """The headers are here: what follows has limits of its own."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._head = -1
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Bytes of a body. uvicorn stops reading past 64 KiB; a long one costs half of the time when it comes in larger pieces."""
        if self.scope["method"] != "PUT":
            super().on_body(body)
        elif not self.cycle.response_complete:
            self.cycle.body += body
            if len(self.cycle.body) > BODY_HELD:
                self.flow.pause_reading()
            self.cycle.message_event.set()

    def connection_lost(self, exc: Exception | None) -> Any:
        """The connection is gone."""
        if self._deadline is not None:
            self._deadline.cancel()
        return super().connection_lost(exc)

    def _await_headers(self) -> None:
        if self._header_timeout and self._deadline is None:
            self._deadline = self.loop.call_later(self._header_timeout, self._give_up)

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _refuse(self, status: bytes, code: bytes, message: bytes) -> None:
        body = b'{"error_code":"%s","message":"%s"}' % (code, message)
        self.transport.write(
            b"HTTP/1.1 %s\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s"
            % (status, len(body), body)
        )
        self.transport.close()
