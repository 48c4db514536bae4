"""Packs on a server: sent a few at a time, fetched in long ranges, several at once. What breaks off goes on from where it was."""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from runstone import settings
from runstone.connection import Answer, Connection, answer_error
from runstone.errors import CorruptData, Unreachable, from_os_error
from runstone.repository.blobs import Range, check_name

if TYPE_CHECKING:
    from concurrent.futures import Future

PATH = "/api/2.0/runstone/packs"
# Bytes in one request at the most, whose ranges lie back to back; and how many requests are under way.
SPAN = 8 * 1024 * 1024
AT_ONCE = 4
# Handed to the socket at a time, so that its timeout is one of standing still, not of being slow.
_SLICE = 256 * 1024
_PAUSE = 0.2


class _Span(NamedTuple):
    """One request: a stretch of a blob, and how long the ranges are that it is made of."""

    name: str
    offset: int
    length: int
    parts: list[int]


class HttpBlobs:
    """The packs of a server's store.

    Args:
        connection: to the server.
    """

    # What breaks off is sent again from the beginning of its pack. So many, and one that is being filled, are held in memory.
    full_size = 12 * 1024 * 1024
    at_once = 2
    indexed = True

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, name: str, source: str | Sequence[bytes | memoryview]) -> None:
        """Send it; a file is taken away here. It may be sent twice: the server knows it by its name."""
        check_name(name)
        try:
            size = os.stat(source).st_size if isinstance(source, str) else sum(map(len, source))
        except OSError as error:
            raise from_os_error(error, f"Sending the pack {name}") from error
        answer = self._put(name, _Slices(source), size)
        if answer.status != 200:
            raise answer_error(answer, self._connection.address)
        if isinstance(source, str):
            with contextlib.suppress(OSError):
                os.unlink(source)

    def _put(self, name: str, data: _Slices, size: int) -> Answer:
        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        for attempt in range(settings.HTTP_RETRIES.read() + 1):
            answer = self._ask("PUT", name, body=data, headers=headers)
            # The server may still be waiting for the rest of what broke off a moment ago.
            if answer.status != 409:
                break
            time.sleep(_PAUSE * 2**attempt)
        return answer

    def get(self, name: str, offset: int, length: int) -> bytes:
        """A range of a pack."""
        check_name(name)
        if length:
            return bytes(self._fetch(name, offset, length))
        if self.size(name) is None:
            raise _missing(name, self._connection.address)
        return b""

    def gather(self, ranges: Iterable[Range]) -> Iterator[bytes]:
        """Several ranges, in order; the next ones are on their way already."""
        from concurrent.futures import ThreadPoolExecutor

        waiting: deque[tuple[_Span, Future[bytearray]]] = deque()
        spans = _spans(ranges)
        first = next(spans, None)
        if first is None:
            return
        pool = ThreadPoolExecutor(AT_ONCE, "runstone-fetch")
        try:
            following: _Span | None = first
            while following is not None or waiting:
                while following is not None and len(waiting) < AT_ONCE:
                    waiting.append((following, pool.submit(self._fetch, *following[:3])))
                    following = next(spans, None)
                span, future = waiting.popleft()
                data, start = memoryview(future.result()), 0
                for length in span.parts:
                    yield bytes(data[start : start + length])
                    start += length
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def size(self, name: str) -> int | None:
        """How many bytes the server has of a pack."""
        answer = self._ask("HEAD", check_name(name))
        if answer.status not in (200, 404):
            raise answer_error(answer, self._connection.address)
        return int(answer.headers["Content-Length"]) if answer.status == 200 else None

    def list(self) -> dict[str, int]:
        """All packs that the server's index knows, and their sizes."""
        import msgspec

        answer = self._ask("GET", "")
        if answer.status != 200:
            raise answer_error(answer, self._connection.address)
        said = msgspec.json.decode(answer.body, type=dict[str, dict[str, int]])
        return said.get("packs", {})

    def delete(self, name: str) -> None:
        """Have a pack taken away that no file needs."""
        answer = self._ask("DELETE", check_name(name))
        if answer.status != 200:
            raise answer_error(answer, self._connection.address)

    def _ask(self, method: str, name: str, **what: Any) -> Answer:
        return self._connection.request(method, f"{PATH}/{name}" if name else PATH, **what)

    def _fetch(self, name: str, offset: int, length: int) -> bytearray:
        """A range; where the connection breaks off, the rest of it is asked for, as long as each time brings something."""
        data, failures = bytearray(), 0
        while len(data) < length:
            before = len(data)
            try:
                self._fetch_some(name, offset, length, data)
            except _BrokenOffError as error:
                failures = failures + 1 if len(data) == before else 0
                if failures > settings.HTTP_RETRIES.read():
                    raise Unreachable(
                        f"{self._connection.address} breaks off at byte {offset + len(data)} of the pack {name}, again and again: {error}."
                    ) from error
                time.sleep(_PAUSE * 2 ** min(failures, 6))
        return data

    def _fetch_some(self, name: str, offset: int, length: int, data: bytearray) -> None:
        from urllib3.exceptions import HTTPError

        first, last = offset + len(data), offset + length - 1
        response = self._connection.stream(
            "GET", f"{PATH}/{check_name(name)}", headers={"Range": f"bytes={first}-{last}"}
        )
        try:
            if response.status == 206:
                for piece in response.stream(_SLICE):
                    data += piece
                if len(data) < length:
                    raise self._short(name, offset + length, response)
                return
            answer = Answer(response.status, response.headers, response.read())
        except (HTTPError, OSError) as error:
            raise _BrokenOffError(str(error)) from error
        finally:
            response.close() if response.status != 206 or len(data) < length else response.release_conn()
        if answer.status == 416:
            raise _ends(name, offset + length)
        if answer.status == 404:
            raise _missing(name, self._connection.address)
        raise answer_error(answer, self._connection.address)

    def _short(self, name: str, end: int, response: Any) -> Exception:
        # It answered with less than was asked for because there is no more.
        whole = response.headers.get("content-range", "").rpartition("/")[2]
        if whole.isdigit() and int(whole) < end:
            return _ends(name, end)
        return _BrokenOffError("it ended too early")


class _BrokenOffError(Exception):
    """An answer of which a part came."""


class _Slices:
    """A file, through one small buffer, or bytes, as they are, as a body that can be sent more than once."""

    def __init__(self, source: str | Sequence[bytes | memoryview]) -> None:
        self._source = source

    def __iter__(self) -> Iterator[memoryview]:
        if not isinstance(self._source, str):
            for data in self._source:
                yield from (memoryview(data)[start : start + _SLICE] for start in range(0, len(data), _SLICE))
            return
        buffer = memoryview(bytearray(_SLICE))
        with open(self._source, "rb", buffering=0) as file:
            while count := file.readinto(buffer):
                yield buffer[:count]


def _spans(ranges: Iterable[Range]) -> Iterator[_Span]:
    span: _Span | None = None
    for name, offset, length in ranges:
        if (
            span is not None
            and (span.name, span.offset + span.length) == (name, offset)
            and span.length + length <= SPAN
        ):
            span = _Span(name, span.offset, span.length + length, [*span.parts, length])
            continue
        if span is not None:
            yield span
        span = _Span(name, offset, length, [length])
    if span is not None:
        yield span


def _missing(name: str, address: str) -> CorruptData:
    return CorruptData(
        f"The pack {name} is missing from {address}. Restore it there from a backup, or log the files again."
    )


def _ends(name: str, end: int) -> CorruptData:
    return CorruptData(f"The pack {name} ends before byte {end}: it was cut short. Restore it from a backup.")
