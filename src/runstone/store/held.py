"""A thread's connection to the database: whose it is, what it shows while it reads, and how it ends with its thread."""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple


class Shadow(NamedTuple):
    """Temporary objects that a connection has while it reads: statements, with their values, that make and that drop them."""

    make: Sequence[tuple[str, Sequence[object]]] = ()
    drop: Sequence[tuple[str, Sequence[object]]] = ()


NO_SHADOW = Shadow()

# A connection that was in use by the very thread that forked: never closed in the child, where it would disturb the parent's locks.
_orphans: list[sqlite3.Connection] = []


class Held:
    """A thread's connection, which file it is to, and by which address where it only reads; `shadow` is what it has at the moment.
    Closed with the database, or some time after its thread has ended."""

    __slots__ = ("closed", "connection", "identity", "process", "read_only", "shadow")

    def __init__(self, connection: sqlite3.Connection, identity: tuple[int, int], read_only: str | None) -> None:
        self.connection, self.identity, self.process = connection, identity, os.getpid()
        self.read_only, self.shadow, self.closed = read_only, NO_SHADOW, False

    def close(self) -> None:
        """Close it; in a forked child keep it as it is."""
        if self.closed:
            return
        self.closed = True
        if self.process == os.getpid():
            self.connection.close()
        else:
            _orphans.append(self.connection)

    def __del__(self) -> None:
        self.close()


class EndOfThread:
    """Goes with its thread, and puts the thread's connection where another one closes it.

    SQLite's module must not be asked for anything while a thread that is not Python's own (pyarrow's) is taken apart: it would be taken
    apart twice, and the process crash.
    """

    __slots__ = ("_ended", "_held")

    def __init__(self, held: Held, ended: deque[Held]) -> None:
        self._held, self._ended = held, ended

    def __del__(self) -> None:
        self._ended.append(self._held)
