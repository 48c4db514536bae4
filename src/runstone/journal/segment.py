"""One journal file: its lock, its reserved space, its memory map. Knows nothing of what the slots mean.

The lock is the sign of life: held while the process that writes the file lives, free when it is dead, however it died.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import mmap
import os
import time

from runstone.errors import RunstoneError, from_os_error
from runstone.journal import records
from runstone.journal.waiting import tell
from runstone.repository.unfinished import unlock

SUFFIX = ".journal"
NEW_SUFFIX = ".new"
DAMAGED_SUFFIX, REFUSED_SUFFIX = ".damaged", ".refused"
FIRST_SIZE = 64 * 1024
STEP_SIZE = 1024 * 1024
# A full segment is followed by a new one, so that a long training's journal does not keep what was shipped long ago; only the
# current one is mapped, so this is also the memory that a journal takes at the most.
FULL_SIZE = 4 * 1024 * 1024


class Segment:
    """An open journal file of this process.

    Args:
        folder: the folder of journals; made when missing.
        run_id: the run whose points it holds; part of the file's name.
        announced: the definitions of the series known so far; points of any of them may follow.
        room: bytes that must find room in it, however many.
    """

    __slots__ = ("damaged", "descriptor", "end", "limit", "lock", "map", "path", "position", "refused", "shipped")

    def __init__(self, folder: str, run_id: str, announced: bytes = b"", room: int = 0) -> None:
        # By name a run's segments are in the order of their making, which is the one to adopt them in.
        name = f"{run_id}.{os.getpid()}-{_next_time(folder, run_id):016x}-{os.urandom(2).hex()}"
        self.path = os.path.join(folder, name + SUFFIX)
        self.end = 0
        self.limit = max(FULL_SIZE, 4 * len(announced), 2 * room)
        temporary = os.path.join(folder, name + NEW_SUFFIX)
        try:
            os.makedirs(folder, exist_ok=True)
            self._make(temporary, records.header() + announced)
        except OSError as error:
            raise from_os_error(error, f"Making the journal of run {run_id} in {folder!r}") from error

    def _make(self, temporary: str, start: bytes) -> None:
        # The lock belongs to a descriptor that nothing else uses. A map keeps a copy of the descriptor that it was made from, which
        # in a forked child cannot always be closed; with the lock on that one, a child would keep its dead parent's journal alive.
        self.lock = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        self.descriptor = -1
        try:
            # Locked before it bears its name: nobody may take a journal that is just being made for a dead one's.
            fcntl.flock(self.lock, fcntl.LOCK_EX)
            self.descriptor = os.open(temporary, os.O_RDWR)
            self._reserve(-(-max(len(start), FIRST_SIZE) // FIRST_SIZE) * FIRST_SIZE)
            self.map[: len(start)] = start
            os.rename(temporary, self.path)
        except BaseException:
            self.abandon()
            # Under either name: an interrupt may come when it is just renamed, and a journal left behind would say that we died.
            for path in (temporary, self.path):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
            raise
        self.shipped = records.START
        self.damaged = self.refused = 0
        self.position = len(start)

    def _reserve(self, size: int) -> None:
        # The space is reserved before it is mapped: writing to a map with no disk behind it would kill the process (SIGBUS).
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self.descriptor, 0, size)
        else:
            os.pwrite(self.descriptor, bytes(size - self.end), self.end)
        # A new map of the same pages: whoever still reads through the old one reads the same file.
        self.map, self.end = mmap.mmap(self.descriptor, size), size

    @property
    def full(self) -> bool:
        """Whether it grows no more."""
        return self.end >= self.limit

    def grow(self) -> None:
        """Make room for more. Raises StorageFull where the disk has none; what was written stays whole."""
        try:
            self._reserve(self.end + min(self.end, STEP_SIZE))
        except OSError as error:
            raise from_os_error(error, f"Logging to the journal {self.path!r}") from error

    def read(self, start: int, end: int) -> bytes:
        """What was written from here to there. (A file and its map are the same pages.)"""
        try:
            return os.pread(self.descriptor, end - start, start)
        except OSError as error:
            raise from_os_error(error, f"Reading the journal {self.path!r}") from error

    def acknowledge(self, position: int) -> None:
        """The store has everything up to here, on disk."""
        try:
            os.pwrite(self.descriptor, records.mark(position), records.SLOT)
        except OSError as error:
            raise from_os_error(error, f"Marking the journal {self.path!r}") from error
        self.shipped = position

    def unmap(self) -> None:
        """Nothing more is written to it."""
        with contextlib.suppress(AttributeError):  # taken away already
            del self.map

    def abandon(self) -> None:
        """Let go of it in a forked child: the file, its lock and its points are the parent's."""
        os.close(self.lock)
        if self.descriptor >= 0:
            os.close(self.descriptor)

    def close(self) -> None:
        """Give the lock back. The file goes when all of it was shipped, else it waits to be adopted."""
        if self.shipped >= self.position:
            # Gone, or the disk fails: whoever comes next finds it unlocked, with nothing to ship, and takes it away.
            with contextlib.suppress(RunstoneError):
                put_away(self.path, self.damaged, self.refused)
        self.abandon()


def _next_time(folder: str, run_id: str) -> int:
    """Now, but not before any journal of the run that lies there: the clock may have been set back meanwhile."""
    latest = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(run_id + ".") and entry.name.endswith(SUFFIX):
                with contextlib.suppress(ValueError, IndexError):  # not one of ours
                    latest = max(latest, int(entry.name[len(run_id) :].split("-")[1], 16))
    return max(time.time_ns(), latest + 1)


def no_segment() -> Segment:
    """A segment that has room for nothing: what a journal that is closed writes to, which makes it open a real one."""
    nothing = Segment.__new__(Segment)
    nothing.position = nothing.end = nothing.shipped = nothing.limit = 0
    nothing.path = ""
    return nothing


def lock_dead(path: str) -> int | None:
    """A descriptor of a dead process's journal, to read and locked for us; None where its process lives or somebody else was faster.

    Reading is enough: whether a process lives can be told of another user's journal, and on a file system that is read-only.
    """
    try:
        try:
            descriptor = os.open(path, os.O_RDWR)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
            descriptor = os.open(path, os.O_RDONLY)
    except (FileNotFoundError, PermissionError):
        return None  # adopted meanwhile, or nobody's business but its user's
    except OSError as error:
        if error.errno == errno.EROFS:
            return None  # nobody can adopt it here, and whoever only reads must not fail because of it
        raise from_os_error(error, f"Opening the journal {path!r}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # held; or a network's file system that locks only what can be written: better taken for alive
        os.close(descriptor)
        return None
    if os.fstat(descriptor).st_nlink == 0:  # adopted and deleted between our open and our lock
        unlock(descriptor)
        return None
    return descriptor


def put_away(path: str, damaged: int, refused: int = 0) -> None:
    """Take a journal away that is shipped; one with damage, or with points that the store refused, is kept under another name, for a
    person to look at."""
    kept = path + (DAMAGED_SUFFIX if damaged else REFUSED_SUFFIX)
    try:
        if damaged or refused:
            os.rename(path, kept)
        else:
            os.unlink(path)
    except OSError as error:
        raise from_os_error(error, f"Putting away the journal {path!r}") from error
    if damaged:
        tell(
            f"runstone: {damaged} records of a journal are damaged; what could be read is in the store, the file is kept: {kept}"
        )
    if refused:
        tell(
            f"runstone: {refused} points of a journal were refused; the others are in the store, the file is kept: {kept}"
        )
