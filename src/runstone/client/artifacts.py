"""The client's methods that log files, and list them: they go in whole or not at all. How they come out: `downloads.py`."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from io import FileIO
from typing import TYPE_CHECKING, BinaryIO, cast

from runstone import settings
from runstone.client.given import refuse_text, require
from runstone.client.progress import shown
from runstone.connection import each_within
from runstone.entities import FileInfo
from runstone.errors import InvalidParameter, RunstoneError, WrongFileKind, brief
from runstone.journal import shipping
from runstone.journal.waiting import is_passing, tell
from runstone.journal.writer import Journal, find_journal
from runstone.operations import artifacts, rules, storing
from runstone.operations.packs import PackName, delete_pack
from runstone.repository.batch import Remembered, Stored
from runstone.repository.files import NEVER_AGAIN, start_of
from runstone.repository.folders import is_executable
from runstone.repository.packs import Packed
from runstone.repository.unchanged import Unchanged

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.client.version_files import ArtifactVersion

# Files of a folder in one transaction: what is known of them is held in memory, a kilobyte each.
MOST_AT_ONCE = 20_000
# What files are that were logged, by their paths: the digest, and whether it may be run.
Logged = dict[str, tuple[str, bool]]


def log_files(
    self: Client, run_id: str, files: dict[str, str | bytes | BinaryIO], artifact_path: str | None = None
) -> None:
    """Log several files in one transaction: name to local path, bytes or stream.

    While the server of a run that this process holds is away, they are kept on this machine, safe on disk, and sent later.
    """
    _log_now(self, run_id, files, artifact_path, {})


def _log_now(
    self: Client,
    run_id: str,
    files: dict[str, str | bytes | BinaryIO],
    artifact_path: str | None,
    logged: Logged,
) -> None:
    let_older_pass(self, run_id, [path for path, _ in _named(files, artifact_path)])
    journal = find_journal(self._folder, run_id) if self._is_server and settings.OFFLINE.read() == "auto" else None
    with shown("logging", lambda: _size(files)) as told:
        if journal is None:
            store_files(self, run_id, files, artifact_path, told=told, logged=logged)
        else:
            _store_or_keep(self, journal, files, artifact_path, told, logged)


def _size(files: dict[str, str | bytes | BinaryIO]) -> int | None:
    """The bytes of files; None where a stream is among them, whose length nobody knows."""
    total = 0
    with contextlib.suppress(OSError):
        for source in files.values():
            if not isinstance(source, str | bytes):
                return None
            total += os.path.getsize(source) if isinstance(source, str) else len(source)
    return total


def _log_later(
    self: Client, run_id: str, files: dict[str, str | bytes | BinaryIO], artifact_path: str | None = None
) -> None:
    """Log several files without waiting for them to be stored."""
    from runstone.client import background

    sources = _named(files, artifact_path)
    if not self._is_server:  # a run that is missing or deleted is said before anything is copied
        self._transport.call(storing.find_chunks, storing.FindChunks(run_id, []))
    background.put(self, run_id, sources)


def let_older_pass(self: Client, run_id: str, paths: list[str]) -> None:
    """Wait for what was logged under the same paths without waiting, and raise what became of it."""
    background = sys.modules.get("runstone.client.background")
    if background is not None:
        background.raise_failure(self, run_id)
    if not os.path.isdir(os.path.join(self._folder, "files")):
        return
    from runstone.client import sending, spool

    if spool.waits(self._folder, run_id, paths):
        if background is not None:
            background.finish(self, run_id)
        if not self._is_server or find_journal(self._folder, run_id) is None:
            # Another process's; what this one keeps for a server that is away is replaced where it waits.
            sending.send(self, run_id, wait=True)


def _store_or_keep(
    self: Client,
    journal: Journal,
    files: dict[str, str | bytes | BinaryIO],
    artifact_path: str | None,
    told: Callable[[int], object],
    logged: Logged,
) -> None:
    from runstone.client import spool

    streams = {name: source for name, source in files.items() if not isinstance(source, str | bytes)}
    places = {name: start_of(source) for name, source in streams.items()}
    starts = {name: place for name, place in places.items() if place != NEVER_AGAIN}
    # Behind what waits here already: sent later, an older file of the same path would take the newer one's place.
    background = sys.modules.get("runstone.client.background")
    ours = background is not None and background.is_under_way(self._folder, journal.run_id)
    kept = (not ours and spool.has_files(self._folder, journal.run_id)) or spool.waits(
        self._folder, journal.run_id, [path for path, _ in _named(files, artifact_path)]
    )
    waits = journal.queued or journal.early or self._carrier.away or kept
    if not waits:
        try:
            with each_within(settings.OFFLINE_AFTER.read(), retries=1):
                store_files(self, journal.run_id, files, artifact_path, told=told, logged=logged)
            return
        except RunstoneError as error:
            if not is_passing(error) or len(starts) < len(streams):  # a stream that cannot be read again is gone
                raise
            shipping.warn_once(error)
    for name, start in starts.items():
        streams[name].seek(start)
    spool.put(self._folder, journal.run_id, _named(files, artifact_path))
    shipping.afterwards(self.settle)


def store_files(
    self: Client,
    run_id: str,
    files: dict[str, str | bytes | BinaryIO],
    artifact_path: str | None = None,
    expected: dict[str, str] | None = None,
    executable: Collection[str] = (),
    told: Callable[[int], object] | None = None,
    logged: Logged | None = None,
) -> None:
    """Log several files in one transaction, if paths have the digests that are expected ('' of a file that is not there). Raises Conflict.

    `executable` are the paths of streams that may be run; of a file here its mode says so. `told` is told the bytes of what was read,
    `logged` what the files are, once they are in the store.
    """
    sources = _named(files, artifact_path)
    runnable = {path for path, source in sources if isinstance(source, str) and is_executable(source)} | {*executable}

    def known(digests: list[str]) -> set[str]:
        return set(self._transport.call(storing.find_chunks, storing.FindChunks(run_id, digests)).digests)

    def commit(packs: list[Packed], small: list[tuple[str, bytes]], stored: list[Stored]) -> None:
        self._transport.call(
            storing.commit_artifacts, storing.commit_request(run_id, packs, small, stored, expected, runnable)
        )
        if logged is not None:
            logged.update((file.path, (file.digest, file.path in runnable)) for file in stored)

    def forget(name: str) -> None:
        self._transport.call(delete_pack, PackName(name))

    def known_whole(digests: list[str]) -> set[str]:
        return set(self._transport.call(storing.find_chunks, storing.FindChunks(run_id, [], digests)).contents)

    known([])  # a run that is missing or deleted is said before anything is read
    if not sources:
        return
    if settings.REREAD.read() or not any(isinstance(source, str) for _, source in sources):
        self._repository.store(sources, known, commit, forget, told)
        return
    with contextlib.closing(Unchanged(settings.cache_folder())) as unchanged:
        self._repository.store(sources, known, commit, forget, told, Remembered(unchanged, known_whole))


def send_waiting(self: Client, run_id: str, wait: bool) -> None:
    """Store what lies here of a run's files that were logged without waiting; not, unless told to `wait`, while another process does."""
    from runstone.client import sending, spool

    with shown("storing files", lambda: spool.size_of(self._folder, run_id)) as told:
        refused = sending.send(self, run_id, told, wait=wait)
    for error in refused:
        tell(f"runstone: run {run_id}: a file that was logged earlier is not in the store: {error.message}")


def _named(
    files: dict[str, str | bytes | BinaryIO], artifact_path: str | None
) -> list[tuple[str, str | bytes | BinaryIO]]:
    folder = f"{_folder(artifact_path)}/" if artifact_path else ""
    return [(rules.check_path(folder + name if folder else name), source) for name, source in files.items()]


def log_artifact(
    self: Client,
    run_id: str,
    local_path: str | os.PathLike[str] | BinaryIO,
    artifact_path: str | None = None,
    *,
    wait: bool = True,
    name: str | None = None,
    aliases: Iterable[str] | None = None,
) -> ArtifactVersion | None:
    """Log a file, a folder under its own name, or what a binary file object gives from where it stands.

    Args:
        run_id: the run.
        local_path: a path here, or a binary file object.
        artifact_path: the folder among the run's artifacts to put it in. Of a file object that was not opened by a file's path (such
            as an io.BytesIO) it is the whole path, for nothing else says a name.
        wait: whether it is in the store when this returns. If not, a copy of it lies on this machine, safe from a kill, and a thread
            stores it; what goes wrong is raised by the next call that logs to the run, or by the run's end, which waits for it.
        name: of the artifact that it is to be a version of, one for the whole store; the version comes back, where it is waited for.
        aliases: what else that version is to be called.

    Raises:
        MissingFile: there is no such file (also a FileNotFoundError).
        FileChanged: the file kept changing while it was read.
        InvalidParameter: the artifact path is not plain, or a file object has no name; `aliases` without a `name`.
    """
    if name is not None or aliases is not None:
        from runstone.client import versioning

        return versioning.log(self, run_id, local_path, artifact_path, name, aliases, wait=wait)
    log_unnamed(self, run_id, local_path, artifact_path, wait=wait)
    return None


def log_unnamed(
    self: Client,
    run_id: str,
    local_path: str | os.PathLike[str] | BinaryIO,
    artifact_path: str | None = None,
    *,
    wait: bool = True,
    logged: Logged | None = None,
) -> None:
    """As `log_artifact`, of no name. `logged` is told what the files are, of those that are in the store when this returns."""
    given: object = local_path
    log = partial(_log_now, logged={} if logged is None else logged) if wait else _log_later
    if hasattr(given, "read"):
        log(self, run_id, {_name_of(given, artifact_path): cast("BinaryIO", given)}, None)
        return
    local = require(given)
    name = os.path.basename(os.path.normpath(local))
    if os.path.isdir(local):
        for files in _groups(local):
            log(self, run_id, files, f"{artifact_path}/{name}" if artifact_path else name)
    else:
        log(self, run_id, {name: local}, artifact_path)


def path_of(local_path: str | os.PathLike[str] | BinaryIO, artifact_path: str | None) -> tuple[str, list[str]]:
    """Where `log_artifact` puts it among a run's files; and, of a folder, the paths of what is in it."""
    given: object = local_path
    if hasattr(given, "read"):
        return _name_of(given, artifact_path), []
    local = require(given)
    name = os.path.basename(os.path.normpath(local))
    from runstone.repository.folders import walk

    inner = [path for path, _ in walk(local)] if os.path.isdir(local) else []
    return rules.check_path(f"{_folder(artifact_path)}/{name}" if artifact_path else name), inner


def log_artifacts(
    self: Client, run_id: str, local_dir: str, artifact_path: str | None = None, *, wait: bool = True
) -> None:
    """Log what is in a folder, in one transaction (without `wait`, or of more than 20,000 files, in several). See `log_artifact`."""
    local = require(local_dir, "folder")
    if not os.path.isdir(local):
        raise WrongFileKind(f"{local!r} is a file; log_artifacts takes a folder. Log a file with log_artifact.", local)
    for files in _groups(local):
        (log_files if wait else _log_later)(self, run_id, files, artifact_path)


def _groups(folder: str) -> Iterator[dict[str, str | bytes | BinaryIO]]:
    from runstone.repository.folders import walk_in_groups

    for files in walk_in_groups(folder, MOST_AT_ONCE):
        yield dict(files)


def log_bytes(self: Client, run_id: str, data: bytes, artifact_file: str) -> None:
    """Log bytes as a file. Raises InvalidParameter for anything else: a text would be taken for a path."""
    if not isinstance(data, bytes | bytearray | memoryview):
        raise InvalidParameter(
            f"log_bytes takes bytes, not {type(data).__name__}: {brief(data)}. log_text takes a text, log_artifact a path."
        )
    self.log_files(run_id, {artifact_file: bytes(data)})


def log_stream(self: Client, run_id: str, stream: BinaryIO, artifact_file: str) -> None:
    """Log what a binary file object gives, as a file."""
    given: object = stream  # people hand in a path, whatever the types say: it must not be opened as one
    if isinstance(given, str | bytes):
        raise InvalidParameter(
            f"log_stream takes an open binary file, not {type(given).__name__}: log_artifact takes a path, log_text a text."
        )
    refuse_text(given)
    self.log_files(run_id, {artifact_file: stream})


def list_artifacts(self: Client, run_id: str, path: str | None = None) -> list[FileInfo]:
    """One level of a run's artifacts, by path; nothing where `path` is a file or missing.

    Where the run has no files of that path, but logged a model whose name it begins with, they are that model's, the newest one's.
    """
    found = own_artifacts(self, run_id, path)
    if found or not path:
        return found
    from runstone.client import run_models

    model = run_models.model_at(self, run_id, path.rstrip("/"))
    if model is None:
        return []
    return [
        run_models.under(model, file) for file in self.list_logged_model_artifacts(model.model_id, model.path or None)
    ]


def own_artifacts(self: Client, run_id: str, path: str | None = None) -> list[FileInfo]:
    """As `list_artifacts`, without the models that the run logged."""
    path = path.rstrip("/") or "/" if path else None
    if path:
        rules.check_path(path)
    return self._transport.call(artifacts.list_artifacts, artifacts.ListArtifacts(run_id, path)).files


def _folder(artifact_path: str | None) -> str:
    return rules.check_path(artifact_path.rstrip("/") if isinstance(artifact_path, str) else artifact_path)


def _name_of(stream: object, artifact_path: str | None) -> str:
    """Where a file object goes: one that was opened by a file's path as that path would, another where it is told to."""
    refuse_text(stream)
    opened = getattr(stream, "raw", stream)
    # What wraps a file (gzip, tarfile) gives other bytes than are in the file whose name it has.
    name = opened.name if isinstance(opened, FileIO) else None
    if isinstance(name, str):
        name = os.path.basename(name)
        return f"{_folder(artifact_path)}/{name}" if artifact_path else name
    if artifact_path is None:
        raise InvalidParameter(
            f"The file object {stream!r:.200} has no name of its own: say under which it is to be logged, as artifact_path."
        )
    return artifact_path
