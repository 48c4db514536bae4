"""Which files this user made on this machine, by digest: an empty file for each, in RUNSTONE_STATE. Nobody else writes there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from runstone import settings

# Formats that cannot run anything, and are large.
_NOT_ASKED_ABOUT = (".safetensors", ".onnx", ".json", ".yaml", ".txt", ".parquet", ".csv")


def digest_of(paths: Iterable[str]) -> list[str]:
    """The BLAKE3 digest of each file, in hex."""
    from blake3 import blake3

    return [blake3(max_threads=blake3.AUTO).update_mmap(path).hexdigest() for path in paths]


def remember(folder: str) -> None:
    """Note that the files below a folder were made here. What cannot be noted is asked about when it is loaded: never an error."""
    paths = [
        os.path.join(above, name)
        for above, _, names in os.walk(folder)
        for name in names
        if not name.endswith(_NOT_ASKED_ABOUT)
    ]
    for digest in digest_of(paths):
        place = _place(digest)
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
            os.close(os.open(place, os.O_WRONLY | os.O_CREAT, 0o600))


def made_here(digests: Iterable[str]) -> bool:
    """Whether this user made all of these files on this machine."""
    return all(os.path.exists(_place(digest)) for digest in digests)


def _place(digest: str) -> str:
    return os.path.join(settings.state_folder(), "made", digest[:2], digest)
