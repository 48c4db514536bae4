"""What can be asked of packs: those that a client sends are checked whole and entered into the index, before any file names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from runstone.errors import Conflict, ContentGone, InvalidParameter
from runstone.operations.engine import Engine
from runstone.operations.table import Empty, operation
from runstone.repository.files import repository_in
from runstone.repository.packs import Packed, PackedChunk
from runstone.store import artifacts
from runstone.store.database import Connection

if TYPE_CHECKING:
    from runstone.repository.arriving import ArrivingPack

_HEXADECIMAL = frozenset("0123456789abcdef")


class NewPack(msgspec.Struct):
    """A pack that lies where packs lie, and the chunks in it."""

    name: str
    size: int
    chunks: list[PackedChunk]


class AllPacks(msgspec.Struct):
    """Ask for all packs."""


class Packs(msgspec.Struct):
    """Packs, with their sizes in bytes."""

    packs: dict[str, int]


class PackName(msgspec.Struct):
    """A pack."""

    name: str


@operation("GET", "/runstone/packs", permission="manage")
def list_packs(engine: Engine, request: AllPacks) -> Packs:
    """All packs that the index knows."""
    with engine.database.read() as connection:
        return Packs(dict(artifacts.packs(connection)))


@operation("DELETE", "/runstone/packs/{name}", permission="manage", alone=True)
def delete_pack(engine: Engine, request: PackName) -> Empty:
    """Take a pack away that no content needs; nothing happens where there is none. Raises Conflict where one does."""
    _check_name(request.name)
    with engine.database.write() as connection:
        if not artifacts.delete_pack(connection, request.name):
            raise Conflict(f"The pack {request.name} has chunks of files: it stays.")
    with engine.database.write() as connection:
        # Somebody may have sent one of that name meanwhile. Who is about to enter one waits, and then finds that its file is gone.
        if artifacts.pack_size(connection, request.name) is None:
            repository_in(engine.folder).blobs.delete(request.name)
    return Empty()


def arriving_pack(engine: Engine, name: str) -> ArrivingPack | None:
    """A pack that is about to be sent to this process, to be written, given to `take_pack` and closed; None where it is here already."""
    from runstone.repository.arriving import ArrivingPack

    _check_name(name)
    pack = ArrivingPack(repository_in(engine.folder).folder, name)
    try:
        with engine.database.read() as connection:
            there = artifacts.pack_size(connection, name) is not None
    except BaseException:
        pack.close()
        raise
    if there:
        pack.close()
        return None
    return pack


def take_pack(engine: Engine, arrived: ArrivingPack) -> None:
    """Check every chunk of a pack that has arrived, put it where packs lie, and enter it into the index, though no file names it yet.
    Nothing happens where the index has one of that name by now."""
    chunks = arrived.check()
    # In one transaction: between a file and its row somebody else's file of that name would take the place of the first.
    with engine.database.write() as connection:
        if artifacts.pack_size(connection, arrived.name) is None:
            arrived.place(repository_in(engine.folder).blobs)
            add_pack(engine, connection, NewPack(arrived.name, arrived.size, chunks), engine.now())


def placed(pack: Packed) -> NewPack:
    """A pack as a repository hands it over, as a request names it."""
    return NewPack(pack.name, pack.size, pack.chunks)


def add_pack(engine: Engine, connection: Connection, pack: NewPack, now: int) -> None:
    """Enter a pack into the index. Raises InvalidParameter for one that cannot be, ContentGone where it was pruned before it had a row."""
    _check_name(pack.name)
    if repository_in(engine.folder).blobs.size(pack.name) != pack.size:
        raise ContentGone(f"The pack {pack.name} is not there, or not any more. Store it again.")
    for chunk in pack.chunks:
        if not 0 <= chunk.offset < chunk.offset + chunk.length <= pack.size:
            raise InvalidParameter(
                f"The chunk {chunk.digest} at {chunk.offset}, of {chunk.length} bytes, does not lie in the pack {pack.name} of {pack.size} bytes."
            )
    rows = [(chunk.digest, chunk.size, chunk.offset, chunk.stored, chunk.codec) for chunk in pack.chunks]
    artifacts.add_pack(connection, pack.name, pack.size, rows, now)


def _check_name(name: str) -> None:
    stem, dot, ending = name.partition(".")
    if (len(stem), dot, ending) != (32, ".", "pack") or not _HEXADECIMAL.issuperset(stem):
        raise InvalidParameter(f"Invalid pack name: {name!r}. A pack is 32 hexadecimal digits and '.pack'.")
