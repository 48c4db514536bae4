"""Room on a disk that is full, so that pruning can go on: what can be deleted without writing anything first.

Rows of packs that go so stay for a moment: whoever stores takes a chunk for unknown whose pack is not there, and no file needs these.
All of it only where nobody stores, and while nobody can commit.
"""

from __future__ import annotations

import gc
import os
import time

from runstone import settings
from runstone.operations import strays
from runstone.operations.engine import DATABASE_NAME, Engine
from runstone.repository import writing
from runstone.repository.files import repository_in
from runstone.store import pruning
from runstone.store.database import Connection
from runstone.store.shrinking import held_alone

# Bytes that are enough for the database's log of what comes next.
_ENOUGH = 64 * 1024 * 1024


def relieve(engine: Engine) -> int:
    """Delete what dead writers left, old files that no row names, and then packs that are dead as a whole; the bytes that were freed."""
    repository = repository_in(engine.folder)
    with writing.keeping_out(repository.folder) as nobody:
        if not nobody:
            return 0
        freed = strays.sweep(repository)
        with engine.database.write() as connection:
            return freed + _delete(connection, engine.folder)


def make_room(folder: str) -> int:
    """The same in a store that cannot even be opened: SQLite, too, makes files. Nobody else may have it open."""
    gc.collect()  # SQLite keeps a connection that failed for as long as anything of its error is left
    repository = repository_in(folder)
    with writing.keeping_out(repository.folder) as nobody:
        if not nobody:
            return 0
        freed = strays.sweep(repository)
        if freed:
            return freed
        with held_alone(os.path.join(folder, DATABASE_NAME)) as connection:
            return _delete(connection, folder)


def _delete(connection: Connection, folder: str) -> int:
    # Packs made since that no row names, or whose chunks no content ever named, stay: an upload may go on with them.
    before = int((time.time() - settings.KEEP_UNFINISHED.read()) * 1000)
    repository = repository_in(folder)
    there = repository.blobs.list()
    dead = list(strays.strays(connection, folder, before))
    dead += [name for name, _ in pruning.dead_packs(connection, before) if name in there]
    freed = 0
    for name in dead:
        if freed >= _ENOUGH:
            break
        repository.blobs.delete(name)
        freed += there[name]
    return freed
