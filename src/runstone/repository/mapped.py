"""Whether a file's times tell of a write through a mapping (`mmap`): by who has it open to write, and by the file system it lies on."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import struct
import sys

# Nanoseconds: a page that is written already may be written again without any time moving, until the system has written it out: half a minute.
_WRITTEN_OUT = 60_000_000_000
# They write nothing out. There a page that was read through a mapping may be written without any time ever moving.
_IN_MEMORY = frozenset({"tmpfs", "ramfs", "rootfs", "devtmpfs", "hugetlbfs"})
# One file system upon another, which may be one in memory.
_LAYERS = frozenset({"overlay", "aufs", "unionfs"})
# They refuse a lease for reasons of their own, too; and write out what is mapped here before they say a file's times.
_NETWORK = ("nfs", "cifs", "smb")
# Linux's FIEMAP: where a file lies on its disk.
_EXTENTS, _ASKED = 0xC020660B, struct.pack("=QQIIII", 0, 2**64 - 1, 0, 0, 0, 0)


def told_after(descriptor: int) -> int | None:
    """Nanoseconds from a file's last change after which no write through a mapping goes by without a time that tells it. 0 where nobody
    has mapped it to write; None where that time never comes, or is not known."""
    kind = _file_system(descriptor)
    if kind in _IN_MEMORY or (kind in _LAYERS and not _lies_on_a_disk(descriptor)):
        return None
    if not hasattr(fcntl, "F_SETLEASE") or signal.getsignal(signal.SIGURG) not in (signal.SIG_DFL, signal.SIG_IGN):
        return _WRITTEN_OUT
    try:
        # Only what nobody has open, or mapped, to write can be leased. (Linux, and the file must be ours.) Who opens it in this very moment
        # waits until it is given back, and we are sent a signal: one that does nothing.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        # Somebody writes it: however long ago that was seen, the disk may be slow, or told to take its time.
        return None if error.errno == errno.EAGAIN and not kind.startswith(_NETWORK) else _WRITTEN_OUT
    return 0


def _file_system(descriptor: int) -> str:
    """The kind that a file lies on, such as 'nfs4'; '' for one on a disk of this machine."""
    if sys.platform != "linux" or os.major(os.fstat(descriptor).st_dev):
        return ""
    # Looked up each time: the number of a mount is given again when it is gone.
    with (
        contextlib.suppress(OSError, StopIteration),
        open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file,
    ):
        mount = _mount(descriptor)
        line = next(line for line in file if line.startswith(f"{mount} "))
        return line.rpartition(" - ")[2].partition(" ")[0]
    return "ramfs"  # not known: nothing is believed


def _mount(descriptor: int) -> str:
    with open(f"/proc/self/fdinfo/{descriptor}", encoding="ascii") as file:
        return next(line.split()[1] for line in file if line.startswith("mnt_id:"))


def _lies_on_a_disk(descriptor: int) -> bool:
    with contextlib.suppress(OSError):
        fcntl.ioctl(descriptor, _EXTENTS, _ASKED)
        return True
    return False
