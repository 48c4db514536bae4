"""What files of this machine held when they were last read, by which one that has not changed since need not be read again.

A table in a file that any number of processes share: 64 bytes a file, in buckets of four, of which the oldest guess goes. Nothing in it is
needed, and none of it is believed that is not whole: a record holds a sum of its own, and the key is of all that says that a file changed.
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
import time

from runstone.repository.mapped import told_after
from runstone.repository.own_folder import is_own, own_folder
from runstone.repository.stores import is_open_database

# Smaller files are read as quickly as they are looked up.
LEAST_REMEMBERED = 64 * 1024
_KEY, _SUM = 24, 8
_RECORD = struct.Struct(f"{_KEY}s32s{_SUM}s")
_WAYS, _BUCKETS = 4, 1 << 16
_BUCKET = _WAYS * _RECORD.size
_ALGORITHM = "blake3:"
# Nanoseconds in which a file could be written once more and show the same times: a kernel's tick; where it keeps whole seconds, two of them.
_TICK, _SECONDS = 100_000_000, 3_000_000_000

Key = bytes


class Unchanged:
    """The table.

    Args:
        folder: where it is; made when missing. Where none can be made, or it is not ours alone, nothing is remembered.
    """

    def __init__(self, folder: str) -> None:
        self._descriptor: int | None = None
        own = own_folder(folder)
        if own is None:
            return
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with contextlib.suppress(OSError):
            descriptor = os.open(os.path.join(own, "unchanged"), flags, 0o600)
            if is_own(os.fstat(descriptor), stat.S_IFREG):
                self._descriptor = descriptor
            else:
                os.close(descriptor)

    def close(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def find(self, source: str) -> tuple[str, int] | None:
        """The digest and size of what a file holds, where it is known not to have changed since it was read."""
        with contextlib.suppress(OSError, ValueError):
            # Not opened before it is known to be a file: opening a pipe waits. Opened all the same: on a network's file system it is the
            # opening that asks for what is true now.
            status = os.stat(source)
            if not _is_worth(status) or is_open_database(status):
                return None
            descriptor = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                status = os.fstat(descriptor)
            finally:
                os.close(descriptor)
            key = _key(source, status)
            for found, digest, summed in _RECORD.iter_unpack(self._bucket(key)):
                if found == key and summed == _sum(key + digest):
                    return _ALGORITHM + digest.hex(), status.st_size
        return None

    def watch(self, source: str, descriptor: int) -> Key | None:
        """What to keep a file's digest under; None where what is read from now on may not be what a file of these times holds later."""
        with contextlib.suppress(OSError):
            if not _is_worth(os.fstat(descriptor)):
                return None
            mapped = told_after(descriptor)
            status = os.fstat(descriptor)
            age = time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns)
            whole_seconds = not (status.st_mtime_ns % 1_000_000_000 or status.st_ctime_ns % 1_000_000_000)
            if mapped is not None and age > max(mapped, _SECONDS if whole_seconds else _TICK):
                return _key(source, status)
        return None

    def keep(self, key: Key, digest: str) -> None:
        """Remember what was read of the file that was watched, and has not changed meanwhile."""
        if self._descriptor is None or not digest.startswith(_ALGORITHM):
            return
        raw = bytes.fromhex(digest[len(_ALGORITHM) :])
        with contextlib.suppress(OSError):
            way, others = key[-1] % _WAYS, self._bucket(key)
            for number, (found, _, _) in enumerate(_RECORD.iter_unpack(others)):
                if found == key or found == bytes(_KEY):
                    way = number
                    break
            os.pwrite(self._descriptor, _RECORD.pack(key, raw, _sum(key + raw)), _place(key) + way * _RECORD.size)

    def _bucket(self, key: Key) -> bytes:
        data = b"" if self._descriptor is None else os.pread(self._descriptor, _BUCKET, _place(key))
        return data.ljust(_BUCKET, b"\0")


def _is_worth(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) and status.st_size >= LEAST_REMEMBERED


def _key(source: str, status: os.stat_result) -> Key:
    import blake3

    # The time of change (ctime) cannot be set back, as that of modification can. The host: a home may be one of several machines.
    facts = (
        os.uname().nodename,
        os.path.abspath(source),
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )
    return blake3.blake3(repr(facts).encode("utf-8", "surrogatepass")).digest(_KEY)


def _place(key: Key) -> int:
    return int.from_bytes(key[:4], "little") % _BUCKETS * _BUCKET


def _sum(data: bytes) -> bytes:
    import blake3

    return blake3.blake3(data).digest(_SUM)
