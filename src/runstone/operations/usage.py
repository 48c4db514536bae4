"""What can be asked of space: who holds how much, what sharing saved, what lies on the disk, what would be freed."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

import msgspec

from runstone.operations import accounts, kinds, rules
from runstone.operations.engine import Engine
from runstone.operations.table import operation
from runstone.repository.files import repository_in
from runstone.store import artifacts, usage
from runstone.store.database import Connection

MOST = 10_000
Key = TypeVar("Key", bound=Hashable)


class GetUsage(msgspec.Struct, omit_defaults=True):
    """`limit` is how many of each kind are listed, the largest first."""

    limit: int = 100


class Share(msgspec.Struct):
    """What a run, an experiment, ... holds: files, their bytes as logged, bytes of its chunks where they lie, and of those that nobody
    else holds: deleting it frees `unique`."""

    id: str
    name: str
    files: int
    logical: int
    stored: int
    unique: int


class Disk(msgspec.Struct):
    """Bytes of the store's folder: packs, the database with its log, journals, and what is being written."""

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
        books = _Books(connection)
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
        prunable=books.all_stored - books.live + lost,
        deleted=sum(share.unique for share in deleted),
        disk=_disk(engine, sum(on_disk.values())),
        counts={name: len(shares) for name, shares in grouped.items()},
        **{name: shares[:limit] for name, shares in grouped.items()},
    )


class _Groups(Generic[Key]):
    """Numbers for keys, as they come."""

    def __init__(self) -> None:
        self.numbers: dict[Key, int] = {}

    def of(self, key: Key) -> int:
        return self.numbers.setdefault(key, len(self.numbers))


class _Books:
    """All files of the store as columns, and what they come to together."""

    def __init__(self, connection: Connection) -> None:
        import numpy

        links = usage.links(connection)
        self.owners, self.experiments = usage.owners(connection), usage.experiments(connection)
        self._files: list[tuple[int, int]] = []
        owners, kinds_found, numbers = _Groups[str](), _Groups[str](), []
        for owner, path, content in usage.files(connection):
            self._files.append((owners.of(owner), kinds_found.of(kinds.kind_of(path))))
            numbers.append(content)
        self._owners, self._kinds = list(owners.numbers), list(kinds_found.numbers)
        self._columns = numpy.array(self._files, numpy.int64).reshape(-1, 2)
        self.contents = numpy.searchsorted(links.content, numpy.array(numbers, numpy.int64))
        self._sizes, self._stored = links.content_size, links.chunk_stored
        self._of_content = numpy.searchsorted(links.content, links.of_content)
        self._of_chunk = numpy.searchsorted(links.chunk, links.of_chunk)
        named = numpy.zeros(len(links.content), bool)
        named[self.contents] = True
        live = numpy.zeros(len(links.chunk), bool)
        live[self._of_chunk[named[self._of_content]]] = True
        self.logical = int(self._sizes[self.contents].sum())
        self.plain, self.live = int(links.chunk_size[live].sum()), int(self._stored[live].sum())
        self.all_stored = int(self._stored.sum())

    def shares(self, key_of: Callable[[str, str], Any], told: Callable[[Any], tuple[str, str]]) -> list[Share]:
        """An account by what `key_of` (owner, kind) says, the largest first; a file of which it says None is in no group."""
        import numpy

        groups = _Groups[Any]()
        table = numpy.full((len(self._owners), len(self._kinds)), -1)
        for pair in {tuple(row) for row in numpy.unique(self._columns, axis=0).tolist()}:
            key = key_of(self._owners[pair[0]], self._kinds[pair[1]])
            if key is not None:
                table[pair] = groups.of(key)
        count = len(groups.numbers)
        table[table < 0] = count
        column = table[self._columns[:, 0], self._columns[:, 1]]
        found = accounts.account(
            column, self.contents, count, self._sizes, self._of_content, self._of_chunk, self._stored
        )
        rows = zip(groups.numbers, *(part.tolist() for part in found), strict=True)
        shares = [Share(*told(key), *numbers) for key, *numbers in rows]
        return sorted(shares, key=lambda share: (-share.stored, -share.logical, share.id))

    def experiment(self, owner: str, kind: str) -> int | None:
        """The experiment that an owner is in."""
        found = self.owners.get(owner)
        return None if found is None else found.experiment

    def deleted(self, owner: str, kind: str) -> str | None:
        """Whether an owner is deleted."""
        found = self.owners.get(owner)
        return "deleted" if found is not None and found.stage == "deleted" else None

    def kind(self, owner: str, kind: str) -> str:
        """The kind itself."""
        return kind

    def of(self, prefix: str) -> Callable[[str, str], str | None]:
        """The owner, of one kind of owners."""
        return lambda owner, kind: owner if owner.startswith(prefix) else None

    def named(self, owner: str) -> tuple[str, str]:
        """An owner's id and name."""
        found = self.owners.get(owner)
        return (owner.partition("/")[2], "") if found is None else (found.id, found.name)


def _disk(engine: Engine, packs: int) -> Disk:
    path = engine.database.path
    database = sum(_size(path + ending) for ending in ("", "-wal", "-shm"))
    journal = _below(os.path.join(engine.folder, "journal"))
    other = sum(_below(os.path.join(engine.folder, name)) for name in ("incoming", "console", "git"))
    return Disk(packs, database, journal, other)


def _below(folder: str) -> int:
    return sum(_size(os.path.join(place, name)) for place, _, names in os.walk(folder) for name in names)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
