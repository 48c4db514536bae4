"""Single values, lists and mappings held against a type: the first that does not fit is named by where it stands."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Mapping
from typing import Any

from runstone.types.kinds import AnyType, Array, DataType, Kind, Map, Object

_WHOLE = {DataType.integer: 31, DataType.long: 63}
# What numpy calls numbers that a type takes, beside Python's own: kind and most bytes.
_NUMPY = {
    DataType.boolean: {"b": 1},
    DataType.integer: {"i": 4, "u": 2},
    DataType.long: {"i": 8, "u": 4},
    DataType.float: {"f": 4},
    DataType.double: {"f": 8},
    DataType.string: {"U": 1 << 62, "T": 1 << 62},
    DataType.binary: {"S": 1 << 62, "V": 1 << 62},
    DataType.datetime: {"M": 8},
}
# Whole numbers up to here are floats, too, without a change.
EXACT = {DataType.float: 1 << 24, DataType.double: 1 << 53}


def takes(kind: DataType, dtype: Any) -> bool:
    """Whether every value of a numpy dtype is one of the type, as it is or wider."""
    most = _NUMPY[kind].get(dtype.kind)
    return most is not None and (dtype.itemsize <= most)


def unfit(kind: Kind, value: Any, where: str = "") -> str | None:
    """What does not fit, in words ("the value 'x' (str) at [2].name is no long"); None where all does. Nulls within fit any list."""
    if isinstance(kind, AnyType):
        return None
    if isinstance(kind, DataType):
        return None if fits(kind, value) else f"{value!r:.80} ({type(value).__name__}){_at(where)} is no {kind!r}"
    if isinstance(kind, Array):
        return _unfit_items(kind, value, where)
    if not isinstance(value, Mapping):
        return f"{value!r:.80} ({type(value).__name__}){_at(where)} is no mapping"
    if isinstance(kind, Map):
        for key, item in value.items():
            if not isinstance(key, str):
                return f"the key {key!r:.80}{_at(where)} is no text"
            found = None if item is None else unfit(kind.value_type, item, f"{where}.{key}")
            if found:
                return found
        return None
    return _unfit_object(kind, value, where)


def _unfit_items(kind: Array, value: Any, where: str) -> str | None:
    dtype = getattr(value, "dtype", None)
    if dtype is not None and dimensions(value) and dtype.kind != "O":
        inner: Kind = kind
        for _ in range(value.ndim):
            if not isinstance(inner, Array):
                return f"an array of {value.ndim} dimensions{_at(where)} is no {kind!r}"
            inner = inner.dtype
        if isinstance(inner, AnyType) or (isinstance(inner, DataType) and takes(inner, dtype)):
            return None
        if not isinstance(inner, DataType) or dtype.kind not in "iuf":
            return f"an array of {dtype.name}{_at(where)} is no {kind!r}"
    elif not isinstance(value, list | tuple) and not dimensions(value):
        return f"{value!r:.80} ({type(value).__name__}){_at(where)} is no list"
    for place, item in enumerate(value):
        found = None if item is None else unfit(kind.dtype, item, f"{where}[{place}]")
        if found:
            return found
    return None


def _unfit_object(kind: Object, value: Mapping[Any, Any], where: str) -> str | None:
    for key, item in value.items():
        part = kind.named.get(key)
        if part is None:
            return f"the key {key!r:.80}{_at(where)} is not one of {', '.join(kind.named)}"
        if missing(item):
            if part.required and not isinstance(part.dtype, AnyType) and item is None:
                return f"{part.name!r}{_at(where)} is missing"
            continue
        found = unfit(part.dtype, item, f"{where}.{key}")
        if found:
            return found
    absent = [part.name for part in kind.properties if part.required and part.name not in value]
    return f"{absent[0]!r}{_at(where)} is missing" if absent else None


def fits(kind: DataType, value: Any) -> bool:
    """Whether a single value is one of the type, without a change."""
    found = type(value)
    if found is bool:
        return kind is DataType.boolean
    if found is int:
        if kind in EXACT:
            return abs(value) <= EXACT[kind] or (
                kind is DataType.double and abs(value) < 1 << 64 and int(float(value)) == value
            )
        return kind in _WHOLE and -(1 << _WHOLE[kind]) <= value < 1 << _WHOLE[kind]
    if found is float:
        return kind in EXACT
    if found is str:
        return kind is DataType.string
    if found in (bytes, bytearray):
        return kind is DataType.binary
    if isinstance(value, datetime.date):
        return kind is DataType.datetime
    dtype = getattr(value, "dtype", None)
    if dtype is None or dimensions(value):
        # a double that is missing is not a number; so is a missing time
        return missing(value) and kind in (DataType.double, DataType.float, DataType.datetime)
    if takes(kind, dtype):
        return True
    return dtype.kind in "iu" and fits(kind, int(value)) if kind in EXACT else False


def dimensions(value: Any) -> int:
    """How many dimensions an array has; 0 for what is none."""
    found = getattr(value, "ndim", 0)
    return found if isinstance(found, int) else 0


def missing(value: Any) -> bool:
    """Whether a value stands for a missing one: None, NaN, NaT, NA."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, decimal.Decimal):
        return value.is_nan()  # a signalling one may not even be compared
    return isinstance(value, float) and value != value


def _at(where: str) -> str:
    return f" at {where.lstrip('.')}" if where else ""
