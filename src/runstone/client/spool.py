"""Files that wait on this machine for their store: a line of JSON that says whose they are, then the bytes. Those that wait for a server
that is away are on disk before they count; those that are logged without waiting are the operating system's, safe from a kill."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from io import FileIO
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import msgspec

from runstone.client.spool_order import take_places
from runstone.errors import InvalidParameter, NotFound, RunstoneError, from_os_error
from runstone.journal import waiting
from runstone.operations import rules
from runstone.operations.artifact_versions import LogArtifactVersion, log_artifact_version
from runstone.repository import unfinished
from runstone.repository.duplicating import clone, copy
from runstone.repository.folders import is_executable
from runstone.repository.steady import read_steadily
from runstone.repository.turns import turn
from runstone.repository.unfinished import unlock

if TYPE_CHECKING:
    from runstone.client import Client

FOLDER_NAME = "files"
_NEW, _REFUSED, _TURN = ".new", ".rejected", ".turn"
# The endings of what is no file that waits.
_OTHERS = (_NEW, _REFUSED, _TURN)
# Seconds after which what is written no further belongs to a process that died.
_STALE = 3600
# Bytes that are copied at a time.
_PIECE = 1024 * 1024
_BLOCK = 4096
# Files that are logged in one transaction.
_TOGETHER = 200
# Of the sum of a path, in the name of its file here.
_DIGITS = 32
Source = str | bytes | BinaryIO


class Header(msgspec.Struct):
    """Whose file it is, and its path among the run's."""

    run_id: str
    path: str
    # In place of a file: what is there by then is to be a version of a named artifact.
    version: LogArtifactVersion | None = None
    executable: bool = False


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
        os.makedirs(place, exist_ok=True)
        _sweep(place)
        for called, header, source in sources:
            name = os.path.join(place, called)
            temporary = f"{name}.{os.getpid()}-{os.urandom(4).hex()}{_NEW}"
            made.append((temporary, name))
            _write(temporary, msgspec.json.encode(header), source, synced)
        with _alone(place):
            if sources:
                take_places(place, made, _of_run(place, sources[0][1].run_id))
            if synced:
                descriptor = os.open(place, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
    except BaseException as error:
        for temporary, _ in made:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        if isinstance(error, RunstoneError) or not isinstance(error, OSError):
            raise
        raise from_os_error(error, f"Keeping files, to be stored later, in {place!r}") from error


def _is_executable(source: Source) -> bool:
    return isinstance(source, str) and is_executable(source)


def runs_with_files(folder: str) -> set[str]:
    """The runs that have files here."""
    with contextlib.suppress(FileNotFoundError):
        names = os.listdir(os.path.join(folder, FOLDER_NAME))
        return {name.partition(".")[0] for name in names if not name.endswith(_OTHERS)}
    return set()


def has_files(folder: str, run_id: str) -> bool:
    """Whether a run has files here."""
    return bool(_of_run(os.path.join(folder, FOLDER_NAME), run_id))


def size_of(folder: str, run_id: str) -> int:
    """The bytes of a run's files here."""
    place = os.path.join(folder, FOLDER_NAME)
    total = 0
    for name in _of_run(place, run_id):
        with contextlib.suppress(OSError):
            total += os.stat(os.path.join(place, name)).st_size
    return total


def waits_below(folder: str, run_id: str, path: str) -> bool:
    """Whether a file of this path, or of one in this folder, is here."""
    place = os.path.join(folder, FOLDER_NAME)
    for name in _of_run(place, run_id):
        with contextlib.suppress(OSError), open(os.path.join(place, name), "rb") as file:
            header = msgspec.json.decode(file.readline(), type=Header)
            if header.version is None and f"{header.path}/".startswith(f"{path}/"):
                return True
    return False


def waits(folder: str, run_id: str, paths: list[str]) -> bool:
    """Whether a file of one of these paths is here, or what makes a version of one."""
    here = {name[: len(run_id) + 1 + _DIGITS] for name in _of_run(os.path.join(folder, FOLDER_NAME), run_id)}
    return bool(here) and any(_name(run_id, path) in here for path in paths)


def send(
    client: Client, run_id: str, told: Callable[[int], object] = lambda size: None, *, wait: bool = False
) -> list[RunstoneError]:
    """Log what waits here of a run, the oldest first, some at a time. What is refused for good is told, kept, and comes back. Raises
    what else is raised: it waits on. `told` is told the bytes of what was read.

    One sends at a time, of all that log or read the run: an older file does not come in behind a newer one of its path. Other threads are
    waited for; while another process does, nothing is sent, unless it is to `wait`. Then nothing that was here is left when this returns.
    """
    place = os.path.join(client._folder, FOLDER_NAME)
    if not _of_run(place, run_id):
        return []
    meanwhile = _watching(client._folder, run_id, told) if wait else None
    with turn(os.path.join(place, run_id + _TURN), wait, meanwhile) as ours:
        return _send_all(client, place, run_id, told) if ours else []


def _watching(folder: str, run_id: str, told: Callable[[int], object]) -> Callable[[], None]:
    """Tells, whenever it is called, of what somebody else has sent since."""
    left = size_of(folder, run_id)

    def look() -> None:
        nonlocal left
        now = size_of(folder, run_id)
        told(max(0, left - now))
        left = now

    return look


def _send_all(client: Client, place: str, run_id: str, told: Callable[[int], object]) -> list[RunstoneError]:
    refused: list[RunstoneError] = []
    names = _of_run(place, run_id)
    for start in range(0, len(names), _TOGETHER):
        some: list[_Waiting] = []
        with contextlib.ExitStack() as held:
            for name in names[start : start + _TOGETHER]:
                try:
                    stream = held.enter_context(open(os.path.join(place, name), "rb"))
                except (FileNotFoundError, PermissionError):  # or another user's, who stores it
                    continue
                header = msgspec.json.decode(stream.readline(), type=Header)
                one = _Waiting(name, header, stream, stream.tell())
                if header.version is None:
                    some.append(one)
                    continue
                refused += _send_files(client, place, run_id, some, told)
                some = []
                refused += _send_version(client, place, one, header.version)
            refused += _send_files(client, place, run_id, some, told)
    return refused


class _Waiting(NamedTuple):
    name: str
    header: Header
    stream: BinaryIO
    start: int


def _send_files(
    client: Client, place: str, run_id: str, some: list[_Waiting], told: Callable[[int], object]
) -> list[RunstoneError]:
    refused: list[RunstoneError] = []
    if len(some) < 2 or not _send_together(client, place, run_id, some, told):
        for one in some:
            refused += _send_one(client, place, run_id, one, told)
    return refused


def _send_version(client: Client, place: str, one: _Waiting, version: LogArtifactVersion) -> list[RunstoneError]:
    try:
        client._transport.call(log_artifact_version, version)
    except RunstoneError as error:
        if waiting.is_passing(error):
            raise
        # Its file was refused, or the server knows no versions.
        return _refuse(place, one, error, tell=client._is_server)
    _remove(place, one)
    return []


def _send_together(
    client: Client, place: str, run_id: str, some: list[_Waiting], told: Callable[[int], object]
) -> bool:
    """Log several in one transaction; False where one of them is refused, and they are to be logged one by one."""
    from runstone.client.artifacts import store_files

    try:
        store_files(
            client,
            run_id,
            {one.header.path: one.stream for one in some},
            executable=[one.header.path for one in some if one.header.executable],
            told=told,
        )
    except RunstoneError as error:
        if not waiting.is_final(error):
            raise
        for one in some:
            one.stream.seek(one.start)
        return False
    for one in some:
        _remove(place, one)
    return True


def _send_one(
    client: Client, place: str, run_id: str, one: _Waiting, told: Callable[[int], object]
) -> list[RunstoneError]:
    from runstone.client.artifacts import store_files

    try:
        store_files(
            client,
            run_id,
            {one.header.path: one.stream},
            executable=[one.header.path] if one.header.executable else [],
            told=told,
        )
    except RunstoneError as error:
        # A run that is not there may still have to be made, by a journal of another process.
        if (isinstance(error, NotFound) and client._is_server) or not waiting.is_final(error):
            raise
        return _refuse(place, one, error, tell=client._is_server)
    _remove(place, one)
    return []


def _name(run_id: str, path: str) -> str:
    return f"{rules.check_run_id(run_id)}.{sha256(path.encode()).hexdigest()[:_DIGITS]}"


def _of_run(place: str, run_id: str) -> list[str]:
    found = []
    with contextlib.suppress(FileNotFoundError), os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith(run_id + ".") and not entry.name.endswith(_OTHERS):
                with contextlib.suppress(FileNotFoundError):
                    found.append((entry.stat().st_mtime_ns, entry.name))
    return [name for _, name in sorted(found)]


def _write(path: str, header: bytes, source: Source, synced: bool) -> None:
    with open(path, "xb", buffering=0) as file:
        os.chmod(path, 0o600)
        # Blanks up to a whole block: behind it a file system that can do so shares the source's blocks.
        file.write(header + b" " * (-(len(header) + 1) % _BLOCK) + b"\n")
        if isinstance(source, bytes | bytearray | memoryview):
            unfinished.write(file.fileno(), source)
        elif isinstance(source, str):
            _copy(source, file)
        else:
            _take(source, file)
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
            if entry.name.endswith((_NEW, _TURN)):
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
def _alone(place: str) -> Iterator[None]:
    """No file is put in another's place while one that was sent is taken away."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        unlock(descriptor)


def _remove(place: str, one: _Waiting) -> None:
    with _alone(place):
        if _is_still(place, one):
            os.unlink(os.path.join(place, one.name))


def _refuse(place: str, one: _Waiting, error: RunstoneError, tell: bool) -> list[RunstoneError]:
    with _alone(place):
        if not _is_still(place, one):
            return []  # what is to be stored of this path is another file by now, which nobody has refused
        kept = os.path.join(place, one.name + _REFUSED)
        number = 1
        while os.path.lexists(kept):
            number += 1
            kept = os.path.join(place, f"{one.name}-{number}{_REFUSED}")
        os.rename(os.path.join(place, one.name), kept)
    if tell:  # of a store here, whoever logged it is still there and told by an error
        fields = {"path": one.header.path, "kept": kept}
        waiting.keep_rejected(
            os.path.join(os.path.dirname(place), "journal"),
            waiting.Rejected(one.header.run_id, "log_artifact", fields, error.error_code, error.message),
        )
    return [error]


def _is_still(place: str, one: _Waiting) -> bool:
    """Whether it was not logged anew meanwhile."""
    with contextlib.suppress(FileNotFoundError):
        return os.stat(os.path.join(place, one.name)).st_ino == os.fstat(one.stream.fileno()).st_ino
    return False
