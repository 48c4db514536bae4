"""Files that were fetched, kept on this machine by their digests for whichever run has them next. None is given that may have changed.

An entry is a read-only file whose time of change says two things: in its seconds, when its bytes were last compared with the digest; in
its nanoseconds a mark, which is gone as soon as anybody writes the file, through whatever name.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
import time
from collections.abc import Callable

from runstone.errors import CorruptData, RunstoneError
from runstone.repository import unfinished
from runstone.repository.chunks import digest_of_file
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


class Cache:
    """A folder of files by digest, which any number of processes share.

    Args:
        folder: made when something is first put there.
        limit: bytes; what was used longest ago goes first.
    """

    def __init__(self, folder: str, limit: int) -> None:
        self.folder, self.limit = folder, limit

    def takes(self, whole: str, size: int) -> bool:
        """Whether a content is one that is kept here: neither too small nor too large for the cache, or for the disk."""
        if not (LEAST_CACHED <= size <= self.limit and _DIGEST.fullmatch(whole)):
            return False
        with contextlib.suppress(OSError):
            os.makedirs(self.folder, 0o700, exist_ok=True)
            room = os.statvfs(self.folder)
            return room.f_bavail * room.f_frsize > 2 * size  # it and a copy of it
        return False

    def find(self, whole: str, size: int) -> str | None:
        """The path of a content's file, which is as it was put there. One that is not is taken away, or put aside where the disk spoilt it."""
        path = self._path(whole)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return None
        with open(descriptor, "rb", buffering=0) as file:
            status = os.fstat(descriptor)
            if not _is_untouched(status, size):
                _remove(
                    path
                )  # somebody wrote it by another of its names, and may keep it so: it is only no entry any more
                return None
            if size <= _ALWAYS or not _is_believed(status.st_mtime):
                if digest_of_file(file) != whole:
                    self._put_aside(path)
                    return None
                _stamp(descriptor)
            else:
                os.utime(descriptor, ns=(time.time_ns(), status.st_mtime_ns))  # the time of its last use
        return path

    def fetch(self, whole: str, size: int, fill: Callable[[int], None]) -> str | None:
        """Have a content's file made by `fill`, which writes what is missing to a descriptor; its path. None where that cannot be here:
        somebody else is at it, or there is no room. What arrives of one that is broken off stays for the next."""
        place = os.path.join(self.folder, _PARTIAL)
        path = self._path(whole)
        try:
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
            except CorruptData:
                os.unlink(partial, dir_fd=folder)
                raise
            except OSError as error:
                if isinstance(error, RunstoneError):
                    raise  # what arrived is good
                with contextlib.suppress(OSError):
                    os.unlink(partial, dir_fd=folder)
                return None
            finally:
                unfinished.unlock(descriptor)
        finally:
            os.close(folder)
        return path

    def trim(self) -> None:
        """Take away what was used longest ago, where all of it is more than the limit. Nothing where another process does so just now."""
        with contextlib.suppress(OSError):
            descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._trim()
            finally:
                unfinished.unlock(descriptor)

    def _trim(self) -> None:
        found: list[tuple[int, int, str]] = []
        for kind in (_ENTRIES, _DAMAGED):
            for place, _, names in os.walk(os.path.join(self.folder, kind)):
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

    def _path(self, whole: str) -> str:
        match = _DIGEST.fullmatch(whole)
        algorithm, name = match.groups() if match else ("none", "none")
        return os.path.join(self.folder, _ENTRIES, algorithm, name[:2], name)

    def _put_aside(self, path: str) -> None:
        place = os.path.join(self.folder, _DAMAGED)
        with contextlib.suppress(OSError):
            os.makedirs(place, 0o700, exist_ok=True)
            os.rename(path, os.path.join(place, f"{os.path.basename(path)}.{os.urandom(4).hex()}"))


def is_as_it_was(path: str, size: int) -> bool:
    """Whether nobody has written an entry since it was looked at."""
    try:
        return _is_untouched(os.lstat(path), size)
    except OSError:
        return False


def _is_untouched(status: os.stat_result, size: int) -> bool:
    return (
        stat.S_ISREG(status.st_mode)
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
