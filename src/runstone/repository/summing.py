"""Whether chunks that are here join to what somebody says they are: read once, in long stretches. Knows nothing of who says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runstone.errors import CorruptData
from runstone.repository.blobs import Range
from runstone.repository.chunks import Hasher
from runstone.repository.files import Again, Place, Repository

# Read and summed at once: long enough that reading costs little, short enough to stay in the processor's cache.
_STRETCH = 1024 * 1024


def joins(repository: Repository, places: Sequence[Place], whole: str, what: str, again: Again) -> bool:
    """Whether the chunks join to `whole`. What joins to it has no wrong chunk: their own digests are looked at only where it does not.
    Raises CorruptData where a chunk is damaged or lost.

    Args:
        repository: where they are.
        places: the chunks, in order.
        whole: the digest.
        what: what an error calls it.
        again: tells where chunks are by now, as `Repository.read` has it.
    """
    if not any(place.codec or place.pack is None for place in places):
        total = Hasher(threads=1)
        try:
            for data in repository.blobs.gather(_stretches(places)):
                total.add(data)
        except CorruptData:
            pass  # moved, or damaged: below it is found out which
        else:
            if total.name == whole:
                return True
    total = Hasher(threads=1)
    for chunk in repository.read_all([([place], place.digest, what) for place in places], again=again):
        for data in chunk:
            total.add(data)
    return total.name == whole


def _stretches(places: Sequence[Place]) -> Iterator[Range]:
    """What lies side by side in a pack, as one range."""
    stretch: Range | None = None
    for place in places:
        pack, offset = str(place.pack), place.offset or 0
        if stretch is not None:
            name, start, length = stretch
            if (name, start + length) == (pack, offset) and length + place.size <= _STRETCH:
                stretch = Range(name, start, length + place.size)
                continue
            yield stretch
        stretch = Range(pack, offset, place.size)
    if stretch is not None:
        yield stretch
