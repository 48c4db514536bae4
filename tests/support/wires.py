"""HTTP as bytes on a socket: for requests that no client library would send, and answers that none would hide."""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.support.servers import Server


class Answer(NamedTuple):
    """What came back: the status (0 where the connection was closed without a word), headers in small letters, the body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str | None:
        """The code of an error in MLflow's shape, with a message; None where it is none."""
        try:
            told: Any = json.loads(self.body)
        except ValueError:
            return None
        shaped = isinstance(told, dict) and isinstance(told.get("message"), str) and told["message"]
        return str(told.get("error_code")) if shaped else None

    @property
    def refuses(self) -> bool:
        """Whether it is a refusal that a client of MLflow understands."""
        kind = self.headers.get("content-type", "").partition(";")[0]
        return 400 <= self.status < 500 and kind == "application/json" and self.code not in (None, "INTERNAL_ERROR")


def connect(server: Server) -> socket.socket:
    """A connection to a server, which has a minute for whatever is waited for: one that has not answered by then hangs."""
    return socket.create_connection(("127.0.0.1", urlsplit(server.url).port), timeout=60)


def all_heard(connection: socket.socket) -> bytes:
    """What is said until the connection ends, be it by a reset: head and body come in as many pieces as they like, and who hangs up on
    bytes that he has not read resets what he said last."""
    heard = b""
    with contextlib.suppress(ConnectionError):
        while data := connection.recv(65536):
            heard += data
    return heard


def exchange(server: Server, said: bytes, *, patience: float | None = None) -> Answer:
    """Say these bytes and hear the answer until the server has said it all.

    With `patience` it is told after so many seconds of
    silence that nothing follows, for what was said may be half a request.
    """
    with connect(server) as connection:
        heard = b""
        # It may have refused, and closed, before it has heard all.
        with contextlib.suppress(ConnectionError):
            connection.sendall(said)
        if patience is not None and not ready([connection], patience):
            connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            while not _is_whole(heard) and (data := connection.recv(65536)):
                heard += data
    return read(heard)


def ready(
    connections: Iterable[socket.socket], patience: float, *, to: int = selectors.EVENT_READ
) -> list[socket.socket]:
    """Which of some connections can be read from (or written to) before so many seconds are over."""
    # not select(), which takes no descriptor beyond 1,023: a process of many tests may have more
    with selectors.DefaultSelector() as waiting:
        for connection in connections:
            waiting.register(connection, to)
        return [key.fileobj for key, _ in waiting.select(patience) if isinstance(key.fileobj, socket.socket)]


def read(heard: bytes) -> Answer:
    """The answer in what was heard."""
    head, _, body = heard.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    status = int(words[1]) if len(words) > 1 and words[0].startswith("HTTP/") and words[1].isdigit() else 0
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return Answer(status, headers, body)


def _is_whole(heard: bytes) -> bool:
    answer = read(heard)
    length = answer.headers.get("content-length", "")
    return b"\r\n\r\n" in heard and length.isdigit() and len(answer.body) >= int(length)


def request(
    method: bytes | str,
    target: bytes | str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    host: str | None = "localhost",
) -> bytes:
    """A request as bytes: JSON unless the headers say otherwise, closed after the answer."""
    told = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **(headers or {}),
    }
    if host is not None:
        told = {"Host": host, **told}
    line = b" ".join((_bytes(method), _bytes(target), b"HTTP/1.1"))
    return (
        line
        + b"\r\n"
        + b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in told.items())
        + b"\r\n"
        + body
    )


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
