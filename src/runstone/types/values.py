"""The type that fits values: of an array by its dtype, of Python's objects by looking at them all.

A type is what MLflow's JSON has: {"type": "long"}, {"type": "array", "items": TYPE}, {"type": "object", "properties": {NAME: TYPE
and "required"}}; {"type": "any"} for what MLflow has no name for.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from runstone.types.cells import missing
from runstone.types.schema import Schema, TensorSpec, plain

if TYPE_CHECKING:
    import numpy

Type = dict[str, Any]
ANY: Type = {"type": "any"}

_SCALARS: dict[type, str] = {
    bool: "boolean",
    int: "long",
    float: "double",
    str: "string",
    bytes: "binary",
    bytearray: "binary",
    datetime.date: "datetime",
    datetime.datetime: "datetime",
}
_NUMBERS = {"b1": "boolean", "f2": "float", "f4": "float", "f8": "double", "i8": "long", "u4": "long"}
_NUMBERS.update(dict.fromkeys(("i1", "i2", "i4", "u1", "u2"), "integer"))


def column(kind: Type, name: Any, required: bool) -> Type:
    """One column of a table; a name that JSON does not have becomes a text."""
    return {**kind, "name": plain(name), "required": required}


def tensors(arrays: numpy.ndarray[Any, Any] | dict[Any, numpy.ndarray[Any, Any]]) -> Schema | None:
    """The schema of an array or of named arrays; None where one has no dimension, which MLflow has no spec for."""
    import numpy

    named = arrays.items() if isinstance(arrays, dict) else [(None, arrays)]
    specs = []
    for name, array in named:
        if not array.ndim:
            return None
        kind = {"T": "U"}.get(array.dtype.kind, array.dtype.kind)
        dtype = numpy.dtype(kind) if kind in "US" else array.dtype
        specs.append(TensorSpec(dtype, (-1, *array.shape[1:]), None if name is None else str(name)))
    return Schema(specs) if specs else None


def of_dtype(dtype: numpy.dtype[Any]) -> Type:
    """The type of an array's values, where its dtype says it."""
    if dtype.kind in "UT":
        return {"type": "string"}
    if dtype.kind in "SV":
        return {"type": "binary"}
    if dtype.kind == "M":
        return {"type": "datetime"}
    name = _NUMBERS.get(f"{dtype.kind}{dtype.itemsize}")
    return ANY if name is None else {"type": name}


def of_objects(values: Iterable[Any]) -> Type:
    """The type that fits Python objects, all of them looked at; None and other nulls fit any."""
    present = [value for value in values if not missing(value)]
    kinds: set[type[Any]] = set(map(type, present))
    if not kinds:
        return ANY
    if kinds == {dict}:
        return _of_dicts(present)
    if kinds == {list}:
        return _array(of_objects(chain.from_iterable(present)))
    if any(kind.__name__ == "ndarray" for kind in kinds):
        return _of_arrays(present) if len(kinds) == 1 else ANY
    names = {_of_kind(kind, present) for kind in kinds}
    if names == {"long", "double"}:
        return {"type": "double"}
    name = names.pop() if len(names) == 1 else None
    return ANY if name is None else {"type": name}


def _of_kind(kind: type[Any], values: Sequence[Any]) -> str | None:
    if kind in _SCALARS:
        return _SCALARS[kind]
    if issubclass(kind, datetime.datetime):
        return "datetime"
    if kind.__module__ == "numpy":
        dtype = next(value for value in values if type(value) is kind).dtype
        name = of_dtype(dtype)["type"]
        return None if name == "any" else str(name)
    return None


def _of_dicts(values: Sequence[dict[Any, Any]]) -> Type:
    keys = sorted(set(chain.from_iterable(values)), key=str)
    if not keys or not all(isinstance(key, str) for key in keys):
        return ANY
    properties = {}
    for key in keys:
        found = [value.get(key) for value in values]
        properties[key] = {**of_objects(found), "required": not any(map(missing, found))}
    return {"type": "object", "properties": properties}


def _of_arrays(values: Sequence[Any]) -> Type:
    dimensions = {value.ndim for value in values}
    kinds = [of_dtype(value.dtype) for value in values]
    if len(dimensions) != 1 or any(kind != kinds[0] for kind in kinds):
        return ANY
    kind = kinds[0]
    for _ in range(dimensions.pop()):
        kind = _array(kind)
    return kind


def _array(items: Type) -> Type:
    return ANY if items is ANY else {"type": "array", "items": items}
