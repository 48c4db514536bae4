"""What can be asked of artifacts. Bytes travel as chunks; a file's name is written last, in the transaction that has all its chunks."""

from __future__ import annotations

import msgspec

from runstone.entities import FileInfo
from runstone.errors import CorruptData, NotFound
from runstone.operations import rules
from runstone.operations.engine import Engine
from runstone.operations.table import Empty, operation
from runstone.repository import growing
from runstone.repository.files import Packed, Stored
from runstone.store import artifacts, runs
from runstone.store.database import Connection

HIDDEN = ".runstone"


class Chunks(msgspec.Struct):
    """Chunks, by digest."""

    digests: list[str]


class NewPack(msgspec.Struct):
    """A pack that lies where packs lie: its chunks as (digest, offset, size)."""

    name: str
    size: int
    chunks: list[tuple[str, int, int]]


class NewFile(msgspec.Struct):
    """A file: its path, its digest and size in bytes, and its chunks in order."""

    path: str
    digest: str
    size: int
    chunks: list[str]


class CommitArtifacts(msgspec.Struct):
    """Packs, small chunks, and the files made of them: all or none."""

    run_id: str
    packs: list[NewPack]
    small: list[tuple[str, bytes]]
    files: list[NewFile]


class ListArtifacts(msgspec.Struct):
    """A folder among a run's artifacts; None is the top."""

    run_id: str | None = None
    path: str | None = None
    run_uuid: str | None = None


class Files(msgspec.Struct):
    """What lies in a folder, by path."""

    root_uri: str
    files: list[FileInfo]


class GetContent(msgspec.Struct):
    """A content, by its digest."""

    digest: str


class PlacedChunk(msgspec.Struct):
    """Where a chunk is: in a pack, or here."""

    digest: str
    size: int
    pack: str | None = None
    offset: int | None = None
    data: bytes | None = None


class Content(msgspec.Struct):
    """A content's chunks, in order."""

    chunks: list[PlacedChunk]


class TreeOf(msgspec.Struct):
    """A run's files, all of them or those at and below a path."""

    run_id: str
    path: str = ""


class Tree(msgspec.Struct):
    """Files, by path."""

    files: list[FileInfo]


class AllFiles(msgspec.Struct):
    """Files of every owner behind a place."""

    after: tuple[str, str] = ("", "")
    limit: int = 1000


class OwnedFile(msgspec.Struct):
    """A file and whose it is."""

    owner: str
    path: str
    size: int
    digest: str


class OwnedFiles(msgspec.Struct):
    """A page of files; empty behind the last."""

    files: list[OwnedFile]


@operation("POST", "/runstone/chunks/find", permission="read")
def find_chunks(engine: Engine, request: Chunks) -> Chunks:
    """Which of these chunks the store has already."""
    with engine.database.read() as connection:
        return Chunks(sorted(artifacts.known(connection, request.digests)))


@operation("POST", "/runstone/artifacts/commit", permission="edit")
def commit_artifacts(engine: Engine, request: CommitArtifacts) -> Empty:
    """Take chunks and name files, in one transaction. The packs must be on disk already."""
    with engine.database.write() as connection:
        runs.require(connection, rules.check_run_id(request.run_id), active=True)
        now = engine.now()
        for pack in request.packs:
            artifacts.add_pack(connection, pack.name, pack.size, pack.chunks, now)
        artifacts.add_small(connection, request.small)
        for file in request.files:
            rules.check_path(file.path)
            missing = artifacts.name_file(
                connection, _owner(request.run_id), file.path, file.digest, file.size, file.chunks, now
            )
            if missing is not None:
                raise CorruptData(
                    f"The file {file.path!r} names the chunk {missing}, which the store does not have. Log it again."
                )
    return Empty()


@operation("GET", "/mlflow/artifacts/list", permission="read")
def list_artifacts(engine: Engine, request: ListArtifacts) -> Files:
    """One level of a run's artifacts; nothing for a path that is a file or missing. `.runstone` is shown only when it is asked for."""
    run_id = rules.check_run_id(request.run_id or request.run_uuid)
    folder = (request.path or "").strip("/")
    prefix = f"{folder}/" if folder else ""
    with engine.database.read() as connection:
        rows = _paths(engine, connection, run_id)
        uri = runs.artifact_uri(connection, run_id)
    found: dict[str, FileInfo] = {}
    for path, size, digest in rows:
        if not path.startswith(prefix):
            continue
        name, separator, _ = path[len(prefix) :].partition("/")
        if not folder and name == HIDDEN:
            continue
        place = prefix + name
        found[place] = FileInfo(place, True) if separator else FileInfo(place, False, size, digest)
    return Files(uri, [found[place] for place in sorted(found)])


@operation("GET", "/runstone/artifacts/tree", permission="read")
def get_tree(engine: Engine, request: TreeOf) -> Tree:
    """A run's files at and below a path; from the top, without those under `.runstone`. Raises NotFound where there are none below a path."""
    path = request.path.strip("/")
    with engine.database.read() as connection:
        rows = _paths(engine, connection, rules.check_run_id(request.run_id))
    if path:
        files = [row for row in rows if row[0] == path or row[0].startswith(path + "/")]
        if not files:
            raise NotFound(
                f"No artifact {path!r} in run {request.run_id}. `runstone artifacts ls {request.run_id}` lists what there is."
            )
    else:
        files = [row for row in rows if not row[0].startswith(HIDDEN + "/")]
    return Tree([FileInfo(name, False, size, digest) for name, size, digest in files])


@operation("GET", "/runstone/contents/get", permission="read")
def get_content(engine: Engine, request: GetContent) -> Content:
    """A content's chunks and where they are."""
    with engine.database.read() as connection:
        return Content([PlacedChunk(*row) for row in artifacts.content(connection, request.digest)])


@operation("GET", "/runstone/artifacts/all", permission="manage")
def list_everything(engine: Engine, request: AllFiles) -> OwnedFiles:
    """Files of every owner, a page at a time: what a verification reads."""
    with engine.database.read() as connection:
        return OwnedFiles([OwnedFile(*row) for row in artifacts.everything(connection, request.after, request.limit)])


def commit_request(
    run_id: str, packs: list[Packed], small: list[tuple[str, bytes]], files: list[Stored]
) -> CommitArtifacts:
    """What a repository hands over, as the request that commits it for a run."""
    placed = [
        NewPack(name, size, [(chunk.digest, chunk.offset, chunk.size) for chunk in chunks])
        for name, size, chunks in packs
    ]
    return CommitArtifacts(run_id, placed, small, [NewFile(*file) for file in files])


def _paths(engine: Engine, connection: Connection, run_id: str) -> list[tuple[str, int, str | None]]:
    # Growing files are looked for first: one that is kept meanwhile is in the database then, never in neither.
    logs = growing.find(engine.folder, run_id)
    runs.require(connection, run_id)
    rows: list[tuple[str, int, str | None]] = [*artifacts.paths(connection, _owner(run_id))]
    known = {path for path, _, _ in rows}
    rows += [(path, log.size, None) for log in logs if (path := f"{HIDDEN}/{log.name}") not in known]
    return sorted(rows, key=lambda row: row[0])


def _owner(run_id: str) -> str:
    return f"runs/{run_id}"
