"""The ASGI application: guard, find what answers, read the request, carry it out, answer. Knows nothing of any single operation."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from starlette.requests import ClientDisconnect, Request

from runstone import settings
from runstone.errors import BadRequest, InvalidParameter, NotFound, RunstoneError, StorageBusy
from runstone.operations.engine import Engine
from runstone.operations.table import Operation
from runstone.server import bodies, codec
from runstone.server.artifacts import artifact_routes
from runstone.server.assets import asset_routes
from runstone.server.dispatch import Found, Route, Routes, table_routes
from runstone.server.events import event_routes
from runstone.server.guard import Guard, check_json, once
from runstone.server.monitoring import Monitor
from runstone.server.packs import pack_routes
from runstone.server.pages import page_routes
from runstone.server.stage import stage_routes
from runstone.server.transfers import Transfers
from runstone.server.webhooks import Messenger
from runstone.server.writer import Writer

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_READERS = 8
_WORKERS = 6
# Of them, those that one operation may have: what it does may last, and others, chores and long JSON are to find a thread.
_OF_ONE = 4
# Bytes of JSON that are read on the event loop's own thread; more would keep everybody waiting.
_SHORT = 256 * 1024
# Seconds that the writer gets for what is left when the server ends.
_LAST_WRITES = 1.0
# Seconds between two rounds of what is done every now and then.
_CHORES = 2.0
_QUERIED = frozenset({"GET", "HEAD", "DELETE"})
# Said of every answer: nothing here is a page of ours unless it says so itself, and nothing is kept by those on the way.
_HEADERS = [
    (b"content-type", b"application/json"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
]
_log = logging.getLogger("runstone.server")


class _BrokenOffError(Exception):
    """An answer that cannot be completed."""


class App:
    """One server's application.

    Args:
        engine: the store that is served.
        guard: whom it lets in.
        prefix: a path that stands before every other.
        settle: called every now and then, on a thread: closes the accounts of processes that wrote the store directly and died.
        access_log: whether each request is logged.
        one_of_many: another process started this one and others, to serve together.
        depart: called when all is answered and nothing more is to be done here.
    """

    def __init__(
        self,
        engine: Engine,
        guard: Guard = Guard(),  # noqa: B008  # a tuple of frozen sets
        *,
        prefix: str = "",
        settle: Callable[[], object] | None = None,
        access_log: bool = False,
        one_of_many: bool = False,
        depart: Callable[[], None] | None = None,
    ) -> None:
        self._depart = depart
        self._one_of_many = one_of_many
        self.engine, self.guard = engine, guard
        self.writer = Writer(engine)
        self._messenger = Messenger(engine)
        self.monitor = Monitor(self.writer, sys.stderr if access_log else None)
        self._transfers = Transfers()
        self.routes = Routes(self._routes(bool(prefix)), prefix)
        self._readers = ThreadPoolExecutor(_READERS, "runstone-reader")
        self._workers = ThreadPoolExecutor(_WORKERS, "runstone-worker")
        self._places: dict[str, asyncio.Semaphore] = {}
        self._settle = settle
        self._body_limit = settings.SERVER_BODY_LIMIT.read()
        self._depth = settings.SERVER_JSON_DEPTH.read()
        self._time_limit = settings.SERVER_REQUEST_TIMEOUT.read()
        engine.database.patience = self._time_limit or None

    def _routes(self, prefixed: bool) -> list[Route]:
        routes = [
            *table_routes(),
            *artifact_routes(self.engine, self._transfers),
            *pack_routes(self.engine, self._transfers),
            *stage_routes(),
            *asset_routes(prefixed),
            *event_routes(self.engine),
        ]
        return [*routes, *page_routes(self.engine, self.monitor, routes)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1003})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self.writer.start()
        self._messenger.start()
        chores = asyncio.create_task(self._chores())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        chores.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await chores
        self.engine.database.interrupt()
        await asyncio.to_thread(self._messenger.stop, _LAST_WRITES)
        await asyncio.to_thread(self.writer.stop, _LAST_WRITES)
        for pool in (self._readers, self._workers, self._transfers.receiving, self._transfers.reading):
            pool.shutdown(wait=False, cancel_futures=True)
        self.monitor.stop()
        await send({"type": "lifespan.shutdown.complete"})
        if self._depart is not None:
            self._depart()

    async def _chores(self) -> None:
        loop, parent = asyncio.get_running_loop(), os.getppid()
        # Points are put into their series not for our own readers, who have it done when they need it, but for those beside us.
        chores: list[Callable[[], object]] = [self.writer.gather_by_runs]
        if self._settle is not None:
            chores.insert(0, self._settle)
        while True:
            for chore in chores:
                try:
                    await loop.run_in_executor(self._workers, chore)
                except Exception as error:  # noqa: BLE001  # what fails now may work the next time, and must not keep others from it
                    _log.warning("%s", error)
            if self._one_of_many and os.getppid() != parent:
                signal.raise_signal(signal.SIGTERM)  # whoever started the processes was killed: nobody would end us
            await asyncio.sleep(_CHORES)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        found: Found | None = None
        status, body, kind = 500, b"", _HEADERS
        self.monitor.figures.under_way += 1
        try:
            headers = once(scope["headers"])
            refusal = self.guard.refusal(scope["method"], scope["scheme"], headers)
            if refusal is not None:
                raise refusal
            found = self._find(scope["method"], scope["path"])
            answer = found.route.answer
            if not isinstance(answer, Operation):
                status, size = await self._stream(found, scope, receive, send)
                self.monitor.note(scope, found.route.path, status, started, size)
                return
            async with asyncio.timeout(self._time_limit or None) as limit:
                body = await self._carry_out(answer, found, scope, headers, receive, limit)
            status = 200
        except ClientDisconnect:
            return
        except _BrokenOffError:
            self.monitor.note(scope, found.route.path if found else "none", 599, started, 0)
            raise
        except asyncio.CancelledError:
            # The server ends, and has waited for this request as long as it waits.
            status, body = _refused(StorageBusy("The server is shutting down. Try again when it is back."))
        except Exception as error:  # noqa: BLE001  # whatever it is, the client is told in one shape
            status, body = _refused(error)
        finally:
            self.monitor.figures.under_way -= 1
        if status != 200 and scope["method"] not in ("GET", "HEAD"):
            kind = [*_HEADERS, (b"connection", b"close")]  # there may be more of its body than anybody wants to read
        self.monitor.note(scope, found.route.path if found else "none", status, started, len(body))
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [*kind, (b"content-length", b"%d" % len(body))],
            }
        )
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _find(self, method: str, path: str) -> Found:
        found = self.routes.find(method, path)
        if found is None and method == "HEAD":
            found = self.routes.find("GET", path)
        if found is None:
            methods = self.routes.methods(path)
            if methods:
                raise NotFound(
                    f"{path[:200]!r} answers to {', '.join(methods)}, not to {method}.", "ENDPOINT_NOT_FOUND"
                )
            raise NotFound(
                f"{path[:200]!r} is not served here. GET /api/openapi.json lists what is.", "ENDPOINT_NOT_FOUND"
            )
        return found

    async def _carry_out(
        self,
        row: Operation[Any, Any],
        found: Found,
        scope: Scope,
        headers: dict[bytes, bytes],
        receive: Receive,
        limit: asyncio.Timeout,
    ) -> bytes:
        method = scope["method"]
        data = b""
        if method not in ("GET", "HEAD"):
            data = await bodies.whole(headers, receive, self._body_limit)
        if method in _QUERIED and not data:
            request = codec.decode_query(row.request_type, scope["query_string"], found.named)
        else:
            check_json(headers)
            read = partial(self._read_json, row, data, found.named)
            if len(data) <= _SHORT:
                request = read()
            else:
                request = await asyncio.get_running_loop().run_in_executor(self._workers, read)
        if row.alone:
            # What it does goes on in any case, and reading long files once more may take its time.
            limit.reschedule(None)
            async with self._places.setdefault(row.name, asyncio.Semaphore(_OF_ONE)):
                return await self._on(self._workers, row, request)
        if row.reads:
            return await self._on(self._readers, row, request)
        return codec.encode(await self.writer.submit(partial(row.function, self.engine, request)))

    async def _on(self, threads: ThreadPoolExecutor, row: Operation[Any, Any], request: Any) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(threads, _read, row, self.engine, request)

    def _read_json(self, row: Operation[Any, Any], data: bytes, named: dict[str, str]) -> Any:
        if codec.deeper_than(self._depth, data):
            raise BadRequest(
                f"The request's JSON is nested more than {self._depth} deep. Raise {settings.SERVER_JSON_DEPTH.name} on the server if it must be."
            )
        return codec.decode(row.request_type, data, named)

    async def _stream(self, found: Found, scope: Scope, receive: Receive, send: Send) -> tuple[int, int]:
        scope["path_params"] = found.named
        status, size = 500, 0
        begun = False

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal status, begun, size
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                names = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(one for one in _HEADERS[1:] if one[0] not in names)]
            await send(message)
            size += len(message.get("body", b""))

        try:
            response = await found.route.answer(Request(scope, receive, sending))
            await response(scope, receive, sending)
        except Exception as error:
            if not begun:
                raise
            # Too late to say so: the connection is broken off, so that nobody takes a part for the whole.
            raise _BrokenOffError(f"{scope['method']} {found.route.path} broke off: {error}") from error
        return status, size


def _read(row: Operation[Any, Any], engine: Engine, request: Any) -> bytes:
    return codec.encode(row.function(engine, request))


def _refused(error: Exception) -> tuple[int, bytes]:
    if isinstance(error, TimeoutError) and not isinstance(error, RunstoneError):
        error = RunstoneError(
            f"The request took longer than {settings.SERVER_REQUEST_TIMEOUT.name} allows. Ask for less at a time.",
            "DEADLINE_EXCEEDED",
        )
    if isinstance(error, OverflowError):
        error = InvalidParameter("An integer of the request is beyond 64 bits. Give a smaller one.")
    if not isinstance(error, RunstoneError):
        mark = os.urandom(4).hex()
        _log.error("error %s", mark, exc_info=error)
        error = RunstoneError(f"The server failed; its log says why, beside {mark}. Please report it.")
    return error.get_http_status_code(), codec.encode_error(error)
