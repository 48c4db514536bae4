"""A file that is fetched chunk by chunk and may be gone on with: what arrived before is checked and used again, by whichever process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Callable, Sequence
from hashlib import sha256

from runstone.errors import CorruptData
from runstone.repository import unfinished
from runstone.repository.chunks import VERIFY, Hasher, digest
from runstone.repository.files import Again, Place, Repository

START, END = ".runstone-", ".partial"
# Seconds after which what nobody went on with is swept.
KEPT_FOR = 7 * 24 * 3600


def open_partial(folder: int, whole: str) -> tuple[str, int] | None:
    """The file in a folder (a descriptor) that this content is fetched into, made where it is missing: its name, and its descriptor,
    locked. None where somebody is fetching it just now, or the file system knows no locks, or does not say whose its files are."""
    name = f"{START}{sha256(whole.encode()).hexdigest()[:32]}{END}"
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    replaced = False
    while True:
        descriptor = os.open(name, flags, 0o666, dir_fd=folder)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        status = os.fstat(descriptor)
        if _is_at(folder, name, status):
            if status.st_nlink == 1 and stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid():
                return name, descriptor
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)  # not ours: who made it may have it open still
            if replaced:
                unfinished.unlock(descriptor)
                return None
            replaced = True
        unfinished.unlock(descriptor)  # also where whoever fetched it has just given it its own name


def _is_at(folder: int, name: str, status: os.stat_result) -> bool:
    try:
        there = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (status.st_dev, status.st_ino)


def complete(
    descriptor: int,
    repository: Repository,
    places: Sequence[Place],
    whole: str,
    what: str,
    told: Callable[[int], object],
    again: Again | None = None,
) -> int:
    """Fetch what is missing of a content into a file; how many bytes were there already. Raises CorruptData.

    Args:
        descriptor: the file, from `open_partial`.
        repository: where the chunks are.
        places: the content's chunks, in order.
        whole: its digest.
        what: what an error calls it.
        told: is told the bytes of each chunk that is there.
        again: says where chunks are by now, as for `Repository.read`.
    """
    total = None if [place.digest for place in places] == [whole] else Hasher(threads=1)
    size = count = 0
    for place in places:
        data = os.pread(descriptor, place.size, size)
        if len(data) != place.size or digest(data) != place.digest:
            break
        if total is not None:
            total.add(data)
        size, count = size + place.size, count + 1
        told(len(data))
    os.ftruncate(descriptor, size)
    os.lseek(descriptor, size, os.SEEK_SET)
    arrived = size
    for content in repository.read_all([([place], place.digest, what) for place in places[count:]], again=again):
        for data in content:
            unfinished.write(descriptor, data)
            if total is not None:
                total.add(data)
            told(len(data))
    if total is not None and total.name != whole:
        raise CorruptData(f"{what}: its chunks do not join to {whole}.{VERIFY}")
    return arrived


def sweep_old(folder: int) -> None:
    """Delete what nobody went on with for a week."""
    unfinished.sweep(folder, START, END, KEPT_FOR)
