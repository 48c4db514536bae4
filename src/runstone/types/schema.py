"""Schemas: of columns or of tensors, in MLflow's JSON; what older versions of MLflow wrote is read too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from runstone.errors import InvalidParameter
from runstone.types import kinds
from runstone.types.kinds import AnyType as AnyType
from runstone.types.kinds import Array as Array
from runstone.types.kinds import DataType as DataType
from runstone.types.kinds import Described, Kind
from runstone.types.kinds import Map as Map
from runstone.types.kinds import Object as Object
from runstone.types.kinds import Property as Property
from runstone.types.kinds import SparkMLVector as SparkMLVector
from runstone.types.params import ParamSchema as ParamSchema
from runstone.types.params import ParamSpec as ParamSpec

if TYPE_CHECKING:
    import numpy


class ColSpec(Described):
    """A column.

    Args:
        type: of its values.
        name: None in a schema whose columns go by their places.
        required: whether it may not be left out.
    """

    def __init__(self, type: Kind | str, name: Any = None, required: bool = True) -> None:
        self.type: Kind = kinds.check(type)
        self.name, self.required = hashable(name), bool(required)

    def to_dict(self) -> dict[str, Any]:
        """As it stands in JSON."""
        named = {} if self.name is None else {"name": plain(self.name)}
        return {**self.type.to_dict(), **named, "required": self.required}

    def __repr__(self) -> str:
        named = "" if self.name is None else f"{self.name!r}: "
        return f"{named}{self.type!r} ({'required' if self.required else 'optional'})"

    @classmethod
    def from_json_dict(cls, **said: Any) -> ColSpec:
        """A column that JSON describes. Raises InvalidParameter."""
        return cls(kinds.read(said), said.get("name"), kinds.required(said))


class TensorSpec(Described):
    """A tensor.

    Args:
        type: numpy's dtype of its values; texts and bytes without a length.
        shape: its lengths, -1 where any will do.
        name: None for the only tensor of a schema.
    """

    required = True

    def __init__(self, type: Any, shape: tuple[int, ...] | list[int], name: str | None = None) -> None:
        import numpy

        if not isinstance(type, numpy.dtype):
            raise InvalidParameter(f"A tensor's type is a numpy.dtype; got {type!r:.100}.")
        if type.kind in "US" and type.itemsize:
            raise InvalidParameter(
                f'A tensor of texts or bytes has no length in its type: numpy.dtype("str"), not {type!r}.'
            )
        if not isinstance(shape, tuple | list) or not all(isinstance(n, int | numpy.integer) for n in shape):
            raise InvalidParameter(f"A tensor's shape is a tuple of integers; got {shape!r:.100}.")
        self.type: numpy.dtype[Any] = type
        self.shape = tuple(int(n) for n in shape)
        self.name = name

    def to_dict(self) -> dict[str, Any]:
        """As it stands in JSON."""
        named = {} if self.name is None else {"name": self.name}
        return {**named, "type": "tensor", "tensor-spec": {"dtype": self.type.name, "shape": list(self.shape)}}

    def __repr__(self) -> str:
        named = "" if self.name is None else f"{self.name!r}: "
        return f"{named}Tensor({self.type.name!r}, {self.shape})"

    @classmethod
    def from_json_dict(cls, **said: Any) -> TensorSpec:
        """A tensor that JSON describes. Raises InvalidParameter."""
        import numpy

        spec = said.get("tensor-spec")
        if not isinstance(spec, dict) or not isinstance(spec.get("dtype"), str):
            raise InvalidParameter(f'A tensor has "dtype" and "shape" under "tensor-spec"; got {said!r:.200}.')
        try:
            dtype = numpy.dtype(spec["dtype"])
        except (TypeError, ValueError) as error:
            raise InvalidParameter(f"numpy has no dtype {spec['dtype']!r:.100}.") from error
        shape = spec.get("shape")
        return cls(dtype, shape if shape is not None else (-1,), said.get("name"))


class Schema(Described):
    """Columns, or tensors; all with names, or by their places.

    Args:
        inputs: them, one or more.
    """

    def __init__(self, inputs: list[ColSpec] | list[TensorSpec] | list[Any]) -> None:
        specs = list(inputs) if isinstance(inputs, list | tuple) else []
        if not specs:
            raise InvalidParameter(f"A schema has a list of one column or tensor, or more; got {inputs!r:.100}.")
        if len({type(spec) for spec in specs}) > 1 or not isinstance(specs[0], ColSpec | TensorSpec):
            raise InvalidParameter(
                f"A schema is a list of ColSpec, or one of TensorSpec, not a mixture; got {inputs!r:.200}."
            )
        unnamed = [spec for spec in specs if spec.name is None]
        if 0 < len(unnamed) < len(specs):
            raise InvalidParameter(f"A schema's columns are all named, or none is; got {inputs!r:.200}.")
        if isinstance(specs[0], TensorSpec) and len(unnamed) > 1:
            raise InvalidParameter("A schema of several tensors has a name for each.")
        if not all(spec.required for spec in unnamed):
            raise InvalidParameter("A column that goes by its place is required. Give it a name, or make it required.")
        self.inputs: list[Any] = specs

    def __len__(self) -> int:
        return len(self.inputs)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.inputs)

    def __repr__(self) -> str:
        return "[" + ", ".join(map(repr, self.inputs)) + "]"

    def is_tensor_spec(self) -> bool:
        """Whether it is of tensors."""
        return isinstance(self.inputs[0], TensorSpec)

    def has_input_names(self) -> bool:
        """Whether what it describes is named."""
        return self.inputs[0].name is not None

    def input_names(self) -> list[Any]:
        """The names; places where there are none."""
        return [index if spec.name is None else spec.name for index, spec in enumerate(self.inputs)]

    def required_input_names(self) -> list[Any]:
        """The names of what may not be left out."""
        return [name for name, spec in zip(self.input_names(), self.inputs, strict=True) if spec.required]

    def optional_input_names(self) -> list[Any]:
        """The names of what may be left out."""
        return [name for name, spec in zip(self.input_names(), self.inputs, strict=True) if not spec.required]

    def input_types(self) -> list[Any]:
        """The types, numpy's for tensors."""
        return [spec.type for spec in self.inputs]

    def input_types_dict(self) -> dict[Any, Any]:
        """The types by name."""
        return {name: spec.type for name, spec in self.input_dict().items()}

    def input_dict(self) -> dict[Any, Any]:
        """The columns or tensors by name. Raises InvalidParameter where there are no names."""
        if not self.has_input_names():
            raise InvalidParameter("This schema has no names.")
        return {spec.name: spec for spec in self.inputs}

    def numpy_types(self) -> list[Any]:
        """numpy's dtypes. Raises InvalidParameter where a column's type has none."""
        return [_single(spec).to_numpy() for spec in self.inputs] if not self.is_tensor_spec() else self.input_types()

    def pandas_types(self) -> list[Any]:
        """pandas' dtypes. Raises InvalidParameter for tensors, and where a column's type has none."""
        return [_single(spec).to_pandas() for spec in self.inputs]

    def to_dict(self) -> list[dict[str, Any]]:
        """As it stands in JSON."""
        return [spec.to_dict() for spec in self.inputs]

    def to_json(self) -> str:
        """As JSON text."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_dicts(cls, said: Any) -> Schema:
        """A schema that JSON describes. Raises InvalidParameter."""
        if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
            raise InvalidParameter(f"A schema is a list of mappings; got {said!r:.200}.")
        return cls(
            [(TensorSpec if one.get("type") == "tensor" else ColSpec).from_json_dict(**_keyed(one)) for one in said]
        )

    @classmethod
    def from_json(cls, json_str: str) -> Schema:
        """A schema of its JSON text. Raises InvalidParameter."""
        return cls.from_dicts(parse(json_str))


def parse(text: Any) -> Any:
    """What a JSON text says. Raises InvalidParameter."""
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidParameter(f"This is no schema's JSON text: {text!r:.200}.") from error


def plain(name: Any) -> Any:
    """A column's name as JSON has it: parts in a list, and what JSON does not have as a text."""
    if isinstance(name, tuple):
        return [plain(part) for part in name]
    return name if type(name) in (str, int, float, bool) else str(name)


def hashable(name: Any) -> Any:
    """A column's name as frames have it: parts in a tuple."""
    return tuple(hashable(part) for part in name) if isinstance(name, list | tuple) else name


def _single(spec: Any) -> DataType:
    if isinstance(spec, ColSpec) and isinstance(spec.type, DataType):
        return spec.type
    raise InvalidParameter(f"{spec!r:.200} has no single dtype.")


def _keyed(one: dict[Any, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in one.items() if key not in ("self", "cls")}
