"""Threads that work beside their caller, for what lets go of Python's lock: hashing, compressing, writing. They touch nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from threading import Thread

Result = TypeVar("Result")
# More would not help: past this the disk is the slower one.
_MOST = 4


def useful_count() -> int:
    """How many threads there are processors for, within reason."""
    try:
        return max(1, min(_MOST, len(os.sched_getaffinity(0))))
    except AttributeError:  # not on macOS
        return max(1, min(_MOST, os.cpu_count() or 1))


class Started(Generic[Result]):
    """Something under way. What it is given must not change before it is done."""

    def __init__(self, act: Callable[[], Result]) -> None:
        from threading import Lock

        self._act: Callable[[], Result] | None = act
        self._undone = Lock()
        self._undone.acquire()
        self._result: Any = None
        self._error: BaseException | None = None

    def carry_out(self) -> None:
        """Do it, here and now."""
        act, self._act = self._act, None
        assert act is not None
        try:
            self._result = act()
        except BaseException as error:  # noqa: BLE001  # raised again by result()
            self._error = error
        self._undone.release()

    def is_done(self) -> bool:
        """Whether it is done, well or not."""
        return not self._undone.locked()

    def wait(self) -> None:
        """Until it is done, well or not."""
        with self._undone:
            pass

    def result(self) -> Result:
        """Wait for it; what it raised is raised here."""
        self.wait()
        if self._error is not None:
            raise self._error
        result: Result = self._result
        return result


class Workers:
    """A few threads, once `begin` was called: before that, and where none can be started, acts are carried out at once.

    Args:
        count: how many threads.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._threads: list[Thread] = []

    def begin(self) -> None:
        """Have threads from here on."""
        if self._threads:
            return
        from queue import SimpleQueue
        from threading import Thread

        self._queue: SimpleQueue[Started[Any] | None] = SimpleQueue()
        for _ in range(self._count):
            thread = Thread(target=_work, args=(self._queue,), name="runstone-worker", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # there are too many, or the interpreter is on its way out
                return
            self._threads.append(thread)

    def start(self, act: Callable[[], Result]) -> Started[Result]:
        """Have it done, in the order of asking where there is one thread."""
        started = Started(act)
        if self._threads:
            self._queue.put(started)
        else:
            started.carry_out()
        return started

    def end(self) -> None:
        """Have what was started done, and no threads any more."""
        threads, self._threads = self._threads, []
        for _ in threads:
            self._queue.put(None)
        for thread in threads:
            thread.join()


def _work(queue: Any) -> None:
    while (started := queue.get()) is not None:
        started.carry_out()
        del started  # what it holds may be large, and the next one may be long in coming
