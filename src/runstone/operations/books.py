"""The store's files as columns: whose they are, of which contents and chunks they are made, and what that comes to for any grouping."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from runstone.operations import accounts, kinds
from runstone.store import usage
from runstone.store.database import Connection
from runstone.store.pruning import FOOTER, FRAME

if TYPE_CHECKING:
    import numpy

Key = TypeVar("Key", bound=Hashable)


class Share(msgspec.Struct):
    """What a run, an experiment, ... holds: files, their bytes as logged, bytes of its chunks where they lie, and of those that nobody
    else holds: deleting it frees `unique`."""

    id: str
    name: str
    files: int
    logical: int
    stored: int
    unique: int


class _Groups(Generic[Key]):
    """Numbers for keys, as they come."""

    def __init__(self) -> None:
        self.numbers: dict[Key, int] = {}

    def of(self, key: Key) -> int:
        return self.numbers.setdefault(key, len(self.numbers))


class Books:
    """All files of the store as columns, and what they come to together."""

    def __init__(self, connection: Connection) -> None:
        import numpy

        links = usage.links(connection)
        self.owners, self.experiments = usage.owners(connection), usage.experiments(connection)
        self._files: list[tuple[int, int]] = []
        self._paths: list[tuple[int, str]] = []
        owners, kinds_found, numbers = _Groups[str](), _Groups[str](), []
        for owner, path, content in usage.files(connection):
            self._files.append((owners.of(owner), kinds_found.of(kinds.kind_of(path))))
            self._paths.append((owners.of(owner), path))
            numbers.append(content)
        self._owners, self._kinds = list(owners.numbers), list(kinds_found.numbers)
        self._columns = numpy.array(self._files, numpy.int64).reshape(-1, 2)
        self.contents = numpy.searchsorted(links.content, numpy.array(numbers, numpy.int64))
        self._sizes, self._stored = links.content_size, links.chunk_stored
        self.links = links
        self._of_content = numpy.searchsorted(links.content, links.of_content)
        self._of_chunk = numpy.searchsorted(links.chunk, links.of_chunk)
        named = numpy.zeros(len(links.content), bool)
        named[self.contents] = True
        live = self._held(named)
        self.logical = int(self._sizes[self.contents].sum())
        self.plain, self.live = int(links.chunk_size[live].sum()), int(self._stored[live].sum())
        # What lies dead: chunks that no file needs, and what is in packs and is no chunk's any more.
        packed = numpy.bincount(links.chunk_pack, weights=links.chunk_stored)
        count = numpy.bincount(links.chunk_pack)
        self.dead = int(self._stored[~live].sum())
        for row, _, size, _ in usage.packs(connection):
            held, chunks = (int(packed[row]), int(count[row])) if row < len(count) else (0, 0)
            self.dead += max(0, size - held - FRAME - FOOTER * chunks)

    def _held(self, contents: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
        import numpy

        held = numpy.zeros(len(self._stored), bool)
        held[self._of_chunk[contents[self._of_content]]] = True
        return held

    def chunks_without(self, gone: Callable[[str, str], bool]) -> tuple[numpy.ndarray[Any, Any], int, int]:
        """Of each chunk whether a file needs it when those are gone of which `gone` (owner, path) says so; how many these are, and their
        bytes as logged."""
        import numpy

        stay = numpy.array([not gone(self._owners[owner], path) for owner, path in self._paths], bool)
        named = numpy.zeros(len(self._sizes), bool)
        named[self.contents[stay]] = True
        return self._held(named), int((~stay).sum()), int(self._sizes[self.contents[~stay]].sum())

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
