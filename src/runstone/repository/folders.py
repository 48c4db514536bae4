"""Reading a folder: which files are in it, and which of them may be run."""

from __future__ import annotations

import os

from runstone.errors import WrongFileKind, from_os_error

Identity = tuple[int, int]


def walk(folder: str) -> list[tuple[str, str]]:
    """A folder's files as (path below it, local path), by path, links followed. Raises WrongFileKind for a link that leads into itself."""
    found: list[tuple[str, str]] = []
    # A stack of our own: folders may be nested deeper than Python calls.
    places: list[tuple[str, str, frozenset[Identity]]] = [(folder, "", frozenset())]
    try:
        while places:
            place, prefix, above = places.pop()
            status = os.stat(place)
            identity = (status.st_dev, status.st_ino)
            if identity in above:
                raise _circle(place)
            with os.scandir(place) as entries:
                for entry in entries:
                    path = prefix + entry.name
                    if entry.is_dir():
                        places.append((entry.path, path + "/", above | {identity}))
                    else:
                        found.append((path, entry.path))
    except WrongFileKind:
        raise
    except OSError as error:
        raise from_os_error(error, f"Reading the folder {folder!r}") from error
    return sorted(found)


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
