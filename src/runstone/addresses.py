"""Addresses of servers: the one form they are compared in, whether two are one place, and how they are shown. Knows nothing of HTTP."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runstone.errors import InvalidParameter

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_DEFAULT_PORTS = {"http": 80, "https": 443}


def normal(address: str) -> str:
    """An address in the one form that it is compared in. Raises InvalidParameter for one that is no server's."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        # From None: what Python says of it may quote a piece of a password.
        raise InvalidParameter(
            f"The server's address {masked(address)!r} cannot be read. Write http://host:port; in a name or password in front of the "
            "host, spell '/', ':' and '@' as %2F, %3A and %40."
        ) from None
    if not parts.hostname or parts.query or parts.fragment or any(mark.isspace() for mark in address):
        raise InvalidParameter(
            f"{masked(address)!r} is no server's address. Write http://host:port, with a path behind it where the server has one."
        )
    user, at, _ = parts.netloc.rpartition("@")
    shown = "" if port is None or port == _DEFAULT_PORTS[parts.scheme] else f":{port}"
    return f"{parts.scheme}://{user}{at}{_host(parts)}{shown}{parts.path.rstrip('/')}"


def masked(text: str) -> str:
    """A text without the names and passwords of the addresses in it, as others may see it. Of one that is no address by the rules (a '/'
    in a password) rather too much is left out than too little."""
    return re.sub(r"://.*@", "://***@", text, flags=re.DOTALL)


def split_credentials(address: str) -> tuple[str, tuple[str, str] | None]:
    """An address without the name and password in it; and these, if there are any."""
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(address)
    user, at, place = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    return parts._replace(netloc=place).geturl(), (unquote(name), unquote(password)) if at and user else None


def is_same_place(old: str, new: str) -> bool:
    """Whether what is for the server at one URL may be told the one at another: the same but for the path, or its TLS."""
    from urllib.parse import urlsplit

    before, after = urlsplit(old), urlsplit(new)
    if before.hostname != after.hostname:
        return False
    try:
        places = (before.scheme, _port(before)), (after.scheme, _port(after))
    except ValueError:
        return False
    return places[0] == places[1] or places == (("http", 80), ("https", 443))


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"[{host}]" if ":" in host else host


def _port(parts: SplitResult) -> int | None:
    return parts.port or _DEFAULT_PORTS.get(parts.scheme)
