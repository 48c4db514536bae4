"""One journal file: its lock, its reserved space, its memory map. Knows nothing of what the slots mean.

The lock is the sign of life: held while the process that writes the file lives, free when it is dead, however it died.
"""

from __future__ import annotations

import fcntl
import mmap
import os

from runstone.errors import from_os_error
from runstone.journal import records

SUFFIX = ".journal"
FIRST_SIZE = 64 * 1024
STEP_SIZE = 1024 * 1024
# A full segment is followed by a new one, so that a long training's journal does not keep what was shipped long ago.
FULL_SIZE = 32 * 1024 * 1024


class Segment:
    """An open journal file of this process.

    Args:
        folder: the folder of journals; made when missing.
        run_id: the run whose points it holds; part of the file's name.
    """

    __slots__ = ("capacity", "descriptor", "map", "path", "position", "shipped")

    def __init__(self, folder: str, run_id: str) -> None:
        name = f"{run_id}.{os.getpid()}-{os.urandom(4).hex()}"
        self.path = os.path.join(folder, name + SUFFIX)
        temporary = os.path.join(folder, name + ".new")
        try:
            os.makedirs(folder, exist_ok=True)
            self.descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
            try:
                # Locked before it bears its name: nobody may take a journal that is just being made for a dead one's.
                fcntl.flock(self.descriptor, fcntl.LOCK_EX)
                self.capacity = 0
                self.map = self._mapped(FIRST_SIZE)
                self.map[: records.START] = records.header()
                os.rename(temporary, self.path)
            except BaseException:
                os.close(self.descriptor)
                os.unlink(temporary)
                raise
        except OSError as error:
            raise from_os_error(error, f"Making the journal of run {run_id} in {folder!r}") from error
        self.position = self.shipped = records.START

    def _mapped(self, size: int) -> mmap.mmap:
        # The space is reserved before it is mapped: writing to a map with no disk behind it would kill the process (SIGBUS).
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self.descriptor, 0, size)
        else:
            os.pwrite(self.descriptor, bytes(size - self.capacity), self.capacity)
        self.capacity = size
        return mmap.mmap(self.descriptor, size)

    @property
    def full(self) -> bool:
        """Whether it takes no more."""
        return self.capacity >= FULL_SIZE

    def grow(self) -> None:
        """Make room for more. Raises StorageFull where the disk has none; what was written stays whole."""
        size = self.capacity + min(self.capacity, STEP_SIZE)
        try:
            # A new map of the same pages: whoever still writes through the old one writes the same file.
            self.map = self._mapped(size)
        except OSError as error:
            raise from_os_error(error, f"Logging to the journal {self.path!r}") from error

    def acknowledge(self, position: int) -> None:
        """The store has everything up to here, on disk."""
        self.map[records.SLOT : records.START] = records.mark(position)
        self.shipped = position

    def abandon(self) -> None:
        """Let go of it in a forked child: the file, its lock and its points are the parent's."""
        os.close(self.descriptor)

    def close(self, *, keep: bool = False) -> None:
        """Give the lock back; the file goes too unless it is to be kept for whoever adopts it."""
        if not keep and os.path.exists(self.path):
            os.unlink(self.path)
        os.close(self.descriptor)




def lock_dead(path: str) -> int | None:
    """A descriptor of a dead process's journal, locked for us; None where its process lives or somebody else was faster."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise from_os_error(error, f"Opening the journal {path!r}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    if os.fstat(descriptor).st_nlink == 0:  # adopted and deleted between our open and our lock
        os.close(descriptor)
        return None
    return descriptor
