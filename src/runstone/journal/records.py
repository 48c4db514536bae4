"""The journal's bytes: 32-byte slots, each checked by itself. Knows nothing of files, locks or stores. (Format: docs/format-journal.md)"""

from __future__ import annotations

import functools
import struct
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

SLOT = 32
MAGIC = b"RUNSTJNL"
# 2 added operations; what 1 could say is said as it was.
VERSION = 2
# The first two slots: what file this is, and how far the store has acknowledged it.
START = 2 * SLOT
# In place of a series' number: this slot announces a series.
DEFINITION = 0xFFFFFFFF
# And this one an operation.
OPERATION = 0xFFFFFFFE

# A point: step, timestamp (ms), value, number of its series. The CRC-32 of these 28 bytes follows.
POINT = struct.Struct("<qqdI")
# What has a text behind it: number of the series (0 of an operation), length of the text, CRC-32 of it, DEFINITION or OPERATION.
_TEXT = struct.Struct("<qqQI")
_HEADER = struct.Struct("<8sI16x")
_MARK = struct.Struct("<Q20x")
_CRC = struct.Struct("<I")


class SeriesName(NamedTuple):
    """What a series' points belong to."""

    run_id: str
    key: str
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class Decoded(NamedTuple):
    """What a stretch of journal holds: names by number, the points as a structured array in order, and how many slots are damaged.

    `places` are the numbers of the slots that the points were in. `operations` are texts, each with the number of its first slot and
    of the one behind it. `used` is how many bytes were read: what has a text that goes on behind the end is left for the stretch that
    begins with it.
    """

    names: dict[int, SeriesName]
    points: NDArray[numpy.void]
    places: NDArray[numpy.intp]
    damaged: int
    used: int
    operations: list[tuple[int, int, bytes]]


def sealed(body: bytes) -> bytes:
    """28 bytes with their checksum behind them: a slot."""
    return body + _CRC.pack(zlib.crc32(body))


def header() -> bytes:
    """The two slots a journal begins with."""
    return sealed(_HEADER.pack(MAGIC, VERSION)) + mark(START)


def mark(position: int) -> bytes:
    """The slot that says up to where the store has acknowledged."""
    return sealed(_MARK.pack(position))


def read_header(data: bytes | memoryview) -> tuple[int, int]:
    """Version and acknowledged position. A header that is damaged says version 0; a damaged mark, the start: all is shipped once more."""
    version = 0
    if len(data) >= SLOT and zlib.crc32(data[:28]) == _CRC.unpack_from(data, 28)[0]:
        magic, version = _HEADER.unpack_from(data)
        version = version if magic == MAGIC else 0
    position = START
    if len(data) >= START and zlib.crc32(data[SLOT : SLOT + 28]) == _CRC.unpack_from(data, SLOT + 28)[0]:
        position = _MARK.unpack_from(data, SLOT)[0]
    return version, position


def definition(number: int, name: SeriesName) -> bytes:
    """The slots that announce a series, twice: one damaged bit must not cost all its points."""
    text = msgspec.json.encode(name)
    return _with_text(number, text, DEFINITION) * 2


def operation(text: bytes) -> bytes:
    """The slots that hold an operation, as JSON."""
    return _with_text(0, text, OPERATION)


def _with_text(number: int, text: bytes, kind: int) -> bytes:
    return sealed(_TEXT.pack(number, len(text), zlib.crc32(text), kind)) + text + bytes(-len(text) % SLOT)


def extent(slot: bytes | memoryview) -> int:
    """How many bytes the record takes that begins with this slot."""
    if len(slot) >= SLOT and zlib.crc32(slot[:28]) == _CRC.unpack_from(slot, 28)[0]:
        _, length, _, kind = _TEXT.unpack_from(slot)
        if kind >= OPERATION:
            return SLOT + -(-int(length) // SLOT) * SLOT
    return SLOT


def decode(data: bytes | memoryview) -> Decoded:
    """Read a stretch of slots (of those after a journal's first two).

    Slots that were never written (all zero) are passed over, damaged ones counted; every other point is given, in order. At least a
    slot is used, where there is one: a text that is alone and cut off is damaged.
    """
    import numpy

    layout = numpy.dtype([("step", "<i8"), ("timestamp", "<i8"), ("value", "<f8"), ("series", "<u4"), ("crc", "<u4")])
    slots = numpy.frombuffer(data, layout, len(data) // SLOT)
    written = slots.view("<u8").reshape(-1, 4).any(axis=1)
    good = _checked(slots)
    names, operations, texts, illegible, end = _texts(data, slots, good)
    damaged = int((written & ~good & ~texts)[:end].sum()) + illegible
    places = numpy.flatnonzero((good & ~texts & (slots["series"] < OPERATION))[:end])
    points = slots if len(places) == len(slots) else slots[places]  # all of them, the usual case, are not copied
    return Decoded(names, points, places, damaged, end * SLOT, operations)


def _checked(slots: Any) -> NDArray[numpy.bool_]:
    """Whether each slot's checksum is right; a CRC-32 taken over columns of two bytes, 14 steps for any number of slots."""
    import numpy

    table = _crc_table()
    good = numpy.empty(len(slots), bool)
    for start in range(0, len(slots), 16_384):  # a stretch that stays in the processor's cache
        part = slots[start : start + 16_384]
        columns = numpy.ascontiguousarray(part.view("<u2").reshape(-1, SLOT // 2)[:, :14].T)
        crc = numpy.full(len(part), 0xFFFFFFFF, "<u4")
        for column in columns:
            crc = table[(crc ^ column) & 0xFFFF] ^ (crc >> 16)
        good[start : start + 16_384] = (crc ^ 0xFFFFFFFF) == part["crc"]
    return good


@functools.cache
def _crc_table() -> Any:
    """What two bytes do to a CRC-32 (polynomial 0xEDB88320, bits reflected, as zlib's)."""
    import numpy

    table = numpy.arange(65_536, dtype="<u4")
    for _ in range(16):
        table = numpy.where(table & 1, (table >> 1) ^ numpy.uint32(0xEDB88320), table >> 1)
    return table


def _texts(
    data: bytes | memoryview, slots: Any, good: Any
) -> tuple[dict[int, SeriesName], list[tuple[int, int, bytes]], NDArray[numpy.bool_], int, int]:
    """The names by number; the operations; which slots are text (and so are no points, whatever they look like); how many texts are
    damaged; the slot that a text belongs to which goes on behind the end (else the end)."""
    import numpy

    names: dict[int, SeriesName] = {}
    operations: list[tuple[int, int, bytes]] = []
    texts = numpy.zeros(len(slots), bool)
    illegible = 0
    for place in numpy.flatnonzero(good & (slots["series"] >= OPERATION)).tolist():
        if texts[place]:
            continue
        number, length, crc, kind = _TEXT.unpack_from(data, place * SLOT)
        start, after = (place + 1) * SLOT, place + 1 + -(-length // SLOT)
        if after > len(slots) and place:
            return names, operations, texts, illegible, place
        texts[place + 1 : after] = True
        text = bytes(data[start : start + length])
        if zlib.crc32(text) != crc:
            illegible += 1
        elif kind == OPERATION:
            operations.append((place, after, text))
        else:
            names[number] = msgspec.json.decode(text, type=SeriesName)
    return names, operations, texts, illegible, len(slots)
