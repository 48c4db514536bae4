"""An application on a socket, run by uvicorn with this house's bounds; whom it listens to."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterable
from typing import Any

from starlette.types import ASGIApp

from runstone import settings
from runstone.errors import from_os_error
from runstone.server.guard import LOOPBACK, Guard


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises a StorageError for a port that is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
        listening.set_inheritable(True)
    except OSError as error:
        listening.close()
        raise from_os_error(
            error, f"Listening on {host} port {port} (another server may be there: --port takes another)"
        ) from error
    return listening


def run(application: Any, listening: socket.socket, ready: Callable[[], object], workers: int = 1) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        application: an ASGI application, or where the function is that makes one in each process ("module:name").
        listening: the socket.
        ready: called when requests are about to be answered.
        workers: processes that serve; for more than one, the application is such a text.
    """
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    host, port = listening.getsockname()[:2]
    config = uvicorn.Config(
        application,
        factory=isinstance(application, str),
        host=host,
        port=port,
        workers=workers,
        loop="uvloop",
        http="runstone.server.protocol:BoundedProtocol",
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=int(settings.SERVER_DEPARTURE.read()) or 1,
    )
    server = uvicorn.Server(config)
    ready()
    # When all is done uvicorn gives itself the signal again, for whoever handled it before: that it came is no failure.
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    if workers > 1:
        Multiprocess(config, [listening]).run()
    else:
        server.run(sockets=[listening])


def url(host: str, port: int) -> str:
    """Where a server can be asked."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def guard(host: str, names: Iterable[str], origins: Iterable[str]) -> Guard:
    """Whom a server on an address lets in, by further names and for further pages."""
    known = {*LOOPBACK, *(name.lower() for name in names)}
    open_to_all = not is_loopback(host)
    if open_to_all:
        known |= {socket.gethostname().lower(), socket.getfqdn().lower()}
    return Guard(frozenset(known), open_to_all, frozenset(origin.lower().rstrip("/") for origin in origins))


def allowing(app: ASGIApp, origins: list[str]) -> ASGIApp:
    """The application, for pages of these origins too. Their browsers ask first whether they may; nobody else is told that somebody may."""
    if not origins:
        return app
    from starlette.middleware.cors import CORSMiddleware

    return CORSMiddleware(app, allow_origins=origins, allow_methods=["*"], allow_headers=["*"])


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    return host in ("localhost", "::1") or host.startswith("127.")
