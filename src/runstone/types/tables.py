"""What is given for a schema of columns becomes a frame: records, lists, single values, arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runstone.errors import InvalidParameter
from runstone.types.cells import dimensions
from runstone.types.kinds import DataType
from runstone.types.schema import Schema
from runstone.types.sentences import called, counted

if TYPE_CHECKING:
    import pandas


def frame(data: Any, schema: Schema) -> Any:
    """The data as a frame of pandas, or of polars where they are one. Raises InvalidParameter for what is no table."""
    module = type(data).__module__.partition(".")[0]
    if module == "polars" and hasattr(data, "get_columns"):
        return data
    if module == "polars" and hasattr(data, "to_frame"):
        return data.to_frame()
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
        return _of_records(pandas, data, schema)
    if schema.has_input_names():
        if dimensions(data) == 1 and len(schema) == 1:
            return pandas.DataFrame({_only(schema): data})
        names = ", ".join(map(repr, schema.input_names()[:20]))
        raise InvalidParameter(
            f"The model takes columns by name ({names}); got {called(data)}, which has no names. "
            "Give a DataFrame, a mapping, or a list of mappings."
        )
    if dimensions(data) in (1, 2) and len(schema) > 1:
        return pandas.DataFrame(data if data.ndim == 2 else data.reshape(1, -1))
    values = data if isinstance(data, list) or dimensions(data) == 1 else [data]
    if len(schema) > 1:
        lengths = {len(row) for row in values if isinstance(row, list | tuple)}
        if lengths - {len(schema)}:
            raise InvalidParameter(
                f"The model takes {len(schema)} columns; got rows of {', '.join(map(str, sorted(lengths)))}."
            )
        return pandas.DataFrame(values)
    return pandas.DataFrame({0: _column(pandas, values)})


def _of_records(pandas: Any, records: list[Mapping[Any, Any]], schema: Schema) -> pandas.DataFrame:
    keys = list(dict.fromkeys(key for one in records for key in one))
    for spec in schema.inputs:
        if spec.required and spec.name in keys:
            absent = [row for row, one in enumerate(records) if spec.name not in one]
            if absent:
                raise InvalidParameter(
                    f"The column {spec.name!r} is to be {spec.type!r}; row {absent[0]} does not have it."
                )
    return pandas.DataFrame({key: _column(pandas, [one.get(key) for one in records]) for key in keys})


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
            raise InvalidParameter(
                f"The column {name!r} has {counted(len(value), 'value')} where others have {length}."
            )
        return value
    return [value] * length


def _column(pandas: Any, values: Any) -> Any:
    """Python's own values stay what they are: they have no width, and a null among whole numbers makes them no floats."""
    if getattr(values, "dtype", None) is not None:
        return pandas.Series(values)
    return pandas.Series(list(values), dtype=object)


def _only(schema: Schema) -> Any:
    names = schema.input_names()
    return names[0] if len(names) == 1 else 0


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise ImportError("A model whose signature has columns needs pandas: `pip install pandas`.") from error
    return pandas
