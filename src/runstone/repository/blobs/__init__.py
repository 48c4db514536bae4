"""SEAM 3: where packs rest. Written once under a name, read in ranges, never modified. (Its tests: tests/contracts/test_blobs.py)"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from runstone.errors import CorruptData

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


class Range(NamedTuple):
    """A stretch of a blob: its name, the first byte, how many."""

    name: str
    offset: int
    length: int


class Blobs(Protocol):
    """A place for packs. A name is letters, digits, '-', '_' and '.', and is given to one blob for ever.

    Attributes:
        full_size: a pack of so many bytes is handed over; the larger, the fewer, but what breaks off is sent again from its beginning.
        at_once: so many packs are handed over side by side.
        indexed: whoever keeps them enters them into the index by themselves, as soon as they have them. They are not ours to take
            away then, and what arrived of a broken transfer is known when it is begun anew.
    """

    full_size: int
    at_once: int
    indexed: bool

    def put(self, name: str, source: str | Sequence[bytes | memoryview]) -> None:
        """Take over the finished local file `source`, or, where `indexed`, bytes, as `name`: all of it or none, on disk for good when this
        returns."""
        ...

    def get(self, name: str, offset: int, length: int) -> bytes:
        """A range of a blob. Raises CorruptData where it is missing or shorter than that."""
        ...

    def gather(self, ranges: Iterable[Range]) -> Iterator[bytes]:
        """Several ranges, in order, fetched in whatever way is quickest. Raises CorruptData, as get does, where it comes to one."""
        ...

    def size(self, name: str) -> int | None:
        """How many bytes a blob has there; None where there is none."""
        ...

    def list(self) -> dict[str, int]:
        """The names of all, with their sizes in bytes."""
        ...

    def delete(self, name: str) -> None:
        """Take it away; nothing happens where there is none."""
        ...


def check_name(name: str) -> str:
    """A blob's name, or CorruptData: names come from a database that may be somebody else's, and must lead nowhere else."""
    if not name or name.startswith(".") or not _LETTERS.issuperset(name):
        raise CorruptData(f"{name!r} is not the name of a pack: the store's index is damaged or forged.")
    return name
