"""A pack that somebody else made and sends: written as it comes, checked chunk by chunk before it counts. Nothing of it is believed."""

from __future__ import annotations

import contextlib
import os
import struct
import zlib

import msgspec

from runstone.errors import Conflict, CorruptData, InvalidParameter, from_os_error
from runstone.repository import unfinished
from runstone.repository.blobs import Blobs, check_name
from runstone.repository.chunks import MOST, digest
from runstone.repository.compression import decompress
from runstone.repository.packs import FULL_COUNT, FULL_PLAIN, MAGIC, TAIL, PackedChunk

# Bytes that a pack and its footer may have. What our client sends is far smaller; a footer is held in memory.
LONGEST = 80 * 1024 * 1024
LONGEST_FOOTER = 8 * 1024 * 1024
# Chunks that it may have, each some hundred bytes of memory, and their plain bytes, each of which costs time: twice what our client sends.
MOST_CHUNKS = 2 * FULL_COUNT
MOST_PLAIN = 2 * FULL_PLAIN


class ArrivingPack:
    """A file beside the packs that are written here, locked while it is being received.

    Args:
        folder: where packs are written; made when missing.
        name: what the pack is called. Raises Conflict where one of that name is arriving already.
    """

    def __init__(self, folder: str, name: str) -> None:
        self.name, self.size = check_name(name), 0
        self._placed = False
        self._path = os.path.join(folder, f"{name}.tmp")
        try:
            os.makedirs(folder, exist_ok=True)
            place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                unfinished.sweep(place, "", ".pack.tmp")
                self._descriptor = unfinished.create(place, f"{name}.tmp")
            finally:
                os.close(place)
        except FileExistsError as error:
            raise Conflict(
                f"The pack {name} is being sent already. Send what is missing under another name."
            ) from error
        except OSError as error:
            raise from_os_error(error, f"Receiving the pack {name}") from error

    def write(self, pieces: list[memoryview]) -> None:
        """The next bytes."""
        self.size += sum(map(len, pieces))
        if self.size > LONGEST:
            raise InvalidParameter(f"The pack {self.name} is longer than {LONGEST} bytes. Send its chunks in several.")
        try:
            unfinished.write_all(self._descriptor, pieces)
        except OSError as error:
            raise from_os_error(error, f"Receiving the pack {self.name}") from error

    def check(self) -> list[PackedChunk]:
        """Look at all of it; its chunks, and it is on disk, though under no name yet. Raises InvalidParameter where anything in it is not
        as it says."""
        chunks = self._footer()
        # One buffer for all: what was read last is still in the processor's cache when it is named.
        buffer = memoryview(bytearray(MOST))
        for chunk in chunks:
            self._check(chunk, buffer[: chunk.length])
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise from_os_error(error, f"Receiving the pack {self.name}") from error
        return chunks

    def place(self, blobs: Blobs) -> None:
        """Put it where packs lie. Whoever calls it has looked whether the index has that name, and nobody can enter one meanwhile: what lies
        there under it is replaced."""
        blobs.put(self.name, self._path)
        self._placed = True

    def close(self) -> None:
        """Leave nothing behind, unless it was placed."""
        with contextlib.suppress(OSError):
            if not self._placed and os.fstat(self._descriptor).st_nlink:
                os.unlink(self._path)
        with contextlib.suppress(OSError):
            os.close(self._descriptor)

    def _check(self, chunk: PackedChunk, buffer: memoryview) -> None:
        os.lseek(self._descriptor, chunk.offset, os.SEEK_SET)
        data: bytes | memoryview = buffer[: os.readv(self._descriptor, [buffer])]
        if chunk.codec:
            try:
                data = decompress(data, chunk.codec, chunk.size)
            except CorruptData as error:
                raise self._wrong(f"the chunk at {chunk.offset} cannot be read. {error.message}") from error
        if digest(data) != chunk.digest:
            raise self._wrong(f"the chunk at {chunk.offset} is not {chunk.digest[:100]}")

    def _footer(self) -> list[PackedChunk]:
        try:
            length, crc, magic = TAIL.unpack(os.pread(self._descriptor, TAIL.size, max(0, self.size - TAIL.size)))
            start = self.size - TAIL.size - length
            if magic != MAGIC or os.pread(self._descriptor, len(MAGIC), 0) != MAGIC:
                raise self._wrong("it is no pack, or cut short")
            if length > LONGEST_FOOTER:
                raise InvalidParameter(
                    f"The pack {self.name}: its footer of {length} bytes is longer than {LONGEST_FOOTER}. Send its chunks in several."
                )
            footer = os.pread(self._descriptor, length, max(0, start))
            if zlib.crc32(footer) != crc:
                raise self._wrong("its footer is damaged")
            # Each chunk is an array in the footer: counted before it is a hundred times as large in memory.
            if footer.count(b"[") - 1 > MOST_CHUNKS:
                raise self._wrong(f"it has more than {MOST_CHUNKS} chunks")
            chunks = msgspec.json.decode(footer, type=list[PackedChunk])
        except (struct.error, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._wrong(f"it has no footer that can be read: {error}") from error
        if sum(chunk.size for chunk in chunks) > MOST_PLAIN:
            raise self._wrong(f"its chunks are more than {MOST_PLAIN} bytes when they are unpacked")
        place = len(MAGIC)
        for chunk in chunks:
            # Compressed is smaller, or there is no sense in it.
            coded = 0 < chunk.stored < chunk.size if chunk.codec else chunk.stored == 0
            if chunk.offset != place or not 0 < chunk.size <= MOST or not coded:
                raise self._wrong(
                    f"its footer says that a chunk of {chunk.size} bytes ({chunk.stored} {chunk.codec[:20]!r}) is at {chunk.offset}"
                )
            place += chunk.length
        if place != start:
            raise self._wrong("its chunks do not fill it")
        return chunks

    def _wrong(self, what: str) -> InvalidParameter:
        return InvalidParameter(f"The pack {self.name}: {what}. Send its chunks again.")
