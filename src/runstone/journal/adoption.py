"""Journals of dead processes: found by their free lock, shipped, deleted. Knows nothing of what a run's death means for its status."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from runstone.errors import NotFound, RunstoneError, StoreMismatch, from_os_error
from runstone.journal import records, shipping
from runstone.journal.segment import NEW_SUFFIX, SUFFIX, lock_dead, put_away
from runstone.journal.writer import FOLDER_NAME, Journal, own_paths
from runstone.transport import Transport

# Seconds after which a file that was being made when its process died is swept away; making one takes a millisecond.
_STALE = 3600


class Adopted(NamedTuple):
    """What was found in a dead process's journal: whose points, when the last was logged (ms, None for none), how many were shipped
    now, and how many slots could not be read."""

    run_id: str
    last_timestamp: int | None
    points: int
    damaged: int


# Told of a run that nobody holds any more, and when it showed signs of life last (ms); whether the store was told too.
Bury = Callable[[str, int], bool]


def recover(folder: str, transport: Transport, bury: Bury = lambda run_id, last: True) -> list[Adopted]:
    """Adopt the journals of dead processes. Of several processes that try, one does.

    A journal whose points the store refuses stays for the next time, and a line on stderr says so: whoever reads must not fail
    because of points of somebody else's.

    Args:
        folder: the store's folder.
        transport: where the points go.
        bury: called for each run that nobody holds any more, before its journals go: were we to die first, whoever comes next would
            find them, and bury the run. Where it says False they stay.
    """
    if own_paths().issuperset(_journals(folder, sweep=True)):
        return []
    adopted: list[Adopted] = []
    with _alone(folder) as alone:
        # Locked all at once: each run is buried when all that its processes left is shipped.
        held = _lock_all(folder) if alone else {}
        try:
            runs: dict[str, list[tuple[str, Adopted | None]]] = {}
            for path, descriptor in held.items():
                runs.setdefault(_run_of(path), []).append((path, _try_shipping(path, descriptor, transport)))
            for run_id, journals in runs.items():
                try:
                    times = [_last_sign(held[path], found) for path, found in journals]
                    if not _is_held(folder, run_id, set(held)) and not bury(run_id, max(times)):
                        continue
                    for path, found in journals:
                        if found is not None:
                            put_away(path, found.damaged)
                            adopted.append(found)
                except RunstoneError as error:
                    shipping.warn_once(error)
        finally:
            for descriptor in held.values():
                os.close(descriptor)
    return adopted


def _try_shipping(path: str, descriptor: int, transport: Transport) -> Adopted | None:
    if not os.access(os.path.dirname(path), os.W_OK):
        return None  # we could not take it away, and would ship its points again and again
    try:
        return _ship(path, descriptor, transport)
    except RunstoneError as error:
        shipping.warn_once(error)
        return None


def _last_sign(descriptor: int, found: Adopted | None) -> int:
    last = None if found is None else found.last_timestamp
    return os.fstat(descriptor).st_mtime_ns // 1_000_000 if last is None else last


def _run_of(path: str) -> str:
    return os.path.basename(path).rsplit(".", 2)[0]


def is_live(folder: str, run_id: str, but: Journal | None = None) -> bool:
    """Whether a living process holds the run (another one than by the journal `but`, where that is given)."""
    return _is_held(folder, run_id, set() if but is None else but.paths)


def _is_held(folder: str, run_id: str, ours: set[str]) -> bool:
    own = own_paths()
    for path in _journals(folder):
        if not os.path.basename(path).startswith(run_id + ".") or path in ours:
            continue
        if path in own:
            return True
        descriptor = lock_dead(path)
        if descriptor is not None:
            os.close(descriptor)
        elif os.path.exists(path):
            return True
    return False


@contextlib.contextmanager
def _alone(folder: str) -> Iterator[bool]:
    """Whether we are the only process that adopts now. (Two, each with some of a run's journals, would take one another for the
    run's living processes.)"""
    try:
        descriptor = os.open(os.path.join(folder, FOLDER_NAME), os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # another does, or the file system knows no locks
        yield False
    else:
        try:
            yield True
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # a child forked meanwhile has the descriptor too
    finally:
        os.close(descriptor)


def _lock_all(folder: str) -> dict[str, int]:
    own, held = own_paths(), {}
    for path in _journals(folder):
        if path not in own:
            try:
                descriptor = lock_dead(path)
            except RunstoneError as error:  # one that cannot be opened must not stand in the others' way
                shipping.warn_once(error)
                continue
            if descriptor is not None:
                held[path] = descriptor
    return held


def _journals(folder: str, *, sweep: bool = False) -> list[str]:
    journals = os.path.join(folder, FOLDER_NAME)
    found = []
    try:
        with os.scandir(journals) as entries:
            for entry in entries:
                if entry.name.endswith(SUFFIX):
                    found.append(entry.path)
                elif sweep and entry.name.endswith(NEW_SUFFIX):
                    with contextlib.suppress(OSError):  # gone meanwhile, or not ours to take away: it does no harm
                        if entry.stat().st_mtime < time.time() - _STALE:
                            os.unlink(entry.path)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise from_os_error(error, f"Looking for journals in {journals!r}") from error
    return sorted(found)


def _ship(path: str, descriptor: int, transport: Transport) -> Adopted:
    run_id = _run_of(path)
    version, acknowledged = records.read_header(_read(path, descriptor, records.START, 0))
    if version > records.VERSION:
        raise StoreMismatch(
            f"The journal {path!r} was written by a newer runstone. Upgrade with `pip install -U runstone` to read it."
        )
    names: dict[int, records.SeriesName] = {}
    last, shipped, damaged = None, 0, int(version == 0)
    position, size = records.START, os.fstat(descriptor).st_size // records.SLOT * records.SLOT
    # All is read, for the names, a stretch at a time; of the points, what was acknowledged is left out.
    while position < size:
        length = min(size - position, shipping.BATCH * records.SLOT)
        found = records.decode(_read(path, descriptor, length, position))
        names.update(found.names)
        damaged += found.damaged
        if len(found.points):
            last = max(last or 0, int(found.points["timestamp"].max()))
        pending = found.points[found.places * records.SLOT + position >= acknowledged]
        position += found.used
        if len(pending):
            try:
                unknown = shipping.send(transport, run_id, names, pending)
            except NotFound:
                break  # the run itself is gone, and with it whatever its points meant
            shipped += len(pending) - unknown
            damaged += unknown
    return Adopted(run_id, last, shipped, damaged)


def _read(path: str, descriptor: int, length: int, position: int) -> bytes:
    try:
        return os.pread(descriptor, length, position)
    except OSError as error:
        raise from_os_error(error, f"Reading the journal {path!r}") from error
