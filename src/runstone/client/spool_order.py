"""Under which names files wait on this machine, and in which order: that of their times, which are given here and only rise.

A file takes the place of an older one of its path, unless something waits behind that one which is to be a version: it may be of that file.
Then both wait. A name here means one file, or newer ones of the same path with no version in between: whoever sends a list of names, while
others are put, makes no version of a newer file.
"""

from __future__ import annotations

import contextlib
import os
import time


def take_places(place: str, made: list[tuple[str, str]], there: list[str]) -> None:
    """Give files their names. Nobody else does meanwhile.

    Args:
        place: the folder.
        made: for each the path that it was written to, and the path that it has where nothing else waits; all of one run.
        there: the names of what waits of that run, in order.
    """
    latest = {_first(name): (number, name) for number, name in enumerate(there)}
    last_version = max((number for number, name in enumerate(there) if _is_version(name)), default=-1)
    stamp = _time(place, there)
    for number, (temporary, target) in enumerate(made, len(there)):
        stamp = max(time.time_ns(), stamp + 1)
        name = called = os.path.basename(target)
        if called in latest:
            older, name = latest[called]
            if older < last_version or _is_version(called):
                name = f"{called}+{stamp:x}"
        latest[called] = number, name
        if _is_version(called):
            last_version = number
        os.utime(temporary, ns=(stamp, stamp))
        os.rename(temporary, os.path.join(place, name))


def _time(place: str, there: list[str]) -> int:
    with contextlib.suppress(FileNotFoundError):
        return os.stat(os.path.join(place, there[-1])).st_mtime_ns if there else 0
    return 0


def _first(name: str) -> str:
    """The name that it would have where nothing else waited."""
    return name.partition("+")[0]


def _is_version(name: str) -> bool:
    return "-" in name.partition(".")[2]
