"""Functions and methods of other libraries are replaced by wrappers that look the same, and put back."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

# What is called in place of the original: `around(original, args, kwargs)`.
Around = Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]


class _Place(NamedTuple):
    owner: Any
    name: str
    before: Any  # what stood there; None where the owner had inherited it
    now: Any
    holders: set[str]


_places: dict[tuple[int, str], _Place] = {}
_MARK = "__runstone_patch__"


def wrap(flavor: str, owner: Any, name: str, around: Around) -> bool:
    """Put a wrapper in the place of a module's function or a class's method. Whether there is one now.

    A place that is wrapped already has one wrapper, whoever asks; it stays until all who asked have let go.

    Args:
        flavor: who asks.
        owner: the module or class.
        name: the function's or method's.
        around: what is called.
    """
    held = _places.get((id(owner), name))
    if held is not None:
        held.holders.add(flavor)
        return True
    found = inspect.getattr_static(owner, name, None)
    if getattr(found, _MARK, False) or getattr(getattr(found, "fn", None), _MARK, False):
        return True  # inherited from a class that has one
    if inspect.isfunction(found):
        replacement: Any = _wrapper(found, around, owner, name)
    elif inspect.isfunction(getattr(found, "fn", None)):
        # scikit-learn's methods that are there under a condition
        replacement = copy.copy(found)
        replacement.fn = _wrapper(found.fn, around, owner, name)
    else:
        return False
    own = vars(owner).get(name)
    setattr(owner, name, replacement)
    _places[(id(owner), name)] = _Place(owner, name, own, replacement, {flavor})
    return True


def _wrapper(original: Callable[..., Any], around: Around, owner: Any, name: str) -> Callable[..., Any]:
    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return around(original, args, kwargs)

    # The name by which pickle finds this one: where it stands, which may not be where the original was defined.
    if isinstance(owner, ModuleType):
        wrapper.__module__, wrapper.__qualname__ = owner.__name__, name
    else:
        wrapper.__module__, wrapper.__qualname__ = owner.__module__, f"{owner.__qualname__}.{name}"
    setattr(wrapper, _MARK, True)
    return wrapper


def restore(flavor: str) -> None:
    """Put back what stood where this one alone holds a wrapper. What somebody else has put there since stays: it may call ours."""
    for key, place in list(_places.items()):
        place.holders.discard(flavor)
        if not place.holders:
            del _places[key]
            if vars(place.owner).get(place.name) is not place.now:
                continue
            if place.before is None:
                delattr(place.owner, place.name)
            else:
                setattr(place.owner, place.name, place.before)


def on_subclass(flavor: str, base: type, call: Callable[[type], None]) -> None:
    """Have `call(kind)` called for every class that is derived from `base` from now on; it must not raise."""

    def derive(cls: type, **kwargs: Any) -> None:
        super(base, cls).__init_subclass__(**kwargs)  # type: ignore[arg-type]
        call(cls)

    name = "__init_subclass__"
    if (id(base), name) not in _places:
        own = vars(base).get(name)
        if own is None:
            watching = classmethod(derive)  # type: ignore[arg-type, var-annotated]
            setattr(base, name, watching)
            _places[(id(base), name)] = _Place(base, name, own, watching, {flavor})
