"""What can be asked of named artifacts: files of a run become a version, which is found again, used, labelled, compared and deleted."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from runstone.entities import FileInfo
from runstone.entities.artifact_versions import ArtifactChange, ArtifactDiff, ArtifactVersionInfo, FileChange
from runstone.errors import Conflict, InvalidParameter, NotFound
from runstone.operations import locations, model_rules, owners, rules, version_names
from runstone.operations.engine import Engine
from runstone.operations.registered_models import author_of
from runstone.operations.table import Empty, operation
from runstone.store import artifact_versions, artifacts, runs
from runstone.store.artifact_versions import LATEST, Version
from runstone.store.database import Connection

# Aliases, and tags, in one request.
MOST_ALIASES = 100
MOST_RESULTS = 1_000
_LAST = 2**63 - 1


class LogArtifactVersion(msgspec.Struct, omit_defaults=True):
    """Files of a run that are to be a version: the file, or what is in the folder, at `path`; of a folder just `files`, by their paths in
    it, where any are named. `description` None leaves the one that it has. `digest`: the version's, by who logged the files and knows it."""

    run_id: str
    name: str
    path: str
    files: list[str] = []
    aliases: list[str] = []
    tags: dict[str, str] = {}
    description: str | None = None
    digest: str = ""


class ArtifactVersionAnswer(msgspec.Struct):
    """A version; `created`: it was not there before."""

    version: ArtifactVersionInfo
    created: bool = False


class ArtifactVersionOf(msgspec.Struct):
    """A version, by a reference: NAME, NAME:vN, NAME:ALIAS or NAME@DIGEST."""

    reference: str


class VersionFiles(msgspec.Struct):
    """The files of a version, by path."""

    files: list[FileInfo]


class UseArtifactVersion(msgspec.Struct):
    """A run, and the version that it uses."""

    run_id: str
    reference: str


class SearchArtifactVersions(msgspec.Struct, omit_defaults=True):
    """Versions of a name, or with a text in their names; with all of these tags; that a run made or used. All that is said must hold."""

    name: str | None = None
    pattern: str | None = None
    tags: dict[str, str] = {}
    run_id: str | None = None
    max_results: int = 100
    page_token: str | None = None


class FoundArtifactVersions(msgspec.Struct, omit_defaults=True):
    """A page of versions, the newest first; no token on the last."""

    versions: list[ArtifactVersionInfo] = []
    next_page_token: str | None = None


class ListArtifactNames(msgspec.Struct, omit_defaults=True):
    """Names behind one."""

    after: str = ""
    max_results: int = 100


class NamedArtifact(msgspec.Struct):
    """A name, how many versions it has, and the latest."""

    name: str
    versions: int
    latest: ArtifactVersionInfo


class ArtifactNames(msgspec.Struct):
    """A page of names, in their order; fewer than were asked for on the last."""

    names: list[NamedArtifact]


class SetArtifactAlias(msgspec.Struct):
    """An alias of a name, and the version of it that it is to mean."""

    alias: str
    reference: str


class DeleteArtifactAlias(msgspec.Struct):
    """An alias of a name."""

    name: str
    alias: str


class UpdateArtifactVersion(msgspec.Struct, omit_defaults=True):
    """Labels of a version: a description ('' takes it away, None leaves it), tags to set, and keys of tags to take away."""

    reference: str
    description: str | None = None
    tags: dict[str, str] = {}
    delete_tags: list[str] = []


class DeleteArtifactVersion(msgspec.Struct, omit_defaults=True):
    """A version to delete; `force`: although runs used it, or aliases mean it."""

    reference: str
    force: bool = False


class GetArtifactChanges(msgspec.Struct, omit_defaults=True):
    """What was changed of a name and its versions; `page_token` as the page before gave it."""

    name: str
    page_token: str | None = None


class ArtifactChanges(msgspec.Struct, omit_defaults=True):
    """A page of changes, in the order in which they were made; no token on the last."""

    changes: list[ArtifactChange] = []
    next_page_token: str | None = None


class DiffArtifactVersions(msgspec.Struct):
    """Two versions, of one name or of two."""

    old: str
    new: str


def digest_of(files: Iterable[tuple[str, str, bool]], *, is_file: bool) -> str:
    """A version's digest, of its files: path in it, digest, whether it may be run. A file's is its own, under another name where it may be
    run; a folder's is one of all that, in the order of their paths."""
    if is_file:
        _, whole, executable = next(iter(files))
        return whole.replace("blake3:", "blake3-executable:", 1) if executable else whole
    from runstone.repository.chunks import digest

    told = sorted((path, name, True) if executable else (path, name) for path, name, executable in files)
    return "blake3-tree:" + digest(msgspec.json.encode(told)).partition(":")[2]


@operation("POST", "/runstone/artifact-versions/log", permission="edit")
def log_artifact_version(engine: Engine, request: LogArtifactVersion) -> ArtifactVersionAnswer:
    """Let files of a run be a version of a named artifact: the one that has the same bytes, or a new one. `latest` means it from now on.

    Raises NotFound where the run has no such files, InvalidParameter where they have no digests, being plain files, Conflict where they are
    not those that `digest` names.
    """
    name, path = version_names.check_name(request.name), rules.check_path(request.path)
    rules.check_limit("aliases", len(request.aliases), MOST_ALIASES)
    rules.check_limit("tags", len(request.tags), MOST_ALIASES)
    aliases = [version_names.check_alias(alias) for alias in request.aliases]
    tags = [model_rules.check_tag(*tag) for tag in request.tags.items()]
    description = model_rules.check_description(request.description)
    owner = owners.of_run(request.run_id)
    author = author_of(engine)
    with engine.database.write() as connection:
        runs.require(connection, request.run_id, active=True)
        if locations.place_of(engine, connection, owner) is not None:
            raise InvalidParameter(
                f"The files of run {request.run_id} are plain files at a place of their own, without digests: they can be no version. Log them "
                "to a run whose artifacts are in the store."
            )
        rows = _chosen(artifacts.paths(connection, owner, path), request)
        named = artifact_versions.make_name(connection, name, author)
        runnable = artifacts.executables(connection, owner)
        files_now = [(inner, digest, theirs in runnable) for theirs, _, inner, digest in rows]
        whole = digest_of(files_now, is_file=rows[0][0] == path)
        if request.digest not in ("", whole):
            raise Conflict(f"{path[:300]!r} of run {request.run_id} was logged anew meanwhile. Log it again.")
        version = artifact_versions.find(connection, named, "digest", whole)
        created = version is None
        if version is None:
            files = [(theirs, size, inner) for theirs, size, inner, _ in rows]
            version = artifact_versions.add(connection, named, whole, files, owner, author)
        artifact_versions.add_producer(connection, version, request.run_id, path, author.time)
        for alias in (LATEST, *aliases):
            artifact_versions.move_alias(connection, named, alias, version.number, author)
        for key, value in tags:
            artifact_versions.set_tag(connection, version, key, value, author)
        if description:
            artifact_versions.describe(connection, version, description, author)
        return ArtifactVersionAnswer(_info(connection, version), created)


@operation("GET", "/runstone/artifact-versions/get", permission="read")
def get_artifact_version(engine: Engine, request: ArtifactVersionOf) -> ArtifactVersionAnswer:
    """The version that a reference means. Raises NotFound."""
    with engine.database.read() as connection:
        return ArtifactVersionAnswer(_info(connection, version_names.require(connection, request.reference)))


@operation("GET", "/runstone/artifact-versions/files", permission="read")
def list_artifact_version_files(engine: Engine, request: ArtifactVersionOf) -> VersionFiles:
    """All files of a version."""
    with engine.database.read() as connection:
        return VersionFiles(_files(connection, version_names.require(connection, request.reference)))


@operation("POST", "/runstone/artifact-versions/use", permission="edit")
def use_artifact_version(engine: Engine, request: UseArtifactVersion) -> ArtifactVersionAnswer:
    """Say that a run used a version; saying it again changes nothing. The version comes back."""
    run_id = rules.check_run_id(request.run_id)
    with engine.database.write() as connection:
        runs.require(connection, run_id, active=True)
        version = version_names.require(connection, request.reference)
        artifact_versions.add_use(connection, version, run_id, request.reference, engine.now())
        return ArtifactVersionAnswer(_info(connection, version))


@operation("POST", "/runstone/artifact-versions/search", permission="read")
def search_artifact_versions(engine: Engine, request: SearchArtifactVersions) -> FoundArtifactVersions:
    """The versions of which all that is said holds, the newest first, a page at a time."""
    name = None if request.name is None else version_names.check_name(request.name)
    run_id = None if request.run_id is None else rules.check_run_id(request.run_id)
    before = model_rules.check_version(request.page_token) if request.page_token else _LAST
    limit = min(max(request.max_results, 1), MOST_RESULTS)
    rules.check_limit("tags", len(request.tags), MOST_ALIASES)
    rules.check_text("pattern", request.pattern or "")
    for tag in request.tags.items():
        rules.check_text("a tag", "=".join(tag))
    with engine.database.read() as connection:
        rows = artifact_versions.search(connection, name, request.pattern, request.tags, run_id, before, limit + 1)
        found = artifact_versions.load(connection, rows[:limit])
    return FoundArtifactVersions(found, str(rows[limit - 1]) if len(rows) > limit else None)


@operation("GET", "/runstone/artifact-versions/names", permission="read")
def list_artifact_names(engine: Engine, request: ListArtifactNames) -> ArtifactNames:
    """Named artifacts that have versions, by name, a page at a time."""
    limit = min(max(request.max_results, 1), MOST_RESULTS)
    with engine.database.read() as connection:
        rows = artifact_versions.names(connection, request.after, limit)
        latest = artifact_versions.load(connection, [row for _, _, row in rows])
    return ArtifactNames(
        [NamedArtifact(name, count, info) for (name, count, _), info in zip(rows, latest, strict=True)]
    )


@operation("POST", "/runstone/artifact-versions/alias", permission="edit")
def set_artifact_alias(engine: Engine, request: SetArtifactAlias) -> ArtifactVersionAnswer:
    """Let an alias mean a version, in place of what it meant."""
    alias = version_names.check_alias(request.alias)
    with engine.database.write() as connection:
        version = version_names.require(connection, request.reference)
        artifact_versions.move_alias(connection, version.named, alias, version.number, author_of(engine))
        return ArtifactVersionAnswer(_info(connection, version))


@operation("DELETE", "/runstone/artifact-versions/alias", permission="edit")
def delete_artifact_alias(engine: Engine, request: DeleteArtifactAlias) -> Empty:
    """Take an alias away; one that is not there is no mistake."""
    name, alias = version_names.check_name(request.name), version_names.check_alias(request.alias)
    with engine.database.write() as connection:
        named = version_names.require_name(connection, name)
        artifact_versions.move_alias(connection, named, alias, None, author_of(engine))
    return Empty()


@operation("PATCH", "/runstone/artifact-versions/update", permission="edit")
def update_artifact_version(engine: Engine, request: UpdateArtifactVersion) -> ArtifactVersionAnswer:
    """Change the labels of a version. Its files never change."""
    description = model_rules.check_description(request.description)
    rules.check_limit("tags", len(request.tags), MOST_ALIASES)
    tags = [model_rules.check_tag(*tag) for tag in request.tags.items()]
    with engine.database.write() as connection:
        version, author = version_names.require(connection, request.reference), author_of(engine)
        if description is not None:
            artifact_versions.describe(connection, version, description or None, author)
        for key, value in tags:
            artifact_versions.set_tag(connection, version, key, value, author)
        for key in request.delete_tags:
            artifact_versions.set_tag(connection, version, key, None, author)
        return ArtifactVersionAnswer(_info(connection, version))


@operation("DELETE", "/runstone/artifact-versions/delete", permission="manage")
def delete_artifact_version(engine: Engine, request: DeleteArtifactVersion) -> Empty:
    """Delete a version for good; its number is never another's. Raises Conflict where it is needed, unless forced."""
    with engine.database.write() as connection:
        version = version_names.require(connection, request.reference)
        uses, aliases = artifact_versions.needed_by(connection, version)
        if (uses or aliases) and not request.force:
            why = [f"{uses} run{'s' * (uses > 1)} used it"] * bool(uses) + [
                f"it is called {', '.join(aliases)}"
            ] * bool(aliases)
            raise Conflict(
                f"{_info(connection, version).reference} stays: {' and '.join(why)}. Force it to delete it all the same."
            )
        artifact_versions.delete(connection, version, author_of(engine))
    return Empty()


@operation("GET", "/runstone/artifact-versions/changes", permission="read")
def get_artifact_changes(engine: Engine, request: GetArtifactChanges) -> ArtifactChanges:
    """What was changed of a named artifact and its versions: who, when, from what to what. Raises NotFound."""
    name = version_names.check_name(request.name)
    after = model_rules.check_version(request.page_token or "0")
    with engine.database.read() as connection:
        named = version_names.require_name(connection, name)
        found = artifact_versions.changes(connection, named, after, MOST_RESULTS + 1)
    token = str(found[MOST_RESULTS - 1][0]) if len(found) > MOST_RESULTS else None
    return ArtifactChanges([change for _, change in found[:MOST_RESULTS]], token)


@operation("GET", "/runstone/artifact-versions/diff", permission="read")
def diff_artifact_versions(engine: Engine, request: DiffArtifactVersions) -> ArtifactDiff:
    """Which files one version has, is without, and has otherwise than another."""
    with engine.database.read() as connection:
        old, new = (
            {file.path: file for file in _files(connection, version_names.require(connection, reference))}
            for reference in (request.old, request.new)
        )
    return ArtifactDiff(
        [file for path, file in new.items() if path not in old],
        [file for path, file in old.items() if path not in new],
        [FileChange(path, was, new[path]) for path, was in old.items() if path in new and was != new[path]],
    )


def _chosen(rows: Iterable[tuple[str, int, str]], request: LogArtifactVersion) -> list[tuple[str, int, str, str]]:
    """The files that are meant: path among the run's, size, path in the version, digest. A file's is its name, a folder's begins in it."""
    below = len(request.path) + 1
    found = [(path, size, path[below:] or path.rpartition("/")[2], digest) for path, size, digest in rows]
    if request.files:
        wanted = set(request.files)
        found = [row for row in found if row[2] in wanted]
        missing = wanted - {inner for _, _, inner, _ in found}
        if missing:
            raise _no_files(request, f"{request.path}/{min(missing)}")
    if not found:
        raise _no_files(request, request.path)
    return found


def _no_files(request: LogArtifactVersion, path: str) -> NotFound:
    return NotFound(
        f"No artifact {path[:300]!r} in run {request.run_id}. Log it first, or let log_artifact(..., name=...) do both."
    )


def _files(connection: Connection, version: Version) -> list[FileInfo]:
    rows, executables = artifacts.paths(connection, version.owner), artifacts.executables(connection, version.owner)
    return [FileInfo(path, False, size, digest, path in executables) for path, size, digest in rows]


def _info(connection: Connection, version: Version) -> ArtifactVersionInfo:
    return artifact_versions.load(connection, [version.row])[0]
