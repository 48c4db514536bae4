"""What can be asked of space: who holds how much, what sharing saved, what lies on the disk, what would be freed."""

from __future__ import annotations

import os

import msgspec

from runstone.operations import rules
from runstone.operations.books import Books, Share
from runstone.operations.engine import Engine
from runstone.operations.table import operation
from runstone.repository.files import repository_in
from runstone.store import artifacts

MOST = 10_000


class GetUsage(msgspec.Struct, omit_defaults=True):
    """`limit` is how many of each kind are listed, the largest first."""

    limit: int = 100


class Disk(msgspec.Struct):
    """Bytes of the store's folder: packs, the database with its log, journals, and the rest: what is being written, consoles, what is
    known of files here."""

    packs: int
    database: int
    journal: int
    other: int


class Usage(msgspec.Struct):
    """Bytes of the whole store. Each list has the largest first; `counts` says how many there are of each.

    `logical` is what all files are that were logged. Without sharing they would take that; `shared` of it was there already,
    `compressed` was saved by compression, `stored` is what is left. `prunable` is what nothing needs any more; `deleted` what only deleted
    runs and models hold: it is freed when they are removed for good.
    """

    files: int
    logical: int
    shared: int
    compressed: int
    stored: int
    prunable: int
    deleted: int
    disk: Disk
    counts: dict[str, int]
    experiments: list[Share]
    runs: list[Share]
    models: list[Share]
    versions: list[Share]
    kinds: list[Share]


@operation("GET", "/runstone/usage", permission="read")
def get_usage(engine: Engine, request: GetUsage) -> Usage:
    """Account for the bytes of the store's files. Plain files, at places that the operator named, are not in it."""
    rules.check_limit("rows", request.limit, MOST)
    limit = max(0, request.limit)
    with engine.database.read() as connection:
        books = Books(connection)
        packs = dict(artifacts.packs(connection))
    on_disk = repository_in(engine.folder).blobs.list()
    lost = sum(size for name, size in on_disk.items() if name not in packs)
    grouped = {
        "experiments": books.shares(books.experiment, lambda key: (str(key), books.experiments.get(key, ""))),
        "runs": books.shares(books.of("runs/"), books.named),
        "models": books.shares(books.of("models/"), books.named),
        "versions": books.shares(books.of("named/"), books.named),
        "kinds": books.shares(books.kind, lambda key: (key, key)),
    }
    deleted = books.shares(books.deleted, lambda key: (key, key))
    return Usage(
        files=len(books.contents),
        logical=books.logical,
        shared=books.logical - books.plain,
        compressed=books.plain - books.live,
        stored=books.live,
        prunable=books.dead + lost,
        deleted=sum(share.unique for share in deleted),
        disk=_disk(engine, sum(on_disk.values())),
        counts={name: len(shares) for name, shares in grouped.items()},
        **{name: shares[:limit] for name, shares in grouped.items()},
    )


def _disk(engine: Engine, packs: int) -> Disk:
    path = engine.database.path
    database = sum(_size(path + ending) for ending in ("", "-wal", "-shm"))
    journal = _below(os.path.join(engine.folder, "journal"))
    other = sum(_below(os.path.join(engine.folder, name)) for name in ("incoming", "console", "git", "files"))
    other += _size(os.path.join(engine.folder, ".gitignore"))
    return Disk(packs, database, journal, other)


def _below(folder: str) -> int:
    return sum(_size(os.path.join(place, name)) for place, _, names in os.walk(folder) for name in names)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
