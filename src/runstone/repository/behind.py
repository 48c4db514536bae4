"""Acts behind the caller's back, such as the sync of a pack while the next one is being filled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Thread


class Behind:
    """A few acts under way on other threads. What one of them raised is raised to whoever waits next.

    Args:
        limit: how many at once.
    """

    def __init__(self, limit: int = 1) -> None:
        self._limit = limit
        self._threads: list[Thread] = []
        self._failures: list[BaseException] = []

    def start(self, act: Callable[[], None]) -> None:
        """Start it, as soon as there is room."""
        import threading

        from runstone.connection import with_our_patience

        self.make_room()
        act = with_our_patience(act)
        thread = threading.Thread(target=self._carry_out, args=(act,), name="runstone-behind")
        try:
            thread.start()
        except RuntimeError:  # no thread can be started: there are too many, or the interpreter is on its way out
            self._carry_out(act)
        else:
            self._threads.append(thread)

    def make_room(self) -> None:
        """Until another one may be started; raises what went wrong."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        while len(self._threads) >= self._limit:
            self._threads.pop(0).join()
        self._raise()

    def wait(self) -> None:
        """Until nothing is under way; raises what went wrong."""
        while self._threads:
            self._threads.pop(0).join()
        self._raise()

    def _raise(self) -> None:
        failures, self._failures = self._failures, []
        if failures:
            raise failures[0]

    def _carry_out(self, act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001  # raised again by make_room() or wait()
            self._failures.append(error)
