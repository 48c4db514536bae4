"""What is given for a schema of columns becomes a frame: records, lists, single values, arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runstone.errors import InvalidParameter
from runstone.types.cells import dimensions
from runstone.types.kinds import DataType
from runstone.types.schema import Schema

if TYPE_CHECKING:
    import pandas


def frame(data: Any, schema: Schema) -> Any:
    """The data as a frame of pandas, or of polars where they are one. Raises InvalidParameter for what is no table."""
    module = type(data).__module__.partition(".")[0]
    if module == "polars" and type(data).__name__ == "DataFrame":
        return data
    pandas = _pandas()
    if isinstance(data, pandas.DataFrame):
        return data
    if isinstance(data, pandas.Series):
        return (
            data.to_frame() if data.name is not None or not schema.has_input_names() else data.to_frame(_only(schema))
        )
    if isinstance(data, Mapping):
        return _of_mapping(pandas, data, schema)
    if isinstance(data, list) and data and all(isinstance(one, Mapping) for one in data) and schema.has_input_names():
        return pandas.DataFrame({name: _column(pandas, [one.get(name) for one in data]) for name in _keys(data)})
    if schema.has_input_names():
        if dimensions(data) == 1 and len(schema) == 1:
            return pandas.DataFrame({_only(schema): data})
        names = ", ".join(map(repr, schema.input_names()[:20]))
        raise InvalidParameter(
            f"The model takes columns by name ({names}); got a {type(data).__name__}, which has no names. "
            "Give a DataFrame, a mapping, or a list of mappings."
        )
    if dimensions(data) in (1, 2) and len(schema) > 1:
        return pandas.DataFrame(data if data.ndim == 2 else data.reshape(1, -1))
    values = data if isinstance(data, list) or dimensions(data) == 1 else [data]
    if len(schema) > 1:
        return pandas.DataFrame(values)
    return pandas.DataFrame({0: _column(pandas, values)})


def _of_mapping(pandas: Any, data: Mapping[Any, Any], schema: Schema) -> pandas.DataFrame:
    if not schema.has_input_names():
        return pandas.DataFrame({0: _column(pandas, [data])})
    kinds = schema.input_types_dict()
    lengths = {
        len(value)
        for name, value in data.items()
        if isinstance(value, list | tuple) or dimensions(value) == 1
        if isinstance(kinds.get(name), DataType)
    }
    if not lengths:
        return pandas.DataFrame({name: _column(pandas, [value]) for name, value in data.items()})
    if len(lengths) > 1:
        raise InvalidParameter(f"The columns have different lengths: {', '.join(map(str, sorted(lengths)))}.")
    length = lengths.pop()
    return pandas.DataFrame(
        {name: _column(pandas, _rows(name, value, kinds.get(name), length)) for name, value in data.items()}
    )


def _rows(name: Any, value: Any, kind: Any, length: int) -> Any:
    if isinstance(value, list | tuple) or dimensions(value):
        if len(value) != length:
            raise InvalidParameter(f"The column {name!r} has {len(value)} values where others have {length}.")
        return value
    return [value] * length


def _column(pandas: Any, values: Any) -> Any:
    """Python's own values stay what they are: they have no width, and a null among whole numbers makes them no floats."""
    if getattr(values, "dtype", None) is not None:
        return pandas.Series(values)
    return pandas.Series(list(values), dtype=object)


def _keys(records: list[Mapping[Any, Any]]) -> list[Any]:
    return list(dict.fromkeys(key for one in records for key in one))


def _only(schema: Schema) -> Any:
    names = schema.input_names()
    return names[0] if len(names) == 1 else 0


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise ImportError("A model whose signature has columns needs pandas: `pip install pandas`.") from error
    return pandas
