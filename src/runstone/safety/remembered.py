"""Which files this user made on this machine, by digest: an empty file for each, in RUNSTONE_STATE. Nobody else writes there."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable

from runstone import settings
from runstone.safety.held import Held

# Formats that cannot run anything, and are large.
_NOT_ASKED_ABOUT = (".safetensors", ".onnx", ".parquet")
# Digests in each of the 256 folders at the most: 100,000 in all. Those that were longest neither made nor asked for go first.
MOST_IN_A_FOLDER = 400
# Seconds within which one that is asked for again is not noted as used once more.
_DAY = 86_400


def remember(folder: str, wholly: Iterable[str] = (), without: Iterable[str] = ()) -> None:
    """Note that the files below a folder were made here. What cannot be noted is asked about when it is loaded: never an error.

    Args:
        folder: the model's.
        wholly: folders in it of which every file is asked about, whatever its format.
        without: folders in it with what was only brought along.
    """
    whole, left_out = (tuple(os.path.join(folder, name, "") for name in names) for names in (wholly, without))
    for above, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(above, name)
            if path.startswith(left_out) or (name.endswith(_NOT_ASKED_ABOUT) and not path.startswith(whole)):
                continue
            with Held(path) as file:
                _note(_place(file.digest()))


def made_here(digests: Iterable[str]) -> bool:
    """Whether this user made all of these files on this machine."""
    return all(_is_known(_place(digest)) for digest in digests)


def note(digest: str) -> None:
    """Note that this user made, on this machine, what has a digest. What cannot be noted is asked about: never an error."""
    _note(_place(digest))


def _note(place: str) -> None:
    above = os.path.dirname(place)
    with contextlib.suppress(OSError):
        os.makedirs(above, mode=0o700, exist_ok=True)
        os.close(os.open(place, os.O_WRONLY | os.O_CREAT, 0o600))
        os.utime(place)
        known = os.listdir(above)
        if len(known) > MOST_IN_A_FOLDER:
            oldest = sorted((os.stat(os.path.join(above, name)).st_mtime, name) for name in known)
            for _, name in oldest[: len(known) - MOST_IN_A_FOLDER]:
                os.unlink(os.path.join(above, name))


def _is_known(place: str) -> bool:
    try:
        known = os.stat(place)
    except OSError:
        return False
    # The folder may have been put where others write, too.
    if hasattr(os, "geteuid") and known.st_uid != os.geteuid():
        return False
    if time.time() - known.st_mtime > _DAY:
        with contextlib.suppress(OSError):
            os.utime(place)
    return True


def _place(digest: str) -> str:
    return os.path.join(settings.state_folder(), "made", digest[:2], digest)
