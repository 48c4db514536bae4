"""Responses that go out: blocking iterators, read on threads, a piece at a time. (What comes in: streams.py)

No more of a response is held here than two pieces, whoever is the slower one; how many at once, `transfers.py` says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from concurrent.futures import Future
from typing import Any

from starlette.responses import Response

from runstone.server.transfers import Transfers

# A response of no more needs no turn: so much lies in a socket's buffer.
_SHORT = 64 * 1024


class Pieces(Response):
    """A response whose body is read on threads, a piece at a time, one ahead of what is being sent where there is room for it.

    An iterator that raises has the connection broken off: nobody takes what came for the whole.
    """

    def __init__(
        self,
        read: Callable[[], Iterator[bytes]],
        close: Callable[[], None],
        transfers: Transfers,
        status: int,
        headers: Mapping[str, str],
    ) -> None:
        self.status_code, self.background = status, None
        self.init_headers(headers)
        self._read, self._close, self._transfers = read, close, transfers
        # Of unknown length is what is long.
        length = int(headers.get("Content-Length", _SHORT + 1))
        self._turns = _Turns(transfers.turns if length > _SHORT else None)
        self._reading: Future[bytes | None] | None = None

    async def __call__(
        self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        """Answer."""
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await self._send(gone, send)
        finally:
            gone.cancel()
            self._turns.give_back()
            if self._reading is None:
                self._close()
            else:
                self._reading.add_done_callback(lambda _: self._close())

    async def _send(self, gone: asyncio.Future[None], send: Callable[[Any], Awaitable[None]]) -> None:
        pieces = self._read()
        await self._turns.take()
        self._read_next(pieces)
        while (piece := await self._piece()) is not None and not gone.done():
            if self._turns.is_free():
                await self._turns.take()
                self._read_next(pieces)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            # A message waits until the one before is on its way. Only then is the turn of this piece over.
            await send({"type": "http.response.body", "body": b"", "more_body": True})
            del piece
            self._turns.give_back(1)
            if self._reading is None:
                await self._turns.take()
                self._read_next(pieces)
        if not gone.done():
            await send({"type": "http.response.body", "body": b""})

    def _read_next(self, pieces: Iterator[bytes]) -> None:
        self._reading = self._transfers.reading.submit(next, pieces, None)

    async def _piece(self) -> bytes | None:
        """What was being read."""
        assert self._reading is not None
        piece = await asyncio.wrap_future(self._reading)
        self._reading = None  # it would hold the piece
        return piece


class _Turns:
    """The turns that one response has; without a semaphore it needs none."""

    def __init__(self, turns: asyncio.Semaphore | None) -> None:
        self._turns, self._held = turns, 0

    def is_free(self) -> bool:
        """Whether one more may be had at once."""
        return self._turns is None or not self._turns.locked()

    async def take(self) -> None:
        """Wait for one."""
        if self._turns is not None:
            await self._turns.acquire()
            self._held += 1

    def give_back(self, count: int | None = None) -> None:
        """Give back so many; None: all."""
        if self._turns is not None:
            for _ in range(self._held if count is None else count):
                self._held -= 1
                self._turns.release()


async def _gone(receive: Callable[[], Awaitable[MutableMapping[str, Any]]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
