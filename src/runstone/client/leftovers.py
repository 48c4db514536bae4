"""What this machine keeps of runs on a server until it can be sent: consoles of dead processes, records of runs that ended meanwhile."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from runstone.client import sending, spool
from runstone.client.artifacts import store_files
from runstone.client.progress import shown
from runstone.repository import growing

if TYPE_CHECKING:
    from runstone.client import Client

FOLDER = ".runstone"


def runs_with_any(folder: str) -> set[str]:
    """The runs that have something lying in a folder which nobody writes any more."""
    found = spool.runs_with_files(folder)
    with contextlib.suppress(FileNotFoundError), os.scandir(os.path.join(folder, growing.FOLDER_NAME)) as entries:
        for entry in entries:
            if growing.is_dead(entry.path):
                found.add(entry.name.partition(".")[0])
    return found


def keep(client: Client, run_id: str, wait: bool = False) -> None:
    """Log what lies here of a run, and that nobody writes any more, as files of the run. See `sending.send` for `wait`."""
    if run_id in spool.runs_with_files(client._folder):
        with shown("sending files", lambda: spool.size_of(client._folder, run_id)) as told:
            sending.send(client, run_id, told, wait=wait)
    for file in growing.find(client._folder, run_id):
        leftover = growing.take(file.path)
        if leftover is None:
            continue
        kept = False
        try:
            store_files(client, run_id, {_free(client, run_id, file.name): leftover.stream}, FOLDER)
            kept = True
        finally:  # also where the run is not there: it may still have to be made, by a journal of another process
            leftover.close(remove=kept)


def leave(folder: str, run_id: str, files: dict[str, bytes]) -> None:
    """Put files where `keep` finds them. Raises OSError."""
    place = os.path.join(folder, growing.FOLDER_NAME)
    os.makedirs(place, exist_ok=True)
    for name, data in files.items():
        temporary = os.path.join(place, f".{run_id}.{name}")
        with open(temporary, "wb") as file:
            file.write(data)
        os.rename(temporary, os.path.join(place, f"{run_id}.{name}"))


def _free(client: Client, run_id: str, name: str) -> str:
    taken = {os.path.basename(file.path) for file in client.list_artifacts(run_id, FOLDER)}
    stem, dot, ending = name.rpartition(".")
    number = 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}{dot}{ending}"
    return name
