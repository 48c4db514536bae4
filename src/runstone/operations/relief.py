"""Room on a disk that is full, so that pruning can go on: what can be deleted without writing anything first.

Rows of packs that go so stay for a moment: whoever stores takes a chunk for unknown whose pack is not there, and no file needs these.
All of it only where nobody stores, and while nobody can commit.
"""

from __future__ import annotations

import gc
import os
import time

from runstone import settings
from runstone.operations.engine import DATABASE_NAME, Engine
from runstone.repository import unfinished, writing
from runstone.repository.files import Repository, repository_in
from runstone.store import artifacts, pruning
from runstone.store.database import Connection
from runstone.store.shrinking import held_alone

# Bytes that are enough for the database's log of what comes next.
_ENOUGH = 64 * 1024 * 1024


def relieve(engine: Engine) -> int:
    """Delete what dead writers left, files that no row names, and then packs that are dead as a whole; the bytes that were freed."""
    repository = repository_in(engine.folder)
    with writing.keeping_out(repository.folder) as nobody:
        if not nobody:
            return 0
        freed = _sweep(repository)
        with engine.database.write() as connection:
            return freed + _delete(connection, repository)


def make_room(folder: str) -> int:
    """The same in a store that cannot even be opened: SQLite, too, makes files. Nobody else may have it open."""
    gc.collect()  # SQLite keeps a connection that failed for as long as anything of its error is left
    repository = repository_in(folder)
    with writing.keeping_out(repository.folder) as nobody:
        if not nobody:
            return 0
        freed = _sweep(repository)
        if freed:
            return freed
        with held_alone(os.path.join(folder, DATABASE_NAME)) as connection:
            return _delete(connection, repository)


def _sweep(repository: Repository) -> int:
    before = _sizes(repository.folder)
    place = os.open(repository.folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        unfinished.sweep(place, "", ".pack.tmp")
    finally:
        os.close(place)
    return before - _sizes(repository.folder)


def _delete(connection: Connection, repository: Repository) -> int:
    # Packs made since, whose chunks no content ever named, stay: an upload may go on with them.
    before = int((time.time() - settings.KEEP_UNFINISHED.read()) * 1000)
    there, known = repository.blobs.list(), dict(artifacts.packs(connection))
    dead = [name for name in there if name not in known and name.endswith(".pack")]
    dead += [name for name, _ in pruning.dead_packs(connection, before) if name in there]
    freed = 0
    for name in dead:
        if freed >= _ENOUGH:
            break
        repository.blobs.delete(name)
        freed += there[name]
    return freed


def _sizes(folder: str) -> int:
    return sum(entry.stat().st_size for entry in os.scandir(folder) if entry.is_file())
