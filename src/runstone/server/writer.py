"""Group commit: one thread carries out the writes of a server; those that arrive together share one transaction, and one fsync.

A request is acknowledged when the transaction that holds it is on disk. One that is refused leaves nothing of itself behind, and
does not stand in the others' way.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import Any, NamedTuple

from runstone.errors import RunstoneError, StorageBusy, StorageError
from runstone.operations.engine import Engine
from runstone.operations.table import Operation

# Requests in one transaction at the most: bounds how long the first of them waits for the last.
MOST = 256
# Requests that may wait; past this the server says that it is busy, and clients come again.
WAITING = 4096

Row = Operation[Any, Any]
Outcome = Any  # a response, or the exception that is to be raised for it


class _Waiting(NamedTuple):
    row: Row
    request: Any
    future: asyncio.Future[Any]


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
        self._thread = threading.Thread(target=self._run, name="runstone-writer", daemon=True)
        self.groups = self.requests = 0  # for /metrics

    def start(self) -> None:
        """Begin to take requests."""
        self._thread.start()

    def stop(self) -> None:
        """Carry out what waits, then end."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join()

    def submit(self, row: Row, request: Any) -> asyncio.Future[Any]:
        """Have a row carried out; the future is done when the transaction is on disk. Only on the event loop's thread."""
        if len(self._waiting) >= WAITING:
            raise StorageBusy(
                f"The server has {WAITING} writes waiting and takes no more for the moment. Try again in a second."
            )
        future = asyncio.get_running_loop().create_future()
        waiting = _Waiting(row, request, future)
        with self._changed:
            if self._ending:
                raise StorageBusy("The server is shutting down. Try again when it is back.")
            self._waiting.append(waiting)
            self._changed.notify()
        return future

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._ending:
                    self._changed.wait()
                if not self._waiting:
                    return
                group = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            outcomes = self._carry_out(group)
            self.groups, self.requests = self.groups + 1, self.requests + len(group)
            loop = group[0].future.get_loop()
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve, group, outcomes)

    def _carry_out(self, group: list[_Waiting]) -> list[Outcome]:
        if len(group) > 1:
            try:
                return self._together(group)
            except (StorageError, RunstoneError):
                pass  # the disk is full, say, or the commit failed: each is told for itself what became of it
        return [self._alone(one) for one in group]

    def _together(self, group: list[_Waiting]) -> list[Outcome]:
        outcomes = []
        with self._engine.database.group():
            for one in group:
                try:
                    outcomes.append(one.row.function(self._engine, one.request))
                except StorageError:
                    raise
                except Exception as error:  # noqa: BLE001  # this one is refused; its savepoint is rolled back
                    outcomes.append(error)
        return outcomes

    def _alone(self, one: _Waiting) -> Outcome:
        try:
            return one.row.function(self._engine, one.request)
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
