"""Journals of dead processes: found by their free lock, shipped, deleted. Knows nothing of what a run's death means for its status."""

from __future__ import annotations

import os
from typing import NamedTuple

from runstone.errors import NotFound, StoreMismatch, from_os_error
from runstone.journal import records, shipping
from runstone.journal.segment import SUFFIX, lock_dead
from runstone.journal.writer import FOLDER_NAME, Journal, own_paths
from runstone.transport import Transport


class Adopted(NamedTuple):
    """What was found in a dead process's journal: whose points, when the last was logged (ms, None for none), how many, what was damaged."""

    run_id: str
    last_timestamp: int | None
    points: int
    damaged: int


def recover(folder: str, transport: Transport) -> list[Adopted]:
    """Adopt the journals of dead processes. Of several processes that try, one does; a journal whose points cannot be shipped stays."""
    adopted = []
    own = None
    for path in _journals(folder):
        if own is None:
            own = own_paths()
        if path in own:
            continue
        descriptor = lock_dead(path)
        if descriptor is not None:
            try:
                adopted.append(_adopt(path, descriptor, transport))
            finally:
                os.close(descriptor)
    return adopted


def is_live(folder: str, run_id: str, but: Journal | None = None) -> bool:
    """Whether a living process holds the run (another one than by the journal `but`, where that is given)."""
    own, ours = own_paths(), set() if but is None else but.paths
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


def _journals(folder: str) -> list[str]:
    journals = os.path.join(folder, FOLDER_NAME)
    try:
        return [entry.path for entry in os.scandir(journals) if entry.name.endswith(SUFFIX)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise from_os_error(error, f"Looking for journals in {journals!r}") from error


def _adopt(path: str, descriptor: int, transport: Transport) -> Adopted:
    data = _read(descriptor)
    run_id = os.path.basename(path).rsplit(".", 2)[0]
    version, position = records.read_header(data)
    if version > records.VERSION:
        raise StoreMismatch(f"The journal {path!r} was written by a newer runstone. Upgrade with `pip install -U runstone` to read it.")
    # Names are announced anywhere before their points, so all is read, and what was acknowledged is left out.
    everything = records.decode(data[records.START :])
    pending = records.decode(data[max(position, records.START) :]).points
    lost = 0
    last = int(everything.points["timestamp"].max()) if len(everything.points) else None
    for start in range(0, len(pending), shipping.BATCH):
        try:
            lost += shipping.send(transport, run_id, everything.names, pending[start : start + shipping.BATCH])
        except NotFound:
            # The run itself is gone, and with it whatever its points meant.
            lost += len(pending) - start
            break
    os.unlink(path)
    return Adopted(run_id, last, len(pending) - lost, everything.damaged + lost)


def _read(descriptor: int) -> bytes:
    size = os.fstat(descriptor).st_size
    return os.pread(descriptor, size, 0)
