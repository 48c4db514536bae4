"""Schemas in MLflow's shape: columns with a type (`mlflow_colspec`) or tensors with a dtype and a shape (`mlflow_tensorspec`).

A type is what MLflow's JSON has: {"type": "long"}, {"type": "array", "items": TYPE}, {"type": "object", "properties": {NAME: TYPE
and "required"}}; {"type": "any"} for what MLflow has no name for.
"""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

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


class Schema(NamedTuple):
    """The columns of a table, each a type with "name" and "required"."""

    inputs: list[Type]

    def input_names(self) -> list[Any]:
        """The columns' names."""
        return [column["name"] for column in self.inputs]

    def to_dict(self) -> list[Type]:
        """The columns as plain dicts."""
        return self.inputs

    def to_json(self) -> str:
        """The columns as JSON text."""
        return json.dumps(self.inputs)


class TensorDatasetSchema(NamedTuple):
    """The tensors of a dataset: its features and, where it has any, its targets."""

    features: list[Type]
    targets: list[Type] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The schema as MLflow writes it: the specs of the tensors are JSON texts within."""
        targets = None if self.targets is None else json.dumps(self.targets)
        return {"mlflow_tensorspec": {"features": json.dumps(self.features), "targets": targets}}


def column(kind: Type, name: Any, required: bool) -> Type:
    """One column of a table; a name that JSON does not have becomes a text."""
    return {**kind, "name": _plain(name), "required": required}


def tensors(arrays: numpy.ndarray[Any, Any] | dict[str, numpy.ndarray[Any, Any]]) -> list[Type] | None:
    """The specs of an array or of named arrays; None where one has no dimension, which MLflow has no spec for."""
    named = arrays.items() if isinstance(arrays, dict) else [(None, arrays)]
    specs = []
    for name, array in named:
        if not array.ndim:
            return None
        dtype = {"U": "str", "S": "bytes"}.get(array.dtype.kind, array.dtype.name)
        label = {} if name is None else {"name": str(name)}
        specs.append({**label, "type": "tensor", "tensor-spec": {"dtype": dtype, "shape": [-1, *array.shape[1:]]}})
    return specs


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
    present = [value for value in values if not is_null(value)]
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


def is_null(value: Any) -> bool:
    """Whether a value stands for a missing one: None, NaN, NaT, NA."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, decimal.Decimal):
        return value.is_nan()  # a signalling one may not even be compared
    return isinstance(value, float) and value != value


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
        properties[key] = {**of_objects(found), "required": not any(map(is_null, found))}
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


def _plain(name: Any) -> Any:
    if isinstance(name, tuple):
        return [_plain(part) for part in name]
    return name if type(name) in (str, int, float, bool) else str(name)
