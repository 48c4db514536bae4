"""Files that wait on this machine for their store: a line of JSON that says whose they are, then the bytes. Those that wait for a server
that is away are on disk before they count; those that are logged without waiting are the operating system's, safe from a kill."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from hashlib import sha256
from io import FileIO
from typing import BinaryIO

from runstone.client import spool_notes
from runstone.client.spool_notes import Header
from runstone.client.spool_order import take_places
from runstone.errors import CorruptData, InvalidParameter, RunstoneError, from_os_error
from runstone.operations import rules
from runstone.operations.artifact_versions import LogArtifactVersion
from runstone.repository import unfinished
from runstone.repository.duplicating import clone, copy
from runstone.repository.folders import is_executable
from runstone.repository.steady import read_steadily
from runstone.repository.turns import turn
from runstone.repository.unfinished import unlock

FOLDER_NAME = "files"
_NEW, REFUSED, TURN = ".new", ".rejected", ".turn"
# The endings of what is no file that waits.
_OTHERS = (_NEW, REFUSED, TURN)
# Seconds after which what is written no further belongs to a process that died.
_STALE = 3600
# Bytes that are copied at a time.
_PIECE = 1024 * 1024
# Of the sum of a path, in the name of its file here.
_DIGITS = 32
Source = str | bytes | BinaryIO


def put_version(folder: str, request: LogArtifactVersion, *, synced: bool = True) -> None:
    """Have files of a run, which wait here or are there already, be a version of a named artifact. On disk when this returns, if `synced`."""
    name = f"{_name(request.run_id, request.path)}-{sha256(request.name.encode()).hexdigest()[:16]}"
    _put(folder, [(name, Header(request.run_id, request.path, request), b"")], synced)


def put(folder: str, run_id: str, sources: list[tuple[str, Source]], *, synced: bool = True) -> None:
    """Keep files of a run here: each is there whole or not at all. When this returns all of them are on disk, or, where they need not
    be `synced`, the operating system's: a kill loses nothing, a power failure may."""
    headers = [(path, Header(run_id, path, None, _is_executable(source)), source) for path, source in sources]
    _put(folder, [(_name(run_id, path), header, source) for path, header, source in headers], synced)


def _put(folder: str, sources: list[tuple[str, Header, Source]], synced: bool) -> None:
    place = os.path.join(folder, FOLDER_NAME)
    made: list[tuple[str, str]] = []
    try:
        is_new = not os.path.isdir(place)
        os.makedirs(place, exist_ok=True)
        _sweep(place)
        for called, header, source in sources:
            name = os.path.join(place, called)
            temporary = f"{name}.{os.getpid()}-{os.urandom(4).hex()}{_NEW}"
            made.append((temporary, name))
            _write(temporary, header, source, synced)
        with alone(place):
            if sources:
                take_places(place, made, of_run(place, sources[0][1].run_id))
            if synced:
                for path in (place, folder) if is_new else (place,):
                    _sync(path)
    except BaseException as error:
        for temporary, _ in made:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        if isinstance(error, RunstoneError) or not isinstance(error, OSError):
            raise
        raise from_os_error(error, f"Keeping files, to be stored later, in {place!r}") from error


def _sync(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_executable(source: Source) -> bool:
    return isinstance(source, str) and is_executable(source)


def runs_with_files(folder: str) -> set[str]:
    """The runs that have files here."""
    with contextlib.suppress(FileNotFoundError):
        names = os.listdir(os.path.join(folder, FOLDER_NAME))
        return {name.partition(".")[0] for name in names if not name.endswith(_OTHERS)}
    return set()


def refused(folder: str) -> list[tuple[str, Header | None]]:
    """Copies that are kept because their store refused them, or because they are damaged: the file, and whose it is where it says so."""
    place, found = os.path.join(folder, FOLDER_NAME), []
    with contextlib.suppress(FileNotFoundError):
        for name in sorted(os.listdir(place)):
            if name.endswith(REFUSED):
                header = None
                with contextlib.suppress(OSError, CorruptData), open(os.path.join(place, name), "rb") as file:
                    header = spool_notes.read(file)
                found.append((os.path.join(place, name), header))
    return found


def has_files(folder: str, run_id: str) -> bool:
    """Whether a run has files here."""
    return bool(of_run(os.path.join(folder, FOLDER_NAME), run_id))


def size_of(folder: str, run_id: str) -> int:
    """The bytes of a run's files here."""
    place = os.path.join(folder, FOLDER_NAME)
    total = 0
    for name in of_run(place, run_id):
        with contextlib.suppress(OSError):
            total += os.stat(os.path.join(place, name)).st_size
    return total


def waits_below(folder: str, run_id: str, path: str) -> bool:
    """Whether a file of this path, or of one in this folder, is here."""
    place = os.path.join(folder, FOLDER_NAME)
    for name in of_run(place, run_id):
        with contextlib.suppress(OSError, CorruptData), open(os.path.join(place, name), "rb") as file:
            header = spool_notes.read(file)
            if header.version is None and f"{header.path}/".startswith(f"{path}/"):
                return True
    return False


def waits(folder: str, run_id: str, paths: list[str]) -> bool:
    """Whether a file of one of these paths is here, or what makes a version of one."""
    here = {name[: len(run_id) + 1 + _DIGITS] for name in of_run(os.path.join(folder, FOLDER_NAME), run_id)}
    return bool(here) and any(_name(run_id, path) in here for path in paths)


def _name(run_id: str, path: str) -> str:
    return f"{rules.check_run_id(run_id)}.{sha256(path.encode()).hexdigest()[:_DIGITS]}"


def of_run(place: str, run_id: str) -> list[str]:
    found = []
    with contextlib.suppress(FileNotFoundError), os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith(run_id + ".") and not entry.name.endswith(_OTHERS):
                with contextlib.suppress(FileNotFoundError):
                    found.append((entry.stat().st_mtime_ns, entry.name))
    return [name for _, name in sorted(found)]


def _write(path: str, header: Header, source: Source, synced: bool) -> None:
    with open(path, "x+b", buffering=0) as file:
        os.chmod(path, 0o600)
        start = spool_notes.begin(file, header)
        if isinstance(source, bytes | bytearray | memoryview):
            unfinished.write(file.fileno(), source)
        elif isinstance(source, str):
            _copy(source, file)
        else:
            _take(source, file)
        spool_notes.complete(file, header, start, synced)
        if synced:
            os.fsync(file.fileno())


def _take(source: object, file: FileIO) -> None:
    read = getattr(source, "read", None)
    if read is None:
        raise InvalidParameter(
            f"A {type(source).__name__} cannot be read. Give a binary file object, such as open(..., 'rb')."
        )
    while True:
        data = read(_PIECE)
        if not isinstance(
            data, bytes | bytearray | memoryview
        ):  # None too: that is no end, but a stream that is not ready
            raise InvalidParameter(
                f"The file object gave a {type(data).__name__}. Give a blocking, binary one, such as open(..., 'rb')."
            )
        if not data:
            return
        unfinished.write(file.fileno(), memoryview(data))


def _copy(source: str, file: FileIO) -> None:
    start = file.tell()

    def take(stream: FileIO, size: int) -> None:
        try:
            if not clone(stream.fileno(), file.fileno(), start):
                copy(stream.fileno(), file.fileno(), start)
        except OSError as error:
            raise from_os_error(error, f"Keeping a copy of {source!r}") from error

    read_steadily(source, take, lambda: os.ftruncate(file.fileno(), start))


def _sweep(place: str) -> None:
    """Take away what was being written when its process died, and locks of the dead."""
    with os.scandir(place) as entries:
        for entry in entries:
            if entry.name.endswith((_NEW, TURN)):
                with contextlib.suppress(OSError):
                    if entry.stat().st_mtime < time.time() - _STALE:
                        _take_away(entry)


def _take_away(entry: os.DirEntry[str]) -> None:
    if entry.name.endswith(_NEW):
        os.unlink(entry.path)
    else:
        with turn(entry.path, wait=False):
            pass  # who has had it takes it away


@contextlib.contextmanager
def alone(place: str) -> Iterator[None]:
    """No file is put in another's place while one that was sent is taken away."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        unlock(descriptor)
