"""What is in a zip or a tar, by its own directory: nothing is unpacked but what is compressed as a whole has to be gone through."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

from runstone.previews.found import Column, Fact, Preview, Sheet, counted, cut
from runstone.previews.window import EnoughError, Frugal, UnreadableError, Window, buffered

_MEMBERS = 2_000
_COMPRESSIONS = {b"\x1f\x8b": "gzip", b"BZ": "bzip2", b"\xfd7zXZ": "xz"}
_OPEN: dict[str, Callable[[Any], Any]] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}
# Bytes of what stands before one member. Names are longer than tar's hundred letters, and lists of where a sparse file has its bytes.
_HEADERS = 64 * 1024
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, RuntimeError, NotImplementedError, MemoryError)  # fmt: skip


def zipped(window: Window) -> Preview:
    """The members of a zip."""
    try:
        with zipfile.ZipFile(Frugal(window)) as archive:
            members = archive.infolist()
    except _BROKEN as error:
        raise UnreadableError(f"its directory cannot be read: {error!s:.200}") from error
    rows: list[list[str | None]] = [
        [cut(one.filename), counted(one.file_size), counted(one.compress_size), _date(one.date_time)]
        for one in members[:_MEMBERS]
    ]
    facts = [
        Fact("Members", counted(len(members))),
        Fact("Unpacked", f"{sum(one.file_size for one in members):,} bytes"),
    ]
    columns = [Column("Name"), Column("Size", "", True), Column("Packed", "", True), Column("Changed")]
    return Preview("zip", facts, [Sheet(columns, rows, total=len(members))], _told(len(members)))


def tar(window: Window) -> Preview:
    """The members of a tar; of a compressed one as far as there is time to go through it."""
    file = buffered(window)
    head = file.read(6)
    file.seek(0)
    compression = next((name for start, name in _COMPRESSIONS.items() if head.startswith(start)), "")
    unpacked = cast(BinaryIO, _OPEN[compression](file) if compression else file)
    rows: list[list[str | None]] = []
    note, size = "", 0
    try:
        with tarfile.open(fileobj=cast(BinaryIO, _Headers(unpacked, window)), mode="r:") as archive:
            while (member := archive.next()) is not None:
                cast(Any, archive).members.clear()  # with what its headers say, which may be much
                if len(rows) == _MEMBERS:
                    note = f"The first {_MEMBERS:,} members are shown."
                    break
                size += member.size
                rows.append([cut(member.name), _kind(member), counted(member.size), _time(member.mtime)])
    except EnoughError as error:
        note = f"Not all is shown: {error}."
    except _BROKEN as error:
        if not rows:
            raise UnreadableError(f"it cannot be read as a tar: {error!s:.200}") from error
        note = f"It is broken behind these members: {error!s:.200}."
    facts = [Fact("Members", f"{len(rows):,}{' or more' if note else ''}"), Fact("Unpacked", f"{size:,} bytes")]
    if compression:
        facts.append(Fact("Compression", compression))
    columns = [Column("Name"), Column("Kind"), Column("Size", "", True), Column("Changed")]
    return Preview("tar", facts, [Sheet(columns, rows, total=len(rows))], note)


class _Headers:
    """A tar as its reader has it, who passes over members by seeking and reads headers at once, as long as they say they are."""

    def __init__(self, file: BinaryIO, window: Window) -> None:
        self._file, self._window, self._left = file, window, _HEADERS

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, place: int) -> int:
        self._window.check()
        self._left = _HEADERS
        return self._file.seek(place)

    def read(self, size: int) -> bytes:
        self._left -= size
        if self._left < 0:
            raise EnoughError("what it says of one member is too long")
        return self._file.read(size)


def _kind(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return cut(f"link to {member.linkname}")
    return "folder" if member.isdir() else "file" if member.isreg() else "device"


def _date(parts: tuple[int, ...]) -> str:
    return "{:04}-{:02}-{:02} {:02}:{:02}".format(*parts)


def _time(seconds: float) -> str | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return None


def _told(count: int) -> str:
    return f"The first {_MEMBERS:,} of {count:,} members are shown." if count > _MEMBERS else ""
