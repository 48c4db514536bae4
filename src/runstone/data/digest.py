"""The digest of a dataset: BLAKE3 over every value, name and type, in a form that no two different datasets share.

A digest is `blake3:` and 28 hexadecimal digits (112 bits), 35 characters: MLflow's wire takes 36. What is hashed is a row of
parts, each preceded by its length, so that no two rows of parts run together alike. The form is for good: a change of it
would give every dataset another digest, so it would need another prefix (tests/test_data.py pins some).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import blake3
import msgspec

if TYPE_CHECKING:
    import numpy

PREFIX = "blake3:"
DIGITS = 28
# BLAKE3's own way of keeping hashes for different purposes apart
_CONTEXT = "runstone 2026-11-25 dataset digest, form 1"
_LENGTH = struct.Struct("<Q")
# Values a block; what a column takes in memory beside itself while it is hashed.
_BLOCK = 1 << 18
# What msgpack writes so that different values are different bytes.
_PLAIN = frozenset({type(None), bool, int, float, str, bytes})


class Digest:
    """A digest in the making.

    Args:
        kind: what kind of dataset it is of; datasets of two kinds never have the same digest.
    """

    def __init__(self, kind: str) -> None:
        self._hasher = blake3.blake3(derive_key_context=_CONTEXT)
        self.unseen: set[str] = set()
        self.text(kind)

    def part(self, data: bytes) -> None:
        """Take in some bytes."""
        self._hasher.update(_LENGTH.pack(len(data)))
        self._hasher.update(data)

    def text(self, *words: str) -> None:
        """Take in some words."""
        for word in words:
            self.part(word.encode("utf-8", "surrogatepass"))

    def number(self, *numbers: int) -> None:
        """Take in some integers."""
        for number in numbers:
            self.text(str(number))

    def array(self, array: numpy.ndarray[Any, Any]) -> None:
        """Take in an array: its type, shape and values, wherever and in whichever order of bytes they lie.

        Every NaN counts as the same; 0.0 and -0.0 do not.
        """
        self.text(_type_name(array.dtype), *map(str, array.shape))
        kind = array.dtype.kind
        if array.dtype.names is not None:  # between fields there may be bytes that mean nothing
            for name in array.dtype.names:
                self.text(name)
                self.array(array[name])
        elif kind in "OT" or (kind in "fc" and array.dtype.char in "gG"):
            # a long double has bytes that mean nothing; as text it is exact
            values = array.astype(object).ravel().tolist()
            self.objects([str(value) for value in values] if kind in "fc" else values)
        else:
            self._hasher.update(_LENGTH.pack(array.size))
            for block in _blocks(array):
                self._hasher.update(_canonical(block).data)

    def objects(self, values: Sequence[Any]) -> None:
        """Take in Python objects of any kind. Of a kind that shows no values only the type counts; `unseen` names it."""
        self.number(len(values))
        for start in range(0, len(values), _BLOCK):
            self.part(self._encode_all(values[start : start + _BLOCK]))

    def finish(self) -> str:
        """The digest of all that was taken in."""
        return PREFIX + self._hasher.hexdigest(DIGITS // 2)

    def _encode_all(self, values: Sequence[Any]) -> bytes:
        kinds = set(map(type, values))
        if kinds <= _PLAIN:
            if float in kinds:
                values = [math.nan if value != value else value for value in values]  # every NaN the same
            try:
                return b"p" + msgspec.msgpack.encode(values)
            except (OverflowError, UnicodeEncodeError):
                pass  # an integer beyond 64 bits, or half of a surrogate pair: one by one, below
        return b"o" + b"".join(_framed(self._encode(value)) for value in values)

    def _encode(self, value: Any) -> bytes:
        kind = type(value)
        if kind in (list, tuple):
            return kind.__name__[:1].encode() + self._encode_all(value)
        if kind is dict:
            return b"d" + _framed(self._encode_all(list(value))) + self._encode_all(list(value.values()))
        if kind in (set, frozenset):
            return b"s" + b"".join(sorted(_framed(self._encode(item)) for item in value))
        # classes move from module to module and get an underscore or lose it; the library and the name stay
        library = kind.__module__.partition(".")[0]
        return f"v{library}.{kind.__name__.rstrip('_')} ".encode() + self._encode_one(value, library)

    def _encode_one(self, value: Any, library: str) -> bytes:
        if isinstance(value, bytes | bytearray):
            return bytes(value)
        if isinstance(value, float):
            return b"nan" if math.isnan(value) else float.__repr__(value).encode()
        if isinstance(value, complex):
            return complex.__repr__(value).encode()
        if isinstance(value, str | int | None):
            return str(value).encode("utf-8", "surrogatepass")
        if library == "numpy":
            import numpy

            inner = Digest("value")
            inner.array(numpy.asarray(value))
            self.unseen |= inner.unseen
            return inner._hasher.digest()
        if library in _TELLING or (library == "pandas" and type(value).__name__ in _TELLING_OF_PANDAS):
            text = value.isoformat() if hasattr(value, "isoformat") else str(value)
            return str(text).encode("utf-8", "surrogatepass")
        self.unseen.add(f"{type(value).__module__}.{type(value).__qualname__}")
        return b""


# Kinds of values whose text says all that they are.
_TELLING = frozenset({"datetime", "decimal", "fractions", "uuid", "ipaddress", "pathlib", "zoneinfo"})
_TELLING_OF_PANDAS = frozenset({"Timestamp", "Timedelta", "Period", "Interval", "NAType", "NaTType"})


def _framed(part: bytes) -> bytes:
    return _LENGTH.pack(len(part)) + part


def _type_name(dtype: numpy.dtype[Any]) -> str:
    if dtype.names is not None:
        return "struct"  # its fields say the rest
    return dtype.newbyteorder("<").str


def _blocks(array: numpy.ndarray[Any, Any]) -> Iterable[numpy.ndarray[Any, Any]]:
    """The values in C order, some at a time, without a copy of the whole."""
    if array.size <= _BLOCK:
        if array.size:
            yield array
        return
    if array.flags.c_contiguous:
        array = array.reshape(-1)
    rows = max(1, _BLOCK * len(array) // array.size)
    for start in range(0, len(array), rows):
        if rows == 1 and array.ndim > 1:
            yield from _blocks(array[start])
        else:
            yield array[start : start + rows]


def _canonical(block: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
    """The block's values as contiguous little-endian bytes, every NaN the same."""
    import numpy

    plain = numpy.ascontiguousarray(block, dtype=block.dtype.newbyteorder("<"))
    if plain.dtype.kind == "c":
        plain = plain.view(f"<f{plain.dtype.itemsize // 2}")
    if plain.dtype.kind == "f":
        strange = numpy.isnan(plain)
        if strange.any():
            plain = numpy.where(strange, plain.dtype.type(numpy.nan), plain)
    return plain.reshape(-1).view(numpy.uint8)
