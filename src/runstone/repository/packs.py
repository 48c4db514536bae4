"""Packs: chunks back to back in one file, with a footer that says what lies where. (Format: docs/format-artifacts.md)

8 bytes  b"RUNSTPK1"
chunks   back to back
footer   JSON: [[digest, offset, size], ...]; of one that lies compressed [digest, offset, size, stored, codec]
u32      length of the footer      u32  CRC-32 of the footer      8 bytes  b"RUNSTPK1"
"""

from __future__ import annotations

import contextlib
import os
import struct
import zlib

import msgspec

from runstone.errors import CorruptData, from_os_error
from runstone.repository import unfinished
from runstone.repository.blobs import Blobs
from runstone.repository.held import Held, Memory
from runstone.repository.unbuffered import Disk, Unbuffered

MAGIC = b"RUNSTPK1"
TAIL = struct.Struct("<II8s")
# Chunks, and their plain bytes, of which a pack is full however short it is: whoever it is sent to reads its footer in memory and unpacks
# all of it before it is answered.
FULL_COUNT = 20_000
FULL_PLAIN = 512 * 1024 * 1024


class PackedChunk(msgspec.Struct, array_like=True):
    """Where a chunk lies in its pack. Digest and size are of its plain bytes; compressed by `codec` it lies there in `stored` bytes,
    and as it is where they are 0 and ''."""

    digest: str
    offset: int
    size: int
    stored: int = 0
    codec: str = ""

    @property
    def length(self) -> int:
        """Bytes that it takes in the pack."""
        return self.stored or self.size


class Packed(msgspec.Struct):
    """A pack that was written: its name, its size in bytes, and its chunks in order."""

    name: str
    size: int
    chunks: list[PackedChunk]


class PackWriter:
    """A pack being filled.

    Args:
        folder: where it is written; made when missing.
        held: where it is filled instead, when it is to be sent elsewhere: there is no file of it here.
        disk: writes while chunks are put in.
    """

    def __init__(self, folder: str, *, held: Memory | None = None, disk: Disk | None = None) -> None:
        self._plain = 0
        self.pack = Packed(os.urandom(16).hex() + ".pack", 0, [])
        self._target = Held(self.pack.name, held) if held is not None else _Written(folder, self.pack.name, disk)
        try:
            self._write(MAGIC)
        except BaseException:
            self.abandon()
            raise

    def add(self, digest: str, data: bytes | memoryview) -> None:
        """Put a chunk at the end."""
        self.add_stored(digest, len(data), 0, "", data)

    def add_stored(self, digest: str, size: int, stored: int, codec: str, data: bytes | memoryview) -> None:
        """Put a chunk at the end as it is to lie there.

        Args:
            digest: of its plain bytes.
            size: of its plain bytes.
            stored: how many bytes it lies in, 0 where it is not compressed.
            codec: how it is compressed, '' where it is not.
            data: what lies there.
        """
        assert len(data) == (stored or size)
        self.pack.chunks.append(PackedChunk(digest, self.pack.size, size, stored, codec))
        self._plain += size
        self._write(data)

    def is_full(self, size: int) -> bool:
        """Whether it is to be handed over, where packs of so many bytes are."""
        return self.pack.size >= size or len(self.pack.chunks) >= FULL_COUNT or self._plain >= FULL_PLAIN

    def finish(self, blobs: Blobs) -> None:
        """Write the footer and hand the pack over; on disk when this returns."""
        # Three values say all of a chunk that lies as it is: so they have been since the first pack.
        footer = msgspec.json.encode(
            [chunk if chunk.codec else (chunk.digest, chunk.offset, chunk.size) for chunk in self.pack.chunks]
        )
        self._write(footer + TAIL.pack(len(footer), zlib.crc32(footer), MAGIC))
        self._target.hand_over(blobs)

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._target.abandon()

    def _write(self, data: bytes | memoryview) -> None:
        self._target.write(data)
        self.pack.size += len(data)


class _Written:
    """A pack's file, under a temporary name that is locked while its writer lives. Dead writers' are swept away first."""

    def __init__(self, folder: str, name: str, disk: Disk | None) -> None:
        self._name, self._path = name, os.path.join(folder, f"{name}.tmp")
        try:
            os.makedirs(folder, exist_ok=True)
            place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                unfinished.sweep(place, "", ".pack.tmp")
                self._descriptor = unfinished.create(place, os.path.basename(self._path))
            finally:
                os.close(place)
        except OSError as error:
            raise from_os_error(error, f"Making a pack in {folder!r}") from error
        self._file = Unbuffered(self._descriptor, disk=disk)

    def write(self, data: bytes | memoryview) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise from_os_error(error, f"Writing the pack {self._path!r}") from error

    def hand_over(self, blobs: Blobs) -> None:
        try:
            self._file.finish()
        except OSError as error:
            raise from_os_error(error, f"Writing the pack {self._path!r}") from error
        blobs.put(self._name, self._path)
        os.close(self._descriptor)

    def abandon(self) -> None:
        self._file.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path)
        with contextlib.suppress(OSError):
            os.close(self._descriptor)


def read_pack(blobs: Blobs, name: str, size: int) -> Packed:
    """What a pack says of itself, so that a lost index can be made again. Raises CorruptData where it is damaged.

    Args:
        blobs: where it lies.
        name: its name.
        size: its size in bytes, as `blobs.list()` says it.
    """
    if size >= len(MAGIC) + TAIL.size:
        length, crc, magic = TAIL.unpack(blobs.get(name, size - TAIL.size, TAIL.size))
        start = size - TAIL.size - length
        if magic == MAGIC and start >= len(MAGIC) and blobs.get(name, 0, len(MAGIC)) == MAGIC:
            footer = blobs.get(name, start, length)
            if zlib.crc32(footer) == crc:
                return Packed(name, size, msgspec.json.decode(footer, type=list[PackedChunk]))
    raise CorruptData(f"The pack {name} has no whole footer: it was cut short or damaged. Restore it from a backup.")
