"""Whether an object that was read back is the one that was written: by all that a pickle would hold of either."""

from __future__ import annotations

import types
from typing import Any

_PLAIN = (int, float, complex, str, bytes, bytearray, bool, type(None), type(...), range, slice, set, frozenset)
_NAMED = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, types.ModuleType)

# What scipy's sparse arrays note of themselves when they are asked.
_NOTED = ("has_canonical_format", "_has_canonical_format", "_has_sorted_indices")


def difference(one: Any, other: Any) -> str | None:
    """The type of the first part of an object that is not the same in the other; None where all are. Raises what their reduction raises."""
    waiting, seen = [(one, other)], set[tuple[int, int]]()
    kept = []  # an object of an id that was seen stays, so that no other one gets the id
    while waiting:
        first, second = pair = waiting.pop()
        if first is second or (id(first), id(second)) in seen:
            continue
        kept.append(pair)
        seen.add((id(first), id(second)))
        parts = _parts(first, second) if type(first) is type(second) else None
        if parts is None or len(parts[0]) != len(parts[1]):
            return f"{type(first).__module__}.{type(first).__qualname__}"
        waiting += zip(*parts, strict=True)
    return None


def _parts(one: Any, other: Any) -> tuple[list[Any], list[Any]] | None:
    """What two objects of one type are made of; None where they differ in themselves."""
    kind = type(one)
    if kind in (list, tuple):
        return list(one), list(other)
    if kind is dict:
        return [*one, *one.values()], [*other, *other.values()]
    if kind in _PLAIN:
        return ([], []) if one == other or (one != one and other != other) else None
    if isinstance(one, _NAMED):  # the same one, in this process
        return None
    if kind.__module__ == "numpy" and kind.__name__ == "ndarray":
        return _of_arrays(one, other)
    return _reduced(one), _reduced(other)


def _of_arrays(one: Any, other: Any) -> tuple[list[Any], list[Any]] | None:
    import numpy

    if one.dtype != other.dtype or one.shape != other.shape:
        return None
    if one.dtype.hasobject:
        return one.ravel().tolist(), other.ravel().tolist()
    if one.dtype.kind == "V":
        return ([], []) if one.tobytes() == other.tobytes() else None
    return ([], []) if numpy.array_equal(one, other, equal_nan=one.dtype.kind in "fcmM") else None


def _reduced(value: Any) -> list[Any]:
    if type(value).__name__ == "RandomState":  # what it was seeded with is spent
        return [value.get_state(legacy=False)]
    found = value.__reduce_ex__(4)
    if isinstance(found, str):  # its name, in its module
        return [found]
    parts: list[Any] = [*found[:3], None][:3]
    if type(parts[2]) is dict:  # attributes have no order
        left_out = _NOTED if type(value).__module__.startswith("scipy.sparse") else ()
        parts[2] = [(name, parts[2][name]) for name in sorted(parts[2], key=str) if name not in left_out]
    for items in found[3:5]:
        parts += items or ()
    return parts
