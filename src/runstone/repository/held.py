"""A pack that is filled in memory and sent from there: it never was a file of this machine. The memory is used again and again."""

from __future__ import annotations

from runstone.repository.blobs import Blobs
from runstone.repository.chunks import MOST
from runstone.repository.memory import mapped


class Memory:
    """The memory of packs that are being filled or sent; none of it is given back to the system before its last user is gone.

    Args:
        full_size: bytes at which a pack is full. What comes last may go as far beyond as a chunk is long.
    """

    def __init__(self, full_size: int) -> None:
        self._size = full_size + MOST
        self._free: list[memoryview] = []

    def take(self) -> memoryview:
        """Memory for the chunks of a pack."""
        try:
            return self._free.pop()
        except IndexError:
            return mapped(self._size)

    def give_back(self, memory: memoryview) -> None:
        """Take memory that nobody sends from any more."""
        self._free.append(memory)


class Held:
    """What a pack is written to where it goes elsewhere.

    Args:
        name: the pack's.
        memory: where it is filled.
    """

    def __init__(self, name: str, memory: Memory) -> None:
        self._name, self._memory = name, memory
        self._buffer, self._size = memory.take(), 0
        # What had no room any more: the footer.
        self._rest: list[bytes | memoryview] = []

    def write(self, data: bytes | memoryview) -> None:
        """The next bytes."""
        end = self._size + len(data)
        if self._rest or end > len(self._buffer):
            self._rest.append(bytes(data))
        else:
            self._buffer[self._size : end] = data
            self._size = end

    def hand_over(self, blobs: Blobs) -> None:
        """Have it sent; the place that it is sent to has it on disk when this returns."""
        blobs.put(self._name, [self._buffer[: self._size], *self._rest])
        self.abandon()

    def abandon(self) -> None:
        """Let go of it."""
        buffer, self._buffer, self._rest = self._buffer, memoryview(b""), []
        if buffer:
            self._memory.give_back(buffer)
