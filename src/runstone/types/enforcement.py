"""Data and params held against a schema: what fits comes back in the schema's types, what does not is refused with its name.

One rule: a value is never changed. A type is made wider where every value stays what it is, never narrower.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runstone.errors import InvalidParameter
from runstone.types import columns, tables, tensors
from runstone.types.params import ParamSchema
from runstone.types.schema import Schema
from runstone.types.sentences import called
from runstone.warning import warn


def enforce(data: Any, schema: Schema) -> Any:
    """Data in a schema's types: a frame with its columns in its order, an array, or arrays by name.

    Args:
        data: a frame of pandas or polars, a Series, an array, a sparse matrix, arrays or lists by name, records, a list or one value.
        schema: what is wanted.

    Raises:
        InvalidParameter: something required is missing, or does not fit without being changed. It names the column, what was wanted
            and what was given.
    """
    if schema.is_tensor_spec():
        return tensors.enforce(data, schema)
    if len(schema) == 1 and columns.takes_all(schema.inputs[0]) and schema.inputs[0].name is None:
        return data
    return columns.enforce(tables.frame(data, schema), schema)


def enforce_params(params: Mapping[str, Any] | None, schema: ParamSchema | None) -> dict[str, Any]:
    """All the params of a schema: what is given in its types, its defaults for what is not. Unknown ones are left out with a warning.

    Raises:
        InvalidParameter: one does not fit.
    """
    if params is not None and not isinstance(params, Mapping):
        raise InvalidParameter(f"Params are a mapping of names to values; got {called(params)}.")
    given = {str(name): value for name, value in (params or {}).items()}
    known = {} if schema is None else schema.named
    unknown = [name for name in given if name not in known]
    if unknown:
        has = f"it has {', '.join(known)}" if known else "it has none"
        warn(f"The model's signature has no params {', '.join(map(repr, unknown))}; {has}. They are left out.")
    return {name: spec.take(given[name]) if name in given else spec.default for name, spec in known.items()}
