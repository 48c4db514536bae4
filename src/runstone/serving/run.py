"""A serving process: what it was asked for on the command line, made into an application and run."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable

import msgspec
from starlette.types import ASGIApp

from runstone import settings
from runstone.errors import BadRequest
from runstone.server.listening import allowing, guard, listen, run, url
from runstone.serving import elsewhere
from runstone.serving.app import App
from runstone.serving.describing import curl
from runstone.serving.standing import Standing
from runstone.serving.watching import Watched

_HANDED_ON = "_RUNSTONE_SERVING_OPTIONS"
# Seconds that threads get when all is answered: a model that still predicts for somebody who is gone cannot be stopped.
_LAST_THREADS = 0.5


class Options(msgspec.Struct):
    """What `runstone models serve` is asked for. `batch_rows` None: as `Standing` has it."""

    uri: str
    host: str = "127.0.0.1"
    port: int = 5000
    workers: int = 1
    timeout: float = 60.0
    interval: float = 5.0
    batch_rows: int | None = None
    batch_delay: float = 0.0
    threads: int | None = None
    allowed_hosts: list[str] = []
    allowed_origins: list[str] = []
    env_manager: str = "local"


def serve(options: Options, application: str, ready: Callable[[str, str, str], None]) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        options: what was asked for.
        application: where the function is that makes the application in each of several processes; it calls `application`.
        ready: is told the model's name, the address, and a line for curl, when requests are about to be answered.

    Raises:
        NotFound, InvalidParameter, Forbidden, CorruptData: the model cannot be loaded.
        StorageError: the port is taken.
    """
    if options.workers < 1:
        raise BadRequest(f"--workers {options.workers}: a server needs one at least.")
    _log_to_stderr()
    listening = listen(options.host, options.port)
    options.port = listening.getsockname()[1]
    settings.hand_on(_HANDED_ON, msgspec.json.encode(options).decode())
    with contextlib.ExitStack() as undone:
        undone.callback(listening.close)
        watched = _watched(options)  # also where others serve: what cannot be loaded is said here, once
        undone.pop_all()
    address = url(options.host, options.port)
    said = watched.now.name, address, curl(watched.now, address)
    if options.workers > 1:
        watched.drop()
        run(application, listening, lambda: ready(*said), options.workers)
    else:
        run(make_application(options, watched), listening, lambda: ready(*said))


def application() -> ASGIApp:
    """What each of several processes runs."""
    _log_to_stderr()
    options = msgspec.json.decode(settings.handed_on(_HANDED_ON), type=Options)
    return make_application(options, _watched(options))


def make_application(options: Options, watched: Watched) -> ASGIApp:
    """The application of this process."""
    app = App(
        watched,
        guard(options.host, options.allowed_hosts, options.allowed_origins),
        timeout=options.timeout,
        interval=options.interval,
        one_of_many=options.workers > 1,
        depart=_depart,
    )
    return allowing(app, options.allowed_origins)


def _watched(options: Options) -> Watched:
    def load(uri: str) -> Standing:
        elsewhere.require_here(uri, options.env_manager)
        return Standing(uri, options.batch_rows, options.batch_delay, options.threads)

    return Watched(options.uri, load)


def _depart() -> None:
    last = threading.Timer(_LAST_THREADS, os._exit, (0,))
    last.daemon = True
    last.start()


def _log_to_stderr() -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
