"""The stores that this process has opened: each one once while anybody holds it, and those that were asked for last for whoever comes again."""

from __future__ import annotations

from typing import Generic, TypeVar
from weakref import WeakValueDictionary

One = TypeVar("One")


class Opened(Generic[One]):
    """Transports by their stores' addresses, for any thread: those that somebody holds, and the `most` that were asked for last.

    A process may speak to any number of stores, one after the other, and has few descriptors: 1,024 unless it asks for more.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: WeakValueDictionary[str, One] = WeakValueDictionary()
        # In the order in which they were asked for. Each step on it is one of the interpreter's; a lock could be held in a fork.
        self._last: dict[str, One] = {}

    def get(self, address: str) -> One | None:
        """The one at an address; None where it is to be opened."""
        found = self._held.get(address)
        return found if found is None else self.put(address, found)

    def put(self, address: str, one: One) -> One:
        """Keep it as the one at this address, in place of any other."""
        self._held[address] = one
        self._last.pop(address, None)
        self._last[address] = one
        for oldest in list(self._last)[: -self._most]:
            self._last.pop(oldest, None)
        return one

    def pop(self, address: str) -> One | None:
        """Forget it; None where there was none."""
        self._last.pop(address, None)
        return self._held.pop(address, None)

    def all(self) -> list[One]:
        """All that are open."""
        return list(self._held.values())
