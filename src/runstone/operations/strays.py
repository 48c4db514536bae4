"""What lies among a store's packs and no row names: packs whose writer died before it named them, and what was never a whole pack."""

from __future__ import annotations

import os

from runstone.errors import from_os_error
from runstone.repository import unfinished
from runstone.repository.files import Repository, repository_in
from runstone.store import artifacts
from runstone.store.database import Connection

_TEMPORARY = ".pack.tmp"


def strays(connection: Connection, folder: str, before: int) -> dict[str, int]:
    """Files among the packs that the index does not name and that were written before a time (ms), by name, with their sizes in bytes.

    A younger one is left alone even where nobody is seen to store: its writer may be an older runstone's, or the index may be damaged or
    have been put back, and then somebody will want its bytes.
    """
    there = repository_in(folder).blobs.list()
    known = dict(artifacts.packs(connection))
    found = {}
    for name, size in there.items():
        if name in known or not name.endswith(".pack"):
            continue
        try:
            if os.stat(os.path.join(folder, "packs", name)).st_mtime * 1000 < before:
                found[name] = size
        except FileNotFoundError:
            continue
    return found


def leftovers(repository: Repository) -> list[tuple[str, int]]:
    """What lies where packs are being written, by living writers and by dead ones: name and size."""
    found = []
    with os.scandir(repository.folder) as entries:
        for entry in entries:
            if entry.name.endswith(_TEMPORARY):
                try:
                    found.append((entry.name, entry.stat().st_size))
                except FileNotFoundError:
                    continue
    return found


def sweep(repository: Repository) -> int:
    """Delete what dead writers have left; its bytes."""
    before = sum(size for _, size in leftovers(repository))
    try:
        place = os.open(repository.folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise from_os_error(error, f"Opening {repository.folder!r}") from error
    try:
        unfinished.sweep(place, "", _TEMPORARY)
    finally:
        os.close(place)
    return max(0, before - sum(size for _, size in leftovers(repository)))
