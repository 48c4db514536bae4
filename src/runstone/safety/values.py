"""What a pickle's walker knows of the values on the stack: constants that names are made of, and how long joblib's arrays are."""

from __future__ import annotations

import re
from typing import Any, NamedTuple


class Global(NamedTuple):
    """Something that is imported: a class, a function, or what an attribute of it leads to."""

    module: str
    name: str


class Made:
    """What a call of an imported thing gave, whose state may be known."""

    __slots__ = ("args", "callable", "state")

    def __init__(self, callable: Global, args: Any) -> None:
        self.callable, self.args = callable, args
        self.state: Any = None


class Other:
    """A value that nobody needs to know."""


OTHER = Other()

DTYPE = Global("numpy", "dtype")
ARRAYS = (
    Global("joblib.numpy_pickle", "NumpyArrayWrapper"),
    Global("sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper"),
)
# What protocols 0 and 1 make joblib's description of an array with.
ARRAY_ARGUMENTS = tuple((array, Global("builtins", "object"), None) for array in ARRAYS)
KEPT = (DTYPE, *ARRAYS)
_ATTRIBUTES = {"subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes"}
# Numbers, texts, times: what numpy itself writes for items that are no objects.
PLAIN_ITEM = re.compile(r"[<>=|]?(?:([?])|b1|([biufcSUVMm])(\d{1,9}))(?:\[.{1,20}\])?")
_HAS_OBJECTS = 1


class Stopped(Exception):
    """An unpickler would raise here."""


class Unknowable(Exception):
    """How long an array's bytes are cannot be told."""


class ArrayBytes(NamedTuple):
    """What lies behind joblib's description of an array."""

    length: int
    padded: bool


def array_bytes(made: Made, again: bool) -> ArrayBytes | None:
    """How many raw bytes follow joblib's array; None: a pickle of its own follows. Raises Unknowable, also if its state was set before."""
    state = made.state
    if again or not isinstance(state, dict) or made.args != () or set(state) - _ATTRIBUTES:
        raise Unknowable
    shape = state.get("shape")
    if not isinstance(shape, tuple) or not all(type(size) is int and 0 <= size < 2**48 for size in shape):
        raise Unknowable
    size = _item_size(state.get("dtype"))
    if size is None:
        return None
    count = 1
    for length in shape:
        count *= length
    if count * size >= 2**62:
        raise Unknowable
    return ArrayBytes(count * size, state.get("numpy_array_alignment_bytes") is not None)


def _item_size(dtype: Any) -> int | None:
    """Bytes of one item; None where items are objects. Raises Unknowable."""
    if not isinstance(dtype, Made) or dtype.callable != DTYPE or not isinstance(dtype.args, tuple) or not dtype.args:
        raise Unknowable
    kind, state = dtype.args[0], dtype.state
    flags = 0
    if state is not None:
        if not isinstance(state, tuple) or len(state) < 8 or type(state[7]) is not int or state[2] is not None:
            raise Unknowable
        flags = state[7]
    if kind in ("O", "O8", "|O") and (state is None or flags & _HAS_OBJECTS):
        return None
    found = PLAIN_ITEM.fullmatch(kind) if isinstance(kind, str) else None
    if found is None or flags & _HAS_OBJECTS:
        raise Unknowable
    size = 1 if not found[2] else int(found[3]) * (4 if found[2] == "U" else 1)
    if state is not None and found[2] in ("S", "U", "V") and state[5] != size:
        raise Unknowable
    if state is not None and state[4] is not None:
        _check_record(state[4])
    return size


def _check_record(fields: Any) -> None:
    if not isinstance(fields, dict):
        raise Unknowable
    for field in fields.values():
        if not isinstance(field, tuple) or not field or _item_size(field[0]) is None:
            raise Unknowable
