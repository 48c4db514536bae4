"""The client's methods on artifacts: files go in whole or not at all, and every byte that comes out is checked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from runstone import settings
from runstone.connection import each_within
from runstone.entities import FileInfo
from runstone.errors import InvalidParameter, MissingFile, NotFound, RunstoneError, WrongFileKind, from_os_error
from runstone.journal import shipping
from runstone.journal.waiting import is_passing
from runstone.journal.writer import Journal, find_journal
from runstone.operations import artifacts, growing, rules, storing
from runstone.repository.batch import Stored
from runstone.repository.packs import Packed

if TYPE_CHECKING:
    from runstone.client import Client

MODEL_ENDINGS = (
    ".joblib",
    ".pkl",
    ".pickle",
    ".pt",
    ".pth",
    ".safetensors",
    ".onnx",
    ".h5",
    ".keras",
    ".ubj",
    ".cbm",
)


def log_files(
    self: Client, run_id: str, files: dict[str, str | bytes | BinaryIO], artifact_path: str | None = None
) -> None:
    """Log several files in one transaction: name to local path, bytes or stream.

    While the server of a run that this process holds is away, they are kept on this machine, safe on disk, and sent later.
    """
    journal = find_journal(self._folder, run_id) if self._is_server and settings.OFFLINE.read() == "auto" else None
    if journal is None:
        store_files(self, run_id, files, artifact_path)
    else:
        _store_or_keep(self, journal, files, artifact_path)


def _store_or_keep(
    self: Client, journal: Journal, files: dict[str, str | bytes | BinaryIO], artifact_path: str | None
) -> None:
    from runstone.client import spool

    streams = {name: source for name, source in files.items() if not isinstance(source, str | bytes)}
    starts = {name: source.tell() for name, source in streams.items() if source.seekable()}
    # Behind what waits here already: sent later, an older file of the same path would take the newer one's place.
    waits = journal.queued or journal.early or self._carrier.away or spool.has_files(self._folder, journal.run_id)
    if not waits:
        try:
            with each_within(settings.OFFLINE_AFTER.read(), retries=1):
                store_files(self, journal.run_id, files, artifact_path)
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
) -> None:
    """Log several files in one transaction, if paths have the digests that are expected ('' of a file that is not there). Raises Conflict."""
    sources = _named(files, artifact_path)

    def known(digests: list[str]) -> set[str]:
        return set(self._transport.call(storing.find_chunks, storing.FindChunks(run_id, digests)).digests)

    def commit(packs: list[Packed], small: list[tuple[str, bytes]], stored: list[Stored]) -> None:
        self._transport.call(storing.commit_artifacts, storing.commit_request(run_id, packs, small, stored, expected))

    known([])  # a run that is missing or deleted is said before anything is read
    if sources:
        self._repository.store(sources, known, commit)


def _named(
    files: dict[str, str | bytes | BinaryIO], artifact_path: str | None
) -> list[tuple[str, str | bytes | BinaryIO]]:
    folder = f"{_folder(artifact_path)}/" if artifact_path else ""
    return [(rules.check_path(folder + name if folder else name), source) for name, source in files.items()]


def log_artifact(self: Client, run_id: str, local_path: str, artifact_path: str | None = None) -> None:
    """Log a file, or a folder under its own name.

    Raises:
        MissingFile: there is no such file (also a FileNotFoundError).
        FileChanged: the file kept changing while it was read.
        InvalidParameter: the artifact path is not plain.
    """
    local = _require(local_path)
    name = os.path.basename(os.path.normpath(local))
    if os.path.isdir(local):
        self.log_artifacts(run_id, local, f"{artifact_path}/{name}" if artifact_path else name)
    else:
        self.log_files(run_id, {name: local}, artifact_path)


def log_artifacts(self: Client, run_id: str, local_dir: str, artifact_path: str | None = None) -> None:
    """Log what is in a folder, in one transaction."""
    local = _require(local_dir)
    if not os.path.isdir(local):
        raise WrongFileKind(f"{local!r} is a file; log_artifacts takes a folder. Log a file with log_artifact.", local)
    from runstone.repository.folders import walk

    self.log_files(run_id, dict(walk(local)), artifact_path)


def log_bytes(self: Client, run_id: str, data: bytes, artifact_file: str) -> None:
    """Log bytes as a file."""
    self.log_files(run_id, {artifact_file: data})


def log_stream(self: Client, run_id: str, stream: BinaryIO, artifact_file: str) -> None:
    """Log what a binary file object gives, as a file."""
    given: object = stream  # people hand in a path, whatever the types say: it must not be opened as one
    if isinstance(given, str | bytes):
        raise InvalidParameter(
            f"log_stream takes an open binary file, not {type(given).__name__}: log_artifact takes a path, log_text a text."
        )
    self.log_files(run_id, {artifact_file: stream})


def list_artifacts(self: Client, run_id: str, path: str | None = None) -> list[FileInfo]:
    """One level of a run's artifacts, by path; nothing where `path` is a file or missing."""
    path = path.rstrip("/") or "/" if path else None
    if path:
        rules.check_path(path)
    return self._transport.call(artifacts.list_artifacts, artifacts.ListArtifacts(run_id, path)).files


def read_artifact(self: Client, run_id: str, path: str) -> bytes:
    """A file's bytes, checked; of one that still grows, those there are now. Raises NotFound, CorruptData."""
    return b"".join(self.stream_artifact(run_id, path))


def stream_artifact(self: Client, run_id: str, path: str) -> Iterator[bytes]:
    """A file's bytes in pieces, each checked before it is given. Raises NotFound, CorruptData (where the damage is, not before)."""
    for file in _tree(self, run_id, rules.check_path(path)):
        if file.path == path:
            return _chunks(self, run_id, file)
    raise NotFound(f"{path!r} is a folder of run {run_id}, not a file. list_artifacts says what is in it.")


def download_artifacts(
    self: Client, run_id: str, path: str, dst_path: str | None = None, progress: Callable[[int], None] | None = None
) -> str:
    """Fetch a file or folder ('' for all) into a folder, under its own last name; the local path comes back.

    The folder is made when missing; without one, it is a new temporary one.

    A file replaces what is under its name at once, when it is whole and checked. Nothing is written outside the folder, nor through
    a link in it. `progress` is told the bytes of each piece that is written.
    """
    if path:
        rules.check_path(path)
    from runstone.repository.destination import Destination

    files = _tree(self, run_id, path)
    if dst_path is None:
        import tempfile

        dst_path = tempfile.mkdtemp(prefix="runstone-")
    else:
        try:
            os.makedirs(dst_path, exist_ok=True)
        except FileExistsError as error:
            raise WrongFileKind(f"{dst_path!r} is a file; a folder is needed to download to.", dst_path) from error
        except OSError as error:
            raise from_os_error(error, f"Making the folder {dst_path!r} to download to") from error
    above = path.rpartition("/")[0]
    with Destination(dst_path) as destination:
        for file, content in _contents(self, run_id, files):
            # The store may be somebody else's: what it says a path is, is checked again.
            name = rules.check_path(file.path)[len(above) + 1 if above else 0 :]
            destination.put(name, content if progress is None else _counted(content, progress))
    return os.path.join(os.path.abspath(dst_path), path.rpartition("/")[2])


def _contents(self: Client, run_id: str, files: list[FileInfo]) -> Iterator[tuple[FileInfo, Iterator[bytes]]]:
    """Files with their bytes, which are to be read before the next file is asked for."""
    for start in range(0, len(files), artifacts.MOST_CONTENTS):
        some = files[start : start + artifacts.MOST_CONTENTS]
        digests = [file.digest for file in some if file.digest is not None]
        found = self._transport.call(artifacts.get_contents, artifacts.GetContents(digests)).contents
        named = (f"{file.path!r} of run {run_id}" for file in some if file.digest is not None)
        asked = [(one.chunks, name, what) for one, name, what in zip(found, digests, named, strict=True)]
        read = self._repository.read_all(asked)
        for file in some:
            yield file, _grown(self, run_id, file) if file.digest is None else next(read)


def _counted(content: Iterator[bytes], progress: Callable[[int], None]) -> Iterator[bytes]:
    for data in content:
        yield data
        progress(len(data))


def _tree(self: Client, run_id: str, path: str) -> list[FileInfo]:
    return self._transport.call(artifacts.get_tree, artifacts.TreeOf(run_id, path)).files


def _chunks(self: Client, run_id: str, file: FileInfo) -> Iterator[bytes]:
    if file.digest is None:
        return _grown(self, run_id, file)
    content = self._transport.call(artifacts.get_content, artifacts.GetContent(file.digest))
    return self._repository.read(content.chunks, file.digest, f"{file.path!r} of run {run_id}")


def _grown(self: Client, run_id: str, file: FileInfo) -> Iterator[bytes]:
    offset = 0
    while offset < (file.file_size or 0):  # no further: whoever writes it may be faster than we are
        request = growing.ReadGrowing(run_id, file.path, offset, (file.file_size or 0) - offset)
        try:
            data = self._transport.call(growing.read_growing, request).data
        except NotFound:
            # Kept for good meanwhile: what is left to read is in the store.
            whole = _tree(self, run_id, file.path)[0]
            data = b"" if whole.digest is None else b"".join(_chunks(self, run_id, whole))[offset : file.file_size]
        if not data:
            return
        yield data
        offset += len(data)


def _folder(artifact_path: str | None) -> str:
    return rules.check_path(artifact_path.rstrip("/") if isinstance(artifact_path, str) else artifact_path)


def _require(path: object) -> str:
    """The path of a file or folder that is there, as text."""
    if not isinstance(path, str | os.PathLike) or not isinstance(local := os.fspath(path), str):
        raise InvalidParameter(f"The path of a file here is a text or a path, not {type(path).__name__}: {path!r}.")
    if "\0" in local:
        raise MissingFile(f"{local!r} holds a NUL character: no file has such a name.", local)
    if os.path.exists(local):
        return local
    if os.path.islink(local):
        raise MissingFile(f"{local!r} is a link to {os.readlink(local)!r}, which does not exist.", local)
    if local.endswith(MODEL_ENDINGS):
        raise MissingFile(
            f"The model file {local!r} does not exist. Save the model first (e.g. joblib.dump(model, {local!r})), then log it.",
            local,
        )
    raise MissingFile(
        f"The file {local!r} does not exist (working folder: {os.getcwd()}). Create it first, then log it.", local
    )
