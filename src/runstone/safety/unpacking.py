"""Compressed files, unpacked as they are read; what is broken of them ends where it breaks."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, BinaryIO, cast

_COMPRESSED = {
    b"\x1f\x8b": "gzip", b"BZ": "bz2", b"\x5d\x00": "lzma", b"\xfd7zXZ": "xz", b"\x04\x22\x4d\x18": "lz4",
    b"\x78\x01": "zlib", b"\x78\x5e": "zlib", b"\x78\x9c": "zlib", b"\x78\xda": "zlib", b"ZF": "zfile",
}  # fmt: skip
# Bytes that are unpacked at once, of zlib: joblib takes no fewer, so nobody gets further before a fault.
_INFLATED = 1 << 10


def kind_of(head: bytes) -> str:
    """How a file that begins so is compressed; '' for not at all."""
    return next((kind for start, kind in _COMPRESSED.items() if head.startswith(start)), "")


@contextmanager
def unpacked(
    open_file: Callable[[], AbstractContextManager[BinaryIO]], kind: str, faults: list[Exception]
) -> Iterator[BinaryIO]:
    """What comes out of a compressed file; `faults` is added to where it is broken."""
    with open_file() as packed, _unpacker(packed, kind) as file:
        yield cast(BinaryIO, _Faulty(file, faults))


class _Faulty:
    """What comes out of a decompressor, which ends where the compressed bytes are broken: what came before has been read by then.

    Args:
        file: the decompressor.
        faults: how it was broken is added to.
    """

    def __init__(self, file: BinaryIO, faults: list[Exception]) -> None:
        self._file, self._faults = file, faults

    def read(self, count: int = -1) -> bytes:
        """So many bytes; fewer at the end."""
        return self._end_at_faults(self._file.read, count)

    def readline(self, count: int = -1) -> bytes:
        """Up to the next line's end."""
        return self._end_at_faults(self._file.readline, count)

    def _end_at_faults(self, read: Callable[[int], bytes], count: int) -> bytes:
        try:
            return read(count)
        except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError, RuntimeError) as error:
            self._faults.append(error)
            return b""


def _unpacker(file: BinaryIO, kind: str) -> BinaryIO:
    if kind == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=file, mode="rb"))
    if kind == "bz2":
        return cast(BinaryIO, bz2.BZ2File(file, "rb"))
    if kind == "lz4":
        import lz4.frame

        return cast(BinaryIO, lz4.frame.LZ4FrameFile(file, "rb"))
    if kind == "zlib":
        return cast(BinaryIO, io.BufferedReader(_Inflated(file), 1 << 16))
    form = lzma.FORMAT_ALONE if kind == "lzma" else lzma.FORMAT_XZ
    return cast(BinaryIO, lzma.LZMAFile(file, "rb", format=form))


class _Inflated(io.RawIOBase):
    """A zlib stream, unpacked as it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._zlib = file, zlib.decompressobj()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            if self._zlib.eof:  # streams behind each other are one, as joblib has it
                packed = self._zlib.unused_data or self._file.read(_INFLATED)
                if not packed:
                    return 0
                self._zlib = zlib.decompressobj()
            else:
                packed = self._zlib.unconsumed_tail or self._file.read(_INFLATED)
                if not packed:
                    raise EOFError("the stream has no end")
            found = self._zlib.decompress(packed, len(buffer))
            if found:
                buffer[: len(found)] = found
                return len(found)
