"""Group commit: one thread carries out the writes of a server; those that arrive together share one transaction, and one fsync.

A request is acknowledged when the transaction that holds it is on disk. One that is refused leaves nothing of itself behind, and
does not stand in the others' way.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from runstone.errors import RunstoneError, StorageBusy, StorageError
from runstone.operations.engine import Engine

# Requests in one transaction at the most: bounds how long the first of them waits for the last.
MOST = 256
# Requests that may wait; past this the server says that it is busy, and clients come again.
WAITING = 4096

# Something to carry out in the transaction, and what is told of its outcome.
Act = Callable[[], Any]
Outcome = Any  # what the act gave, or the exception that is to be raised for it


class _Waiting(NamedTuple):
    act: Act
    future: asyncio.Future[Any] | concurrent.futures.Future[Any]


class Writer:
    """The thread, from `start` to `stop`.

    Args:
        engine: the store that is written to; whoever else writes to it (other processes) is waited for.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._ending = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="runstone-writer", daemon=True)
        self.groups = self.requests = 0  # for /metrics

    def start(self) -> None:
        """Begin to take requests. On the event loop's thread."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        self._engine.points_wait, self._engine.gather = True, self._gather

    def stop(self) -> None:
        """Carry out what waits, then end."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join()

    def submit(self, act: Act) -> asyncio.Future[Any]:
        """Have it carried out; the future is done when the transaction is on disk. On the event loop's thread."""
        future = asyncio.get_running_loop().create_future()
        self._add(_Waiting(act, future))
        return future

    def call(self, act: Act) -> Any:
        """Have it carried out, and wait; what it raises is raised. On any thread but the event loop's and the writer's own."""
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._add(_Waiting(act, future))
        return future.result()

    def _gather(self) -> None:
        if threading.current_thread() is self._thread:
            self._engine.gather_here()
        else:
            self.call(self._engine.gather_here)

    def _add(self, waiting: _Waiting) -> None:
        if len(self._waiting) >= WAITING:
            raise StorageBusy(
                f"The server has {WAITING} writes waiting and takes no more for the moment. Try again in a second."
            )
        with self._changed:
            if self._ending:
                raise StorageBusy("The server is shutting down. Try again when it is back.")
            self._waiting.append(waiting)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._ending:
                    self._changed.wait()
                if not self._waiting:
                    break
                group = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            try:
                outcomes = self._carry_out(group)
            except Exception as error:  # noqa: BLE001  # whatever it is: this thread is the only one that writes, and must live
                outcomes = [error] * len(group)
            self.groups, self.requests = self.groups + 1, self.requests + len(group)
            assert self._loop is not None
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(_resolve, group, outcomes)
        with suppress(RunstoneError):  # they stay where they are, and whoever opens the store next does it
            self._engine.gather_here()

    def _carry_out(self, group: list[_Waiting]) -> list[Outcome]:
        if len(group) > 1:
            try:
                return self._together(group)
            except RunstoneError:
                pass  # the disk is full, say, or the commit failed: each is told for itself what became of it
        return [_outcome(one.act) for one in group]

    def _together(self, group: list[_Waiting]) -> list[Outcome]:
        outcomes = []
        with self._engine.database.group() as intact:
            for one in group:
                outcome = _outcome(one.act)
                if isinstance(outcome, StorageError):
                    raise outcome
                if not intact():
                    raise StorageError(f"The transaction was rolled back: {outcome}")
                outcomes.append(outcome)
        return outcomes


def _outcome(act: Act) -> Outcome:
    try:
        return act()
    except Exception as error:  # noqa: BLE001  # it is raised where the request is answered
        return error


def _resolve(group: list[_Waiting], outcomes: list[Outcome]) -> None:
    for one, outcome in zip(group, outcomes, strict=True):
        if one.future.done():  # whoever asked has gone
            continue
        if isinstance(outcome, Exception):
            one.future.set_exception(outcome)
        else:
            one.future.set_result(outcome)
