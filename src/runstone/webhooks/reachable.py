"""Which IP addresses events may go to: public ones, and those of hosts that the operator has named. Knows nothing of connections.

A host is looked up once for each sending; the addresses that were checked are the ones that are connected to, so that a name server which
changes its answer (DNS rebinding) changes nothing.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable

from runstone import settings
from runstone.errors import InvalidParameter, Unreachable
from runstone.webhooks.places import Place

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# A host's addresses, by its name and port, in so many seconds.
Resolve = Callable[[str, int, float], list[str]]

# What IANA keeps for special purposes, and what was given back: no host of the public network is there. (Python's own tables grow from one
# release to the next; which addresses a server reaches must not.)
_SPECIAL_4 = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
    "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    "168.63.129.16/32",  # Azure's own services, for every machine of it
)  # fmt: skip
# Public IPv6 addresses are of this block, but for those below: protocols, Teredo, documentation, 6to4.
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
_SPECIAL_6 = ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
# Not even hosts that the operator has named may be here: this machine's neighbours, everybody, nobody, and what tells a cloud's machine
# who it is and its credentials.
_NEVER = (
    "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32",
    "::/128", "fe80::/10", "ff00::/8", "fd00:ec2::/32", "fd20:ce::/32",
)  # fmt: skip
# Blocks whose last 32 bits are an IPv4 address: mapped, compatible, translated, NAT64 (both).
_EMBEDDING = ("::ffff:0:0/96", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/96")

_special_4 = [ipaddress.IPv4Network(block) for block in _SPECIAL_4]
_special_6 = [ipaddress.IPv6Network(block) for block in _SPECIAL_6]
_never = [ipaddress.ip_network(block) for block in _NEVER]
_embedding = [ipaddress.IPv6Network(block) for block in _EMBEDDING]


def resolve(host: str, port: int, seconds: float) -> list[str]:
    """The addresses that the system knows of a host, each once. Raises Unreachable where it knows none, or takes too long."""
    found: list[str] = []

    def look() -> None:
        with contextlib.suppress(OSError, UnicodeError):
            found.extend(str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))

    # The system gives no bound, and whose name server it asks may be anybody's: the thread ends when it has given up by itself.
    looking = threading.Thread(target=look, name="runstone-webhook-name", daemon=True)
    looking.start()
    looking.join(seconds)
    if looking.is_alive() or not found:
        why = f"was not found in {seconds:g} seconds" if looking.is_alive() else "is not known"
        raise Unreachable(f"The webhook's host {host!r} {why}. Check its spelling, and the server's DNS.")
    return list(dict.fromkeys(found))


def addresses_of(place: Place, seconds: float, resolve: Resolve = resolve) -> list[str]:
    """The addresses to connect to. Raises InvalidParameter where any of them may not be reached, Unreachable where there are none.

    Which address it was is not said: whoever may make a webhook need not know the network that the server is in.
    """
    found = resolve(place.host, place.port, seconds)
    allowed = may_be_named if place.is_inside_by_name else is_public
    if not all(allowed(address) for address in found):
        raise InvalidParameter(
            f"The webhook's host {place.host!r} is not on the public network, or not only. The server's operator can allow a host inside "
            f"by naming it in {settings.WEBHOOK_HOSTS.name}."
        )
    return found


def is_public(text: str) -> bool:
    """Whether an address is one of the public network, said plainly: not by way of a block that stands for others."""
    address = _parsed(text)
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in block for block in _special_4)
    return address is not None and address in _GLOBAL_6 and not any(address in block for block in _special_6)


def may_be_named(text: str) -> bool:
    """Whether an address may be that of a host which the operator has named."""
    address = _parsed(text)
    if address is None:
        return False
    meant = [address, *_meant_by(address)]
    # Loopback, ::1, lies in the block of IPv4-compatible addresses, whose meaning would be 0.0.0.1.
    if address == ipaddress.IPv6Address("::1"):
        meant = [address]
    return not any(one in block for one in meant for block in _never if one.version == block.version)


def _meant_by(address: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 address may stand for."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    meant: list[Address] = []
    if any(address in block for block in _embedding):
        meant.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    if address.sixtofour is not None:
        meant.append(address.sixtofour)
    if address.teredo is not None:
        meant.extend(address.teredo)
    return meant


def _parsed(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(
            text
        )  # one with a scope (fe80::1%eth0) keeps it, and is in no block of the public ones
    except ValueError:
        return None
