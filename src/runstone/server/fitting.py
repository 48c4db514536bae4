"""A request that does not fit its struct as it stands, looked at once more: as protocol buffers read JSON, or what is wrong with it.

The decoder takes what clients of MLflow send and is fast. What it refuses comes here: a null, which is as good as absent; 12.0 for an
integer; a tag without a value. The rest is refused in MLflow's sentence, which names the field and the value.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from runstone.errors import InvalidParameter
from runstone.operations import rules

_LEAST, _GREATEST = -(2**63), 2**63 - 1
_SPELT = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
# In the repeated fields of MLflow's messages these may be left out, and are empty then.
_EMPTY = frozenset({"value", "source_type"})


@cache
def _type(kind: type[msgspec.Struct]) -> inspect.Type:
    return inspect.type_info(kind)


def fitted(kind: type[msgspec.Struct], given: Any) -> Any:
    """A request out of plain JSON values. Raises InvalidParameter."""
    if not isinstance(given, dict):
        raise InvalidParameter(f"The request's JSON is no object but {_shown(given)}. Send its fields in an object.")
    return msgspec.convert(_fit(_type(kind), given, ""), kind)


@cache
def _integers(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    fields = msgspec.structs.fields(kind)
    return tuple(field.name for field in fields if field.type is int or field.type == int | None)


def check_integers(request: msgspec.Struct) -> None:
    """Refuse integers beyond 64 bits, which JSON and the decoder know, and no database does. Those within lists are for the operations."""
    for name in _integers(type(request)):
        value = getattr(request, name)
        if value is not None and not _LEAST <= value <= _GREATEST:
            raise rules.invalid(name, value, "It takes an integer of 64 bits.")


def _fit(kind: inspect.Type, value: Any, place: str) -> Any:
    """The value as the type has it; `place` says which field it is."""
    for types, fit in _FITS:
        if isinstance(kind, types):
            return fit(kind, value, place)
    return value  # of no message of MLflow's


def _struct(kind: inspect.StructType, value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise rules.invalid(place, value, f"It takes an object, not {_named(value)}.")
    found = {}
    for field in kind.fields:
        name, inner = field.encode_name, f"{place}.{field.encode_name}" if place else field.encode_name
        if value.get(name) is not None:
            found[name] = _fit(field.type, value[name], inner)
        elif field.required:
            if name not in _EMPTY or not isinstance(field.type, inspect.StrType):
                raise rules.missing(inner)
            found[name] = ""
    return found


def _list(kind: inspect.ListType, value: Any, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise rules.invalid(place, value, f"It takes a list, not {_named(value)}.")
    if isinstance(kind.item_type, inspect.StrType) and not all(isinstance(item, str) for item in value):
        raise rules.invalid(place, value, "It takes a list of texts.")
    return [_fit(kind.item_type, item, f"{place}[{number}]") for number, item in enumerate(value)]


def _union(kind: inspect.UnionType, value: Any, place: str) -> Any:
    kinds = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
    if len(kinds) == 1:
        return _fit(kinds[0], value, place)
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise rules.invalid(place, value, f"It takes a text or an integer, not {_named(value)}.")
    return value


def _text(_: inspect.Type, value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise rules.invalid(place, value, f"It takes a text, not {_named(value)}.")
    return value


def _integer(_: inspect.Type, value: Any, place: str) -> int:
    number = value
    try:
        if isinstance(value, str) or (isinstance(value, float) and value.is_integer()):
            number = int(value)
    except ValueError:
        pass  # said below
    if not isinstance(number, int) or isinstance(number, bool) or not _LEAST <= number <= _GREATEST:
        raise rules.invalid(place, value, f"It takes an integer of 64 bits, not {_named(value)}.")
    return number


def _float(_: inspect.Type, value: Any, place: str) -> float:
    if value == "":
        raise rules.missing(place)
    try:
        if isinstance(value, str):
            return _SPELT[value] if value in _SPELT else float(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    except (ValueError, OverflowError):
        pass  # said below
    raise rules.invalid(place, value, f'It takes a number, or "NaN", "Infinity" or "-Infinity", not {_named(value)}.')


def _bool(_: inspect.Type, value: Any, place: str) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise rules.invalid(place, value, "It takes true or false.")
    return value


_FITS: list[tuple[Any, Any]] = [
    (inspect.StructType, _struct),
    (inspect.ListType, _list),
    (inspect.UnionType, _union),
    (inspect.StrType, _text),
    (inspect.BoolType, _bool),
    (inspect.IntType, _integer),
    (inspect.FloatType, _float),
]


def _named(value: Any) -> str:
    names = {str: "a text", bool: "a boolean", int: "an integer", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "null")


def _shown(value: Any) -> str:
    return f"{_named(value)}: {msgspec.json.encode(value).decode()[:100]}"
