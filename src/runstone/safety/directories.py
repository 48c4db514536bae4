"""Whether a zip's directory is where it says. Python looks for it before the file's end, PyTorch's reader where the file says it is: where
these are two places, they read two archives."""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

# Bytes of the last record, of that which says where the 64-bit one is, and of that one.
_END, _LOCATOR, _END_64 = 22, 20, 56


def in_one_place(file: BinaryIO) -> bool:
    """Whether everybody who reads this zip finds the same directory: whole behind the members, and nothing behind its end."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _END - _LOCATOR - _END_64, 0))
    tail = file.read()
    end = tail[-_END:]
    if len(end) < _END or end[:4] != b"PK\5\6" or end[20:] != b"\0\0":
        return False
    place = size - _END
    length, offset = struct.unpack("<LL", end[12:20])
    locator = tail[-_END - _LOCATOR : -_END]
    if locator[:4] == b"PK\6\7":
        record = tail[: -_END - _LOCATOR]
        place -= _LOCATOR + _END_64
        if record[:4] != b"PK\6\6" or struct.unpack("<Q", locator[8:16]) != (place,):
            return False
        length, offset = struct.unpack("<QQ", record[40:56])
    return bool(offset + length == place)
