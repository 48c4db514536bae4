"""Files that wait on this machine for their server: a line of JSON that says whose they are, then the bytes. On disk before they count."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from runstone.errors import NotFound, RunstoneError, from_os_error
from runstone.journal import waiting
from runstone.operations.artifact_versions import LogArtifactVersion, log_artifact_version
from runstone.repository.folders import is_executable
from runstone.repository.steady import read_steadily
from runstone.repository.unfinished import unlock

if TYPE_CHECKING:
    from runstone.client import Client

FOLDER_NAME = "files"
_NEW, _REFUSED = ".new", ".rejected"
# Seconds after which what is written no further belongs to a process that died.
_STALE = 3600
# Bytes that are copied at a time.
_PIECE = 1024 * 1024
Source = str | bytes | BinaryIO


class Header(msgspec.Struct):
    """Whose file it is, and its path among the run's."""

    run_id: str
    path: str
    # In place of a file: what is there by then is to be a version of a named artifact.
    version: LogArtifactVersion | None = None
    executable: bool = False


def put_version(folder: str, request: LogArtifactVersion) -> None:
    """Have files of a run, which wait here or are there already, be a version of a named artifact. On disk when this returns."""
    key = f"{request.name}:{request.path}"
    _put(folder, request.run_id, [(key, Header(request.run_id, request.path, request), b"")])


def put(folder: str, run_id: str, sources: list[tuple[str, Source]]) -> None:
    """Keep files of a run here: all of them are on disk when this returns, and each is there whole or not at all."""
    _put(
        folder, run_id, [(path, Header(run_id, path, None, _is_executable(source)), source) for path, source in sources]
    )


def _put(folder: str, run_id: str, sources: list[tuple[str, Header, Source]]) -> None:
    place = os.path.join(folder, FOLDER_NAME)
    made: list[tuple[str, str]] = []
    try:
        os.makedirs(place, exist_ok=True)
        _sweep(place)
        for key, header, source in sources:
            name = os.path.join(place, f"{run_id}.{sha256(key.encode()).hexdigest()[:32]}")
            temporary = f"{name}.{os.getpid()}-{os.urandom(4).hex()}{_NEW}"
            made.append((temporary, name))
            _write(temporary, msgspec.json.encode(header) + b"\n", source)
        with _alone(place):
            for temporary, name in made:
                os.rename(temporary, name)  # what was logged under that path before is replaced
            descriptor = os.open(place, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    except OSError as error:
        for temporary, _ in made:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        if isinstance(error, RunstoneError):
            raise
        raise from_os_error(error, f"Keeping files for their server in {place!r}") from error


def _is_executable(source: Source) -> bool:
    return isinstance(source, str) and is_executable(source)


def runs_with_files(folder: str) -> set[str]:
    """The runs that have files here."""
    with contextlib.suppress(FileNotFoundError):
        names = os.listdir(os.path.join(folder, FOLDER_NAME))
        return {name.partition(".")[0] for name in names if not name.endswith((_NEW, _REFUSED))}
    return set()


def has_files(folder: str, run_id: str) -> bool:
    """Whether a run has files here."""
    return bool(_of_run(os.path.join(folder, FOLDER_NAME), run_id))


def send(client: Client, run_id: str) -> None:
    """Log what waits here of a run, the oldest first. What the server refuses for good is told, and kept. Raises what else is raised."""
    from runstone.client.artifacts import store_files

    place = os.path.join(client._folder, FOLDER_NAME)
    passed: list[str] = []
    for name in _of_run(place, run_id):
        with _taken(os.path.join(place, name)) as stream:
            if stream is None:
                passed.append(os.path.join(place, name))
                continue
            header = msgspec.json.decode(stream.readline(), type=Header)
            # A version is made of files that may be among those which somebody else is sending just now.
            if header.version is not None and not all(_is_gone(path) for path in passed):
                continue
            try:
                if header.version is not None:
                    client._transport.call(log_artifact_version, header.version)
                else:
                    runnable = [header.path] if header.executable else []
                    store_files(client, run_id, {header.path: stream}, executable=runnable)
            except RunstoneError as error:
                if header.version is not None and not waiting.is_passing(error):
                    _refuse(place, name, header, error)  # its file was refused, or the server knows no versions
                    continue
                if isinstance(error, NotFound) or not waiting.is_final(error):
                    raise  # a run that is not there may still have to be made, by a journal of another process
                _refuse(place, name, header, error)
            else:
                _remove(place, name, stream)


def _of_run(place: str, run_id: str) -> list[str]:
    found = []
    with contextlib.suppress(FileNotFoundError), os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith(run_id + ".") and not entry.name.endswith((_NEW, _REFUSED)):
                with contextlib.suppress(FileNotFoundError):
                    found.append((entry.stat().st_mtime_ns, entry.name))
    return [name for _, name in sorted(found)]


def _write(path: str, header: bytes, source: Source) -> None:
    with open(path, "xb") as file:
        os.chmod(path, 0o600)
        file.write(header)
        if isinstance(source, bytes):
            file.write(source)
        elif isinstance(source, str):
            _copy(source, file)
        else:
            shutil.copyfileobj(source, file, _PIECE)
        file.flush()
        os.fsync(file.fileno())


def _copy(source: str, file: BinaryIO) -> None:
    start = file.tell()

    def copy(stream: BinaryIO, size: int) -> None:
        while data := stream.read(_PIECE):
            try:
                file.write(data)
            except OSError as error:
                raise from_os_error(error, f"Keeping {source!r} for its server") from error

    def forget() -> None:
        file.seek(start)
        file.truncate()

    read_steadily(source, copy, forget)


def _sweep(place: str) -> None:
    """Take away what was being written when its process died."""
    with os.scandir(place) as entries:
        for entry in entries:
            if entry.name.endswith(_NEW):
                with contextlib.suppress(OSError):
                    if entry.stat().st_mtime < time.time() - _STALE:
                        os.unlink(entry.path)


@contextlib.contextmanager
def _taken(path: str) -> Iterator[BinaryIO | None]:
    """The file, locked for us; None where it went, or somebody else sends it."""
    try:
        file = open(path, "rb")  # noqa: SIM115  # closed below
    except FileNotFoundError:
        yield None
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield None
            return
        try:
            yield file if os.fstat(file.fileno()).st_nlink else None
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)  # a child forked meanwhile has the descriptor too


def _is_gone(path: str) -> bool:
    """Whether a file that somebody else was sending has been sent; waited for until they have done with it."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return os.fstat(descriptor).st_nlink == 0
    finally:
        unlock(descriptor)


@contextlib.contextmanager
def _alone(place: str) -> Iterator[None]:
    """No file is put in another's place while one that was sent is taken away."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        unlock(descriptor)


def _remove(place: str, name: str, sent: BinaryIO) -> None:
    path = os.path.join(place, name)
    with _alone(place), contextlib.suppress(FileNotFoundError):
        if os.stat(path).st_ino == os.fstat(sent.fileno()).st_ino:  # else it was logged anew meanwhile
            os.unlink(path)


def _refuse(place: str, name: str, header: Header, error: RunstoneError) -> None:
    os.rename(os.path.join(place, name), os.path.join(place, name + _REFUSED))
    fields = {"path": header.path, "kept": os.path.join(place, name + _REFUSED)}
    waiting.keep_rejected(
        os.path.join(os.path.dirname(place), "journal"),
        waiting.Rejected(header.run_id, "log_artifact", fields, error.error_code, error.message),
    )
