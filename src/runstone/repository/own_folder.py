"""A folder that is this user's alone: what lies in it was put there by nobody else."""

from __future__ import annotations

import contextlib
import os
import stat


def own_folder(folder: str) -> str | None:
    """`folder`, made where it is missing; where it is somebody else's, or others may write it, one of our own in it. None where there can
    be none: no room, no right, or a file system that does not say whose its files are."""
    for place in (folder, os.path.join(folder, f"user-{os.geteuid()}")):
        with contextlib.suppress(OSError):
            os.makedirs(place, 0o700, exist_ok=True)
            # The one that was named may be a link; a link in a folder of others' leads where they please.
            if is_own(os.stat(place, follow_symlinks=place == folder), stat.S_IFDIR):
                return place
    return None


def is_own(status: os.stat_result, kind: int) -> bool:
    """Whether a file (of a kind such as stat.S_IFREG) is ours, and nobody else may write it."""
    return stat.S_IFMT(status.st_mode) == kind and status.st_uid == os.geteuid() and not status.st_mode & 0o022
