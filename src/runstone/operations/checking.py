"""What can be asked when all that is stored is compared with what it should be, and when what is damaged is put in its place again."""

from __future__ import annotations

from contextlib import suppress

import msgspec

from runstone.errors import InvalidParameter, StorageDenied
from runstone.operations import rules
from runstone.operations.artifacts import PlacedChunk
from runstone.operations.engine import Engine
from runstone.operations.packs import NewPack, add_pack
from runstone.operations.table import Empty, operation
from runstone.repository.chunks import digest
from runstone.store import arrivals, artifacts, checking, log

# Bytes of points read for one answer.
_POINTS_AT_ONCE = 16 * 1024 * 1024
# Contents of more bytes are read by themselves.
LARGE = 4 * 1024 * 1024
# Chunks in one question.
MOST_CHUNKS = 1_000


class PointsAfter(msgspec.Struct):
    """Metrics behind one, by the run's row and the key."""

    run: int = 0
    key: str = ""
    limit: int = 100


class DamagedMetric(msgspec.Struct):
    """A metric of a run that is not as it was stored, and what is wrong."""

    run_id: str
    key: str
    problem: str


class PointsChecked(msgspec.Struct, omit_defaults=True):
    """Bytes that were read, the metrics found damaged, and the last metric that was read; None behind the last of all."""

    size: int
    damaged: list[DamagedMetric]
    next: tuple[int, str] | None = None


class CheckTable(msgspec.Struct):
    """A table of the database; '' for what is no table's."""

    table: str = ""


class TableChecked(msgspec.Struct, omit_defaults=True):
    """What is wrong with it, and the next table; None behind the last."""

    problems: list[str]
    next: str | None = None


class FindPlaces(msgspec.Struct):
    """Chunks, by digest."""

    digests: list[str]


class Places(msgspec.Struct):
    """Where chunks are; those that are not here are left out."""

    chunks: list[PlacedChunk]


class PackOf(msgspec.Struct):
    """A pack, by name."""

    name: str


class LooseAfter(msgspec.Struct):
    """Chunks that no content names, behind one by its number."""

    after: int = 0
    limit: int = 1000


class LooseChunks(msgspec.Struct, omit_defaults=True):
    """Where they are, and the number of the last; None behind the last of all."""

    chunks: list[PlacedChunk]
    next: int | None = None


class ReplaceChunks(msgspec.Struct):
    """Packs that lie where packs lie, and small chunks: what is in them takes the place of what is damaged or lost. A server is given no
    packs: it has taken them in by itself."""

    packs: list[NewPack]
    small: list[tuple[str, bytes]]


@operation("GET", "/runstone/points/check", permission="manage", alone=True)
def check_points(engine: Engine, request: PointsAfter) -> PointsChecked:
    """Compare metric points with their checksums, and with the rows that sum them up, some metrics at a time."""
    damaged, size = [], 0
    with engine.reading_points() as connection:
        metrics = checking.metrics_after(connection, request.run, request.key, request.limit)
        last: tuple[int, str] | None = None
        for last in metrics:
            length, problem = checking.metric(connection, *last)
            size += length
            if problem is not None:
                damaged.append(DamagedMetric(checking.run_id(connection, last[0]), last[1], problem))
            if size > _POINTS_AT_ONCE:
                break
        if not request.run:
            damaged += [
                DamagedMetric(run_id, "", "Points that had just arrived were damaged on the disk and are lost.")
                for run_id in arrivals.damaged(connection)
            ]
    return PointsChecked(size, damaged, last)


@operation("GET", "/runstone/store/check", permission="manage", alone=True)
def check_table(engine: Engine, request: CheckTable) -> TableChecked:
    """Compare a table with its indexes, in which every value stands once more; for '' the free pages, the schema and the log."""
    with engine.database.read() as connection:
        names = checking.tables(connection)
        problems = checking.table(connection, request.table) if request.table else checking.whole(connection)
    if not request.table:
        problems += _problems_of_log(engine)
    return TableChecked(problems, next((name for name in names if name > request.table), None))


@operation("POST", "/runstone/chunks/places", permission="read")
def find_places(engine: Engine, request: FindPlaces) -> Places:
    """Where these chunks are."""
    rules.check_limit("chunks", len(request.digests), MOST_CHUNKS)
    with engine.database.read() as connection:
        found = artifacts.places(connection, request.digests)
    return Places([PlacedChunk(*row) for row in found.values()])


@operation("GET", "/runstone/packs/chunks", permission="manage")
def list_chunks_in_pack(engine: Engine, request: PackOf) -> Places:
    """The chunks that the index looks for in a pack, in their order there."""
    with engine.database.read() as connection:
        found = artifacts.places(connection, checking.in_pack(connection, request.name))
    return Places(sorted((PlacedChunk(*row) for row in found.values()), key=lambda chunk: chunk.offset or 0))


@operation("GET", "/runstone/chunks/loose", permission="manage")
def list_loose_chunks(engine: Engine, request: LooseAfter) -> LooseChunks:
    """Chunks that no content names, a page at a time: a file that is logged later may be made of them."""
    with engine.database.read() as connection:
        rows = checking.loose(connection, request.after, min(request.limit, MOST_CHUNKS))
        found = artifacts.places(connection, [name for _, name in rows])
    return LooseChunks([PlacedChunk(*row) for row in found.values()], rows[-1][0] if rows else None)


@operation("POST", "/runstone/chunks/replace", permission="manage", alone=True)
def replace_chunks(engine: Engine, request: ReplaceChunks) -> Empty:
    """Put whole chunks in the place of damaged ones of the same digests, in one transaction. The packs must be on disk already."""
    if engine.serving and request.packs:
        raise InvalidParameter("A server takes no packs by name. Send each to PUT /api/2.0/runstone/packs/<name>.")
    for name, data in request.small:
        if digest(data) != name:
            raise InvalidParameter(f"A chunk of {len(data)} bytes was sent as {name[:100]}, but is {digest(data)}.")
    with engine.database.write() as connection:
        now = engine.now()
        for pack in request.packs:
            add_pack(engine, connection, pack, now)
        checking.replace_small(connection, request.small)
    return Empty()


def _problems_of_log(engine: Engine) -> list[str]:
    found = log.problems(engine.database.path)
    if found:
        # Somebody may have been writing just then: looked at again while nobody can. Where nobody may, it is as it is.
        with suppress(StorageDenied), engine.database.write():
            found = log.problems(engine.database.path)
    return found
