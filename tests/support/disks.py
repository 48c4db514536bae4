"""Small disks for tests: a tmpfs of a few MB that can be filled, or made read-only. Needs the right to mount."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path


class Disk:
    """A mounted tmpfs at `path`.

    Args:
        path: a folder, made when missing.
        megabytes: its size.
    """

    def __init__(self, path: Path, megabytes: int) -> None:
        self.path = path
        path.mkdir()
        _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path))
        self._filler = path / "filler"

    def fill(self, leave: int = 0) -> None:
        """Use up its space but for so many bytes."""
        descriptor = os.open(self._filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            for size in (65536, 4096):
                while os.fstatvfs(descriptor).f_bavail * os.fstatvfs(descriptor).f_bsize >= leave + size:
                    os.write(descriptor, bytes(size))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        finally:
            os.close(descriptor)

    def free(self) -> None:
        """Give the space back."""
        self._filler.unlink()

    def make_read_only(self) -> None:
        """Nothing can be written any more. No file on it may be open for writing."""
        _mount("-o", "remount,ro", str(self.path))

    def make_writable(self) -> None:
        """Undo make_read_only."""
        _mount("-o", "remount,rw", str(self.path))

    def take_away(self) -> None:
        """Unmount it, though files on it may still be open."""
        subprocess.run(["umount", "-l", str(self.path)], check=True)


def can_mount() -> str | None:
    """Why no disk can be made here; None where one can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "mounting a small disk needs Linux and root"
    return None


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
