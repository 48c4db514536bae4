"""Journals of dead processes: found by their free lock, shipped, deleted. Knows nothing of what a run's death means for its status."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from runstone.errors import RunstoneError, StoreMismatch, from_os_error
from runstone.journal import delivery, records, shipping, waiting
from runstone.journal.segment import NEW_SUFFIX, REFUSED_SUFFIX, SUFFIX, lock_dead, put_away
from runstone.journal.writer import FOLDER_NAME, Journal, own_paths
from runstone.repository.unfinished import unlock
from runstone.transport import Transport

# Seconds after which a file that was being made when its process died is swept away; making one takes a millisecond.
_STALE = 3600


class Adopted(NamedTuple):
    """What was found in a dead process's journal: whose points, when the last was logged (ms, None for none), how many were shipped
    now, how many slots could not be read or are of no known series, how many operations that waited were carried out, and how many
    points the store refused."""

    run_id: str
    last_timestamp: int | None
    points: int
    damaged: int
    operations: int = 0
    refused: int = 0


# Told of a run that nobody holds any more, and when it showed signs of life last (ms); whether the store was told too.
Bury = Callable[[str, int], bool]


def recover(
    folder: str, transport: Transport, bury: Bury = lambda run_id, last: True, *, wait: bool = False
) -> list[Adopted]:
    """Adopt the journals of dead processes. Of several processes that try, one does; the others have done nothing, unless they are to
    `wait` for it.

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
    with _alone(folder, wait) as alone:
        # Locked all at once: each run is buried when all that its processes left is shipped.
        held = _lock_all(folder) if alone else {}
        try:
            runs, failed = _ship_all(folder, held, transport)
            for run_id, journals in runs.items():
                if run_id in failed:
                    continue  # not all that was logged is there: its end is not to be said yet
                try:
                    times = [_last_sign(held[path], found) for path, found in journals]
                    if not _is_held(folder, run_id, set(held)) and not bury(run_id, max(times)):
                        continue
                    for path, found in journals:
                        if found is not None:
                            put_away(path, found.damaged, found.refused)
                            adopted.append(found)
                except RunstoneError as error:
                    shipping.warn_once(error)
        finally:
            for descriptor in held.values():
                unlock(descriptor)
    return adopted


def _ship_all(
    folder: str, held: dict[str, int], transport: Transport
) -> tuple[dict[str, list[tuple[str, Adopted | None]]], set[str]]:
    """Ship journals that we hold: what was found in each, by run, and the runs of which something could not be shipped."""
    runs: dict[str, list[tuple[str, Adopted | None]]] = {}
    failed: set[str] = set()
    waiting_room, moved = list(held), set()
    while waiting_room:
        path = waiting_room.pop(0)
        run_id = _run_of(path)
        if run_id in failed:
            continue  # what was said later goes behind what was said before, the run's end above all
        try:
            others = path not in moved and any(_run_of(other) == run_id for other in waiting_room)
            early = others or _is_held(folder, run_id, set(held))
            found = _ship(path, held[path], transport, early) if _may_take_away(path) else None
            runs.setdefault(run_id, []).append((path, found))
        except RunstoneError as error:
            if others and waiting.is_early(error):
                moved.add(path)  # another one says that the run is made: the clock was set back between the two
                waiting_room.append(path)
                continue
            shipping.warn_once(error)
            failed.add(run_id)
            if waiting.is_passing(error) and not waiting.is_early(error):
                break  # the next one would only wait as long again
    return runs, failed


def _may_take_away(path: str) -> bool:
    # One that we could not take away we would ship again and again.
    return os.access(os.path.dirname(path), os.W_OK)


def _last_sign(descriptor: int, found: Adopted | None) -> int:
    last = None if found is None else found.last_timestamp
    return os.fstat(descriptor).st_mtime_ns // 1_000_000 if last is None else last


def _run_of(path: str) -> str:
    return os.path.basename(path).rsplit(".", 2)[0]


def left_behind(folder: str) -> int:
    """How many journals of dead processes, or of runs that are over, lie here."""
    count, own = 0, own_paths()
    for path in _journals(folder):
        descriptor = None if path in own else lock_dead(path)
        if descriptor is not None:
            unlock(descriptor)
            count += 1
    return count


def refused(folder: str) -> list[str]:
    """Journals that are kept because the store refused points of theirs."""
    try:
        names = sorted(os.listdir(os.path.join(folder, FOLDER_NAME)))
    except OSError:
        return []
    return [os.path.join(folder, FOLDER_NAME, name) for name in names if name.endswith(REFUSED_SUFFIX)]


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
            unlock(descriptor)
        elif os.path.exists(path):
            return True
    return False


@contextlib.contextmanager
def alone(folder: str) -> Iterator[None]:
    """Wait until nobody else looks who holds a run here, and let nobody look meanwhile."""
    journals = os.path.join(folder, FOLDER_NAME)
    try:
        os.makedirs(journals, exist_ok=True)
        descriptor = os.open(journals, os.O_RDONLY)
    except OSError as error:
        raise from_os_error(error, f"Opening the folder of journals {journals!r}") from error
    try:
        with contextlib.suppress(OSError):  # a file system that knows no locks: as well as it goes
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        unlock(descriptor)


@contextlib.contextmanager
def _alone(folder: str, wait: bool) -> Iterator[bool]:
    """Whether we are the only process that adopts now. (Two, each with some of a run's journals, would take one another for the
    run's living processes.)"""
    try:
        descriptor = os.open(os.path.join(folder, FOLDER_NAME), os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # another does, or the file system knows no locks
        yield False
    else:
        yield True
    finally:
        unlock(descriptor)


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
    return sorted(found, key=_age)


def _age(path: str) -> tuple[str, ...]:
    """A journal's run, and its place among the run's journals: the first of them says that the run is made."""
    run_id, _, made = os.path.basename(path).removesuffix(SUFFIX).rpartition(".")
    process, _, time_and_more = made.partition("-")
    return run_id, time_and_more, process


def _ship(path: str, descriptor: int, transport: Transport, early: bool) -> Adopted:
    run_id = _run_of(path)
    version, acknowledged = records.read_header(_read(path, descriptor, records.START, 0))
    if version > records.VERSION:
        raise StoreMismatch(
            f"The journal {path!r} was written by a newer runstone. Upgrade with `pip install -U runstone` to read it."
        )
    names: dict[int, records.SeriesName] = {}
    last, shipped, damaged, operations = None, 0, int(version == 0), 0
    position, size = records.START, os.fstat(descriptor).st_size // records.SLOT * records.SLOT
    way = delivery.Delivery(transport, run_id, os.path.dirname(path), early=early, keeps=True)

    def mark(place: int, operation: bool) -> None:
        nonlocal operations, acknowledged
        operations += operation
        acknowledged = place
        with contextlib.suppress(OSError):  # it cannot be written here: then all of it comes again, which does no harm
            os.pwrite(descriptor, records.mark(place), records.SLOT)

    # All is read, for the names, a stretch at a time; of what it holds, what was acknowledged is left out.
    while position < size:
        found = delivery.stretch(lambda start, end: _read(path, descriptor, end - start, start), position, size)
        names.update(found.names)
        damaged += found.damaged
        if len(found.points):
            last = max(last or 0, int(found.points["timestamp"].max()))
        sent, lost = way.deliver(found, names, position, acknowledged, mark)
        position += found.used
        shipped += sent
        damaged += lost
    return Adopted(run_id, last, shipped, damaged, operations, way.refused)


def _read(path: str, descriptor: int, length: int, position: int) -> bytes:
    try:
        return os.pread(descriptor, length, position)
    except OSError as error:
        raise from_os_error(error, f"Reading the journal {path!r}") from error
