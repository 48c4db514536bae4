"""A server process: what it was asked for on the command line, made into an application and run by uvicorn."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable

import msgspec
from starlette.types import ASGIApp

from runstone import settings
from runstone.errors import BadRequest, from_os_error
from runstone.operations.engine import Engine
from runstone.operations.experiments import place_default
from runstone.operations.locations import named_locations
from runstone.server.app import App
from runstone.server.guard import LOOPBACK, Guard

# How a worker process is told what the first one was: its options as JSON.
_HANDED_ON = "_RUNSTONE_SERVER_OPTIONS"
# Seconds that threads get when all is answered.
_LAST_THREADS = 0.5


class Options(msgspec.Struct):
    """What `runstone server` is asked for."""

    folder: str
    host: str = "127.0.0.1"
    port: int = 5000
    workers: int = 1
    prefix: str = ""
    allowed_hosts: list[str] = []
    allowed_origins: list[str] = []
    insecure_no_auth: bool = False
    access_log: bool = True
    artifact_root: str | None = None
    artifact_destination: str | None = None


def serve(options: Options, application: str, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT. Raises BadRequest for options that do not go together, a StorageError for a port that is taken.

    Args:
        options: what was asked for.
        application: where the function is that makes the application in each process ("module:name"); it calls `make_application`.
        ready: is told the address when the socket listens.
    """
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    check(options)
    listening = _listen(options)
    options.port = listening.getsockname()[1]
    settings.hand_on(_HANDED_ON, msgspec.json.encode(options).decode())
    config = uvicorn.Config(
        application,
        factory=True,
        host=options.host,
        port=options.port,
        workers=options.workers,
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
    ready(address(options))
    # When all is done uvicorn gives itself the signal again, for whoever handled it before: that it came is no failure.
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    if options.workers > 1:
        Multiprocess(config, [listening]).run()
    else:
        server.run(sockets=[listening])


def check(options: Options) -> None:
    """Refuse to be open to the network unawares."""
    if not _is_loopback(options.host) and not options.insecure_no_auth:
        raise BadRequest(
            f"--host {options.host} lets everybody who reaches this machine read and change the store: this runstone has no passwords yet. "
            "Leave --host out, or say --insecure-no-auth if that is what you want."
        )
    named_locations(options.artifact_root, options.artifact_destination)
    if options.workers < 1:
        raise BadRequest(f"--workers {options.workers}: a server needs one at least.")


def address(options: Options) -> str:
    """Where the server can be asked."""
    host = f"[{options.host}]" if ":" in options.host else options.host
    return f"http://{host}:{options.port}{options.prefix}"


def guard(options: Options) -> Guard:
    """Whom it lets in."""
    names = {*LOOPBACK, *(name.lower() for name in options.allowed_hosts)}
    open_to_all = not _is_loopback(options.host)
    if open_to_all:
        names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
    return Guard(
        frozenset(names), open_to_all, frozenset(origin.lower().rstrip("/") for origin in options.allowed_origins)
    )


def handed_on() -> Options:
    """What the server whose process this is was asked for."""
    return msgspec.json.decode(settings.handed_on(_HANDED_ON), type=Options)


def open_engine(options: Options) -> Engine:
    """The store that is to be served, which knows where artifacts are plain files. Raises InvalidParameter for places that are none."""
    locations = named_locations(options.artifact_root, options.artifact_destination)
    engine = Engine(options.folder, serving=True, locations=locations)
    place_default(engine)
    return engine


def depart() -> None:
    """End this process soon. All that was answered is on disk, and all that was not is nobody's loss: no thread is worth waiting for
    longer, and one that works on bytes cannot be stopped."""
    last = threading.Timer(_LAST_THREADS, os._exit, (0,))
    last.daemon = True
    last.start()


def make_application(
    options: Options, settle: Callable[[], object] | None = None, depart: Callable[[], None] | None = None
) -> ASGIApp:
    """The application of this process (see `App` for `settle` and `depart`)."""
    app = App(
        open_engine(options),
        guard(options),
        prefix=options.prefix,
        store=options.folder,
        access_log=options.access_log,
        settle=settle,
        depart=depart,
        one_of_many=options.workers > 1,
    )
    if not options.allowed_origins:
        return app
    # Their browsers ask first whether they may; nobody else is told that somebody may.
    from starlette.middleware.cors import CORSMiddleware

    return CORSMiddleware(app, allow_origins=options.allowed_origins, allow_methods=["*"], allow_headers=["*"])


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _listen(options: Options) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((options.host, options.port))
        listening.listen(2048)
        listening.set_inheritable(True)
    except OSError as error:
        listening.close()
        raise from_os_error(
            error,
            f"Listening on {options.host} port {options.port} (another server may be there: --port takes another)",
        ) from error
    return listening
