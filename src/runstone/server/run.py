"""A server process: what it was asked for on the command line, made into an application and run by uvicorn."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import msgspec
from starlette.types import ASGIApp

from runstone import settings
from runstone.errors import BadRequest
from runstone.operations.engine import Engine
from runstone.operations.experiments import place_default
from runstone.operations.locations import named_locations
from runstone.server.app import App
from runstone.server.listening import allowing, guard, is_loopback, listen, run, url

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
    check(options)
    listening = listen(options.host, options.port)
    options.port = listening.getsockname()[1]
    settings.hand_on(_HANDED_ON, msgspec.json.encode(options).decode())
    run(application, listening, lambda: ready(address(options)), options.workers)


def check(options: Options) -> None:
    """Refuse to be open to the network unawares."""
    if not is_loopback(options.host) and not options.insecure_no_auth:
        raise BadRequest(
            f"--host {options.host} lets everybody who reaches this machine read and change the store: this runstone has no passwords yet. "
            "Leave --host out, or say --insecure-no-auth if that is what you want."
        )
    named_locations(options.artifact_root, options.artifact_destination)
    if options.workers < 1:
        raise BadRequest(f"--workers {options.workers}: a server needs one at least.")


def address(options: Options) -> str:
    """Where the server can be asked."""
    return url(options.host, options.port) + options.prefix


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
        guard(options.host, options.allowed_hosts, options.allowed_origins),
        prefix=options.prefix,
        access_log=options.access_log,
        settle=settle,
        depart=depart,
        one_of_many=options.workers > 1,
    )
    return allowing(app, options.allowed_origins)
