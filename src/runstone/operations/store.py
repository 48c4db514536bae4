"""What can be asked of the store as a whole: is it well, and what is in it."""

from __future__ import annotations

import os

import msgspec

from runstone.operations.engine import Engine
from runstone.operations.table import operation
from runstone.store import health


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
