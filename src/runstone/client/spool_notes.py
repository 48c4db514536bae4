"""What stands at the head of a file that waits on this machine: whose it is, and what it must hold to be what was logged.

A copy that nobody synced may come out of a power failure cut short, or with zeros where its bytes never reached the disk. So its digest is
noted, and looked at where the machine was started since. Within one start the bytes are the operating system's, and are not read twice.
"""

from __future__ import annotations

import os
from io import FileIO
from typing import BinaryIO

import msgspec

from runstone.errors import CorruptData
from runstone.operations.artifact_versions import LogArtifactVersion
from runstone.repository.chunks import Hasher

# Behind so many bytes, or a multiple of them, a file system that can do so shares the source's blocks.
_BLOCK = 4096
# Bytes that are read at a time.
_PIECE = 1024 * 1024
# Room for what is noted when the bytes are there.
_ROOM = 256


class Header(msgspec.Struct):
    """Whose file it is, and its path among the run's."""

    run_id: str
    path: str
    # In place of a file: what is there by then is to be a version of a named artifact.
    version: LogArtifactVersion | None = None
    executable: bool = False
    # The bytes behind the header; -1 for what an older runstone put here.
    size: int = -1
    # Of a copy that was not synced: what it must hold, and in which start of the machine it was made.
    digest: str | None = None
    boot: str = ""


def begin(file: FileIO, header: Header) -> int:
    """Write the header, with room for the rest of it; where the bytes begin comes back."""
    length = len(msgspec.json.encode(header)) + _ROOM
    length += -(length + 1) % _BLOCK
    _write(file, header, length)
    return length + 1


def complete(file: FileIO, header: Header, start: int, synced: bool) -> None:
    """Note, in the header, what is behind it by now."""
    header.size = os.fstat(file.fileno()).st_size - start
    if not synced:
        header.digest, header.boot = _digest(file.fileno(), start), boot()
    file.seek(0)
    _write(file, header, start - 1)


def read(stream: BinaryIO) -> Header:
    """The header; the stream stands behind it then. Raises CorruptData where there is none."""
    try:
        return msgspec.json.decode(stream.readline(), type=Header)
    except msgspec.DecodeError as error:
        raise damaged(stream, "of an unknown path, its first line (which says whose it is) is lost") from error


def check(stream: BinaryIO, header: Header) -> None:
    """Raise CorruptData where the bytes, at which the stream stands, are not those that were logged."""
    start = stream.tell()
    size = os.fstat(stream.fileno()).st_size - start
    if header.size not in (-1, size):
        raise damaged(stream, f"of {header.path!r}, it holds {size} bytes of {header.size}")
    unsure = header.digest is not None and not (header.boot and header.boot == boot())
    if unsure and _digest(stream.fileno(), start) != header.digest:
        raise damaged(stream, f"of {header.path!r}, it does not hold the bytes that were logged")


def damaged(stream: BinaryIO, what: str) -> CorruptData:
    """The error of a copy that is no longer what was logged."""
    return CorruptData(
        f"A copy that waited to be stored is damaged: {what}. Such is left by a power failure, where a file was logged with wait=False. "
        f"It is not stored, but kept as {stream.name}.rejected; log the file again if you have it."
    )


def boot() -> str:
    """Which start of this machine it is; empty where that is not known."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def _write(file: FileIO, header: Header, length: int) -> None:
    file.write(msgspec.json.encode(header).ljust(length) + b"\n")


def _digest(descriptor: int, start: int) -> str:
    total = Hasher()
    while data := os.pread(descriptor, _PIECE, start):
        total.add(data)
        start += len(data)
    return total.name
