"""Files that were fetched, kept on this machine by their digests for whichever run has them next. None is given that may have changed.

An entry is a read-only file whose time of change says two things: in its seconds, when its bytes were last compared with the digest; in
its nanoseconds a mark, which is gone as soon as anybody writes the file, through whatever name.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import stat
import time
from collections.abc import Callable
from typing import NamedTuple

from runstone.errors import CorruptData, RunstoneError
from runstone.repository import unfinished
from runstone.repository.chunks import digest_of_file
from runstone.repository.duplicating import shares_blocks
from runstone.repository.own_folder import is_own, own_folder
from runstone.repository.resumed import open_partial, sweep_old

# Shorter contents come by the hundred in one request; a file of its own for each would cost more.
LEAST_CACHED = 256 * 1024
_DIGEST = re.compile(r"(\w+):([0-9a-f]{32,128})")
_MARK = 505_050_505
# What is no longer is compared at every use: some milliseconds.
_ALWAYS = 16 * 1024 * 1024
# Seconds for which a longer one is believed to be as it was, as long as nobody wrote it and the machine was not started anew.
_BELIEVED = 24 * 3600
_ENTRIES, _PARTIAL, _DAMAGED = "files", "partial", "damaged"


class Kept(NamedTuple):
    """A content's file, open: its bytes are at hand even where its entry goes, as it may at any moment. It is closed by who has it."""

    path: str
    descriptor: int
    size: int

    def is_as_it_was(self) -> bool:
        """Whether nobody has written it since it was looked at."""
        return _is_untouched(os.fstat(self.descriptor), self.size)

    def close(self) -> None:
        """Close it."""
        os.close(self.descriptor)


class Cache:
    """A folder of files by digest, which any number of this user's processes share. Nothing in it is another user's.

    Args:
        folder: made when something is first put there. Where others may write it, a folder of our own in it is used.
        limit: bytes; what was used longest ago goes first.
    """

    def __init__(self, folder: str, limit: int) -> None:
        self.folder, self.limit = folder, limit

    def takes(self, whole: str, size: int) -> bool:
        """Whether a content is one that is kept here: neither too small nor too large for the cache, or for the disk."""
        if not (LEAST_CACHED <= size <= self.limit and _DIGEST.fullmatch(whole)):
            return False
        with contextlib.suppress(OSError):
            room = os.statvfs(self._own())
            return room.f_bavail * room.f_frsize > 2 * size  # it and a copy of it
        return False

    def is_free_for(self, folder: str) -> bool:
        """Whether a file that is kept here takes no room of its own beside its copy in that folder: the two share their blocks."""
        with contextlib.suppress(OSError):
            return shares_blocks(self._own(), folder)
        return False

    def find(self, whole: str, size: int) -> Kept | None:
        """A content's file, which is as it was put there. One that is not is taken away, or put aside where the disk spoilt it."""
        try:
            path = self._path(whole)
            # Whatever is there, opening it must not wait.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        kept = Kept(path, descriptor, size)
        with contextlib.suppress(OSError):
            if self._is_good(kept, whole):
                return kept
        kept.close()
        return None

    def _is_good(self, kept: Kept, whole: str) -> bool:
        status = os.fstat(kept.descriptor)
        if not _is_untouched(status, kept.size):
            # Somebody wrote it by another of its names, and may keep it so: it is only no entry any more.
            _remove(kept.path)
            return False
        if kept.size > _ALWAYS and _is_believed(status.st_mtime):
            os.utime(kept.descriptor, ns=(time.time_ns(), status.st_mtime_ns))  # the time of its last use
            return True
        with open(kept.descriptor, "rb", buffering=0, closefd=False) as file:
            if digest_of_file(file) != whole:
                self._put_aside(kept.path)
                return False
        _stamp(kept.descriptor)
        return True

    def fetch(self, whole: str, size: int, fill: Callable[[int], None]) -> Kept | None:
        """Have a content's file made by `fill`, which writes what is missing to a descriptor. None where that cannot be here: somebody
        else is at it, or there is no room. What arrives of one that is broken off stays for the next."""
        try:
            place, path = os.path.join(self._own(), _PARTIAL), self._path(whole)
            os.makedirs(place, 0o700, exist_ok=True)
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            return None
        try:
            sweep_old(folder)
            opened = open_partial(folder, whole)
            if opened is None:
                return None
            partial, descriptor = opened
            try:
                fill(descriptor)
                os.fchmod(descriptor, 0o444)
                _stamp(descriptor)
                if not _is_untouched(os.fstat(descriptor), size):
                    raise OSError(f"{path!r} does not keep a time to the nanosecond")
                os.rename(partial, path, src_dir_fd=folder)
            except BaseException as error:
                # What arrived is good where its sender, or the user, broke off.
                if isinstance(error, CorruptData) or _is_ours(error):
                    with contextlib.suppress(OSError):
                        os.unlink(partial, dir_fd=folder)
                unfinished.unlock(descriptor)
                if _is_ours(error):
                    return None
                raise
        finally:
            os.close(folder)
        unfinished.release(descriptor)
        return Kept(path, descriptor, size)

    def trim(self) -> None:
        """Take away what was used longest ago, where all of it is more than the limit. Nothing where another process does so just now."""
        with contextlib.suppress(OSError):
            own = self._own()
            descriptor = os.open(own, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._trim(own)
            finally:
                unfinished.unlock(descriptor)

    def _trim(self, own: str) -> None:
        found: list[tuple[int, int, str]] = []
        for kind in (_ENTRIES, _DAMAGED):
            for place, _, names in os.walk(os.path.join(own, kind)):
                for name in names:
                    path = os.path.join(place, name)
                    with contextlib.suppress(OSError):
                        status = os.lstat(path)
                        found.append((status.st_atime_ns, status.st_size, path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= self.limit:
                return
            _remove(path)
            total -= size

    def _own(self) -> str:
        own = own_folder(self.folder)
        if own is None:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), self.folder)
        return own

    def _path(self, whole: str) -> str:
        match = _DIGEST.fullmatch(whole)
        algorithm, name = match.groups() if match else ("none", "none")
        return os.path.join(self._own(), _ENTRIES, algorithm, name[:2], name)

    def _put_aside(self, path: str) -> None:
        with contextlib.suppress(OSError):
            place = os.path.join(self._own(), _DAMAGED)
            os.makedirs(place, 0o700, exist_ok=True)
            os.rename(path, os.path.join(place, f"{os.path.basename(path)}.{os.urandom(4).hex()}"))


def _is_ours(error: BaseException) -> bool:
    """Whether it is this disk's, and not the store's."""
    return isinstance(error, OSError) and not isinstance(error, RunstoneError)


def _is_untouched(status: os.stat_result, size: int) -> bool:
    return (
        is_own(status, stat.S_IFREG)
        and status.st_size == size
        and not status.st_mode & 0o222
        and status.st_mtime_ns % 1_000_000_000 == _MARK
    )


def _is_believed(checked: float) -> bool:
    # What was not synced when the power went may be anything, whatever its times say.
    return _booted() < checked <= time.time() < checked + _BELIEVED


def _booted() -> float:
    """When the machine was started, in seconds since 1970; where that is not known, never is believed to be later."""
    try:
        with open("/proc/stat", encoding="ascii") as file:
            return next((float(line.split()[1]) for line in file if line.startswith("btime ")), float("inf"))
    except OSError:
        return float("inf")


def _stamp(descriptor: int) -> None:
    now = time.time_ns()
    os.utime(descriptor, ns=(now, now - now % 1_000_000_000 - 1_000_000_000 + _MARK))


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)
