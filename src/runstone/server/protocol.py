"""HTTP on the socket: uvicorn's, with a bound on connections and on the time in which a client must have said what it wants."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runstone import settings

_BUSY = b'{"error_code":"TEMPORARILY_UNAVAILABLE","message":"This server holds as many connections as it may. Try again in a second."}'


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or say that there are too many."""
        super().connection_made(transport)
        self._header_timeout = settings.SERVER_HEADER_TIMEOUT.read()
        self._deadline: asyncio.TimerHandle | None = None
        if len(self.connections) > settings.SERVER_CONNECTIONS.read():
            transport.write(
                b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\nconnection: close\r\n"
                b"content-length: %d\r\n\r\n%s" % (len(_BUSY), _BUSY)
            )
            transport.close()
        else:
            self._await_headers()

    def _await_headers(self) -> None:
        if self._header_timeout and self._deadline is None:
            self._deadline = self.loop.call_later(self._header_timeout, self._give_up)

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins; its headers are due soon."""
        super().on_message_begin()
        self._await_headers()

    def on_headers_complete(self) -> None:
        """The headers are here: what follows has limits of its own."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> Any:
        """The connection is gone."""
        if self._deadline is not None:
            self._deadline.cancel()
        return super().connection_lost(exc)
