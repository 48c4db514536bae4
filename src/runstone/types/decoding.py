"""What JSON says becomes data in a schema's types: bytes from base64, times from ISO texts, nulls and numbers as columns have them."""

from __future__ import annotations

import base64
import binascii
import datetime
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from runstone.errors import InvalidParameter
from runstone.types.cells import EXACT
from runstone.types.enforcement import enforce
from runstone.types.kinds import AnyType, Array, DataType, Kind, Map, Object
from runstone.types.schema import ColSpec, Schema, TensorSpec, hashable
from runstone.types.sentences import counted, there_are

if TYPE_CHECKING:
    import numpy
    import pandas

_WHOLE = (DataType.integer, DataType.long)
_NUMBERS = {int, float}
_TEXTS = {str, type(None)}
_LINE_ENDS = {ord("\n"): None, ord("\r"): None}


def decode(said: Any, schema: Schema) -> Any:
    """What JSON says (records, lists by name, rows, a list, a value) in the schema's types, and held against it. Raises InvalidParameter."""
    if schema.is_tensor_spec():
        return enforce(_tensors(said, schema), schema)
    if len(schema) == 1 and schema.inputs[0].name is None and isinstance(schema.inputs[0].type, AnyType):
        return said
    named = schema.has_input_names()
    if isinstance(said, list) and said and named and all(isinstance(one, dict) for one in said):
        return records(said, schema)
    if isinstance(said, Mapping) and named:
        specs = schema.input_dict()
        return enforce({name: _by_name(specs.get(name), value) for name, value in said.items()}, schema)
    if named and len(schema) == 1:
        values = said if isinstance(said, list) else [said]
        return frame(schema.input_names(), [values], schema)
    if not named and len(schema) > 1 and isinstance(said, list):
        rows = said if said and all(isinstance(row, list) for row in said) else [said]
        return table(None, rows, schema)
    if not named:
        spec = schema.inputs[0]
        rows = said if isinstance(said, list) and not isinstance(spec.type, Array) else [said]
        return frame([0], [rows], schema)
    return enforce(said, schema)


def records(said: list[dict[str, Any]], schema: Schema | None) -> pandas.DataFrame:
    """A frame of records, one for each row; checked against the schema. Raises InvalidParameter."""
    names = list(dict.fromkeys(chain.from_iterable(said)))
    if schema is not None and schema.has_input_names() and not schema.is_tensor_spec():
        for spec in schema.inputs:
            absent = (
                next((row for row, one in enumerate(said) if spec.name not in one), None) if spec.required else None
            )
            if absent is not None and spec.name in names:
                raise InvalidParameter(
                    f"The column {spec.name!r} is to be {spec.type!r}; row {absent} does not have it."
                )
    return frame(names, [[one.get(name) for one in said] for name in names], schema, rows=len(said))


def table(names: list[Any] | None, rows: list[Any], schema: Schema | None, index: Any = None) -> pandas.DataFrame:
    """A frame of rows; checked against the schema. Raises InvalidParameter.

    Args:
        names: of the columns; places unless given.
        rows: each a list of as many values.
        schema: None: pandas' own types.
        index: of the rows, where they have one.
    """
    width = len(names) if names is not None else len(rows[0]) if rows and isinstance(rows[0], list) else 1
    if not all(isinstance(row, list) for row in rows):
        if width != 1:
            raise InvalidParameter(
                f"A row is a list of {counted(width, 'value')}; got {next(r for r in rows if not isinstance(r, list))!r:.80}."
            )
        rows = [row if isinstance(row, list) else [row] for row in rows]
    wrong = next((place for place, row in enumerate(rows) if len(row) != width), None)
    if wrong is not None:
        raise InvalidParameter(f"{there_are(width, 'column')}; row {wrong} has {counted(len(rows[wrong]), 'value')}.")
    columns = list(map(list, zip(*rows, strict=True))) if rows else [[] for _ in range(width)]
    return frame(list(range(width)) if names is None else names, columns, schema, index, len(rows))


def block(rows: list[list[Any]], width: int) -> numpy.ndarray[Any, Any] | None:
    """Rows of numbers that are all exact as doubles, as one array of two dimensions; None for any others."""
    import numpy

    if not rows or set(map(type, rows)) != {list} or set(map(len, rows)) != {width}:
        return None
    kinds = set(map(type, chain.from_iterable(rows)))
    if not kinds <= _NUMBERS:
        return None
    limit = EXACT[DataType.double]
    if int in kinds and any(type(one) is int and abs(one) > limit for one in chain.from_iterable(rows)):
        return None
    return numpy.array(rows, dtype="float64")


def frame(
    names: list[Any], columns: list[Any], schema: Schema | None, index: Any = None, rows: int | None = None
) -> pandas.DataFrame:
    """A frame of columns of plain values, in the schema's types and checked against it. Raises InvalidParameter.

    Args:
        names: of the columns; parts in a list.
        columns: the values of each, of one length.
        schema: None: pandas' own types.
        index: of the rows, where they have one.
        rows: how many there are, where there may be no column.
    """
    import pandas

    specs: Mapping[Any, Any] = {}
    if schema is not None and not schema.is_tensor_spec():
        specs = schema.input_dict() if schema.has_input_names() else dict(enumerate(schema.inputs))
    keys = [hashable(name) for name in names]
    made = {
        place: column(specs.get(key if schema is not None and schema.has_input_names() else place), place, values)
        for place, (key, values) in enumerate(zip(keys, columns, strict=True))
    }
    try:
        found = pandas.DataFrame(made, index=None if made else range(rows or 0))
        if index is not None:
            found.index = pandas.Index(index)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidParameter(f"The columns and rows are no table: {error!s:.200}") from error
    found.columns = (
        pandas.MultiIndex.from_tuples(keys)
        if keys and all(isinstance(key, tuple) for key in keys)
        else pandas.Index(keys)
    )
    if schema is None:
        return found
    checked: pandas.DataFrame = enforce(found, schema)
    return checked


def _by_name(spec: ColSpec | None, value: Any) -> Any:
    if spec is None:
        return value
    if not isinstance(spec.type, DataType):
        return _nested(spec.type, value, _Where(spec, spec.name, 0))
    if isinstance(value, list):
        return column(spec, spec.name, value)
    return column(spec, spec.name, [value])[0]


def column(spec: ColSpec | None, place: Any, values: list[Any]) -> Any:
    """The values of a column; as they are where they do not fit, for `enforce` says then what is wrong. Raises InvalidParameter for texts
    that are no base64 or no time."""
    import numpy
    import pandas

    if spec is None:
        return values
    kind = spec.type
    if not isinstance(kind, DataType):
        if _is_plain(kind):
            return _objects(values)
        return _objects([_nested(kind, value, _Where(spec, place, row)) for row, value in enumerate(values)])
    types = set(map(type, values))
    if kind is DataType.double and types and types <= {float, int, type(None)}:
        limit = EXACT[kind]
        if int not in types or all(type(one) is not int or abs(one) <= limit for one in values):
            return numpy.array(values, dtype="float64")
    elif kind is DataType.float and int in types:
        # as exact as JSON's floats are, which are rounded to the column's width
        limit = EXACT[DataType.double]
        return _objects([float(one) if type(one) is int and abs(one) <= limit else one for one in values])
    elif kind is DataType.string and types and types <= _TEXTS:
        return pandas.Series(values)
    elif kind is DataType.long and types == {int}:
        try:
            return numpy.array(values, dtype="int64")
        except OverflowError:
            return _objects(values)
    elif kind in _WHOLE and float in types:
        # 1.0 and 1 are one number in JSON
        limit = EXACT[DataType.double]
        return _objects(
            [int(one) if type(one) is float and one.is_integer() and abs(one) <= limit else one for one in values]
        )
    elif kind is DataType.datetime and types and types <= _TEXTS:
        return _times(spec, place, values)
    elif kind is DataType.binary and str in types:
        return _objects([_single(kind, value, _Where(spec, place, row)) for row, value in enumerate(values)])
    return _objects(values)


def _objects(values: Iterable[Any]) -> pandas.Series:
    import pandas

    return pandas.Series(list(values), dtype=object)


def _times(spec: ColSpec, place: Any, values: list[Any]) -> Any:
    import pandas

    try:
        return pandas.Series(pandas.to_datetime(values, format="ISO8601"))
    except (ValueError, OverflowError):
        # times of several zones, or a text that is none
        return _objects(
            [_single(DataType.datetime, value, _Where(spec, place, row)) for row, value in enumerate(values)]
        )


class _Where:
    """A cell, as an error names it."""

    def __init__(self, spec: ColSpec | TensorSpec, place: Any, row: int | None) -> None:
        self._spec, self._place, self._row = spec, place, row

    def wrong(self, value: Any, what: str) -> InvalidParameter:
        name = self._place if self._spec.name is None else self._spec.name
        row = "" if self._row is None else f"row {self._row} has "
        return InvalidParameter(
            f"The column {name!r} is to be {self._spec.type!r}; {row}{value!r:.80}, which is no {what}."
        )


def _single(kind: DataType, value: Any, where: _Where) -> Any:
    if not isinstance(value, str):
        return value
    if kind is DataType.binary:
        try:
            return base64.b64decode(value.translate(_LINE_ENDS), validate=True)
        except (binascii.Error, ValueError):
            raise where.wrong(value, "base64") from None
    if kind is DataType.datetime:
        try:
            return datetime.datetime.fromisoformat(value)
        except ValueError:
            raise where.wrong(value, "ISO time") from None
    return value


def _nested(kind: Kind, value: Any, where: _Where) -> Any:
    if isinstance(kind, DataType):
        return _single(kind, value, where)
    if isinstance(kind, Array) and isinstance(value, list):
        return [_nested(kind.dtype, item, where) for item in value]
    if isinstance(kind, Map) and isinstance(value, dict):
        return {key: _nested(kind.value_type, item, where) for key, item in value.items()}
    if isinstance(kind, Object) and isinstance(value, dict):
        return {
            key: _nested(kind.named[key].dtype, item, where) if key in kind.named else item
            for key, item in value.items()
        }
    return value


def _is_plain(kind: Kind) -> bool:
    """Whether JSON has all that the type may hold."""
    if isinstance(kind, Array):
        return _is_plain(kind.dtype)
    if isinstance(kind, Map):
        return _is_plain(kind.value_type)
    if isinstance(kind, Object):
        return all(_is_plain(one.dtype) for one in kind.properties)
    return kind not in (DataType.binary, DataType.datetime)


def _tensors(said: Any, schema: Schema) -> Any:
    if not schema.has_input_names():
        return _tensor(said, schema.inputs[0])
    specs = schema.input_dict()
    if isinstance(said, list) and said and all(isinstance(one, dict) for one in said):
        names = list(dict.fromkeys(chain.from_iterable(said)))
        absent = next((name for name in names for one in said if name not in one), None)
        if absent is not None:
            raise InvalidParameter(f"The array {absent!r} is not in every row.")
        said = {name: [one[name] for one in said] for name in names}
    if not isinstance(said, dict):
        if len(specs) > 1:
            return said
        said = {next(iter(specs)): said}
    return {name: _tensor(value, specs[name]) if name in specs else value for name, value in said.items()}


def _tensor(said: Any, spec: TensorSpec) -> Any:
    import numpy

    if not isinstance(said, list):
        return said
    kind = spec.type.kind
    if kind in "iufb":
        try:
            array = numpy.array(said)
        except (ValueError, OverflowError):
            return said
        if array.dtype.kind == "O" and kind == "f" and _types(array) <= {int, float, type(None)}:
            return array.astype(spec.type)
        if kind in "iu" and array.dtype.kind == "f" and _are_whole(array):
            return array.astype("int64")
        if kind == "f" and array.dtype.kind in "iu" and _are_whole(array):
            return array.astype("float64").tolist()
        # floats of JSON have no width
        return said if array.dtype.kind in "iufb" else array
    try:
        objects = numpy.array(said, dtype=object)
    except ValueError:
        return said
    where = _Where(spec, spec.name or 0, None)
    if kind == "M" and _types(objects) <= _TEXTS:
        times = [_single(DataType.datetime, one, where) for one in objects.ravel().tolist()]
        if any(one is not None and one.tzinfo is not None for one in times):
            raise where.wrong(said, "array of times without a zone")
        return numpy.array(objects.ravel(), dtype=spec.type).reshape(objects.shape)
    if kind == "S" and _types(objects) <= {str}:
        decoded = [_single(DataType.binary, one, where) for one in objects.ravel().tolist()]
        return numpy.array(decoded, dtype="S").reshape(objects.shape)
    if kind in "UO" and _types(objects) <= {str}:
        return objects.astype("U") if kind == "U" else objects
    return objects


def _are_whole(array: numpy.ndarray[Any, Any]) -> bool:
    """Whether floats are whole numbers: 1.0 and 1 are one number in JSON."""
    import numpy

    return bool((numpy.trunc(array) == array).all() and (numpy.abs(array) <= EXACT[DataType.double]).all())


def _types(array: numpy.ndarray[Any, Any]) -> set[type]:
    return set(map(type, array.ravel().tolist()))
