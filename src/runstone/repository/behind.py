"""Acts behind the caller's back, such as the sync of a pack while the next one is being filled."""

from __future__ import annotations

from collections.abc import Callable

from runstone.repository.workers import Started, Workers


class Behind:
    """A few acts under way on other threads. What one of them raised is raised to whoever waits next.

    Args:
        limit: how many at once.
    """

    def __init__(self, limit: int = 1) -> None:
        self._limit = limit
        self._threads = Workers(limit)
        self._started: list[Started[None]] = []

    def start(self, act: Callable[[], None]) -> None:
        """Start it, as soon as there is room."""
        from runstone.connection import with_our_patience

        self.make_room()
        self._threads.begin()
        self._started.append(self._threads.start(with_our_patience(act)))

    def make_room(self) -> None:
        """Until another one may be started; raises what went wrong."""
        while len(under_way := [started for started in self._started if not started.is_done()]) >= self._limit:
            under_way[0].wait()
        self._raise()

    def wait(self) -> None:
        """Until nothing is under way; raises what went wrong."""
        for started in self._started:
            started.wait()
        self._raise()

    def end(self) -> None:
        """Until nothing is under way, well or not; no threads are left."""
        self._threads.end()

    def _raise(self) -> None:
        done = [started for started in self._started if started.is_done()]
        self._started = [started for started in self._started if started not in done]
        for started in done:
            started.result()
