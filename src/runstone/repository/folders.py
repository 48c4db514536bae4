"""Reading a folder: which files are in it, and which of them may be run."""

from __future__ import annotations

import os
from collections.abc import Iterator

from runstone.errors import RunstoneError, WrongFileKind, from_os_error
from runstone.repository.stores import Identity, identity, is_store, refuse_folder


def walk(folder: str) -> list[tuple[str, str]]:
    """A folder's files as (path below it, local path), by path, links followed; stores that lie in it are left out.
    Raises WrongFileKind for a link that leads into itself, and for a folder that is itself a store."""
    return sorted(_below(folder))


def walk_in_groups(folder: str, most: int) -> Iterator[list[tuple[str, str]]]:
    """As `walk`, at most so many files at a time, each group by path: of a folder of a million files no more are held. An empty folder
    gives one empty group."""
    found, group = _below(folder), list[tuple[str, str]]()
    for file in found:
        if len(group) == most:
            yield sorted(group)
            group = []
        group.append(file)
    yield sorted(group)


def _below(folder: str) -> Iterator[tuple[str, str]]:
    # A stack of our own: folders may be nested deeper than Python calls.
    places: list[tuple[str, str, frozenset[Identity]]] = [(folder, "", frozenset())]
    try:
        while places:
            place, prefix, above = places.pop()
            status = os.stat(place)
            this = identity(status)
            if this in above:
                raise _circle(place)
            if is_store(place):
                if not prefix:
                    refuse_folder(place)
                continue
            with os.scandir(place) as entries:
                for entry in entries:
                    path = prefix + entry.name
                    if entry.is_dir():
                        places.append((entry.path, path + "/", above | {this}))
                    else:
                        yield path, entry.path
    except RunstoneError:
        raise
    except OSError as error:
        raise from_os_error(error, f"Reading the folder {folder!r}") from error


def is_executable(path: str) -> bool:
    """Whether a file may be run by whoever has it. False of one that is not there: who reads it will say so."""
    try:
        return bool(os.stat(path).st_mode & 0o100)
    except OSError:
        return False


def _circle(place: str) -> WrongFileKind:
    return WrongFileKind(
        f"The folder {place!r} is a link that leads back into itself. Log it without that link.", place
    )
