"""Addresses that events are sent to: the one way in which one is read, and which are refused for how they are written.

What is read here is what is connected to: no other reader of addresses sees the text, so that there are no two opinions of which host it names.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from runstone import settings
from runstone.errors import InvalidParameter

URL_LENGTH = 2_048
_PORTS = {"http": 80, "https": 443}
# Below this number ports are those of services that speak something else than HTTP.
_FIRST_PLAIN_PORT = 1_024
# Visible ASCII without what some readers of addresses take for a separator.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?(?P<target>[/?][^\x00-\x20\x7f-\U0010ffff\\#\"<>^`{|}]*)?",
    re.IGNORECASE | re.ASCII,
)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
# What a reader of addresses may take for a number, and so the host for an IPv4 address: also octal and hexadecimal.
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_NAME_LENGTH = 253


class Place(NamedTuple):
    """Where events are sent: `host` is a name in small letters or a plain IP address (no brackets), `target` path and query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Host and port, as the Host header says them; the port only where it is not the scheme's own."""
        return self._host if self.port == _PORTS[self.scheme] else f"{self._host}:{self.port}"

    @property
    def is_inside_by_name(self) -> bool:
        """Whether the operator has named the host (with or without this port) as one that may be inside."""
        return self.is_named_with_port or not _named().isdisjoint({self.host, self._host})

    @property
    def is_named_with_port(self) -> bool:
        """Whether the operator has named the host with this very port."""
        return f"{self._host}:{self.port}" in _named()

    @property
    def _host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def _named() -> set[str]:
    return {text.strip().lower() for text in (settings.WEBHOOK_HOSTS.read() or "").split(",")}


def read(url: object) -> Place:
    """What an address says. Raises InvalidParameter, which does not show it: part of it may be a secret."""
    if not isinstance(url, str) or not url:
        raise InvalidParameter("A webhook needs a 'url': the https address that events are sent to.")
    if len(url) > URL_LENGTH:
        raise InvalidParameter(f"The webhook's url has {len(url)} characters, and may have {URL_LENGTH}. Shorten it.")
    found = _URL.fullmatch(url)
    if found is None:
        raise InvalidParameter(_why_unreadable(url))
    scheme = found["scheme"].lower()
    allowed = settings.WEBHOOK_SCHEMES.read().split(",")
    if scheme not in allowed:
        raise InvalidParameter(
            f"The webhook's url is {scheme}, and may be {' or '.join(allowed)}. The server's operator can allow more with "
            f"{settings.WEBHOOK_SCHEMES.name}."
        )
    target = found["target"] or "/"
    place = Place(
        scheme, _host(found["host"].lower()), _port(found["port"], scheme), target if target[0] == "/" else f"/{target}"
    )
    if not 0 < place.port < 65_536 or (
        place.port < _FIRST_PLAIN_PORT and place.port not in _PORTS.values() and not place.is_named_with_port
    ):
        raise InvalidParameter(
            f"The webhook's url has port {place.port}. It may have 80, 443, or one from 1024 to 65535."
        )
    return place


def _why_unreadable(url: str) -> str:
    if not url.isascii():
        return (
            "The webhook's url holds a character beyond ASCII. Write a host of another script as DNS knows it (xn--...), and others of "
            "path and query by %XX."
        )
    authority = url.partition("://")[2].partition("/")[0]
    if "@" in authority:
        return "The webhook's url holds a name or a password before its host, which anybody who lists webhooks would see. Use its secret instead."
    if "#" in url:
        return "The webhook's url holds a '#', what stands behind it is never sent. Leave it out."
    return "The webhook's url cannot be read. Write https://host/path, without spaces and backslashes."


def _port(text: str | None, scheme: str) -> int:
    return _PORTS[scheme] if text is None else int(text)


def _host(host: str) -> str:
    if host.startswith("["):
        try:
            return str(ipaddress.IPv6Address(host[1:-1]))
        except ValueError:
            raise InvalidParameter("The webhook's url names no IPv6 address between its brackets.") from None
    labels = host.split(".")
    if _NUMERIC.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise InvalidParameter(
                "The webhook's url names its host by a number. Write an IPv4 address as four decimal numbers without zeros before them, or a name."
            ) from None
    if host.endswith("."):
        raise InvalidParameter("The webhook's url names a host with a dot at its end. Leave the dot out.")
    if len(host) > _NAME_LENGTH or not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidParameter(
            "The webhook's url names no host: a name is letters, digits and '-', with single dots between."
        )
    return host
