"""How files that wait on this machine go to their store: the oldest first, some in one transaction, one process at a time.

What the store refuses for good, and what is no longer the bytes that were logged, is told and kept beside the rest.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from runstone.client import spool, spool_notes
from runstone.client.artifacts import store_files
from runstone.client.spool_notes import Header
from runstone.errors import CorruptData, NotFound, RunstoneError
from runstone.journal import waiting
from runstone.operations.artifact_versions import LogArtifactVersion, log_artifact_version
from runstone.repository.turns import turn

if TYPE_CHECKING:
    from runstone.client import Client

# Files that are logged in one transaction.
_TOGETHER = 200


def send(
    client: Client, run_id: str, told: Callable[[int], object] = lambda size: None, *, wait: bool = False
) -> list[RunstoneError]:
    """Log what waits here of a run, the oldest first, some at a time. What is refused for good is told, kept, and comes back. Raises
    what else is raised: it waits on. `told` is told the bytes of what was read.

    One sends at a time, of all that log or read the run: an older file does not come in behind a newer one of its path. Other threads are
    waited for; while another process does, nothing is sent, unless it is to `wait`. Then nothing that was here is left when this returns.
    """
    place = os.path.join(client._folder, spool.FOLDER_NAME)
    if not spool.of_run(place, run_id):
        return []
    meanwhile = _watching(client._folder, run_id, told) if wait else None
    with turn(os.path.join(place, run_id + spool.TURN), wait, meanwhile) as ours:
        return _send_all(client, place, run_id, told) if ours else []


def _watching(folder: str, run_id: str, told: Callable[[int], object]) -> Callable[[], None]:
    """Tells, whenever it is called, of what somebody else has sent since."""
    left = spool.size_of(folder, run_id)

    def look() -> None:
        nonlocal left
        now = spool.size_of(folder, run_id)
        told(max(0, left - now))
        left = now

    return look


def _send_all(client: Client, place: str, run_id: str, told: Callable[[int], object]) -> list[RunstoneError]:
    refused: list[RunstoneError] = []
    # By path: of what is damaged no version is made, for what is in the store by that path is something else.
    damages: dict[str, RunstoneError] = {}
    names = spool.of_run(place, run_id)
    for start in range(0, len(names), _TOGETHER):
        some: list[_Waiting] = []
        with contextlib.ExitStack() as held:
            for name in names[start : start + _TOGETHER]:
                try:
                    stream = held.enter_context(open(os.path.join(place, name), "rb"))
                except (FileNotFoundError, PermissionError):  # or another user's, who stores it
                    continue
                one, damage = _opened(name, stream, run_id)
                version = one.header.version
                if version is not None and damage is None:
                    damage = next(
                        (of for path, of in damages.items() if not path or f"{path}/".startswith(f"{version.path}/")),
                        None,
                    )
                if damage is not None:
                    damages[one.header.path] = damage
                    refused += _refuse(place, one, damage, tell=client._is_server)
                elif version is None:
                    # What was logged anew is whole, whatever lay here before.
                    damages.pop(one.header.path, None)
                    some.append(one)
                else:
                    refused += _send_files(client, place, run_id, some, told)
                    some = []
                    refused += _send_version(client, place, one, version)
            refused += _send_files(client, place, run_id, some, told)
    return refused


def _opened(name: str, stream: BinaryIO, run_id: str) -> tuple[_Waiting, RunstoneError | None]:
    """What waits; and, where it is not what was logged, why."""
    header, damage = Header(run_id, ""), None
    try:
        header = spool_notes.read(stream)
        start = stream.tell()
        spool_notes.check(stream, header)
    except CorruptData as error:
        start, damage = stream.tell(), error
    return _Waiting(name, header, stream, start), damage


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


def _remove(place: str, one: _Waiting) -> None:
    with spool.alone(place):
        if _is_still(place, one):
            os.unlink(os.path.join(place, one.name))


def _refuse(place: str, one: _Waiting, error: RunstoneError, tell: bool) -> list[RunstoneError]:
    with spool.alone(place):
        if not _is_still(place, one):
            return []  # what is to be stored of this path is another file by now, which nobody has refused
        kept = os.path.join(place, one.name + spool.REFUSED)
        number = 1
        while os.path.lexists(kept):
            number += 1
            kept = os.path.join(place, f"{one.name}-{number}{spool.REFUSED}")
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
