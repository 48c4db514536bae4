"""SEAM 3: where packs rest. Written once under a name, read in ranges, never modified. (Its tests: tests/contracts/test_blobs.py)"""

from __future__ import annotations

from typing import Protocol


class Blobs(Protocol):
    """A place for packs. A name is letters, digits, '-', '_' and '.', and is given to one blob for ever."""

    def put(self, name: str, source: str) -> None:
        """Take over the finished local file `source` as `name`: all of it or none, on disk for good when this returns."""
        ...

    def get(self, name: str, offset: int, length: int) -> bytes:
        """A range of a blob. Raises CorruptData where it is missing or shorter than that."""
        ...

    def has(self, name: str) -> bool:
        """Whether there is such a blob."""
        ...

    def list(self) -> dict[str, int]:
        """The names of all, with their sizes in bytes."""
        ...

    def delete(self, name: str) -> None:
        """Take it away; nothing happens where there is none."""
        ...
