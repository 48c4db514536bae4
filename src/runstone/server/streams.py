"""Bytes between the event loop and the threads that work on them: bodies as blocking streams, blocking iterators as responses.

No more of a body is held here than a few pieces, whoever is the slower one.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from io import RawIOBase
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from runstone.errors import BadRequest, RunstoneError

Result = TypeVar("Result")

# Bytes of a body that may wait for its reader. Past the first the sender has to wait too, until no more than the second are left.
_HIGH = 4 * 1024 * 1024
_LOW = 1024 * 1024
# Its reader is woken for no less, unless it is the end: waking a thread costs as much as reading so many bytes.
_PIECE = 512 * 1024
# Bytes of a refused body that are still taken, and the seconds that this may last: whoever sends hears of the refusal only then.
_DROPPED, _DROPPING = 256 * 1024 * 1024, 20.0


class Body(RawIOBase):
    """A request's body: fed on the loop's thread, read on another."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._changed = threading.Condition()
        self._pieces: deque[memoryview] = deque()
        self._held = 0
        self._ended = False
        self._failure: Exception | None = None
        self._room: asyncio.Future[None] | None = None
        self.dropped: int | None = None  # bytes that nobody wanted; None while somebody may

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes; waits for some. 0 at the end. Raises what became of a sender that did not come to the end."""
        view = memoryview(buffer)
        with self._changed:
            while not self._ended and self._failure is None and self._held < min(_PIECE, len(view)):
                self._changed.wait()
            if self._failure is not None:
                raise self._failure
            count = 0
            while self._pieces and count < len(view):
                piece = self._pieces.popleft()
                part = piece[: len(view) - count]
                view[count : count + len(part)] = part
                count += len(part)
                if len(part) < len(piece):
                    self._pieces.appendleft(piece[len(part) :])
            self._held -= count
            if self._room is not None and self._held <= _LOW:
                room, self._room = self._room, None
                self._loop.call_soon_threadsafe(_open, room)
        return count

    async def feed(self, data: bytes) -> None:
        """The next bytes; waits while there are enough."""
        with self._changed:
            if self.dropped is not None:
                self.dropped += len(data)
                return
            self._pieces.append(memoryview(data))
            self._held += len(data)
            if self._held >= _PIECE:
                self._changed.notify()
            if self._held < _HIGH:
                return
            room = self._room = self._loop.create_future()
        await room

    def drop(self) -> None:
        """Nobody reads it any more: what comes is let go of. On the loop's thread."""
        with self._changed:
            self.dropped = self._held
            self._pieces.clear()
            if self._room is not None:
                _open(self._room)

    def end(self, failure: Exception | None = None) -> None:
        """There is no more; or there should be, and why there is not. What is said first holds."""
        with self._changed:
            if not self._ended:
                self._ended, self._failure = True, failure
            self._changed.notify()


def _open(room: asyncio.Future[None]) -> None:
    if not room.done():
        room.set_result(None)


async def receive(request: Request, pool: ThreadPoolExecutor, stall: float, work: Callable[[Body], Result]) -> Result:
    """Have a thread work on a request's body while it comes in. Raises what the work raises, which the sender's going away is given.

    Args:
        request: whose body.
        pool: the threads.
        stall: seconds without a byte after which it is given up; 0 waits for ever.
        work: reads the body, to its end, and does what there is to do with it.
    """
    loop = asyncio.get_running_loop()
    body = Body(loop)
    working = loop.run_in_executor(pool, work, body)
    feeding = _Feeding(request, body, stall)
    try:
        await asyncio.wait((working, feeding.task), return_when=asyncio.FIRST_COMPLETED)
        feeding.pass_on_failure()
        try:
            return await working
        except RunstoneError:
            body.drop()
            await asyncio.wait((feeding.task,), timeout=_DROPPING)
            raise
    finally:
        # Also when the server gives up on the request: the thread must not wait for ever.
        feeding.stop()
        body.end(ClientDisconnect())
        if not working.done():
            with contextlib.suppress(Exception):
                await working


class _Feeding:
    """A task that brings a request's body, and looks every now and then whether any comes."""

    def __init__(self, request: Request, body: Body, stall: float) -> None:
        self._request, self._body, self._stall = request, body, stall
        self._loop = asyncio.get_running_loop()
        self._waiting_since: float | None = None
        self._watch: asyncio.TimerHandle | None = None
        self.task = asyncio.ensure_future(self._run())
        self._look()

    def stop(self) -> None:
        """It is not needed any more."""
        self.task.cancel()
        if self._watch is not None:
            self._watch.cancel()

    def pass_on_failure(self) -> None:
        """Tell the reader, who would wait for ever, where no more is brought because something went wrong here."""
        if self.task.done() and not self.task.cancelled() and (failure := self.task.exception()) is not None:
            self._body.end(RunstoneError(f"The body could not be read: {failure}."))

    def _look(self) -> None:
        # One timer, not one for each of many thousand pieces.
        if self._waiting_since is not None and self._loop.time() - self._waiting_since >= self._stall:
            self._body.end(
                RunstoneError(f"No byte came for {self._stall} seconds. Send it again.", "DEADLINE_EXCEEDED")
            )
            self.task.cancel()
        elif self._stall:
            self._watch = self._loop.call_later(self._stall / 4, self._look)

    async def _run(self) -> None:
        size = 0
        while True:
            self._waiting_since = self._loop.time()
            message = await self._request.receive()
            self._waiting_since = None
            if message["type"] == "http.disconnect":
                self._body.end(ClientDisconnect())
                return
            data = message.get("body", b"")
            if data:
                size += len(data)
                await self._body.feed(data)
            if not message.get("more_body"):
                break
            if (self._body.dropped or 0) > _DROPPED:
                return
        said = self._request.headers.get("content-length")
        whole = said is None or said == str(size)
        self._body.end(
            None if whole else BadRequest(f"{size} bytes came of the {said} that Content-Length said. Send it again.")
        )


class Pieces(Response):
    """A response whose body comes from a blocking iterator: read on a thread, one piece ahead of what is being sent.

    An iterator that raises has the connection broken off: nobody takes what came for the whole.
    """

    def __init__(
        self, pieces: Iterator[bytes], pool: ThreadPoolExecutor, status: int, headers: Mapping[str, str]
    ) -> None:
        self.status_code, self.background = status, None
        self.init_headers(headers)
        self._pieces, self._pool = pieces, pool

    async def __call__(
        self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        """Answer."""
        loop = asyncio.get_running_loop()
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        gone = asyncio.ensure_future(_gone(receive))
        ahead = loop.run_in_executor(self._pool, next, self._pieces, None)
        try:
            while (piece := await ahead) is not None and not gone.done():
                ahead = loop.run_in_executor(self._pool, next, self._pieces, None)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            if not gone.done():
                await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            if not ahead.done():
                with contextlib.suppress(Exception):
                    await ahead


async def _gone(receive: Callable[[], Awaitable[MutableMapping[str, Any]]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
