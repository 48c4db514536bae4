"""A second file with the bytes of a first: sharing its blocks where the file system can, else copied by the kernel."""

from __future__ import annotations

import errno
import fcntl
import os
import struct

# Linux's FICLONE and FICLONERANGE: the target gets the source's blocks, each its own as soon as it is written.
_CLONE, _CLONE_RANGE = 0x40049409, 0x4020940D
_RANGE = struct.Struct("qQQQ")
_PIECE = 1 << 30
_SMALL_PIECE = 1 << 20
# What a file system says that cannot do it.
_CANNOT = frozenset(
    {errno.EOPNOTSUPP, errno.ENOTTY, errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EPERM, errno.ETXTBSY, errno.EBADF}
)


def shares_blocks(one: str, other: str) -> bool:
    """Whether a file of one folder can share its blocks with a file of another: tried with two that have no names."""
    unnamed = getattr(os, "O_TMPFILE", 0)
    if not unnamed:
        return False
    try:
        source = os.open(one, unnamed | os.O_RDWR, 0o600)
        try:
            target = os.open(other, unnamed | os.O_RDWR, 0o600)
            try:
                return clone(source, target)
            finally:
                os.close(target)
        finally:
            os.close(source)
    except OSError:
        return False


def clone(source: int, target: int, at: int = 0) -> bool:
    """Let a file share another's blocks, all of them, from a place on that is a multiple of 4,096; False where the file system cannot."""
    try:
        if at:
            fcntl.ioctl(target, _CLONE_RANGE, _RANGE.pack(source, 0, 0, at))
        else:
            fcntl.ioctl(target, _CLONE, source)
    except OSError as error:
        if error.errno in _CANNOT:
            return False
        raise
    return True


def copy(source: int, target: int, at: int = 0) -> None:
    """Copy all of a file to a place of another; holes stay holes."""
    size = os.fstat(source).st_size
    place = 0
    while place < size:
        start, stop = _extent(source, place, size)
        _copy_some(source, target, start, stop, at)
        place = stop
    os.ftruncate(target, at + size)


def _extent(source: int, place: int, size: int) -> tuple[int, int]:
    """The next stretch that holds data, from a place on; empty at the end."""
    try:
        start = os.lseek(source, place, os.SEEK_DATA)
        return start, min(os.lseek(source, start, os.SEEK_HOLE), size)
    except OSError as error:
        if error.errno == errno.ENXIO:  # nothing but a hole
            return size, size
        if error.errno != errno.EINVAL:
            raise
        return place, size


def _copy_some(source: int, target: int, start: int, stop: int, at: int) -> None:
    while start < stop:
        try:
            count = os.copy_file_range(
                source, target, min(_PIECE, stop - start), offset_src=start, offset_dst=at + start
            )
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
            count = os.pwrite(target, os.pread(source, min(_SMALL_PIECE, stop - start), start), at + start)
        if count == 0:
            return  # it was shortened meanwhile: whoever asked looks at that
        start += count
