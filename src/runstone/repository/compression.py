"""Chunks made smaller, and back: whether it is worth it is decided on a sample, and what comes out is never longer than it is said to be."""

from __future__ import annotations

import threading
from typing import Any

from runstone.errors import CorruptData
from runstone.repository.chunks import MOST

CODEC = "zstd"
# Shorter chunks would hardly be smaller; beside them stands a row of the index that is as long.
LEAST_COMPRESSED = 1024
# What saves less than an eighth costs more time, at each reading, than it is worth: weights as 32-bit floats save 7%.
_WORTH = 8
# The quickest level that saves what zstd is known for: random bytes 11 GB/s, weights 1.5, text and tables 0.4; decoding 1.5 GB/s.
_LEVEL = 1
# Two such pieces of a longer chunk are tried first: 5 us for random bytes.
_PIECE = 4 * 1024
# Of two to the power of this many bytes; a frame that wants a longer one is not ours.
_WINDOW_LOG = MOST.bit_length() - 1

# Behind the frame stand so many bytes of its own digest: a frame has bits that change nothing when they flip, and every flip is told.
_SUM = 8

_kept = threading.local()


def compress(data: bytes | memoryview) -> bytes | None:
    """The chunk as it lies compressed, a zstd frame and its sum; None where that is not worth it."""
    size = len(data)
    if size < LEAST_COMPRESSED:
        return None
    # A thread keeps its compressor: a new one has its memory to fetch first.
    compressor = getattr(_kept, "compressor", None)
    if compressor is None:
        compressor = _kept.compressor = _zstd().ZstdCompressor(level=_LEVEL)
    if size > 4 * _PIECE:
        view = memoryview(data)
        sample = b"".join((view[size // 4 : size // 4 + _PIECE], view[-(size // 4) - _PIECE : -(size // 4)]))
        if not _is_worth(_frame(compressor, sample), sample):
            return None
    frame = _frame(compressor, data)
    return frame + _sum(frame) if _is_worth(frame, data) else None


def decompress(stored: bytes | memoryview, codec: str, size: int) -> bytes:
    """The chunk of `size` bytes that lies compressed. Raises CorruptData where it is anything else; never makes more of it than `size`."""
    if codec != CODEC:
        raise CorruptData(
            f"It is coded as {codec[:20]!r}, which this runstone does not know. Read it with a newer one."
        )
    if not 0 < size <= MOST:
        raise CorruptData(f"It is said to hold {size} bytes; a chunk has up to {MOST}.")
    frame = memoryview(stored)[:-_SUM]
    if _sum(frame) != stored[-_SUM:]:
        raise CorruptData("Its sum is wrong: some of its bytes are others than were written.")
    zstd = _zstd()
    decompressor = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})
    try:
        data: bytes = decompressor.decompress(frame, max_length=size + 1)
    except zstd.ZstdError as error:
        raise CorruptData(f"It is no whole zstd frame: {error}.") from error
    if len(data) != size or not decompressor.eof or decompressor.unused_data:
        raise CorruptData(f"It is no zstd frame of {size} bytes.")
    return data


def _frame(compressor: Any, data: bytes | memoryview) -> bytes:
    compressor.set_pledged_input_size(len(data))
    frame: bytes = compressor.compress(data, compressor.FLUSH_FRAME)
    return frame


def _sum(frame: bytes | memoryview) -> bytes:
    import blake3

    return blake3.blake3(frame).digest(_SUM)


def _is_worth(frame: bytes, data: bytes | memoryview) -> bool:
    return len(frame) <= len(data) - len(data) // _WORTH


def _zstd() -> Any:
    import sys
    from importlib import import_module

    # Python has it from 3.14 on.
    return import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
