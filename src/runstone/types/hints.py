"""What type hints say of data: the schema that they mean, and data held against them. `list[str]`: one value a row, each a text."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import json
import types
import typing
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from runstone.errors import InvalidParameter
from runstone.types.kinds import AnyType, Array, DataType, Kind, Map, Object, Property
from runstone.types.schema import ColSpec, Schema
from runstone.types.sentences import called

_SCALARS: dict[Any, DataType] = {
    bool: DataType.boolean, int: DataType.long, float: DataType.double, str: DataType.string, bytes: DataType.binary,
    datetime.datetime: DataType.datetime,
}  # fmt: skip
_UNIONS = (typing.Union, types.UnionType)
_NONE = type(None)
_MOST_NAMED = 3

# Whether what is held against a hint came as JSON, which has neither times nor bytes: texts stand for them then.
from_json: ContextVar[bool] = ContextVar("runstone_from_json", default=False)


def of_function(function: Callable[..., Any], *names: str) -> list[Any]:
    """The hints of some of a function's parameters ('return' of what it gives); None for those that have none or cannot be told."""
    said = getattr(function, "__annotations__", {})
    space = getattr(function, "__globals__", {})
    found = []
    for name in names:
        hint = said.get(name)
        if isinstance(hint, str):
            # one by one: another one may be of a name that is there for checkers only
            try:
                hint = typing.get_type_hints(types.SimpleNamespace(__annotations__={name: hint}), space)[name]
            except Exception:  # noqa: BLE001  (any text may stand there)
                hint = None
        found.append(hint)
    return found


def is_list(hint: Any) -> bool:
    """Whether it is a hint of rows, from which a schema can be told: `list[...]`."""
    return typing.get_origin(hint) is list or hint in (list, typing.List)  # noqa: UP006


def schema_of(hint: Any) -> Schema:
    """The schema of rows that `list[...]` means; of one row, for another hint. Raises InvalidParameter where none fits.

    Args:
        hint: list[...] of bool, int, float, str, bytes, datetime, Any, list[...], dict[str, ...], Optional[...] (within others), pydantic
            models and dataclasses.
    """
    if is_list(hint):
        arguments = typing.get_args(hint)
        if len(arguments) != 1:
            raise InvalidParameter(f"The type hint {shown(hint)} does not say of what: write list[str], for example.")
        hint = arguments[0]
    kind, required = _kind(hint)
    if not required:
        raise InvalidParameter(f"The type hint {shown(hint)} is optional; a row of data cannot be left out.")
    return Schema([ColSpec(kind)])


def held(data: Any, hint: Any) -> Any:
    """Data as a hint says: mappings made what they stand for (pydantic models, dataclasses), frames and arrays lists; else as it is.

    Raises:
        InvalidParameter: it is something else; the sentence names the place in the data.
    """
    if is_list(hint) and not isinstance(data, list):
        data = _rows(data, typing.get_args(hint)[0])
    return _held(data, hint, "data")


def shown(hint: Any) -> str:
    """A hint as it is written."""
    return hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint).replace("typing.", "")


def is_record(hint: Any) -> bool:
    """Whether it is a class whose objects stand for mappings: a pydantic model, a dataclass."""
    return isinstance(hint, type) and (hasattr(hint, "model_validate") or dataclasses.is_dataclass(hint))


def _kind(hint: Any) -> tuple[Kind, bool]:
    """The type that a hint means, and whether it may not be left out."""
    if hint is Any:
        return AnyType(), True
    if hint in _SCALARS:
        return _SCALARS[hint], True
    if is_record(hint):
        return _object(hint), True
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is list and len(arguments) == 1:
        return Array(_kind(arguments[0])[0]), True
    if origin is dict and len(arguments) == 2:
        if arguments[0] is not str:
            raise InvalidParameter(f"The type hint {shown(hint)} has other keys than texts: write dict[str, ...].")
        return Map(_kind(arguments[1])[0]), True
    if origin in _UNIONS:
        others = [one for one in arguments if one is not _NONE]
        return (_kind(others[0])[0] if len(others) == 1 else AnyType()), len(others) == len(arguments)
    raise InvalidParameter(
        f"The type hint {shown(hint)} means no type of MLflow's. Of bool, int, float, str, bytes, datetime, Any, list[...], "
        "dict[str, ...], pydantic models and dataclasses it can be made."
    )


def _object(hint: Any) -> Object:
    properties = []
    for name, (said, required) in _fields(hint).items():
        kind, always = _kind(said)
        if required and not always:
            raise InvalidParameter(f"{shown(hint)}.{name} is optional and has no default: give it the default None.")
        properties.append(Property(name, kind, required=always))
    return Object(properties)


def _fields(hint: Any) -> dict[str, tuple[Any, bool]]:
    """The fields of a pydantic model or dataclass: name to its hint, and whether it has no default."""
    if hasattr(hint, "model_validate"):
        return {name: (field.annotation, field.is_required()) for name, field in hint.model_fields.items()}
    said = typing.get_type_hints(hint)
    nothing = dataclasses.MISSING
    return {
        one.name: (said[one.name], one.default is nothing and one.default_factory is nothing)
        for one in dataclasses.fields(hint)
        if one.init
    }


def _rows(data: Any, element: Any) -> Any:
    """A frame, Series or array as a list of rows."""
    library = type(data).__module__.partition(".")[0]
    if library == "pandas" and hasattr(data, "columns"):
        if (is_record(element) or typing.get_origin(element) is dict) and list(data.columns) != [0]:
            return [_without_missing(row) for row in data.to_dict(orient="records")]
        return _column(data.iloc[:, 0].tolist(), data.shape[1], element)
    if library == "polars" and hasattr(data, "get_columns"):
        if is_record(element) or typing.get_origin(element) is dict:
            return data.to_dicts()
        return _column(data.to_series(0).to_list(), data.width, element)
    if library in ("pandas", "numpy", "polars") and hasattr(data, "to_list" if library == "polars" else "tolist"):
        found = data.to_list() if library == "polars" else data.tolist()
        return found if isinstance(found, list) else data
    return data


def _column(values: list[Any], columns: int, element: Any) -> list[Any]:
    if columns != 1:
        raise InvalidParameter(f"The type hint list[{shown(element)}] takes a frame of one column; this has {columns}.")
    return [value.tolist() if type(value).__module__ == "numpy" else value for value in values]


def _without_missing(row: dict[Any, Any]) -> dict[Any, Any]:
    """A row of a frame, which has NaN where there is nothing."""
    return {
        name: None
        if isinstance(value, float) and value != value
        else value.tolist()
        if hasattr(value, "tolist")
        else value
        for name, value in row.items()
    }


def _held(data: Any, hint: Any, at: str) -> Any:
    if hint is Any:
        return data
    if hint in _SCALARS:
        return _scalar(data, hint, at)
    if is_record(hint):
        return _record(data, hint, at)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is list:
        return _each(data, arguments[0], at)
    if origin is dict:
        if not isinstance(data, dict):
            raise _wrong(data, hint, at)
        for key in data:
            if not isinstance(key, str):
                raise InvalidParameter(
                    f"{at} has the key {key!r:.100}, which is no text; the type hint says {shown(hint)}."
                )
        return {key: _held(value, arguments[1], f"{at}[{key!r:.60}]") for key, value in data.items()}
    # a union: of one type and None; of several, anything
    others = [one for one in arguments if one is not _NONE]
    return data if (data is None and len(others) < len(arguments)) or len(others) != 1 else _held(data, others[0], at)


def _each(data: Any, element: Any, at: str) -> Any:
    if not isinstance(data, list):
        raise InvalidParameter(f"{at} is {called(data)}; the type hint says list[{shown(element)}].")
    if element in _SCALARS and not from_json.get():
        wanted = _wanted(element)
        wrong = [place for place, value in enumerate(data) if not isinstance(value, wanted)]
        if wrong:
            named = ", ".join(f"{at}[{place}] is {data[place]!r:.60}" for place in wrong[:_MOST_NAMED])
            more = f", and {len(wrong) - _MOST_NAMED} more" if len(wrong) > _MOST_NAMED else ""
            raise InvalidParameter(f"The type hint says list[{shown(element)}]; {named}{more}.")
        return data
    return [_held(value, element, f"{at}[{place}]") for place, value in enumerate(data)]


def _wanted(hint: Any) -> Any:
    return (float, int) if hint is float else hint  # to Python a whole number is a float, too


def _scalar(data: Any, hint: Any, at: str) -> Any:
    if isinstance(data, str) and from_json.get() and hint in (bytes, datetime.datetime):
        try:
            return base64.b64decode(data) if hint is bytes else datetime.datetime.fromisoformat(data)
        except ValueError as error:
            raise InvalidParameter(f"{at} is {data!r:.60}, which is no {shown(hint)}: {error}.") from error
    if not isinstance(data, _wanted(hint)):
        raise _wrong(data, hint, at)
    return data


def _record(data: Any, hint: Any, at: str) -> Any:
    if isinstance(data, hint):
        return data
    if hasattr(data, "model_dump"):
        data = data.model_dump()
    if not isinstance(data, Mapping):
        raise _wrong(data, hint, at)
    if hasattr(hint, "model_validate"):
        try:
            # strict: "123" is no number; JSON's strict takes texts for times
            if from_json.get():
                return hint.model_validate_json(json.dumps(data), strict=True)
            return hint.model_validate(dict(data), strict=True)
        except ValueError as error:  # pydantic's own is one
            raise InvalidParameter(f"{at} is no {shown(hint)}: {error!s:.500}") from error
    fields = _fields(hint)
    unknown = [name for name in data if name not in fields]
    lacking = [name for name, (_, required) in fields.items() if required and name not in data]
    if unknown or lacking:
        said = [f"lacks {', '.join(lacking)}"] * bool(lacking) + [f"has {str(unknown)[1:-1]:.200}"] * bool(unknown)
        raise InvalidParameter(f"{at} is no {shown(hint)}: it {' and '.join(said)}.")
    return hint(**{name: _held(value, fields[name][0], f"{at}.{name}") for name, value in data.items()})


def _wrong(data: Any, hint: Any, at: str) -> InvalidParameter:
    return InvalidParameter(f"{at} is {data!r:.60}, {called(data)}; the type hint says {shown(hint)}.")
