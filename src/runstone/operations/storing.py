"""What can be asked on the way in: which chunks are there, packs, and files made of them. A file's name is written last."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial
from io import RawIOBase
from typing import BinaryIO

import msgspec

from runstone.errors import Conflict, ContentGone, InvalidParameter
from runstone.operations import locations, owners, rules
from runstone.operations.artifacts import PlacedChunk, chunks_now
from runstone.operations.engine import Engine
from runstone.operations.packs import NewPack, PackName, add_pack, delete_pack, placed
from runstone.operations.table import Empty, operation
from runstone.repository.batch import Stored
from runstone.repository.chunks import digest
from runstone.repository.files import repository_in
from runstone.repository.packs import Packed
from runstone.repository.summing import joins
from runstone.store import artifacts
from runstone.store.database import Connection

# A file that is given: its path, and its bytes.
Source = tuple[str, BinaryIO | RawIOBase]
# The digest of no bytes.
_NOTHING = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"


class FindChunks(msgspec.Struct):
    """Chunks, and contents, by digest, and the run whose files they are to be."""

    run_id: str
    digests: list[str]
    contents: list[str] = []


class Chunks(msgspec.Struct):
    """Chunks, and contents, by digest."""

    digests: list[str]
    contents: list[str] = []


class NewFile(msgspec.Struct, omit_defaults=True):
    """A file: its path, its digest and size in bytes, its chunks in order, and whether it may be run."""

    path: str
    digest: str
    size: int
    chunks: list[str]
    executable: bool = False


class CommitArtifacts(msgspec.Struct):
    """Packs, small chunks, and the files made of them: all or none.

    `expected` names the digests that paths must have at that moment, '' for one that must not be there. A server is given no
    packs: it has taken them in by itself.
    """

    run_id: str
    packs: list[NewPack]
    small: list[tuple[str, bytes]]
    files: list[NewFile]
    expected: dict[str, str] = {}


@operation("POST", "/runstone/chunks/find", permission="edit", alone=True)
def find_chunks(engine: Engine, request: FindChunks) -> Chunks:
    """Which of these chunks, and of these contents with all their chunks, the store has already. Refused as the commit would be, before
    anything is read: the run must take files."""
    owner = owners.of(request.run_id)
    found = sorted(_known(engine, owner, request.digests))
    return Chunks(found, sorted(_known_whole(engine, request.contents)) if request.contents else [])


@operation("POST", "/runstone/artifacts/commit", permission="edit", alone=True)
def commit_artifacts(engine: Engine, request: CommitArtifacts) -> Empty:
    """Take chunks and name files, in one transaction. The packs must be on disk already. A path is a file or a folder, not both.

    Raises Conflict where a path does not mean what was expected.
    """
    owner = owners.of(request.run_id)
    _commit(engine, owner, _checked_claims(engine, request) if engine.serving else request)
    return Empty()


def store_streams(engine: Engine, owner: str, sources: Iterable[Source]) -> None:
    """Store what streams give, as files of an owner, all or none: for bytes that come to this process itself."""
    with engine.database.read() as connection:
        owners.require(connection, owner, active=True)
        found = locations.place_of(engine, connection, owner)
    if found is not None:
        # One after the other: there is no all or none among plain files.
        for path, stream in sources:
            _write_plain(engine, owner, found, rules.check_path(path), stream)
        return

    def known(digests: list[str]) -> set[str]:
        return _known(engine, owner, digests)

    def commit(packs: list[Packed], small: list[tuple[str, bytes]], files: list[Stored]) -> None:
        _commit(engine, owner, commit_request("", packs, small, files))

    def forget(name: str) -> None:
        delete_pack.function(engine, PackName(name))

    repository_in(engine.folder).store(sources, known, commit, forget)


def commit_request(
    run_id: str,
    packs: list[Packed],
    small: list[tuple[str, bytes]],
    files: list[Stored],
    expected: dict[str, str] | None = None,
    executable: Collection[str] = (),
) -> CommitArtifacts:
    """What a repository hands over, as the request that commits it for a run. `executable`: the paths of those that may be run."""
    named = [NewFile(*file, file.path in executable) for file in files]
    return CommitArtifacts(run_id, [placed(pack) for pack in packs], small, named, expected or {})


def _write_plain(engine: Engine, owner: str, found: locations.Found, path: str, stream: BinaryIO | RawIOBase) -> None:
    """A plain file, in place of what the store had under its name before it kept plain files."""
    with engine.database.read() as connection:
        _refuse_both(connection, owner, [path])
    locations.write(found, path, stream)
    with engine.database.read() as connection:
        if artifacts.digest_of(connection, owner, path) is None:
            return
    with engine.database.write() as connection:
        artifacts.delete(connection, owner, path)


def _known(engine: Engine, owner: str, digests: list[str]) -> set[str]:
    with engine.database.read() as connection:
        owners.require(connection, owner, active=True)
        locations.refuse_chunks(locations.place_of(engine, connection, owner))
        known = artifacts.known(connection, digests)
    # A chunk whose pack is gone, or not whole, is not there, whatever the index says: it is asked for again, and what has it is whole again.
    lost = _not_whole(engine, {pack for pack in known.values() if pack is not None})
    return {digest for digest, pack in known.items() if pack not in lost}


def _known_whole(engine: Engine, digests: list[str]) -> set[str]:
    with engine.database.read() as connection:
        known = artifacts.known_whole(connection, digests)
    lost = _not_whole(engine, set().union(*known.values()))
    return {digest for digest, packs in known.items() if not packs & lost}


def _not_whole(engine: Engine, packs: set[artifacts.Sized]) -> set[artifacts.Sized]:
    """Those packs, each with the size that it has in the index, of which there is none or not that much."""
    blobs = repository_in(engine.folder).blobs
    return {pack for pack in packs if blobs.size(pack.name) != pack.size}


def _commit(engine: Engine, owner: str, request: CommitArtifacts) -> None:
    for file in request.files:
        rules.check_path(file.path)
    with engine.database.write() as connection:
        owners.require(connection, owner, active=True)
        locations.refuse_chunks(locations.place_of(engine, connection, owner))
        for path, expected in request.expected.items():
            found = artifacts.digest_of(connection, owner, path)
            if (found or "") != expected:
                raise Conflict(
                    f"{path!r} was changed by somebody else meanwhile: it is {found or 'not there'}, not {expected or 'absent'}. Read it again."
                )
        now = engine.now()
        for pack in request.packs:
            add_pack(engine, connection, pack, now)
        artifacts.add_small(connection, request.small)
        for file in request.files:
            missing = artifacts.name_file(
                connection, owner, file.path, file.digest, file.size, file.chunks, now, file.executable
            )
            if missing is not None:
                raise _gone(file, missing)
        _refuse_both(connection, owner, [file.path for file in request.files])


def _refuse_both(connection: Connection, owner: str, paths: list[str]) -> None:
    both = artifacts.file_and_folder(connection, owner, paths)
    if both is not None:
        raise InvalidParameter(
            f"Invalid artifact path: {both[0]!r} would be a file and, for {both[1]!r}, a folder. Log one of the two under another name."
        )


def _checked_claims(engine: Engine, request: CommitArtifacts) -> CommitArtifacts:
    """Believe nothing that a client says of bytes: digests are names for everybody, and a false one would spoil others' files. Of a content
    that is here nothing is taken but its digest: it may be pruned before the commit, and what is said of its chunks was not looked at."""
    if request.packs:
        raise InvalidParameter(
            "A server takes no packs by name. Send each to PUT /api/2.0/runstone/packs/<name> before the commit."
        )
    for name, data in request.small:
        if digest(data) != name:
            raise InvalidParameter(f"A chunk of {len(data)} bytes was sent as {name}, but is {digest(data)}.")
    for file in request.files:
        if (file.size == 0) != (file.digest == _NOTHING):
            raise _false(file)
    with engine.database.read() as connection:
        known = set(artifacts.known_contents(connection, list({file.digest for file in request.files})))
    small = dict(request.small)
    # Of one content several files may say different things, and any of them may be the one that is believed: each is looked at.
    claims = {(file.digest, file.size, *file.chunks): file for file in request.files if file.digest not in known}
    for file in claims.values():
        _check_content(engine, file, small)
    files = [msgspec.structs.replace(file, chunks=[]) if file.digest in known else file for file in request.files]
    return CommitArtifacts(request.run_id, request.packs, request.small, files, request.expected)


def _check_content(engine: Engine, file: NewFile, small: dict[str, bytes]) -> None:
    """Read a new content's chunks once more and compare their sum with its digest and size."""
    with engine.database.read() as connection:
        known = artifacts.places(connection, [name for name in set(file.chunks) if name not in small])
    places: list[PlacedChunk] = []
    for name in file.chunks:
        row = (name, len(small[name]), None, None, small[name], 0, "") if name in small else known.get(name)
        if row is None:
            raise _gone(file, name)
        places.append(PlacedChunk(*row))
    if file.size and not file.chunks:
        raise _gone(file, file.digest)
    if sum(place.size for place in places) != file.size:
        raise _false(file)
    # A content of one chunk has its chunk's name, which was compared with the bytes when they came.
    if file.chunks != [file.digest]:
        what, again = f"The file {file.path!r}", partial(chunks_now, engine)
        if not joins(repository_in(engine.folder), places, file.digest, what, again):
            raise _false(file)


def _false(file: NewFile) -> InvalidParameter:
    return InvalidParameter(
        f"The file {file.path!r} is said to be {file.size} bytes and {file.digest}; its chunks are not."
    )


def _gone(file: NewFile, name: str) -> ContentGone:
    return ContentGone(
        f"The file {file.path!r} names {name}, which the store does not have, or not any more. Log it again."
    )
