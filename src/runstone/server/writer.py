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
from functools import partial
from typing import Any, NamedTuple

from runstone.errors import RunstoneError, StorageBusy, StorageError
from runstone.operations.engine import Engine

# Requests in one transaction at the most: bounds how long the first of them waits for the last.
MOST = 256
# Requests that may wait; past this the server says that it is busy, and clients come again.
WAITING = 4096
# Seconds that a reader waits for points to be put into their series.
_PATIENCE = 10.0

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
        self._engine.gather = self._gather

    def stop(self, limit: float) -> None:
        """Carry out what waits, then end; what is not carried out in so many seconds is not carried out, and told so."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join(limit)
        with self._changed:
            rest = list(self._waiting)
            self._waiting.clear()
        _resolve(rest, [_departing()] * len(rest))

    @property
    def alive(self) -> bool:
        """Whether writes are carried out."""
        return self._thread.is_alive()

    def submit(self, act: Act) -> asyncio.Future[Any]:
        """Have it carried out; the future is done when the transaction is on disk. On the event loop's thread."""
        future = asyncio.get_running_loop().create_future()
        self._add(_Waiting(act, future))
        return future

    def call(self, act: Act) -> Any:
        """Have it carried out, and wait; what it raises is raised. On any thread but the event loop's and the writer's own."""
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._add(_Waiting(act, future))
        try:
            return future.result(_PATIENCE)
        except concurrent.futures.TimeoutError:
            future.cancel()
            raise StorageBusy("The store is kept locked by another process. Try again later.") from None

    def gather_by_runs(self) -> None:
        """Have the points that wait put into their series, a run at a time: what arrives meanwhile waits for one run, not for all."""
        for run in self._engine.runs_waiting():
            self.call(partial(self._engine.gather_here, run))

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
                raise _departing()
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
            # Whoever has been told that it took too long is not to find it done after all.
            group = [one for one in group if not one.future.done()]
            outcomes = self._carry_out(group)
            self.requests += len(group)
            assert self._loop is not None
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(_resolve, group, outcomes)
        with suppress(RunstoneError):  # the points stay where they are, and are put there by whoever reads them
            self._engine.gather_here()

    def _carry_out(self, group: list[_Waiting]) -> list[Outcome]:
        if len(group) > 1:
            outcomes = self._together(group)
            if not isinstance(outcomes, StorageError):
                return outcomes
            if isinstance(outcomes, StorageBusy):
                return [outcomes] * len(group)  # it was waited for long enough for all of them
            # The disk is full, say, or the commit failed: each is told for itself what became of it.
        outcomes = []
        for one in group:
            outcomes.append(_outcome(one.act))
            self.groups += 1
        return outcomes

    def _together(self, group: list[_Waiting]) -> list[Outcome] | StorageError:
        outcomes: list[Outcome] = []

        def carry_out() -> None:
            with self._engine.database.group() as intact:
                for one in group:
                    outcome = _outcome(one.act)
                    if isinstance(outcome, StorageError):
                        raise outcome
                    if not intact():
                        raise StorageError(f"The transaction was rolled back: {outcome}")
                    outcomes.append(outcome)

        failure = _outcome(carry_out)
        if failure is None:
            self.groups += 1
            return outcomes
        return failure if isinstance(failure, StorageError) else StorageError(f"The transaction failed: {failure}")


def _outcome(act: Act) -> Outcome:
    try:
        return act()
    except BaseException as error:  # noqa: BLE001  # whatever it is: this thread is the only one that writes, and must live
        if isinstance(error, Exception) and not isinstance(error, StopIteration):  # which no future takes
            return error
        return RuntimeError(f"An operation ended with {error!r}.")


def _departing() -> StorageBusy:
    return StorageBusy("The server is shutting down. Try again when it is back.")


def _resolve(group: list[_Waiting], outcomes: list[Outcome]) -> None:
    for one, outcome in zip(group, outcomes, strict=True):
        if one.future.done():  # whoever asked has gone
            continue
        if isinstance(outcome, Exception):
            one.future.set_exception(outcome)
        else:
            one.future.set_result(outcome)
