"""What lies below a model's folder: its files, and what a look at files alone would pass over, though it may lead to anything."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple


class Contents(NamedTuple):
    """What lies below a folder, by paths in it with '/' between their parts.

    Attributes:
        files: its files, sorted; links to files among them.
        links: those of them that are links.
        odd: what is neither a file nor a folder of its own (a link to a folder, a pipe, a link to nothing, a folder that cannot be
            read), and what it is, in words.
    """

    files: list[str]
    links: list[str]
    odd: dict[str, str]


def contents(folder: str) -> Contents:
    """What lies below a folder. Links to folders are not followed, so that there is an end; they are said to be there."""
    found = Contents([], [], {})

    def unreadable(error: OSError) -> None:
        found.odd[_below(folder, str(error.filename))] = "a folder that cannot be read"

    for above, folders, names in os.walk(folder, onerror=unreadable):
        for name in folders:
            place = os.path.join(above, name)
            if os.path.islink(place):
                found.odd[_below(folder, place)] = "a link to a folder"
        for name in names:
            place = os.path.join(above, name)
            path = _below(folder, place)
            if os.path.isfile(place):
                found.files.append(path)
                if os.path.islink(place):
                    found.links.append(path)
            else:
                found.odd[path] = _kind(place)
    found.files.sort()
    return found


def _kind(place: str) -> str:
    mode = os.lstat(place).st_mode
    if stat.S_ISLNK(mode):
        return "a link to nothing"
    return "a pipe" if stat.S_ISFIFO(mode) else "no file"


def _below(folder: str, place: str) -> str:
    return os.path.relpath(place, folder).replace(os.sep, "/")
