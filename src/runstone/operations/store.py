"""What can be asked of the store as a whole: is it well, and what is in it."""

from __future__ import annotations

import os

import msgspec

from runstone.errors import CorruptData
from runstone.operations.engine import Engine
from runstone.operations.table import operation
from runstone.store import arrivals, health
from runstone.store.points import decode


class Ping(msgspec.Struct):
    """Ask whether anybody is there."""


class Pong(msgspec.Struct):
    """Who is: the version of runstone, and the number of the store's schema."""

    runstone: str
    schema: int


class InspectStore(msgspec.Struct):
    """Ask for the state of the store."""


class StoreState(msgspec.Struct, omit_defaults=True):
    """`rows` counts what there is of each kind; `size` is the database file's, in bytes; `problem` is None where all is well."""

    rows: dict[str, int]
    size: int
    problem: str | None = None


class PointsAfter(msgspec.Struct):
    """Chunks of metric points behind one, in the order of their writing."""

    after: int = 0
    limit: int = 200


class DamagedMetric(msgspec.Struct):
    """A metric some of whose points cannot be read."""

    run_id: str
    key: str
    problem: str


class PointsChecked(msgspec.Struct, omit_defaults=True):
    """Bytes read, what is wrong with them, and where to go on: None behind the last."""

    size: int
    damaged: list[DamagedMetric]
    next: int | None = None


@operation("GET", "/runstone/ping", permission="read")
def ping(engine: Engine, request: Ping) -> Pong:
    """Whether the store's database answers."""
    from runstone.version import __version__

    with engine.database.read() as connection:
        return Pong(__version__, health.schema(connection))


@operation("GET", "/runstone/store", permission="read")
def inspect_store(engine: Engine, request: InspectStore) -> StoreState:
    """Count what is in the store and have the database check its own pages."""
    with engine.reading_points() as connection:
        return StoreState(health.counts(connection), os.path.getsize(engine.database.path), health.problem(connection))


@operation("GET", "/runstone/points/check", permission="manage")
def check_points(engine: Engine, request: PointsAfter) -> PointsChecked:
    """Read stored metric points, a page of chunks at a time, and compare each chunk with its checksum."""
    damaged = []
    with engine.database.read() as connection:
        rows = health.points(connection, request.after, request.limit)
        for _, series, data in rows:
            try:
                decode(data)
            except CorruptData as error:
                damaged.append(DamagedMetric(*health.metric(connection, series), error.message))
        if not request.after:
            damaged += [
                DamagedMetric(run_id, "", "Points that had just arrived were damaged on the disk and are lost.")
                for run_id in arrivals.damaged(connection)
            ]
    return PointsChecked(sum(len(data) for _, _, data in rows), damaged, rows[-1][0] if rows else None)
