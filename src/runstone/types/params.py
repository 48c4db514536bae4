"""Schemas of the params that predicting takes: their types and defaults, and what is given for them."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterator
from typing import Any

from runstone.errors import InvalidParameter
from runstone.types import kinds
from runstone.types.cells import dimensions, unfit
from runstone.types.kinds import DataType, Described, Object
from runstone.types.sentences import called

_WHOLE = {DataType.integer: 31, DataType.long: 63}


class ParamSpec(Described):
    """A param.

    Args:
        name: its name.
        dtype: its type: of single values, or an Object.
        default: what it is where it is not given; None where it may be nothing.
        shape: (-1,) for a list of such values, None for one.
    """

    def __init__(self, name: str, dtype: DataType | Object | str, default: Any, shape: Any = None) -> None:
        kind = kinds.check(dtype)
        if not isinstance(kind, DataType | Object):
            raise InvalidParameter(f"The param {name!r} is a single value, a list of them, or an Object, not {kind!r}.")
        if kind is DataType.binary:
            raise InvalidParameter(f"The param {name!r} cannot be of bytes: params travel as JSON.")
        if shape is not None and (not isinstance(shape, tuple | list) or list(shape) != [-1]):
            raise InvalidParameter(f"The param {name!r} has the shape (-1,), a list, or None; got {shape!r:.100}.")
        if shape is not None and isinstance(kind, Object):
            raise InvalidParameter(f"The param {name!r} is an Object, which has no shape.")
        self.name, self.dtype, self.shape = str(name), kind, None if shape is None else (-1,)
        self.default = self.take(default)

    def take(self, value: Any) -> Any:
        """A value for it, in Python's own types and in the param's. Raises InvalidParameter."""
        if value is None:
            return None
        if hasattr(value, "tolist") and dimensions(value) == 1:
            value = value.astype("M8[us]").tolist() if value.dtype.kind == "M" else value.tolist()
        if self.shape is None:
            return self._one(value)
        if not isinstance(value, list | tuple):
            raise self._wrong(value)
        return [self._one(item) for item in value]

    def _one(self, value: Any) -> Any:
        if isinstance(self.dtype, Object):
            if unfit(self.dtype, value) is not None:
                raise self._wrong(value)
            return value
        if self.dtype is DataType.datetime:
            return self._time(value)
        if getattr(value, "shape", None) == () and hasattr(value, "item"):
            value = value.item()
        kind = type(value)
        if kind is not self.dtype.to_python() and not (
            kind is int and self.dtype in (DataType.double, DataType.float, *_WHOLE)
        ):
            raise self._wrong(value)
        if self.dtype in _WHOLE:
            limit = 1 << _WHOLE[self.dtype]
            if not -limit <= value < limit:
                raise self._wrong(value)
        elif kind is int:
            return self._float(value)
        elif self.dtype is DataType.float and math.isfinite(value) and abs(value) > 3.4028235677973366e38:
            raise self._wrong(value)
        return value

    def _float(self, value: int) -> float:
        # a whole number that a float cannot hold would be another one
        if abs(value) > 1 << 64 or int(float(value)) != value:
            raise self._wrong(value)
        return float(value)

    def _time(self, value: Any) -> Any:
        if isinstance(value, str):
            try:
                return datetime.datetime.fromisoformat(value) if len(value) > 10 else datetime.date.fromisoformat(value)
            except ValueError:
                raise self._wrong(value) from None
        if type(value).__name__ == "datetime64":
            value = value.item() if str(value.dtype) != "datetime64[ns]" else value.astype("datetime64[us]").item()
        if not isinstance(value, datetime.date):
            raise self._wrong(value)
        return value

    def _wrong(self, value: Any) -> InvalidParameter:
        wanted = f"a list of {self.dtype!r}" if self.shape else repr(self.dtype)
        return InvalidParameter(
            f"The param {self.name!r} is {wanted}; {value!r:.200} is {called(value)} that does not fit."
        )

    def to_dict(self) -> dict[str, Any]:
        """As it stands in JSON."""
        default = self.default
        if self.dtype is DataType.datetime and default is not None:
            default = [one.isoformat() for one in default] if self.shape else default.isoformat()
        shape = None if self.shape is None else list(self.shape)
        return {"name": self.name, "default": default, "shape": shape, **self.dtype.to_dict()}

    def __repr__(self) -> str:
        shape = f" (shape: {self.shape})" if self.shape else ""
        return f"{self.name!r}: {self.dtype!r} (default: {self.default!r}){shape}"

    @classmethod
    def from_json_dict(cls, **said: Any) -> ParamSpec:
        """A param that JSON describes. Raises InvalidParameter."""
        if not isinstance(said.get("name"), str):
            raise InvalidParameter(f"A param has a name; got {said!r:.200}.")
        kind = kinds.read({**said, "type": said.get("type", said.get("dtype"))})
        return cls(said["name"], kind, said.get("default"), said.get("shape"))  # type: ignore[arg-type]  # checked there


class ParamSchema(Described):
    """The params that predicting takes.

    Args:
        params: them, each with a name of its own.
    """

    def __init__(self, params: list[ParamSpec]) -> None:
        if not isinstance(params, list | tuple) or not all(isinstance(one, ParamSpec) for one in params):
            raise InvalidParameter(f"A schema of params is a list of ParamSpec; got {params!r:.200}.")
        self.params = list(params)
        self.named = {one.name: one for one in self.params}
        if len(self.named) < len(self.params):
            raise InvalidParameter(f"Two params have one name: {params!r:.200}.")

    def __len__(self) -> int:
        return len(self.params)

    def __iter__(self) -> Iterator[ParamSpec]:
        return iter(self.params)

    def __repr__(self) -> str:
        return "[" + ", ".join(map(repr, self.params)) + "]"

    def to_dict(self) -> list[dict[str, Any]]:
        """As it stands in JSON."""
        return [one.to_dict() for one in self.params]

    def to_json(self) -> str:
        """As JSON text."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, json_str: str) -> ParamSchema:
        """Params of their JSON text. Raises InvalidParameter."""
        from runstone.types.schema import parse

        said = parse(json_str)
        if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
            raise InvalidParameter(f"A schema of params is a list of mappings; got {said!r:.200}.")
        return cls([ParamSpec.from_json_dict(**{str(key): value for key, value in one.items()}) for one in said])
