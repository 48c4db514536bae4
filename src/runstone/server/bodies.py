"""A request's body, whole, and no longer than it may be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.requests import ClientDisconnect

from runstone import settings
from runstone.errors import BadRequest, RunstoneError

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


async def whole(headers: dict[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """All of it. Raises BadRequest where it is longer than the limit, ClientDisconnect where whoever sent it is gone."""
    said = headers.get(b"content-length", b"0")
    if said.isdigit() and int(said) > limit:
        raise _too_large(limit)
    message = await receive()
    data: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts, size = [data], len(data)
        while message.get("more_body"):
            message = await receive()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > limit:
                raise _too_large(limit)
        data = b"".join(parts)
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return data


def _too_large(limit: int) -> RunstoneError:
    return BadRequest(
        f"The request's body is longer than {limit} bytes. Send it in parts, or raise {settings.SERVER_BODY_LIMIT.name} on the server."
    )
