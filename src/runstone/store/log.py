"""SQLite's write-ahead log, read as it lies: are there transactions in it that SQLite passes over. (Format: sqlite.org/fileformat2.html)

When the first of its users opens a store, SQLite reads the log as far as every frame is what its checksum says. A flipped bit there takes
with it what was committed behind it, and SQLite says nothing: a log that a crash tore looks just the same to it. Not to us: of a torn
frame no single bit makes a whole one, and behind it none ends a transaction.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from runstone.errors import from_os_error

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_MAGIC = 0x377F0682
_WORD = 0xFFFFFFFF

Sums = tuple[int, int]


class _Frame(NamedTuple):
    """A frame as it lies: whether it ends a transaction, its salt and sums, and what these are the sums of."""

    ends: int
    salt: Sums
    sums: Sums
    data: bytes


def problems(database: str) -> list[str]:
    """What is wrong with the log of a database, if it has one. Told for certain only while nobody writes."""
    try:
        with open(database + "-wal", "rb") as file:
            return _problems(file)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise from_os_error(error, "Reading the store's log") from error


def _problems(file: BinaryIO) -> list[str]:
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return []
    magic, _, size, _, *salt, first, second = _HEADER.unpack(header)
    order = ">" if magic & 1 else "<"
    if magic & ~1 != _MAGIC or _sums(order, header[:24], (0, 0)) != (first, second):
        return ["the log has a damaged header: what is in it and not yet in the database is lost"]
    expected: Sums = (first, second)
    broken: int | None = None
    for number, frame in enumerate(_frames(file, size)):
        if broken is None:
            expected = _sums(order, frame.data, expected)
            if (frame.salt, frame.sums) == (tuple(salt), expected):
                continue
            broken = number
            if _one_bit(order, frame, (salt[0], salt[1]), expected):
                return [_lost(broken)]
        # Of a transaction that was never finished no frame says that it ends there; of an older log, the salt is another.
        elif frame.ends and frame.salt == tuple(salt):
            return [_lost(broken)]
    return []


def _lost(number: int) -> str:
    return f"the frame {number} of the log is damaged: the transactions in it and behind it are lost"


def _frames(file: BinaryIO, size: int) -> Iterator[_Frame]:
    while len(data := file.read(_FRAME.size + size)) == _FRAME.size + size:
        _, ends, one, other, first, second = _FRAME.unpack_from(data)
        yield _Frame(ends, (one, other), (first, second), data[:8] + data[_FRAME.size :])


def _sums(order: str, data: bytes, sums: Sums) -> Sums:
    one, two = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for first, second in zip(words[::2], words[1::2], strict=True):
        one = (one + first + two) & _WORD
        two = (two + second + one) & _WORD
    return one, two


def _one_bit(order: str, frame: _Frame, salt: Sums, are: Sums) -> bool:
    """Whether a frame would be whole if one bit of it were another.

    Args:
        order: of the bytes in a word of its data.
        frame: as it lies.
        salt: what its salt should be.
        are: what its sums should be, for the data that lies there.
    """
    wrong = sum((a ^ b).bit_count() for a, b in zip((*frame.salt, *frame.sums), (*salt, *are), strict=True))
    if frame.salt != salt or wrong == 1:
        return wrong == 1
    # The sums are linear: a word that is greater by d adds d times what its place says to them, for ever.
    missing = tuple((a - b) & _WORD for a, b in zip(frame.sums, are, strict=True))
    words = struct.unpack(f"{order}{len(frame.data) // 4}I", frame.data)
    one, two = (1, 1), (0, 1)  # what the last pair's first and second word add
    for place in range(len(words) - 2, -1, -2):
        for word, (first, second) in ((words[place], one), (words[place + 1], two)):
            for bit in range(32):
                added = -(1 << bit) if word >> bit & 1 else 1 << bit
                if ((added * first) & _WORD, (added * second) & _WORD) == missing:
                    return True
        one, two = _behind(one), _behind(two)
    return False


def _behind(added: Sums) -> Sums:
    """What a change of the sums has become when the next pair of words is added."""
    one = (added[0] + added[1]) & _WORD
    return one, (added[1] + one) & _WORD
