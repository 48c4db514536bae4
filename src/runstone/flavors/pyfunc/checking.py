"""`predict` is given its data as its type hint says. What does so is pickled as MLflow's decorator, so that MLflow checks it likewise."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from runstone.errors import InvalidParameter
from runstone.types import hints

# Where MLflow has what stands here.
HOME = "mlflow.pyfunc.utils.data_validation"
_PLACES = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Input(NamedTuple):
    """The parameter of a function that data comes by.

    Attributes:
        name: its name.
        place: its place among the arguments, `self` counted.
        hint: its type hint; None where it has none.
        output: that of what comes back.
    """

    name: str
    place: int
    hint: Any
    output: Any


def pyfunc(func: Callable[..., Any]) -> Callable[..., Any]:
    """Have a `predict` method, or a function of one argument, take its data as its type hint says, or raise InvalidParameter.

    Where the hint is none that data can be held against, it stays as it is.
    """
    if getattr(func, "_is_pyfunc", False):
        return func
    found = input_of(func)
    if found is None or not _is_checked(found.hint):
        return func
    name, place, hint, _ = found
    # as they are meant, for whoever reads the function in another process, where the names in a text may be missing
    func.__annotations__ = {**func.__annotations__, name: hint}

    @functools.wraps(func)
    def predict(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = checked(args, kwargs, place, hint, name)
        return func(*args, **kwargs)

    predict._is_pyfunc = True  # type: ignore[attr-defined]
    return predict


def checked(
    args: tuple[Any, ...], kwargs: dict[str, Any], place: int, hint: Any, name: str
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call with its data, by name or by place, as its type hint says. Raises InvalidParameter."""
    if name in kwargs:
        return args, {**kwargs, name: hints.held(kwargs[name], hint)}
    if len(args) > place:
        return (*args[:place], hints.held(args[place], hint), *args[place + 1 :]), kwargs
    return args, kwargs


def input_of(func: Callable[..., Any]) -> Input | None:
    """The parameter that data comes by: the first one, but for `self` and the context; None where there is none."""
    names = parameters_of(func)
    own = [name for name in names if name != "self"]
    inputs = own[1:] if has_context(func) else own
    if not inputs:
        return None
    hint, output = hints.of_function(inspect.unwrap(func), inputs[0], "return")
    return Input(inputs[0], names.index(inputs[0]), hint, output)


def has_context(func: Callable[..., Any]) -> bool:
    """Whether a `predict` takes a context, whatever it calls it: `predict(self, ctx, data, params=None)`; options with defaults are none."""
    own = {name: one for name, one in _form(func).items() if name not in ("self", "params")}
    places = [one for one in own.values() if one.kind in _PLACES and one.default is one.empty]
    passes_on = [one.kind for one in own.values()] == [inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD]
    return "context" in own or len(places) == 2 or passes_on


def parameters_of(func: Callable[..., Any]) -> list[str]:
    """The names of a function's parameters; none where it is made in C and does not say."""
    return list(_form(func))


def _form(func: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(func).parameters
    except (TypeError, ValueError):
        return {}


def _is_checked(hint: Any) -> bool:
    if not hints.is_list(hint):
        return False
    try:
        hints.schema_of(hint)
    except (InvalidParameter, RecursionError):
        return False
    return True


# pickled by name, and MLflow's name is the one that both have
pyfunc.__module__ = HOME
