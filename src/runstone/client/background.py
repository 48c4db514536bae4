"""Files that are logged without waiting: a copy lies on this machine when the call returns, a thread stores it, the end of the run waits."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from runstone import settings
from runstone.client import sending, spool
from runstone.client.progress import shown
from runstone.connection import each_within
from runstone.errors import RunstoneError
from runstone.journal import shipping
from runstone.journal.departure import end_as_interrupted
from runstone.journal.waiting import tell

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.operations.artifact_versions import LogArtifactVersion

# The folder that copies lie in, and the run.
Key = tuple[str, str]

# Seconds between two looks at how far it is, for whoever waits.
_LOOK = 0.2


class _Shipping:
    """What this process's thread has to do, is doing, and could not do."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.waiting: dict[Key, Client] = {}
        self.busy: dict[Key, Client] = {}
        self.failures: dict[Key, tuple[Client, list[Exception]]] = {}
        self.moved = 0
        self.thread: threading.Thread | None = None
        # What is waited for no longer, because Ctrl-C said so.
        self.left: set[Key] = set()


_state = _Shipping()


def put(client: Client, run_id: str, sources: list[tuple[str, spool.Source]]) -> None:
    """Copy files, and have them stored. Raises what became of earlier ones of the run that could not be."""
    raise_failure(client, run_id)
    spool.put(client._folder, run_id, sources, synced=False)
    _have_sent(client, run_id)


def put_version(client: Client, request: LogArtifactVersion) -> None:
    """Have files that were put be a version of a named artifact, behind them."""
    spool.put_version(client._folder, request, synced=False)
    _have_sent(client, request.run_id)


def _have_sent(client: Client, run_id: str) -> None:
    key = (client._folder, run_id)
    with _state.changed:
        _state.waiting[key] = client
        _state.left.discard(key)
        if _state.thread is None or not _state.thread.is_alive():
            thread = threading.Thread(target=_work, args=(_state,), name="runstone-files", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more threads, or the program is ending: whoever waits for the files stores them
                return
            _state.thread = thread
        _state.changed.notify_all()


def is_under_way(folder: str, run_id: str) -> bool:
    """Whether this process has yet to store files of the run."""
    return (folder, run_id) in _state.waiting or (folder, run_id) in _state.busy


def is_left(folder: str, run_id: str) -> bool:
    """Whether Ctrl-C ended the wait for the run's files, and none was logged since."""
    return (folder, run_id) in _state.left


def settle(folder: str, run_id: str) -> None:
    """Wait for this process's files of the run. What went wrong is not told here, but to who logs next, or ends the run."""
    if threading.current_thread() is not _state.thread:
        _wait((folder, run_id), None)


def finish(client: Client, run_id: str) -> None:
    """Wait for this process's files of the run, with a bar where it lasts. Raises what could not be stored, and why.

    Of a store here, what still waits is tried once more; of a server, it waits for it to be back. Ctrl-C ends the wait, for all who come
    behind as well: KeyboardInterrupt is raised, and of a store here a line says what is left.
    """
    key = (client._folder, run_id)
    if key in _state.left:
        raise KeyboardInterrupt
    try:
        _finish(client, run_id, key)
    except KeyboardInterrupt:
        _state.left.add(key)
        if not client._is_server:  # with a server, the end of the run says it
            _tell_left(client, run_id)
        raise


def _finish(client: Client, run_id: str, key: Key) -> None:
    if not is_under_way(*key) and not _state.failures.get(key) and not spool.has_files(*key):
        return
    with shown("storing files", lambda: spool.size_of(*key) + _state.moved) as advance:
        _wait(key, advance)
    raise_failure(client, run_id)
    if not client._is_server:
        try:
            refused = sending.send(client, run_id, wait=True)
        except RunstoneError as error:
            error.add_note(
                f"The files wait in {os.path.join(client._folder, spool.FOLDER_NAME)!r}: whoever next reads the run's files stores them."
            )
            raise
        if refused:
            raise refused[0]


def _tell_left(client: Client, run_id: str) -> None:
    folder, size = os.path.join(client._folder, spool.FOLDER_NAME), spool.size_of(client._folder, run_id)
    if size:
        tell(
            f"runstone: files of run {run_id} still wait ({size / 1e6:,.1f} MB). They lie safely in {folder}; the next run, whoever reads "
            f"the run, or `runstone --store '{client.tracking_uri}' sync` stores them."
        )


def raise_failure(client: Client, run_id: str) -> None:
    """Raise the first thing that went wrong with the run's files, once."""
    with _state.changed:
        _, failures = _state.failures.pop((client._folder, run_id), (client, []))
    if failures:
        raise failures[0]


def finish_all() -> None:
    """Wait for all of this process's files. What went wrong is told: there is nobody to raise it to."""
    with _state.changed:
        failed = [(key, client) for key, (client, _) in _state.failures.items()]
        left = dict([*failed, *_state.waiting.items(), *_state.busy.items()])
    for (_, run_id), client in left.items():
        try:
            finish(client, run_id)
        except KeyboardInterrupt:
            if client._is_server:
                _tell_left(client, run_id)
            end_as_interrupted()
        except RunstoneError as error:
            tell(f"runstone: a file of run {run_id} is not in the store: {error.message}")


def _wait(key: Key, advance: Callable[[int], None] | None) -> None:
    seen = _state.moved
    with _state.changed:
        while key in _state.waiting or key in _state.busy:
            if _state.thread is None or not _state.thread.is_alive():
                _state.waiting.pop(key, None)
                return
            _state.changed.wait(_LOOK)
            if advance is not None:
                advance(_state.moved - seen)
                seen = _state.moved


def _work(state: _Shipping) -> None:
    while True:
        with state.changed:
            while not state.waiting:
                state.changed.wait()
            key = next(iter(state.waiting))
            client = state.waiting.pop(key)
            state.busy = {key: client}
        failures: list[Exception] = []
        try:
            with each_within(settings.OFFLINE_AFTER.read(), retries=1):
                failures += sending.send(client, key[1], lambda size: _moved(state, size), wait=True)
        except RunstoneError as error:
            # It waits on: for the server to be back, or for whoever waits for it here, who hears of it then.
            if client._is_server:
                shipping.warn_once(error)
                shipping.afterwards(client.settle)
        except Exception as error:  # noqa: BLE001  # whatever it is, whoever logged it is told
            failures.append(error)
        with state.changed:
            if failures:
                state.failures.setdefault(key, (client, []))[1].extend(failures)
            state.busy = {}
            state.changed.notify_all()


def _moved(state: _Shipping, size: int) -> None:
    state.moved += size


def _after_fork() -> None:
    # The thread is the parent's, and so is what it has to do.
    global _state
    _state = _Shipping()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(finish_all)
