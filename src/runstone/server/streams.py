"""Bodies that come in, from the event loop to the threads that work on them, as blocking streams. (What goes out: pieces.py)

No more of a body is held here than a few pieces, whoever is the slower one; how many bodies at once, `transfers.py` says.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from io import RawIOBase
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from runstone.errors import BadRequest, RunstoneError
from runstone.server.transfers import Transfers

Result = TypeVar("Result")

# Bytes of a body that may wait for its reader. Past the first the sender has to wait too, until no more than the second are left.
_HIGH = 4 * 1024 * 1024
_LOW = 1024 * 1024
# Bytes that come of a body, unless it is shorter, before it is worked on; it has no thread until then, nor more bytes here.
_FIRST = 64 * 1024
# Bytes that a sender must bring while it is waited for as long as the server's patience lasts. One byte now and then is none.
_LEAST = 64 * 1024
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
        self._most = _FIRST
        self._begun = asyncio.Event()
        self.dropped: int | None = None  # bytes that nobody wanted; None while somebody may

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes; waits for some. 0 at the end. Raises what became of a sender that did not come to the end."""
        view = memoryview(buffer)
        with self._changed:
            self._await(min(_PIECE, len(view)))
            count = 0
            while self._pieces and count < len(view):
                piece = self._pieces.popleft()
                part = piece[: len(view) - count]
                view[count : count + len(part)] = part
                count += len(part)
                if len(part) < len(piece):
                    self._pieces.appendleft(piece[len(part) :])
            self._let_go(count)
        return count

    def pieces(self) -> list[memoryview]:
        """The next bytes, as they came: nobody copies them. Waits for some; none at the end. Raises as `readinto` does."""
        with self._changed:
            self._await(_PIECE)
            pieces = list(self._pieces)
            self._pieces.clear()
            self._let_go(self._held)
        return pieces

    def _await(self, count: int) -> None:
        while not self._ended and self._failure is None and self._held < count:
            self._changed.wait()
        if self._failure is not None:
            raise self._failure

    def _let_go(self, count: int) -> None:
        self._held -= count
        if self._room is not None and self._held <= _LOW:
            room, self._room = self._room, None
            self._loop.call_soon_threadsafe(_open, room)

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
            if self._held >= _FIRST:
                self._begun.set()
            if self._held < self._most:
                return
            room = self._room = self._loop.create_future()
        await room

    async def begin(self) -> None:
        """Wait for the first bytes, or the end. Raises what became of a sender that did not come to either."""
        await self._begun.wait()
        if self._failure is not None:
            raise self._failure

    def widen(self) -> None:
        """There is a reader now: take more than the first bytes."""
        with self._changed:
            self._most = _HIGH
            room, self._room = self._room, None
        if room is not None:
            _open(room)

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
        self._begun.set()


def _open(room: asyncio.Future[None]) -> None:
    if not room.done():
        room.set_result(None)


async def receive(request: Request, transfers: Transfers, work: Callable[[Body], Result]) -> Result:
    """Have a thread work on a request's body while it comes in. Raises what the work raises, which the sender's going away is given.

    Args:
        request: whose body.
        transfers: threads and places.
        work: reads the body, to its end, and does what there is to do with it.
    """
    loop = asyncio.get_running_loop()
    body = Body(loop)
    feeding = _Feeding(request, body, transfers.patience)
    try:
        await body.begin()
        async with transfers.places:
            working = loop.run_in_executor(transfers.receiving, work, body)
            body.widen()
            try:
                await asyncio.wait((working,))
            finally:
                # Also when the server gives up on the request: the thread must not wait for ever.
                body.end(ClientDisconnect())
                await asyncio.wait((working,))
            return working.result()
    except RunstoneError:
        body.drop()
        await asyncio.wait((feeding.task,), timeout=_DROPPING)
        raise
    finally:
        feeding.stop()


class _Feeding:
    """A task that brings a request's body, and looks every now and then whether enough of it comes."""

    def __init__(self, request: Request, body: Body, patience: float | None) -> None:
        self._request, self._body, self._patience = request, body, patience
        self._loop = asyncio.get_running_loop()
        self._waiting_since: float | None = None
        self._waited = 0.0  # seconds, since _LEAST bytes came, without the time in which they were not wanted
        self._watch: asyncio.TimerHandle | None = None
        self.task = asyncio.ensure_future(self._run())
        self.task.add_done_callback(self._pass_on_failure)
        self._look()

    def stop(self) -> None:
        """It is not needed any more."""
        self.task.cancel()
        if self._watch is not None:
            self._watch.cancel()

    def _pass_on_failure(self, task: asyncio.Task[None]) -> None:
        # The reader would wait for ever where no more is brought because something went wrong here.
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._body.end(RunstoneError(f"The body could not be read: {failure}."))

    def _look(self) -> None:
        # One timer, not one for each of many thousand pieces.
        if self._patience is None:
            return
        waiting = 0.0 if self._waiting_since is None else self._loop.time() - self._waiting_since
        if self._waited + waiting >= self._patience:
            self._body.end(
                RunstoneError(
                    f"Less than {_LEAST} bytes came in {self._patience} seconds. Send it again.", "DEADLINE_EXCEEDED"
                )
            )
            self.task.cancel()
        else:
            self._watch = self._loop.call_later(self._patience / 4, self._look)

    async def _run(self) -> None:
        brought = 0
        size = 0
        while True:
            self._waiting_since = since = self._loop.time()
            message = await self._request.receive()
            self._waiting_since, self._waited = None, self._waited + self._loop.time() - since
            if message["type"] == "http.disconnect":
                self._body.end(ClientDisconnect())
                return
            data = message.get("body", b"")
            if data:
                size += len(data)
                brought += len(data)
                if brought >= _LEAST:
                    brought, self._waited = 0, 0.0
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
