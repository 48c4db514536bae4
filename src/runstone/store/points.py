"""The points of a series as bytes: columnar, deltas in the narrowest width. Knows nothing of SQL.

A chunk is, little-endian:

    u8  version (1)      u8 width of a step delta     u8 width of a timestamp delta     u8 width of a value
    u32 count            i64 first step               i64 first timestamp (ms)
    step deltas          (count - 1 integers of that width; width 0: one i64, the delta of all)
    timestamp deltas     (likewise)
    values               (count floats; 4 bytes where every value is exactly a 32-bit float, else 8)
    u32 CRC-32 of all before

Deltas are taken and added modulo 2**64, so any two 64-bit steps may follow each other.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from runstone.errors import CorruptData

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Integers = NDArray[numpy.int64]
    Floats = NDArray[numpy.float64]

VERSION = 1
_HEADER = struct.Struct("<BBBBIqq")
_CONSTANT = struct.Struct("<q")
_CRC = struct.Struct("<I")
_FLOAT = struct.Struct("<f")
_FLOAT_MOST = 3.4e38


class Points(NamedTuple):
    """Points of one series, three arrays of the same length: step (int64), timestamp (int64, ms), value (float64)."""

    step: Integers
    timestamp: Integers
    value: Floats


def empty() -> Points:
    """No points."""
    import numpy

    return Points(numpy.empty(0, "<i8"), numpy.empty(0, "<i8"), numpy.empty(0, "<f8"))


def join(parts: list[Points]) -> Points:
    """One after the other."""
    import numpy

    if len(parts) == 1:
        return parts[0]
    return Points(*(numpy.concatenate(columns) for columns in zip(*parts, strict=True))) if parts else empty()


def at(given: Points, places: Any) -> Points:
    """The points at some places: indices, a mask or a slice."""
    return Points(given.step[places], given.timestamp[places], given.value[places])


def unique(given: Points) -> Points:
    """Without points that stand twice among these, in their order."""
    import numpy

    step, timestamp, value = given
    bits = value.view("<u8")
    order = numpy.lexsort((bits, step, timestamp))
    same = (
        (timestamp[order][1:] == timestamp[order][:-1])
        & (step[order][1:] == step[order][:-1])
        & (bits[order][1:] == bits[order][:-1])
    )
    return at(given, numpy.sort(order[numpy.concatenate(([True], ~same))])) if same.any() else given


class Batch(NamedTuple):
    """Points of several series one after the other, none of them empty, and the place where each begins."""

    points: Points
    starts: NDArray[numpy.intp]

    @classmethod
    def of(cls, groups: list[Points]) -> Batch:
        """The groups, joined."""
        import numpy

        ends = numpy.cumsum([len(group.step) for group in groups])
        return cls(join(groups), numpy.concatenate(([0], ends[:-1])).astype(numpy.intp))

    def group(self, place: int) -> Points:
        """The points of one series."""
        end = self.starts[place + 1] if place + 1 < len(self.starts) else len(self.points.step)
        return at(self.points, slice(self.starts[place], end))


# The beginning of a chunk that `may_hold` reads.
HEAD = _HEADER.size + _CONSTANT.size


def may_hold(head: bytes, step: int) -> bool:
    """Whether a chunk that begins so may have points of a step. Told without the rest where steps are equally far from each other."""
    if len(head) < HEAD:
        return True
    _, width, _, _, count, first, _ = _HEADER.unpack_from(head)
    last = first + _CONSTANT.unpack_from(head, _HEADER.size)[0] * (count - 1)
    return width != 0 or not -(2**63) <= last < 2**63 or min(first, last) <= step <= max(first, last)


def encode(points: Points) -> bytes:
    """The points (at least one) as a chunk."""
    step_width, steps = _deltas(points.step)
    time_width, times = _deltas(points.timestamp)
    value_width, values = _values(points.value)
    header = _HEADER.pack(
        VERSION, step_width, time_width, value_width, len(points.step), int(points.step[0]), int(points.timestamp[0])
    )
    body = header + steps + times + values
    return body + _CRC.pack(zlib.crc32(body))


def decode(data: bytes) -> Points:
    """The points of a chunk. Raises CorruptData when a bit is not as it was written."""
    if len(data) < _HEADER.size + _CRC.size or zlib.crc32(data[:-4]) != _CRC.unpack_from(data, len(data) - 4)[0]:
        raise CorruptData(
            f"A chunk of {len(data)} bytes of metric points does not match its checksum. Restore the store from a backup."
        )
    version, step_width, time_width, value_width, count, step, timestamp = _HEADER.unpack_from(data)
    if version != VERSION:
        raise CorruptData(
            f"A chunk of metric points has the version {version}; this runstone knows {VERSION}. Upgrade runstone."
        )
    import numpy

    place = _HEADER.size
    steps, place = _undelta(data, place, step_width, count, step)
    times, place = _undelta(data, place, time_width, count, timestamp)
    values = numpy.frombuffer(data, f"<f{value_width}", count, place).astype("<f8")
    return Points(steps, times, values)


def decode_all(chunks: Iterable[bytes], count: int) -> Points:
    """The points of chunks that hold `count` together, one after the other."""
    import numpy

    whole = Points(numpy.empty(count, "<i8"), numpy.empty(count, "<i8"), numpy.empty(count, "<f8"))
    place = 0
    for data in chunks:
        part = decode(data)
        for column, piece in zip(whole, part, strict=True):
            column[place : place + len(piece)] = piece
        place += len(part.step)
    return whole


def _deltas(column: Integers) -> tuple[int, bytes]:
    if len(column) == 1:
        return 0, _CONSTANT.pack(0)
    deltas = column[1:] - column[:-1]  # wraps around, as arrays of numpy do
    low, high = int(deltas.min()), int(deltas.max())
    if low == high:
        return 0, _CONSTANT.pack(low)
    for width in (1, 2, 4):
        bound = 1 << (8 * width - 1)
        if -bound <= low and high < bound:
            return width, deltas.astype(f"<i{width}").tobytes()
    return 8, deltas.tobytes()


def _undelta(data: bytes, place: int, width: int, count: int, first: int) -> tuple[Any, int]:
    import numpy

    column = numpy.empty(count, "<u8")
    column[0] = first & 0xFFFFFFFFFFFFFFFF
    if width == 0:
        column[1:] = _CONSTANT.unpack_from(data, place)[0] & 0xFFFFFFFFFFFFFFFF
        place += _CONSTANT.size
    else:
        column[1:] = numpy.frombuffer(data, f"<i{width}", count - 1, place).astype("<i8").view("<u8")
        place += width * (count - 1)
    return numpy.cumsum(column, dtype="<u8").view("<i8"), place


def _values(column: Floats) -> tuple[int, bytes]:
    first = float(column[0])
    # Most values are no 32-bit floats, and the first one says so without a pass over all.
    if first == first and abs(first) < _FLOAT_MOST and _FLOAT.unpack(_FLOAT.pack(first))[0] != first:
        return 8, column.tobytes()
    import numpy

    with numpy.errstate(over="ignore", invalid="ignore"):
        narrow = column.astype("<f4")
        # compared as bits, so that NaN equals itself and -0.0 does not equal 0.0
        same = narrow.astype("<f8").view("<u8") == column.view("<u8")
    return (4, narrow.tobytes()) if bool(same.all()) else (8, column.tobytes())
