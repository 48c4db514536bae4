"""Packs: chunks back to back in one file, with a footer that says what lies where. (Format: docs/format-artifacts.md)

8 bytes  b"RUNSTPK1"
chunks   back to back
footer   JSON: [[digest, offset, size], ...]
u32      length of the footer      u32  CRC-32 of the footer      8 bytes  b"RUNSTPK1"
"""

from __future__ import annotations

import fcntl
import os
import struct
import zlib

import msgspec

from runstone.errors import CorruptData, from_os_error
from runstone.repository.blobs import Blobs

MAGIC = b"RUNSTPK1"
FULL_SIZE = 64 * 1024 * 1024
_TAIL = struct.Struct("<II8s")


class PackedChunk(msgspec.Struct, array_like=True):
    """Where a chunk lies in its pack."""

    digest: str
    offset: int
    size: int


class PackWriter:
    """A pack being written, under a temporary name that is locked while its writer lives.

    Args:
        folder: where packs lie; made when missing.
    """

    def __init__(self, folder: str) -> None:
        self.name = os.urandom(16).hex() + ".pack"
        self.chunks: list[PackedChunk] = []
        self.size = 0
        self._path = os.path.join(folder, self.name + ".tmp")
        try:
            os.makedirs(folder, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        except OSError as error:
            raise from_os_error(error, f"Making a pack in {folder!r}") from error
        self._write(MAGIC)

    def add(self, digest: str, data: bytes) -> None:
        """Put a chunk at the end."""
        self.chunks.append(PackedChunk(digest, self.size, len(data)))
        self._write(data)

    def finish(self, blobs: Blobs) -> None:
        """Write the footer and hand the pack over; on disk when this returns."""
        footer = msgspec.json.encode(self.chunks)
        self._write(footer + _TAIL.pack(len(footer), zlib.crc32(footer), MAGIC))
        blobs.put(self.name, self._path)
        os.close(self._descriptor)

    def abandon(self) -> None:
        """Leave nothing behind."""
        os.close(self._descriptor)
        if os.path.exists(self._path):
            os.unlink(self._path)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            raise from_os_error(error, f"Writing the pack {self._path!r}") from error
        self.size += len(data)


def read_footer(data: bytes, name: str) -> list[PackedChunk]:
    """What a whole pack says of itself, so that a lost index can be made again. Raises CorruptData where it is damaged."""
    if len(data) >= len(MAGIC) + _TAIL.size:
        length, crc, magic = _TAIL.unpack_from(data, len(data) - _TAIL.size)
        footer = data[len(data) - _TAIL.size - length : len(data) - _TAIL.size]
        if magic == MAGIC and data.startswith(MAGIC) and len(footer) == length and zlib.crc32(footer) == crc:
            return msgspec.json.decode(footer, type=list[PackedChunk])
    raise CorruptData(f"The pack {name} has no whole footer: it was cut short or damaged. Restore it from a backup.")
