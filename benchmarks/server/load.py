"""A light load: connections that stay open, each with one request under way, requests made beforehand. Knows nothing of contenders.

The generator's CPU is not the server's, but it takes a core's time from it: so it parses no more of an answer than it must.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.measure import Failed


class Connection(asyncio.Protocol):
    """One connection to a server; `open_connection` makes it."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0 or self._answer is None:
            return
        head = bytes(self._received[:end]).lower()
        start = head.find(b"content-length:")
        length = int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
        if len(self._received) >= end + 4 + length:
            body = bytes(self._received[end + 4 : end + 4 + length])
            self._received.clear()
            answer, self._answer = self._answer, None
            if not answer.done():
                answer.set_result((int(head.split(b" ", 2)[1]), body))

    def connection_lost(self, error: Exception | None) -> None:
        self._lost = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the connection was lost"))

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Send a request as it stands; status and body of the answer. Raises ConnectionError."""
        if self._lost:
            raise ConnectionError("the connection was lost")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Close it."""
        self._transport.close()


async def open_connection(port: int) -> Connection:
    """A connection to a server on this machine. Raises OSError."""
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


def request(method: str, path: str, body: Any = None, kind: str = "application/json") -> bytes:
    """A request as bytes; a body that is no bytes becomes JSON."""
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data


def put_under_load(port: int, clients: Sequence[Sequence[bytes]]) -> tuple[float, list[float]]:
    """Have each client send its requests one after the other, all clients at once: seconds in all, and of each request.

    Raises Failed for an answer other than 200.
    """
    latencies: list[float] = []

    async def one(requests: Sequence[bytes]) -> None:
        connection = await open_connection(port)
        for each in requests:
            began = time.perf_counter()
            try:
                status, said = await connection.send(each)
            except (
                ConnectionError
            ):  # once more on a new connection, as clients do: a server may close one between two requests
                connection = await open_connection(port)
                status, said = await connection.send(each)
            latencies.append(time.perf_counter() - began)
            if status != 200:
                raise Failed(f"a request under load was answered {status}: {said[:500]!r}")
        connection.close()

    async def everybody() -> float:
        began = time.perf_counter()
        await asyncio.gather(*(one(requests) for requests in clients))
        return time.perf_counter() - began

    try:
        return asyncio.run(everybody()), latencies
    except OSError as error:
        raise Failed(f"a request under load was not answered: {error}") from error
