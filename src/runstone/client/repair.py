"""The client's method that puts whole chunks in the place of damaged ones: from a second store, or from the files themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, NamedTuple

from runstone.client.verification import Damage, Findings, examine
from runstone.errors import (
    Conflict,
    CorruptData,
    InvalidParameter,
    MissingFile,
    RunstoneError,
    WrongFileKind,
    from_os_error,
)
from runstone.operations import checking, packs
from runstone.operations.artifacts import PlacedChunk
from runstone.repository.stores import refuse_file
from runstone.repository.writing import storing
from runstone.transport.discovery import SERVERS

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.operations.packs import NewPack
    from runstone.repository.packs import PackWriter

# Chunks that are asked for at once.
_AT_ONCE = 100

# Gives those of some chunks that it has, by digest, each checked.
Source = Callable[[list[str]], "Iterator[tuple[str, bytes]]"]


class Repair(NamedTuple):
    """What a repair did, or would do: damage that is no more, damage that stays, and how many chunks and bytes were brought from elsewhere."""

    repaired: list[Damage]
    left: list[Damage]
    chunks: int
    size: int


def repair(
    self: Client,
    source: Client | str | os.PathLike[str] | Sequence[Client | str | os.PathLike[str]],
    *,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Repair:
    """Verify the store and bring back what is damaged or lost of its files: every chunk is known by its digest, whoever has it.

    Chunks are checked, written to new packs (small ones to the database), and found there from one transaction on; only then packs that
    were damaged are deleted. What is wrong with the database itself stays: restore that from a backup.

    Args:
        source: a second store's client or address (a folder or a server); or a file or folder with what was logged, which is cut anew.
            Of several, each is asked for what those before it have not.
        dry_run: find out what could be brought back, and change nothing.
        progress: is told the bytes that are read: of such files, of what is verified, and of what is written anew.

    Raises:
        InvalidParameter: a source is the store itself.
        WrongFileKind: a source is a device, a pipe, or the like.
        MissingFile: there is no store and no file of that name.
    """
    told = progress or (lambda size: None)
    give = _source_of_several(self, source, told)
    found = examine(self, told)
    broken = _Broken(self, found)
    brought = {"chunks": 0, "size": 0}

    def count(name: str, data: bytes) -> None:
        brought["chunks"], brought["size"] = brought["chunks"] + 1, brought["size"] + len(data)

    if dry_run:
        lost = _look(broken, give, count)
    else:
        # Whoever prunes meanwhile leaves packs alone that have no name yet; a server's are named when they are there.
        with nullcontext() if self._repository.blobs.indexed else storing(self._repository.folder):
            lost = _mend(self, broken, give, count, told)
    left = [damage for damage in found.damages if _stays(damage, found, broken, lost)]
    return Repair([damage for damage in found.damages if damage not in left], left, **brought)


class _Broken:
    """What is to be written anew: all chunks of the packs that are not whole, and the damaged ones of the database."""

    def __init__(self, client: Client, found: Findings) -> None:
        self.client = client
        wrong = list(found.chunks)
        places = [
            place for start in range(0, len(wrong), _AT_ONCE) for place in _places(client, wrong[start:][:_AT_ONCE])
        ]
        self.small = [place for place in places if place.pack is None]
        self.packs = sorted({place.pack for place in places if place.pack is not None} | set(found.packs))

    def pieces(self, pack: str) -> list[PlacedChunk]:
        """What the index looks for in a pack."""
        return self.client._transport.call(checking.list_chunks_in_pack, checking.PackOf(pack)).chunks


def _places(client: Client, digests: list[str]) -> list[PlacedChunk]:
    return client._transport.call(checking.find_places, checking.FindPlaces(digests)).chunks


def _stays(damage: Damage, found: Findings, broken: _Broken, lost: dict[str, str | None]) -> bool:
    """Whether damage is still there: of a file, while one of its chunks is lost; of a pack, while one in it is; of all else always."""
    named = [chunk for chunk, whose in found.chunks.items() if damage in whose]
    if named:
        return not lost.keys().isdisjoint(named)
    pack = damage.path.removeprefix("packs/")
    return pack not in found.packs or pack in lost.values()


def _look(broken: _Broken, give: Source, count: Callable[[str, bytes], None]) -> dict[str, str | None]:
    """Which chunks nobody has, and the pack that each is lost in."""
    lost: dict[str, str | None] = {}
    for pack, places in _groups(broken):
        for place, data in _whole(broken.client, places, give, count):
            if data is None:
                lost[place.digest] = pack
    return lost


def _groups(broken: _Broken) -> Iterator[tuple[str | None, list[PlacedChunk]]]:
    yield None, broken.small
    for pack in broken.packs:
        yield pack, broken.pieces(pack)


def _mend(
    self: Client, broken: _Broken, give: Source, count: Callable[[str, bytes], None], told: Callable[[int], None]
) -> dict[str, str | None]:
    """Write what is whole, here or there, anew. Which chunks nobody has, and the pack that each is lost in."""
    lost: dict[str, str | None] = {}
    fresh = _Fresh(self)
    try:
        for pack, places in _groups(broken):
            for place, data in _whole(self, places, give, count):
                if data is None:
                    lost[place.digest] = pack
                elif pack is None:
                    fresh.small.append((place.digest, data))
                else:
                    fresh.add(place.digest, data)
                    told(len(data))
        fresh.finish()
    except BaseException:
        fresh.abandon()
        raise
    # The order of writes: the new packs are on disk, then they are named, then the old ones go.
    self._transport.call(checking.replace_chunks, checking.ReplaceChunks(fresh.packs, fresh.small))
    for pack in broken.packs:
        if pack not in lost.values():
            try:
                self._transport.call(packs.delete_pack, packs.PackName(pack))
            except Conflict:
                continue  # a chunk came back to it meanwhile
    return lost


def _whole(
    self: Client, places: list[PlacedChunk], give: Source, count: Callable[[str, bytes], None]
) -> Iterator[tuple[PlacedChunk, bytes | None]]:
    """Chunks with their bytes, from here or else from there; None of those that neither has."""
    for start in range(0, len(places), _AT_ONCE):
        some = places[start : start + _AT_ONCE]
        missing = {}
        for place in some:
            data = _read(self, place)
            if data is None:
                missing[place.digest] = place
            else:
                yield place, data
        for name, data in give(list(missing)) if missing else ():
            place = missing.pop(name)
            count(name, data)
            yield place, data
        yield from ((place, None) for place in missing.values())


def _read(client: Client, place: PlacedChunk) -> bytes | None:
    try:
        return b"".join(client._repository.read([place], place.digest, "the chunk"))
    except CorruptData:
        return None


class _Fresh:
    """New packs, being written. `packs` are those that the index is to be told of, on disk once `finish` has returned."""

    def __init__(self, client: Client) -> None:
        self._repository = client._repository
        self.packs: list[NewPack] = []
        self.small: list[tuple[str, bytes]] = []
        self._writer: PackWriter | None = None

    def add(self, name: str, data: bytes) -> None:
        from runstone.repository.compression import CODEC, compress
        from runstone.repository.held import Memory
        from runstone.repository.packs import PackWriter

        if self._writer is None:
            blobs = self._repository.blobs
            held = Memory(blobs.full_size) if blobs.indexed else None
            self._writer = PackWriter(self._repository.folder, held=held)
        frame = compress(data)
        if frame is None:
            self._writer.add(name, data)
        else:
            self._writer.add_stored(name, len(data), len(frame), CODEC, frame)
        if self._writer.is_full(self._repository.blobs.full_size):
            self.finish()

    def finish(self) -> None:
        if self._writer is not None:
            self._writer.finish(self._repository.blobs)
            if not self._repository.blobs.indexed:
                self.packs.append(packs.placed(self._writer.pack))
            self._writer = None

    def abandon(self) -> None:
        if self._writer is not None:
            self._writer.abandon()
        for pack in self.packs:
            self._repository.blobs.delete(pack.name)


def _source_of_several(
    self: Client,
    sources: Client | str | os.PathLike[str] | Sequence[Client | str | os.PathLike[str]],
    told: Callable[[int], None],
) -> Source:
    several = sources if isinstance(sources, Sequence) and not isinstance(sources, str) else [sources]
    gives = [_source(self, source, told) for source in several]

    def give(digests: list[str]) -> Iterator[tuple[str, bytes]]:
        missing = dict.fromkeys(digests)
        for one in gives:
            for name, data in one(list(missing)) if missing else ():
                del missing[name]
                yield name, data

    return give


def _source(self: Client, source: Client | str | os.PathLike[str], told: Callable[[int], None]) -> Source:
    from runstone.client import Client
    from runstone.transport.discovery import is_store, resolve

    if not isinstance(source, Client):
        address = resolve(source)
        # The folder that this very store lies in has the files that were logged from it.
        if not is_store(address) or (address == self.tracking_uri and not _is_itself(self, os.fspath(source))):
            path = os.fspath(source)
            if not os.path.exists(path):
                raise MissingFile(f"There is no store at {path!r} to repair from, and no file either.", path)
            _refuse_within(self, path)
            if not os.path.isfile(path) and not os.path.isdir(path):
                raise WrongFileKind(
                    f"{path!r} is neither a file nor a folder: nothing that was logged is read from it.", path
                )
            return _from_files(path, told)
        _refuse_within(self, address)
        source = Client(address)
    other = source
    _refuse_within(self, other.tracking_uri)
    return lambda digests: _from_store(other, digests)


def _is_itself(self: Client, place: str) -> bool:
    """Whether a place is the store's own address or folder, by whatever path."""
    return place == self.tracking_uri or "://" in place or os.path.realpath(place) == os.path.realpath(_folder(self))


def _folder(self: Client) -> str:
    return self.tracking_uri.removeprefix("file://")


def _refuse_within(self: Client, place: str) -> None:
    """Raises InvalidParameter for the store itself, and for what is part of it: what is damaged there does not come back from there."""
    if not place.startswith(SERVERS):
        ours, theirs = os.path.realpath(_folder(self)), os.path.realpath(place.removeprefix("file://"))
        same = theirs == ours or theirs.startswith(ours + os.sep)
    else:
        same = place == self.tracking_uri
    if same:
        raise InvalidParameter(
            f"{place!r} belongs to the runstone store that is to be repaired. Name another store, or files that were logged."
        )


def _from_store(other: Client, digests: list[str]) -> Iterator[tuple[str, bytes]]:
    for place in _places(other, digests):
        data = _read(other, place)
        if data is not None:
            yield place.digest, data


def _from_files(path: str, told: Callable[[int], None]) -> Source:
    """Files as they were logged, cut as they were then. What has changed in them since is not found."""
    from runstone.repository.chunks import digest
    from runstone.repository.folders import walk

    where: dict[str, tuple[str, int, int]] = {}
    for _, local in walk(path) if os.path.isdir(path) else [("", path)]:
        offset = 0
        for name, size in _cut(local):
            where[name] = (local, offset, size)
            told(size)
            offset += size

    def give(digests: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        for name in digests:
            if name in where:
                local, offset, size = where[name]
                try:
                    with open(local, "rb") as file:
                        file.seek(offset)
                        data = file.read(size)
                except OSError as error:
                    raise from_os_error(error, f"Reading {local!r}") from error
                if digest(data) == name:
                    yield name, data

    return give


def _cut(local: str) -> Iterator[tuple[str, int]]:
    """The digests and sizes of a file's chunks."""
    from runstone.repository.chunks import LEAST, Cutter, begin, digest

    try:
        refuse_file(local)
        with open(local, "rb", buffering=0) as file:
            first = begin(file.readinto, os.fstat(file.fileno()).st_size)
            if len(first) <= LEAST:
                yield digest(first), len(first)
                return
            for chunks in Cutter().cut(first, file.readinto):
                for chunk in chunks:
                    yield digest(chunk), len(chunk)
    except RunstoneError:
        raise
    except OSError as error:
        raise from_os_error(error, f"Reading {local!r}") from error
