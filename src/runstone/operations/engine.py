"""What operations run on: the database of one store and the clock. The only door to store/ for the floors above."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from runstone.errors import CorruptData, StorageDenied, StorageFull, from_os_error
from runstone.operations.locations import Locations
from runstone.repository import writing
from runstone.repository.stores import DATABASE_NAME as DATABASE_NAME
from runstone.repository.unfinished import unlock
from runstone.store import arrivals
from runstone.store.database import Connection, Database

_IN_THE_STORE = Locations()


class Engine:
    """One open store, in this process.

    Args:
        folder: the store's folder; made, with its database, when missing.
        serving: others ask through this process. What they say of bytes is not to be believed; points of their small requests wait until
            somebody reads points, for we stay to put them into their series, as a process that is gone after one request would not.
        locations: where artifacts are plain files.
    """

    def __init__(self, folder: str, *, serving: bool = False, locations: Locations = _IN_THE_STORE) -> None:
        self.folder, self.serving, self.locations = folder, serving, locations
        made = not os.path.isdir(folder)
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise from_os_error(error, f"Making the store {folder!r}") from error
        if made:
            _keep_from_git(folder)
        path = os.path.join(folder, DATABASE_NAME)
        self._refuse_anew(path)
        self.database = Database(path)
        self._dead: dict[str, int] = {}
        # How points that wait are put into their series: a server has its writer do it.
        self.gather: Callable[[], object] = self.gather_here
        # Who asks, for what is noted about a change: whoever carries requests here says so. '' where nobody knows.
        self.user: Callable[[], str] = str
        # Our clients may be storing at any time: whoever prunes beside us is to know (repository/writing.py).
        self._storing = writing.hold(os.path.join(folder, "incoming")) if serving else None

    def _refuse_anew(self, path: str) -> None:
        # Packs come after the database that names them: where there are some and it is not, it was lost. A new one would hide that.
        if os.path.exists(path) and os.path.getsize(path):
            return
        packs = os.path.join(self.folder, "packs")
        if os.path.isdir(packs) and os.listdir(packs):
            raise CorruptData(
                f"The store {self.folder!r} has packs of files, but its database {path!r} is missing or empty. Restore it from a "
                "backup; to begin anew, take another folder."
            )

    def now(self) -> int:
        """Milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    @contextmanager
    def reading_points(self) -> Iterator[Connection]:
        """A snapshot in which every point that was acknowledged is in its series."""
        with self.database.read() as connection:
            waiting = arrivals.waiting(connection)
        if waiting:
            try:
                self.gather()
            except StorageFull:
                # Not being able to write is no reason for not being able to read.
                with self.database.trial() as connection:
                    arrivals.gather(connection)
                    yield connection
                return
        with self.database.read() as connection:
            yield connection

    def gather_here(self, run: int | None = None) -> None:
        """Put the points that wait, all or a run's, into their series. Where the store may not be written they stay: whoever writes it
        next does it."""
        with suppress(StorageDenied), self.database.write() as connection:
            arrivals.gather(connection, run)

    def runs_waiting(self) -> list[int]:
        """The rows of the runs that have points waiting."""
        with self.database.read() as connection:
            return arrivals.runs_waiting(connection)

    def presume_dead(self, runs: dict[str, int]) -> None:
        """Read these runs as KILLED, ended then (ms), where the store says RUNNING; for a reader who may not write that down."""
        if runs != self._dead:
            from runstone.store import presumed

            self._dead = runs
            self.database.shadow = presumed.shadow(runs)

    def close(self) -> None:
        """Close the database."""
        self.database.close()
        if self._storing is not None:
            unlock(self._storing)
            self._storing = None


def _keep_from_git(folder: str) -> None:
    # `git add -A` would take the store in, and `git checkout` put an old database in the place of the one that is logged to.
    with suppress(OSError), open(os.path.join(folder, ".gitignore"), "x") as file:
        file.write("*\n")
