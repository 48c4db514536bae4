"""The ASGI application that serves one model: guard, route, body, question, answer; and the pages that describe it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import signal
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect

from runstone import settings
from runstone.errors import NotFound, RunstoneError, StorageBusy
from runstone.server import bodies
from runstone.server.codec import encode_error
from runstone.server.guard import Guard, once
from runstone.serving import describing
from runstone.serving.failing import marked
from runstone.serving.questions import WrongMediaType
from runstone.serving.watching import Watched
from runstone.version import HEADER, MLFLOW_VERSION, __version__

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# Bytes of a body that are read on the event loop's own thread; more would keep everybody waiting.
_SHORT = 64 * 1024
_READERS = 4
# Seconds between two looks at whether whoever started this process, as one of several, lives.
_PARENTS = 2.0
_JSON = b"application/json"
# What the page that describes the model may do: look as it does, and nothing else.
_POLICY = b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# What a Host header may be to stand in a line for a shell.
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
_log = logging.getLogger("runstone.serving")


class _NotAllowed(NotFound):
    """A path that answers to other methods: HTTP's 405."""

    def get_http_status_code(self) -> int:
        """405."""
        return 405


class App:
    """The application of one process.

    Args:
        watched: the model.
        guard: whom it lets in.
        timeout: seconds that a request may take; 0 is no limit.
        interval: seconds between two looks at what the model's address means; 0: never.
        one_of_many: another process started this one and others, to serve together.
        depart: called when all is answered and nothing more is to be done here.
    """

    def __init__(
        self,
        watched: Watched,
        guard: Guard = Guard(),  # noqa: B008  # a tuple of frozen sets
        *,
        timeout: float = 60.0,
        interval: float = 5.0,
        one_of_many: bool = False,
        depart: Callable[[], None] | None = None,
    ) -> None:
        self.watched, self._guard = watched, guard
        self._timeout, self._interval = timeout or None, interval
        self._one_of_many, self._depart = one_of_many, depart
        self._limit = settings.SERVER_BODY_LIMIT.read()
        self._readers = ThreadPoolExecutor(_READERS, "runstone-reader")
        self._pages: dict[str, Callable[[str], tuple[bytes, bytes]]] = {
            "/ping": lambda url: (b"\n", _JSON),
            "/health": self._health,
            "/version": lambda url: (MLFLOW_VERSION.encode(), b"text/plain; charset=utf-8"),
            "/openapi.json": lambda url: (msgspec.json.encode(describing.document(self.watched.now)), _JSON),
            "/docs": self._page,
            "/": self._page,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._respond(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1003})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        chores = [asyncio.create_task(self._watch())] if self._interval and self.watched.moves else []
        if self._one_of_many:
            chores.append(asyncio.create_task(self._follow()))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for chore in chores:
            chore.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await chore
        self._readers.shutdown(wait=False, cancel_futures=True)
        self.watched.drop()
        await send({"type": "lifespan.shutdown.complete"})
        if self._depart is not None:
            self._depart()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            try:
                await self.watched.look()
            except Exception as error:  # noqa: BLE001  # what fails now may work the next time
                _log.error("%s", error)

    async def _follow(self) -> None:
        parent = os.getppid()
        while True:
            await asyncio.sleep(_PARENTS)
            if os.getppid() != parent:
                signal.raise_signal(signal.SIGTERM)  # whoever started the processes was killed: nobody would end us

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, kind = 200, _JSON
        try:
            async with asyncio.timeout(self._timeout):
                body, kind = await self._answer(scope, receive)
        except ClientDisconnect:
            return
        except TimeoutError as error:
            status, body = _refused(error if isinstance(error, RunstoneError) else _too_slow(self._timeout))
        except asyncio.CancelledError:
            # The server ends, and has waited for this request as long as it waits.
            status, body = _refused(StorageBusy("The server is shutting down. Try again when it is back."))
        except Exception as error:  # noqa: BLE001  # whatever it is, the client is told in one shape
            status, body = _refused(error)
        headers = [
            (b"content-type", kind),
            (b"content-length", b"%d" % len(body)),
            (b"x-content-type-options", b"nosniff"),
            (b"cache-control", b"no-store"),
        ]
        if kind.startswith(b"text/html"):
            headers.append((b"content-security-policy", _POLICY))
        if scope["path"] == "/version":
            headers.append((HEADER.lower().encode(), __version__.encode()))
        if status == 503:
            headers.append((b"retry-after", b"1"))
        if status != 200 and scope["method"] not in ("GET", "HEAD"):
            headers.append((b"connection", b"close"))  # there may be more of its body than anybody wants to read
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[bytes, bytes]:
        headers = once(scope["headers"])
        method, path = scope["method"], scope["path"]
        refusal = self._guard.refusal(method, scope["scheme"], headers)
        if refusal is not None:
            raise refusal
        if path == "/invocations":
            if method != "POST":
                raise _NotAllowed(f"/invocations answers to POST, not to {method:.20}.", "ENDPOINT_NOT_FOUND")
            return await self._invoke(headers, receive), _JSON
        page = self._pages.get(path)
        if page is None:
            raise NotFound(f"{path[:200]!r} is not served here. /docs says what is.", "ENDPOINT_NOT_FOUND")
        if method not in ("GET", "HEAD"):
            raise _NotAllowed(f"{path} answers to GET, not to {method:.20}.", "ENDPOINT_NOT_FOUND")
        return page(_url(scope["scheme"], headers))

    async def _invoke(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        content_type = headers.get(b"content-type", b"").decode("latin-1")
        encoding = headers.get(b"content-encoding", b"identity").decode("latin-1")
        if encoding.lower() != "identity":
            raise WrongMediaType(f"The body is sent as {encoding!r:.40}. Send it as it is: without a Content-Encoding.")
        body = await bodies.whole(headers, receive, self._limit)
        standing = self.watched.now
        standing.users += 1  # it does not leave while this is being read
        try:
            read = standing.questions.read
            if len(body) <= _SHORT:
                question = read(content_type, body)
            else:
                question = await asyncio.get_running_loop().run_in_executor(self._readers, read, content_type, body)
            return await standing.batcher.ask(question, _leaving(receive))
        finally:
            standing.users -= 1

    def _health(self, url: str) -> tuple[bytes, bytes]:
        now = self.watched.now
        said = {"status": "OK", "model": self.watched.uri, "serves": now.name}
        if self.watched.trouble:
            said["trouble"] = self.watched.trouble
        return msgspec.json.encode(said), _JSON

    def _page(self, url: str) -> tuple[bytes, bytes]:
        return describing.page(self.watched.now, url).encode(), b"text/html; charset=utf-8"


def _leaving(receive: Receive) -> Callable[[], bool]:
    """What says whether a client is gone. ASGI tells it to whoever waits for it, in a task for each request; uvicorn's own note costs nothing."""
    cycle = getattr(receive, "__self__", None)
    return lambda: bool(getattr(cycle, "disconnected", False))


def _url(scheme: str, headers: dict[bytes, bytes]) -> str:
    """Where whoever asks has reached this server. The guard knows the name; the port, or what stands for one, is the client's own words."""
    host = headers.get(b"host", b"").decode("latin-1")
    return f"{scheme}://{host}" if _HOST.fullmatch(host) else f"{scheme}://HOST:PORT"


def _too_slow(seconds: float | None) -> RunstoneError:
    return RunstoneError(
        f"The request took longer than {seconds:g} s. Ask for fewer rows at a time, or serve with a longer --timeout.",
        "DEADLINE_EXCEEDED",
    )


def _refused(error: Exception) -> tuple[int, bytes]:
    if not isinstance(error, RunstoneError):
        error = RunstoneError(f"The server failed; its log says why, beside {marked(error)}. Please report it.")
    return error.get_http_status_code(), encode_error(error)
