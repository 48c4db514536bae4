"""What can be asked of the store as a whole: is it well, and what is in it."""

from __future__ import annotations

import os

import msgspec

from runstone.operations.engine import Engine
from runstone.operations.table import operation
from runstone.store import health


class InspectStore(msgspec.Struct):
    """Ask for the state of the store."""


class StoreState(msgspec.Struct):
    """`rows` counts what there is of each kind; `size` is the database file's, in bytes; `problem` is None where all is well."""

    rows: dict[str, int]
    size: int
    problem: str | None = None


@operation("GET", "/runstone/store", permission="read")
def inspect_store(engine: Engine, request: InspectStore) -> StoreState:
    """Count what is in the store and have the database check its own pages."""
    with engine.database.read() as connection:
        return StoreState(health.counts(connection), os.path.getsize(engine.database.path), health.problem(connection))
