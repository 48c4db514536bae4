"""What lets blocks of SQL through, but for the moment of a fork. Knows nothing of databases.

SQLite's locks belong to a process and are remembered in its memory. A child that inherits an open connection believes in locks that
only its parent holds: its writes may be lost when the parent closes. So no connection may be open, or in use, while the process forks.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from weakref import WeakSet


class Closable(Protocol):
    """Something that is closed before a fork, and opens by itself when it is next needed."""

    def suspend(self) -> None:
        """Close what can be closed: no other thread is using it now."""
        ...


class _Gate:
    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.inside: dict[int, int] = {}
        self.forking = 0

    def enter(self) -> None:
        own = threading.get_ident()
        with self.changed:
            while self.forking not in (0, own) and own not in self.inside:
                self.changed.wait()
            self.inside[own] = self.inside.get(own, 0) + 1

    def leave(self) -> None:
        own = threading.get_ident()
        with self.changed:
            self.inside[own] -= 1
            if not self.inside[own]:
                del self.inside[own]
                self.changed.notify_all()


_gate = _Gate()
_all: WeakSet[Closable] = WeakSet()


def add(closable: Closable) -> None:
    """Have it suspended before each fork of this process."""
    _all.add(closable)


@contextmanager
def passage() -> Iterator[None]:
    """A block in which no other thread forks. A thread within one may enter another."""
    gate = _gate
    gate.enter()
    try:
        yield
    finally:
        if gate is _gate:  # else this is a child that was forked within the block
            gate.leave()


def _before_fork() -> None:
    own = threading.get_ident()
    with _gate.changed:
        while _gate.forking:
            _gate.changed.wait()
        _gate.forking = own  # nobody else comes in from here on, or a busy thread could keep us waiting for ever
        while _gate.inside.keys() - {own}:
            _gate.changed.wait()
    for closable in list(_all):
        closable.suspend()


def _after_in_parent() -> None:
    with _gate.changed:
        _gate.forking = 0
        _gate.changed.notify_all()


def _after_in_child() -> None:
    global _gate
    _gate = _Gate()


os.register_at_fork(before=_before_fork, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
