"""How many pixels a picture has, by its first bytes: a file of a few kilobytes may be a gigabyte on a screen."""

from __future__ import annotations

import struct

# Bytes that a picture's size is looked for in: JPEG's stands behind what cameras and colour profiles say.
HEAD = 256 * 1024


def pixels(head: bytes) -> int | None:
    """Width times height; None of what is no picture that is known here.

    Args:
        head: the file's first bytes, HEAD of them or all.
    """
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _product(">II", head, 16)
    if head[:4] == b"GIF8":
        return _product("<HH", head, 6)
    if head[:2] == b"BM":
        size = _numbers("<ii", head, 18)
        return None if size is None else abs(size[0] * size[1])
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _webp(head)
    return _jpeg(head) if head[:2] == b"\xff\xd8" else None


def _webp(head: bytes) -> int | None:
    kind = head[12:16]
    if kind == b"VP8X" and len(head) >= 30:
        return (int.from_bytes(head[24:27], "little") + 1) * (int.from_bytes(head[27:30], "little") + 1)
    if kind == b"VP8L" and len(head) >= 25:
        both = int.from_bytes(head[21:25], "little")
        return ((both & 0x3FFF) + 1) * ((both >> 14 & 0x3FFF) + 1)
    size = _numbers("<HH", head, 26)
    return (size[0] & 0x3FFF) * (size[1] & 0x3FFF) if size and kind == b"VP8 " else None


def _jpeg(head: bytes) -> int | None:
    at = 2
    while at + 9 <= len(head):
        if head[at] != 0xFF:
            return None
        mark = head[at + 1]
        if mark == 0xFF:  # filling
            at += 1
        elif 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            return _product(">HH", head, at + 5)
        else:
            at += 2 if mark == 1 or 0xD0 <= mark <= 0xD8 else 2 + max(2, int.from_bytes(head[at + 2 : at + 4]))
    return None


def _product(form: str, head: bytes, at: int) -> int | None:
    size = _numbers(form, head, at)
    return None if size is None else size[0] * size[1]


def _numbers(form: str, head: bytes, at: int) -> tuple[int, int] | None:
    try:
        one, other = struct.unpack_from(form, head, at)
    except struct.error:
        return None
    return one, other
