"""A second file with the bytes of a first: sharing its blocks where the file system can, else copied by the kernel."""

from __future__ import annotations

import errno
import fcntl
import os

# Linux's FICLONE: the target gets the source's blocks, each of its own as soon as it is written.
_CLONE = 0x40049409
_PIECE = 1 << 30
_SMALL_PIECE = 1 << 20
# What a file system says that cannot do it.
_CANNOT = frozenset(
    {errno.EOPNOTSUPP, errno.ENOTTY, errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EPERM, errno.ETXTBSY, errno.EBADF}
)


def clone(source: int, target: int) -> bool:
    """Let a file (both are descriptors) share another's blocks, at once; False where the file system cannot."""
    try:
        fcntl.ioctl(target, _CLONE, source)
    except OSError as error:
        if error.errno in _CANNOT:
            return False
        raise
    return True


def copy(source: int, target: int) -> None:
    """Copy all of a file to where another stands."""
    place = 0
    while True:
        try:
            count = os.copy_file_range(source, target, _PIECE, offset_src=place)
        except (OSError, AttributeError) as error:
            if isinstance(error, OSError) and error.errno not in _CANNOT:
                raise
            break
        if count == 0:
            break
        place += count
    while data := os.pread(
        source, _SMALL_PIECE, place
    ):  # what the kernel could not, as on a file system that makes its files up
        view = memoryview(data)
        while view:
            view = view[os.write(target, view) :]
        place += len(data)
