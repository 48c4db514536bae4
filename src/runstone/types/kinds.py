"""What a value may be: MLflow's scalar types, and arrays, objects and maps of them. Read from and written as the JSON of signatures."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from runstone.errors import InvalidParameter
from runstone.types.sentences import called

if TYPE_CHECKING:
    import numpy

# Types within types: a signature's text may come from anybody, and is read by a function that calls itself.
DEEPEST = 64


class Described:
    """Something that is compared by what it says in JSON."""

    def to_dict(self) -> Any:
        """As it stands in JSON."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Described) and type(self) is type(other) and bool(self.to_dict() == other.to_dict())

    __hash__ = None  # type: ignore[assignment]


class DataType(Enum):
    """A type of single values. Numbers as in MLflow."""

    boolean = 1
    integer = 2
    long = 3
    float = 4
    double = 5
    string = 6
    binary = 7
    datetime = 8

    def __repr__(self) -> str:
        return self.name

    def to_dict(self) -> dict[str, Any]:
        """As it stands in JSON."""
        return {"type": self.name}

    def to_numpy(self) -> numpy.dtype[Any]:
        """numpy's dtype of such values."""
        import numpy

        return numpy.dtype(_NUMPY[self.name])

    def to_pandas(self) -> Any:
        """pandas' dtype of such values: numpy's, or `object` for texts and bytes."""
        return object if self in (DataType.string, DataType.binary) else self.to_numpy()

    def to_python(self) -> type:
        """Python's type of such values."""
        return _PYTHON[self.name]

    @classmethod
    def all_types(cls) -> list[DataType]:
        """All of them."""
        return list(cls)

    @classmethod
    def from_numpy_type(cls, np_type: Any) -> DataType | None:
        """The one whose dtype it is; None where there is none."""
        return next((kind for kind in cls if kind.to_numpy() == np_type), None)


_NUMPY = {
    "boolean": "bool", "integer": "int32", "long": "int64", "float": "float32", "double": "float64", "string": "str", "binary": "bytes",
    "datetime": "datetime64[ns]",
}  # fmt: skip
_PYTHON: dict[str, type] = {
    "boolean": bool, "integer": int, "long": int, "float": float, "double": float, "string": str, "binary": bytes,
    "datetime": datetime.date,
}  # fmt: skip


class AnyType(Described):
    """Whatever: nothing of it is checked."""

    def to_dict(self) -> dict[str, Any]:
        """As it stands in JSON."""
        return {"type": "any"}

    def __repr__(self) -> str:
        return "Any"


class Array(Described):
    """A list of values of one type.

    Args:
        dtype: theirs.
    """

    def __init__(self, dtype: Kind | str) -> None:
        self.dtype: Kind = check(dtype)

    def to_dict(self) -> dict[str, Any]:
        """As it stands in JSON."""
        return {"type": "array", "items": self.dtype.to_dict()}

    def __repr__(self) -> str:
        return f"Array({self.dtype!r})"


class SparkMLVector(Array):
    """A vector of Spark ML: an array of doubles."""

    def __init__(self) -> None:
        super().__init__(DataType.double)

    def to_dict(self) -> dict[str, Any]:
        """As it stands in JSON."""
        return {"type": "sparkml_vector"}

    def __repr__(self) -> str:
        return "SparkML vector"


class Map(Described):
    """A mapping of any texts to values of one type.

    Args:
        value_type: theirs.
    """

    def __init__(self, value_type: Kind | str) -> None:
        self.value_type: Kind = check(value_type)

    def to_dict(self) -> dict[str, Any]:
        """As it stands in JSON."""
        return {"type": "map", "values": self.value_type.to_dict()}

    def __repr__(self) -> str:
        return f"Map(str -> {self.value_type!r})"


class Property(Described):
    """One part of an object.

    Args:
        name: its key.
        dtype: its type.
        required: whether every object has it.
    """

    def __init__(self, name: str, dtype: Kind | str, required: bool = True) -> None:
        if not isinstance(name, str):
            raise InvalidParameter(f"A property's name is a text; {name!r:.100} is {called(name)}.")
        self.name, self.required = name, bool(required)
        self.dtype: Kind = check(dtype)

    def to_dict(self) -> dict[str, Any]:
        """As it stands in JSON: its name, and what is said of it."""
        return {self.name: {**self.dtype.to_dict(), "required": self.required}}

    def __repr__(self) -> str:
        return f"{self.name}: {self.dtype!r} ({'required' if self.required else 'optional'})"


class Object(Described):
    """A mapping with known keys.

    Args:
        properties: what it has, in any order; kept by name.
    """

    def __init__(self, properties: list[Property]) -> None:
        if not properties or not all(isinstance(one, Property) for one in properties):
            raise InvalidParameter(f"An object has a list of one Property or more; got {properties!r:.200}.")
        self.properties = sorted(properties, key=lambda one: one.name)
        self.named = {one.name: one for one in self.properties}
        if len(self.named) < len(self.properties):
            raise InvalidParameter(f"Two properties of an object have one name: {properties!r:.200}.")

    def to_dict(self) -> dict[str, Any]:
        """As it stands in JSON."""
        found: dict[str, Any] = {}
        for one in self.properties:
            found.update(one.to_dict())
        return {"type": "object", "properties": found}

    def __repr__(self) -> str:
        return "{" + ", ".join(map(repr, self.properties)) + "}"


Kind = DataType | Array | Object | Map | AnyType


def check(kind: Any) -> Kind:
    """A type that is given as such or by name. Raises InvalidParameter."""
    if isinstance(kind, DataType | Array | Object | Map | AnyType):
        return kind
    if isinstance(kind, str) and kind in DataType.__members__:
        return DataType[kind]
    names = ", ".join(DataType.__members__)
    raise InvalidParameter(f"{kind!r:.200} is no type. There are {names}, Array, Object, Map and AnyType.")


def read(said: Any, depth: int = 0) -> Kind:
    """The type that a mapping of JSON says; keys that are not the type's are passed over. Raises InvalidParameter."""
    if not isinstance(said, Mapping) or not isinstance(said.get("type"), str):
        raise InvalidParameter(f'A type is a mapping with "type" in it; got {said!r:.200}.')
    if depth > DEEPEST:
        raise InvalidParameter(f"A signature has types within types more than {DEEPEST} deep.")
    name = said["type"]
    if name == "array":
        return Array(read(said.get("items"), depth + 1))
    if name == "map":
        return Map(read(said.get("values"), depth + 1))
    if name == "object":
        properties = said.get("properties")
        if not isinstance(properties, Mapping):
            raise InvalidParameter(f'An object has a mapping under "properties"; got {said!r:.200}.')
        return Object([Property(key, read(part, depth + 1), required(part)) for key, part in properties.items()])
    if name == "any":
        return AnyType()
    if name == "sparkml_vector":
        return SparkMLVector()
    return check(name)


def required(said: Mapping[str, Any]) -> bool:
    """Whether a column or property is required. MLflow 1 said nothing, then `"optional": true`; MLflow 3 writes null for maps it has read."""
    found = said.get("required")
    return not said.get("optional", False) if found is None else bool(found)
