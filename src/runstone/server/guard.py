"""Who may ask, before anything is read: exact host names, no other web page's requests, JSON where JSON is due.

A page of any site can have a browser send requests to a server on this machine. It cannot choose the Host header (but can point a
name of its own here: DNS rebinding), nor the Origin and Sec-Fetch-Site headers that the browser adds.
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from runstone.errors import BadRequest, Forbidden, InvalidParameter, RunstoneError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
# Methods that change nothing.
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

# What is decided by; were it said twice, another program on the way could go by the other one.
_ONCE = frozenset({b"host", b"origin", b"sec-fetch-site", b"content-type", b"content-encoding"})


def once(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The headers of a request by name. Raises BadRequest where one by which anything is decided is there twice."""
    named = dict(headers)
    if len(named) != len(headers):
        names = [name for name, _ in headers]
        twice = next((name for name in names if name in _ONCE and names.count(name) > 1), None)
        if twice is not None:
            raise BadRequest(f"The request has more than one {twice.decode()} header. Send one.")
    return named


class Guard(NamedTuple):
    """What a server lets in.

    `hosts` are the names it may be asked by; with `addresses`, any address in figures too (no name can be rebound to one).
    `origins` are web pages, besides its own, that may send it requests (scheme://host:port).
    """

    hosts: frozenset[str] = LOOPBACK
    addresses: bool = False
    origins: frozenset[str] = frozenset()

    def refusal(self, method: str, scheme: str, headers: dict[bytes, bytes]) -> RunstoneError | None:
        """Why a request is refused, or None."""
        host = headers.get(b"host", b"").decode("latin-1").lower()
        name = _without_port(host)
        if name not in self.hosts and not (self.addresses and _is_address(name)):
            return Forbidden(
                f"This server is not called {host[:100]!r}. Use one of {', '.join(sorted(self.hosts))}, or start it with --allowed-hosts."
            )
        if method in _SAFE:
            return None
        origin = headers.get(b"origin", b"").decode("latin-1").lower()
        if origin and (origin in self.origins or "*" in self.origins):
            return None
        if origin and origin.partition("://")[2] != host:
            return Forbidden(
                f"A page of {origin[:100]!r} may not change anything here. Start the server with --cors-allowed-origins if it is to."
            )
        if headers.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin"):
            return Forbidden("A page of another site may not change anything here.")
        return None


def check_json(headers: dict[bytes, bytes]) -> None:
    """Refuse a body that does not say it is JSON: a web form can be sent by any page, and without asking."""
    kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if kind != b"application/json":
        raise InvalidParameter(
            f"Bad Request. Content-Type must be one of ['application/json'], not {kind[:100].decode('latin-1')!r}."
        )


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
