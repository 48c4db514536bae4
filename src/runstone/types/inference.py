"""The schema that fits data as people hold them: frames, arrays, sparse matrices, mappings, lists, single values; and that of params."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runstone.errors import InvalidParameter
from runstone.types import frames
from runstone.types.cells import dimensions, missing
from runstone.types.params import ParamSchema, ParamSpec
from runstone.types.schema import AnyType, ColSpec, Schema
from runstone.types.sentences import called
from runstone.types.values import ANY, Type, column, of_dtype, of_objects, tensors
from runstone.warning import warn


def infer_schema(data: Any) -> Schema:
    """The schema of data. What has no type of MLflow's is `any`: a column of its own, or, with a warning, all of it.

    Args:
        data: a frame of pandas or polars, a Series, an array or arrays by name, a sparse matrix, a mapping, a list of mappings or of
            values, or one value.
    """
    found = _of_frame(data) or _of_array(data) or _of_python(data)
    if found is not None:
        return found
    warn(f"No type of MLflow's fits this {type(data).__name__}: the schema takes anything.")
    return Schema([ColSpec(AnyType())])


def infer_param_schema(params: Mapping[str, Any]) -> ParamSchema:
    """The schema of params: their types, and what they are here as the defaults. Raises InvalidParameter."""
    if not isinstance(params, Mapping):
        raise InvalidParameter(f"Params are a mapping of names to values; got {called(params)}.")
    return ParamSchema([_param(str(name), value) for name, value in params.items()])


def _of_frame(data: Any) -> Schema | None:
    library, name = type(data).__module__.partition(".")[0], type(data).__name__
    if library == "pandas" and hasattr(data, "columns"):
        # columns that share a name cannot be told apart by it
        return frames.of_pandas(data) if data.columns.is_unique else None
    if library == "pandas" and hasattr(data, "iloc"):
        return _one_column(frames.of_series(data), data.name, frames.has_nulls(data))
    if library == "polars" and name == "DataFrame":
        return frames.of_polars(data)
    if library == "polars" and name == "Series":
        return _one_column(frames.of_polars_dtype(data.dtype), data.name or None, bool(data.null_count()))
    return None


def _of_array(data: Any) -> Schema | None:
    dtype: Any = getattr(data, "dtype", None)
    if type(data).__module__.partition(".")[0] in ("numpy", "scipy") and hasattr(dtype, "kind"):
        if data.ndim:
            return None if dtype.names else tensors(data)
        return _one_column(of_dtype(dtype), None, False)
    if isinstance(data, Mapping) and data and all(_is_array(one) and not one.dtype.names for one in data.values()):
        return tensors(dict(data))
    return None


def _is_array(value: Any) -> bool:
    return type(value).__module__ == "numpy" and dimensions(value) > 0


def _of_python(data: Any) -> Schema | None:
    if isinstance(data, Mapping):
        return _of_records([data])
    if isinstance(data, list):
        if data and all(isinstance(one, Mapping) for one in data):
            return _of_records(data)
        if not data:
            return Schema([ColSpec("string")])
        return _one_column(of_objects(data), None, False)
    if dimensions(data) or (missing(data) and not isinstance(data, float)):
        return None
    return _one_column(_of_one(data), None, False)


def _of_one(value: Any) -> Type:
    return {"type": "double"} if isinstance(value, float) else of_objects([value])


def _of_records(records: list[Any]) -> Schema | None:
    keys = dict.fromkeys(key for one in records for key in one)
    if not keys or not all(isinstance(key, str) for key in keys):
        return None
    columns = []
    for key in keys:
        values = [one.get(key) for one in records]
        columns.append(column(of_objects(values), key, not any(map(missing, values))))
    return Schema.from_dicts(columns)


def _one_column(kind: Type, name: Any, nulls: bool) -> Schema | None:
    if kind is ANY and name is None:
        return None
    return Schema.from_dicts([{**kind, "required": True} if name is None else column(kind, name, not nulls)])


def _param(name: str, value: Any) -> ParamSpec:
    many = isinstance(value, list | tuple) or dimensions(value) == 1
    if many and hasattr(value, "dtype"):
        kind = of_dtype(value.dtype) if value.dtype != object else of_objects(value.tolist())
    elif many:
        kind = of_objects(value) if value else {"type": "string"}
    else:
        kind = of_dtype(value.dtype) if getattr(value, "shape", None) == () else of_objects([value])
    if kind["type"] in ("any", "array", "map") or (many and kind["type"] == "object"):
        raise InvalidParameter(
            f"The param {name!r} is {value!r:.100}; a param is a single value, a list of them, or a mapping."
        )
    return ParamSpec.from_json_dict(**kind, name=name, default=value, shape=(-1,) if many else None)
