"""HTTP on the socket: uvicorn's, with bounds on connections, and on the time in which a client says what it wants and takes what it gets."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runstone import settings
from runstone.server.dispatch import ENDLESS

_BUSY = b"TEMPORARILY_UNAVAILABLE", b"This server holds as many connections as it may. Try again in a second."
# Bytes that a request's first line and headers may have.
HEAD_LIMIT = 64 * 1024
# Bytes of an artifact that are held for whoever reads it, on each connection.
BODY_HELD = 1024 * 1024
# Bytes of an answer that a client must take while the server waits as long as its patience lasts.
_LEAST = 64 * 1024
# More than the loop gives at a time.
_LARGEST_READ = 1024 * 1024
_TOO_LONG = b"BAD_REQUEST", b"The request's address and headers are longer than %d bytes." % HEAD_LIMIT


# Another protocol that a client would like to go on with (curl --http2, Java's HttpClient): we stay with this one, as HTTP lets us.
# The parser would stop at it, and take what follows, a body, for another request. The name is made one that means nothing.
_UPGRADE = re.compile(rb"\r\nupgrade[ \t]*:", re.IGNORECASE)
_IGNORED = b"\r\nx-ignored:"
_END = b"\r\n\r\n"


class _Pieces:
    """What came of a body: joined only when it is taken, and not even then where it came as one."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def __iadd__(self, data: bytes) -> _Pieces:
        self._pieces.append(data)
        self._size += len(data)
        return self

    def __len__(self) -> int:
        return self._size

    def __bytes__(self) -> bytes:
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or say that there are too many."""
        super().connection_made(transport)
        self._header_timeout = settings.SERVER_HEADER_TIMEOUT.read()
        self._patience = settings.SERVER_REQUEST_TIMEOUT.read()
        self._deadline: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._heading = True  # whether a request's head is what comes next
        self._head = b""  # of it, what came so far
        self._unheard = 0  # bytes since a head was whole, or a piece of a body came
        if len(self.connections) > settings.SERVER_CONNECTIONS.read():
            self._refuse(b"503 Service Unavailable\r\nretry-after: 1", *_BUSY)
        else:
            self._await_headers()

    def data_received(self, data: bytes) -> None:
        """Bytes: a head is handed on when it is whole, and may not grow without end; nor may what is neither head nor body."""
        if self._heading:
            self._await_headers()
            self._head = data = self._head + data
            end = data.find(_END)
            if end < 0 and len(data) <= HEAD_LIMIT:
                return
            if end < 0 or end > HEAD_LIMIT:
                self._refuse(b"431 Request Header Fields Too Large", *_TOO_LONG)
                return
            self._head = b""
            if b"pgrade" in data[:end].lower():
                data = _UPGRADE.sub(_IGNORED, data[:end]) + data[end:]
        self._unheard += len(data)
        super().data_received(data)
        if not self._heading and self._unheard > HEAD_LIMIT + _LARGEST_READ and not self.transport.is_closing():
            self._refuse(b"431 Request Header Fields Too Large", *_TOO_LONG)  # trailers without end

    def send_400_response(self, msg: str) -> None:
        """What cannot be understood is refused in the shape of every refusal."""
        self._refuse(b"400 Bad Request", b"BAD_REQUEST", msg.encode("ascii", "replace"))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; behind the body there may be some too, which nobody needs."""
        if self._heading:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The headers are here: what follows has limits of its own."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._heading, self._unheard = False, 0
        if self.parser.should_upgrade():
            self._refuse(b"400 Bad Request", b"BAD_REQUEST", b"Only HTTP/1.1 is spoken here.")
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Bytes of a body. uvicorn stops reading past 64 KiB; a long one costs half of the time when it comes in larger pieces."""
        self._unheard = 0
        if self.scope["method"] != "PUT":
            super().on_body(body)
        elif not self.cycle.response_complete:
            if not self.cycle.body:  # whoever takes it leaves an empty one
                self.cycle.body = _Pieces()  # type: ignore[assignment]  # it is added to, counted and made into bytes, no more
            self.cycle.body += body
            if len(self.cycle.body) > BODY_HELD:
                self.flow.pause_reading()
            self.cycle.message_event.set()

    def on_message_complete(self) -> None:
        """The request is whole: another one may follow."""
        super().on_message_complete()
        self._heading, self._unheard = True, 0

    def pause_writing(self) -> None:
        """More waits to be taken than anybody should hold for a client that takes nothing."""
        super().pause_writing()
        if self._patience and self._watch is None:
            self._await_taking()

    def resume_writing(self) -> None:
        """It was taken."""
        super().resume_writing()
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def connection_lost(self, exc: Exception | None) -> Any:
        """The connection is gone."""
        if self._watch is not None:
            self._watch.cancel()
        if self._deadline is not None:
            self._deadline.cancel()
        return super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server ends: what is under way is answered, but nobody waits for an answer that has no end."""
        super().shutdown()
        if self.cycle is not None and not self.cycle.response_complete and ENDLESS in self.scope:
            self.transport.close()

    def _await_taking(self) -> None:
        self._watch = self.loop.call_later(self._patience, self._look, self.transport.get_write_buffer_size())

    def _look(self, before: int) -> None:
        if before - self.transport.get_write_buffer_size() < _LEAST:
            # What waits would be kept for ever by a mere close, and with it the turn of whoever sends it.
            self.transport.abort()
        else:
            self._await_taking()

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
