"""Server-sent events: a page is told within a tenth of a second that something in its experiments has changed, and asks for what it shows.

One thread looks whether anybody has committed (processes that write the store beside this server, too); only then is each page's pulse taken. A
page that is not told anything costs nothing but its connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from runstone.errors import InvalidParameter
from runstone.operations.engine import Engine
from runstone.operations.pulse import EXPERIMENTS, GetPulse, get_pulse, version
from runstone.server.codec import encode
from runstone.server.dispatch import ENDLESS, Route

# Seconds between two looks, and after which a page hears that we are still there (what lies between would close a silent connection).
_LOOK, _SILENT = 0.1, 15.0
# After a pulse that took long (many runs, many pages) the next one waits so many times as long, so many seconds at the most.
_REST, _LONGEST_REST = 4.0, 5.0
# Pages that are told at once; each has a connection.
_PAGES = 200


class _Listening(StreamingResponse):
    """A page that is told; `leave` is called when it is gone, even where it was never told anything."""

    def __init__(self, told: AsyncIterator[bytes], leave: Callable[[], None]) -> None:
        super().__init__(told, media_type="text/event-stream")
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()


def event_routes(engine: Engine) -> list[Route]:
    """The route."""
    # Of its own: what a connection is told of others' commits is told to it alone.
    thread = ThreadPoolExecutor(1, "runstone-events")
    pages: set[asyncio.Event] = set()
    looking: asyncio.Task[None] | None = None

    async def look() -> None:
        loop = asyncio.get_running_loop()
        before = await loop.run_in_executor(thread, version, engine)
        while pages:
            await asyncio.sleep(_LOOK)
            now = await loop.run_in_executor(thread, version, engine)
            if now != before:
                before = now
                for page in pages:
                    page.set()

    async def listen(request: GetPulse, changed: asyncio.Event) -> AsyncIterator[bytes]:
        nonlocal looking
        loop, told = asyncio.get_running_loop(), b""
        if looking is None or looking.done():
            looking = asyncio.create_task(look())
        changed.set()
        while True:
            try:
                await asyncio.wait_for(changed.wait(), _SILENT)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            changed.clear()
            started = loop.time()
            now = encode(await loop.run_in_executor(thread, get_pulse.function, engine, request))
            spent = loop.time() - started
            if now != told:
                told = now
                yield b"data: " + now + b"\n\n"
            await asyncio.sleep(min(_REST * spent, _LONGEST_REST))

    async def events(request: Request) -> Response:
        """What goes on in some experiments, as server-sent events: a pulse at once, and whenever it has changed."""
        if len(pages) >= _PAGES:
            raise InvalidParameter(f"{_PAGES} pages are being told of changes already. Ask now and then instead.")
        asked = GetPulse(
            [one for one in request.query_params.get("experiments", "").split(",") if one][: EXPERIMENTS + 1]
        )
        changed = asyncio.Event()
        pages.add(
            changed
        )  # before anything is waited for: of a thousand that come at once as many are told as there are places
        try:
            await asyncio.get_running_loop().run_in_executor(thread, get_pulse.function, engine, asked)
        except BaseException:  # refused before it begins, or gone
            pages.discard(changed)
            raise
        request.scope[ENDLESS] = True
        return _Listening(listen(asked, changed), lambda: pages.discard(changed))

    return [Route("GET", "/runstone/events", events, "read")]
