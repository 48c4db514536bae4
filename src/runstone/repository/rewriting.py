"""Chunks out of packs that are mostly dead into a new one, each checked and as it lay. The index behind it is somebody else's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from runstone.errors import CorruptData
from runstone.repository.chunks import digest
from runstone.repository.compression import decompress
from runstone.repository.files import Repository
from runstone.repository.packs import Packed, PackWriter


class Lying(Protocol):
    """A chunk as it lies in a pack."""

    @property
    def digest(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def stored(self) -> int: ...
    @property
    def codec(self) -> str: ...


class Source(NamedTuple):
    """A pack, and the chunks of it that are still needed."""

    name: str
    chunks: Iterable[Lying]


def rewrite(repository: Repository, sources: Iterator[Source]) -> tuple[Packed | None, list[str], list[str]]:
    """Put the chunks of packs into a new one, until it is full; on disk when this returns.

    A pack with a chunk that is damaged stays as it is: copied, the damage would look like ours.

    Returns:
        The new pack (None where there was nothing to copy), the packs all of whose chunks are in it, and what was wrong with others.
    """
    writer: PackWriter | None = None
    emptied, problems = [], []
    try:
        for source in sources:
            try:
                chunks = [(chunk, _read(repository, source.name, chunk)) for chunk in source.chunks]
            except CorruptData as error:
                problems.append(error.message)
                continue
            writer = writer or PackWriter(repository.folder)
            for chunk, data in chunks:
                writer.add_stored(chunk.digest, chunk.size, chunk.stored, chunk.codec, data)
            emptied.append(source.name)
            if writer.is_full(repository.blobs.full_size):
                break
        if writer is None:
            return None, [], problems
        writer.finish(repository.blobs)
    except BaseException:
        if writer is not None:
            writer.abandon()
        raise
    return writer.pack, emptied, problems


def _read(repository: Repository, pack: str, chunk: Lying) -> bytes:
    data = repository.blobs.get(pack, chunk.offset, chunk.stored or chunk.size)
    plain = decompress(data, chunk.codec, chunk.size) if chunk.codec else data
    if digest(plain) != chunk.digest:
        raise CorruptData(
            f"The chunk {chunk.digest} in the pack {pack} is damaged: the pack was not rewritten. `runstone verify` says what has it."
        )
    return data
