"""The one place from which a store asks other servers: a POST to an address that was checked, bounded in time and in what is read of the answer.

It connects to an IP address and to nothing else, follows nothing, hears no proxy of the environment, and of the answer gives back what a
status line can say.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from runstone import settings
from runstone.version import __version__
from runstone.webhooks.places import Place

# Bytes of an answer that are read, with all that say that it is still to come.
_MOST_READ = 16 * 1024
# Bytes that are sent at a time.
_PIECE = 64 * 1024
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?\r?\n")
_END = re.compile(rb"\r?\n\r?\n")
_RETRY_AFTER = re.compile(rb"\nretry-after:[ \t]*([0-9]{1,6})[ \t]*\r?\n", re.IGNORECASE)


class Answer(NamedTuple):
    """What a receiver said: its status, and the seconds after which it wants to be asked again, where it says so."""

    status: int
    retry_after: int | None = None


class NotDelivered(Exception):
    """There was no answer; the sentence says why."""


def post(place: Place, addresses: Sequence[str], headers: Mapping[str, str], body: bytes, seconds: float) -> Answer:
    """Send a body of JSON; all of it, the answer too, in so many seconds. Raises NotDelivered.

    Args:
        place: where to, by name: what the request and TLS say.
        addresses: where to, by IP address: what is connected to, in this order until one is there.
        headers: besides those of every request.
        body: what is sent.
        seconds: that it may take.
    """
    deadline = time.monotonic() + seconds
    said = {
        "Host": place.authority,
        "User-Agent": f"runstone/{__version__}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    head = (
        f"POST {place.target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in said.items()) + "\r\n"
    )
    try:
        connection = _connect(place, addresses, deadline)
        with connection:
            _send(connection, memoryview(head.encode("ascii") + body), deadline)
            return _answer(connection, deadline)
    except TimeoutError:
        raise NotDelivered(f"{place.host} took longer than {settings.WEBHOOK_TIMEOUT.name} allows.") from None
    except OSError as error:
        raise NotDelivered(f"{place.host}: {_said(error)}.") from None


def _connect(place: Place, addresses: Sequence[str], deadline: float) -> socket.socket:
    for number, address in enumerate(addresses):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            # An address that does not answer leaves the others their share of the time.
            connection.settimeout(_left(deadline) / (len(addresses) - number))
            connection.connect((address, place.port))
        except OSError:
            connection.close()
            if number + 1 == len(addresses):
                raise
            continue
        return connection if place.scheme == "http" else _secured(connection, place.host, deadline)
    raise NotDelivered(f"{place.host} has no address.")


def _secured(connection: socket.socket, host: str, deadline: float) -> socket.socket:
    import ssl

    # The certificate is the name's, whatever the address.
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    connection.settimeout(_left(deadline))
    return context.wrap_socket(connection, server_hostname=host)


def _send(connection: socket.socket, data: memoryview, deadline: float) -> None:
    # By hand: a socket with TLS begins its time anew with every piece that sendall() sends.
    while data:
        connection.settimeout(_left(deadline))
        data = data[connection.send(data[:_PIECE]) :]


def _answer(connection: socket.socket, deadline: float) -> Answer:
    data, read = b"", 0
    while True:
        end = _END.search(data)
        if end is None:
            connection.settimeout(_left(deadline))
            piece = connection.recv(4096) if read < _MOST_READ else b""
            if not piece:
                raise NotDelivered("What came back was no HTTP answer.")
            data, read = data + piece, read + len(piece)
            continue
        status = _STATUS.match(data)
        if status is None:
            raise NotDelivered("What came back was no HTTP answer.")
        if not status[1].startswith(b"1"):
            later = _RETRY_AFTER.search(data, 0, end.end())
            return Answer(int(status[1]), int(later[1]) if later else None)
        data = data[end.end() :]  # that it goes on: the answer comes behind


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _said(error: OSError) -> str:
    return str(getattr(error, "verify_message", "") or error.strerror or error).rstrip(".")
