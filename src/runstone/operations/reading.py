"""An artifact or a pack opened, for a process that hands its bytes on: how long it is, its digest, and its bytes from any place on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from runstone.errors import CorruptData, InvalidParameter, NotFound
from runstone.operations import locations, owners
from runstone.operations.artifacts import HIDDEN, PlacedChunk, chunks_now
from runstone.operations.engine import Engine
from runstone.operations.owners import Place
from runstone.repository import growing
from runstone.repository.blobs import Range
from runstone.repository.files import repository_in
from runstone.store import artifacts

_STRETCH = 1024 * 1024


def _nothing() -> None:
    pass


class Opened(NamedTuple):
    """Bytes as they were when they were opened: how many, and what names them for good (None while they still grow).

    `read` gives those from one place to before another, in pieces. Those of an artifact are checked before they are given; it raises
    CorruptData where damage is. Whoever opened them calls `close` when nothing is read any more.
    """

    size: int
    name: str | None
    read: Callable[[int, int], Iterator[bytes]]
    close: Callable[[], None] = _nothing


def open_file(engine: Engine, place: Place) -> Opened:
    """Open an artifact. Raises NotFound, and InvalidParameter for a folder."""
    owner, path = place
    what = f"{path!r} of {owner}"
    run_id = owners.run_of(owner)
    # Growing files are looked for first: one that is kept meanwhile is in the database then, never in neither.
    logs = growing.find(engine.folder, run_id) if run_id and path.startswith(f"{HIDDEN}/") else []
    with engine.database.read() as connection:
        owners.require(connection, owner)
        rows = artifacts.paths(connection, owner, path)
        kept = next(((size, digest) for name, size, digest in rows if name == path), None)
        chunks = [] if kept is None else [PlacedChunk(*row) for row in artifacts.content(connection, kept[1])]
        found = locations.place_of(engine, connection, owner)
    # A plain file is newer than a row of its path, and is looked for behind it: a row goes when the file is in place.
    if found is not None and path:
        plain = found.place.open(found.join(path))
        if plain is not None:
            return Opened(plain.file.size, plain.file.version, plain.read, plain.close)
    if kept is not None:
        return _whole(engine, what, *kept, chunks)
    if found is not None and path:
        rows = rows or locations.files(found, path)  # type: ignore[assignment]  # a folder there, or nothing
    for log in logs:
        if f"{HIDDEN}/{log.name}" == path:
            return Opened(log.size, None, partial(_grown, log.path, what))
    if rows or not path:
        raise InvalidParameter(f"Artifact path refers to a directory, not a file: '{path}'. List it instead.")
    raise NotFound(f"No such artifact: '{path}' of {owner}.")


def open_pack(engine: Engine, name: str) -> Opened:
    """Open a pack, whose chunks are checked by whoever reads them. Raises NotFound for one that is not in the index."""
    with engine.database.read() as connection:
        size = artifacts.pack_size(connection, name)
    if size is None:
        raise NotFound(f"No pack {name[:100]!r} is known here.")
    blobs = repository_in(engine.folder).blobs
    blobs.get(name, size, 0)  # whether it is there: once the answer has begun it is too late to say that it is not
    # Of one that was cut short what is there is given: who asks for more is told at once that there is none.
    size = min(size, blobs.size(name) or 0)

    def read(start: int, stop: int) -> Iterator[bytes]:
        return blobs.gather(Range(name, at, min(_STRETCH, stop - at)) for at in range(start, stop, _STRETCH))

    return Opened(size, name, read)


def _whole(engine: Engine, what: str, size: int, digest: str, chunks: list[PlacedChunk]) -> Opened:
    read = repository_in(engine.folder).read
    again = partial(chunks_now, engine)
    return Opened(size, digest, lambda start, stop: read(chunks, digest, what, start, stop, again=again))


def _grown(path: str, what: str, start: int, stop: int) -> Iterator[bytes]:
    while start < stop:
        data = growing.read(path, start, min(_STRETCH, stop - start))
        if not data:
            raise CorruptData(f"{what} was shortened while it was read. Read it again.")
        yield data
        start += len(data)
