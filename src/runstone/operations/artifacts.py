"""What can be asked of artifacts. Bytes travel as chunks; a file's name is written last, in the transaction that has all its chunks."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from runstone.entities import FileInfo
from runstone.errors import NotFound
from runstone.operations import locations, owners, rules
from runstone.operations.engine import Engine
from runstone.operations.table import operation
from runstone.repository import growing
from runstone.store import artifact_versions, artifacts, runs
from runstone.store.database import Connection

HIDDEN = ".runstone"
# Contents in one question.
MOST_CONTENTS = 500


class ListArtifacts(msgspec.Struct, omit_defaults=True):
    """A folder among a run's artifacts; None is the top."""

    run_id: str | None = None
    path: str | None = None
    run_uuid: str | None = None


class Files(msgspec.Struct, omit_defaults=True):
    """What lies in a folder, by path."""

    root_uri: str
    files: list[FileInfo] = []


class GetContent(msgspec.Struct):
    """A content, by its digest."""

    digest: str


class PlacedChunk(msgspec.Struct, omit_defaults=True):
    """Where a chunk is: in a pack, or here. Digest and size are of its plain bytes; compressed by `codec` it lies there in `stored`."""

    digest: str
    size: int
    pack: str | None = None
    offset: int | None = None
    data: bytes | None = None
    stored: int = 0
    codec: str = ""


class Content(msgspec.Struct, omit_defaults=True):
    """A content's chunks, in order."""

    chunks: list[PlacedChunk]


class GetContents(msgspec.Struct):
    """Several contents, by their digests."""

    digests: list[str]


class SeveralContents(msgspec.Struct):
    """Several contents, in the order asked for."""

    contents: list[Content]


class ChunkNames(msgspec.Struct):
    """Chunks, by their digests."""

    digests: list[str]


class TreeOf(msgspec.Struct, omit_defaults=True):
    """A run's files, all of them or those at and below a path; `hidden`: of all of them also those that were recorded without asking."""

    run_id: str
    path: str = ""
    hidden: bool = False


class Tree(msgspec.Struct, omit_defaults=True):
    """Files, by path."""

    files: list[FileInfo]


class SmallTreeOf(msgspec.Struct):
    """Files of a run or a logged model that are to be read at once.

    `most` is the bytes that they may have together. `without` are those, by their paths below `path`, whose contents are not wanted.
    `active` refuses an owner that is deleted.
    """

    run_id: str
    path: str = ""
    most: int = 0
    without: list[str] = []
    active: bool = False


class SmallTree(msgspec.Struct, omit_defaults=True):
    """Files, by path, and the contents of those that are wanted, in their order; no contents where they are too many or too large, or grow."""

    files: list[FileInfo]
    contents: list[Content] | None = None


class ContentsAfter(msgspec.Struct):
    """Contents behind one, by the order of their arrival."""

    after: int = 0
    limit: int = 1000


class StoredContent(msgspec.Struct):
    """A content: its number in the order of arrival, its digest, its size in bytes."""

    number: int
    digest: str
    size: int


class Contents(msgspec.Struct):
    """A page of contents; empty behind the last."""

    contents: list[StoredContent]


class Names(msgspec.Struct):
    """The files that mean a content: (owner, path)."""

    names: list[tuple[str, str]]


@operation("GET", "/mlflow/artifacts/list", permission="read")
def list_artifacts(engine: Engine, request: ListArtifacts) -> Files:
    """One level of a run's artifacts; nothing for a path that is a file or missing. `.runstone` is shown only when it is asked for."""
    run_id = rules.check_run_id(request.run_id, request.run_uuid)
    folder = (request.path or "").rstrip("/")
    if folder:
        rules.check_path(folder)
    with engine.database.read() as connection:
        rows = paths(engine, connection, owners.of_run(run_id), folder)
        uri = runs.artifact_uri(connection, run_id)
        executables = artifacts.executables(connection, owners.of_run(run_id))
    found = level(rows, folder)
    for file in found:
        file.executable = file.path in executables
    return Files(uri, found)


@operation("GET", "/runstone/artifacts/tree", permission="read")
def get_tree(engine: Engine, request: TreeOf) -> Tree:
    """A run's files at and below a path; from the top, without those under `.runstone` unless they are wanted. Raises NotFound where there are none below a path."""
    path = request.path.strip("/")
    with engine.database.read() as connection:
        rows = paths(engine, connection, owners.of(request.run_id), path)
        executables = artifacts.executables(connection, owners.of(request.run_id))
    if path and not rows:
        if owners.is_model_id(request.run_id):
            raise NotFound(
                f"No artifact {path!r} in model {request.run_id}. "
                f"runstone.artifacts.list_artifacts('models:/{request.run_id}') lists what there is."
            )
        raise NotFound(
            f"No artifact {path!r} in run {request.run_id}. `runstone artifacts ls {request.run_id}` lists what there is."
        )
    return Tree(
        [
            FileInfo(name, False, size, digest, name in executables)
            for name, size, digest in rows
            if path or request.hidden or not name.startswith(HIDDEN + "/")
        ]
    )


@operation("POST", "/runstone/artifacts/small", permission="read")
def get_small_tree(engine: Engine, request: SmallTreeOf) -> SmallTree:
    """`get_tree`, and where the files are small their contents too: a small model is one question. Raises NotFound."""
    with engine.database.read() as connection:
        owners.require(connection, owners.of(request.run_id), active=request.active)
        files = get_tree.function(engine, TreeOf(request.run_id, request.path)).files
        if len(files) > MOST_CONTENTS or sum(file.file_size or 0 for file in files) > request.most:
            return SmallTree(files)
        start = len(f"{request.path.strip('/')}/") if request.path else 0
        digests = [file.digest for file in files if file.path[start:] not in request.without]
        if None in digests:
            return SmallTree(files)
        return SmallTree(files, [_content(connection, digest) for digest in digests if digest is not None])


@operation("GET", "/runstone/contents/get", permission="read")
def get_content(engine: Engine, request: GetContent) -> Content:
    """A content's chunks and where they are."""
    with engine.database.read() as connection:
        return _content(connection, request.digest)


@operation("POST", "/runstone/chunks/locate", permission="read")
def locate_chunks(engine: Engine, request: ChunkNames) -> Content:
    """Where these chunks are now; those that are nowhere are left out. For readers whose pack was pruned after they were told of it."""
    rules.check_limit("chunks", len(request.digests), MOST_CONTENTS)
    return Content(chunks_now(engine, request.digests))


@operation("POST", "/runstone/contents/find", permission="read")
def get_contents(engine: Engine, request: GetContents) -> SeveralContents:
    """Several contents' chunks and where they are: a folder of small files is one question, not thousands."""
    rules.check_limit("contents", len(request.digests), MOST_CONTENTS)
    with engine.database.read() as connection:
        return SeveralContents([_content(connection, digest) for digest in request.digests])


@operation("GET", "/runstone/contents/list", permission="manage")
def list_contents(engine: Engine, request: ContentsAfter) -> Contents:
    """All contents of the store, a page at a time: what a verification reads."""
    with engine.database.read() as connection:
        return Contents([StoredContent(*row) for row in artifacts.contents(connection, request.after, request.limit)])


@operation("GET", "/runstone/contents/names", permission="manage")
def get_names(engine: Engine, request: GetContent) -> Names:
    """Which files of which owners a content is."""
    with engine.database.read() as connection:
        found = artifacts.names(connection, request.digest)
        # A version is known by its reference, not by the number of its name.
        references = {
            owner: artifact_versions.reference_of(connection, owner) for owner, _ in found if owner[:6] == "named/"
        }
    told = {owner: f"versions/{reference}" for owner, reference in references.items() if reference is not None}
    return Names([(told.get(owner, owner), path) for owner, path in found])


def chunks_now(engine: Engine, digests: list[str]) -> list[PlacedChunk]:
    """Where these chunks are now; those that are nowhere are left out."""
    with engine.database.read() as connection:
        return [PlacedChunk(*row) for row in artifacts.places(connection, digests).values()]


def _content(connection: Connection, digest: str) -> Content:
    rows = artifacts.content(connection, digest)
    # Without chunks it is the empty content, or one that was deleted since somebody was told its digest: that must not read as empty.
    if not rows and not artifacts.known_contents(connection, [digest]):
        raise NotFound(
            f"There is no content {digest[:100]!r}, or not any more: its file was deleted meanwhile. List the files again."
        )
    return Content([PlacedChunk(*row) for row in rows])


def level(rows: Iterable[tuple[str, int, str | None]], folder: str) -> list[FileInfo]:
    """What lies right in a folder ('' is the top, where `.runstone` is left out), of the files below it (path, size, digest); by path."""
    prefix = f"{folder}/" if folder else ""
    found: dict[str, FileInfo] = {}
    for path, size, digest in rows:
        if path == folder:
            continue
        name, separator, _ = path[len(prefix) :].partition("/")
        if not folder and name == HIDDEN:
            continue
        place = prefix + name
        found[place] = FileInfo(place, True) if separator else FileInfo(place, False, size, digest)
    return [found[place] for place in sorted(found)]


def paths(engine: Engine, connection: Connection, owner: str, path: str) -> list[tuple[str, int, str | None]]:
    """An owner's files at and below a path ('' for all): path, size, digest (None of one that still grows); by path."""
    run_id = owners.run_of(owner)
    # Growing files are looked for first: one that is kept meanwhile is in the database then, never in neither.
    logs = [(f"{HIDDEN}/{log.name}", log.size, None) for log in growing.find(engine.folder, run_id)] if run_id else []
    owners.require(connection, owner)
    rows: list[tuple[str, int, str | None]] = [*artifacts.paths(connection, owner, path)]
    found = locations.place_of(engine, connection, owner)
    if found is not None:
        plain = locations.files(found, path)
        newer = {name for name, _, _ in plain}
        rows = [*plain, *(row for row in rows if row[0] not in newer)]
    known = {name for name, _, _ in rows}
    rows += [log for log in logs if log[0] not in known and (not path or f"{log[0]}/".startswith(f"{path}/"))]
    return sorted(rows, key=lambda row: row[0])
