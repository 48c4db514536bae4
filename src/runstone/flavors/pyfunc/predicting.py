"""Whether an object predicts: it is asked of what is to be saved, for where it is loaded it is too late."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from runstone.errors import InvalidParameter
from runstone.flavors.pyfunc.checking import has_context, parameters_of
from runstone.flavors.pyfunc.python_model import PythonModel


def require(model: Any) -> None:
    """Raise InvalidParameter for a class, for what has no `predict` and is no function, and for what cannot be called with data alone."""
    if isinstance(model, type):
        raise InvalidParameter(
            f"{model.__qualname__} is a class, and a model is an object of one: python_model={model.__qualname__}(...)."
        )
    kind = type(model).__qualname__
    if hasattr(model, "predict"):
        if not callable(model.predict) or getattr(type(model), "predict", None) is PythonModel.predict:
            raise InvalidParameter(
                f"{kind} has no `predict` of its own. Write one: def predict(self, context, model_input)."
            )
        if not _takes_data(model.predict, 1 + has_context(model.predict)):
            raise InvalidParameter(
                f"{kind}.predict cannot be called with data: a model has predict(self, context, model_input, params=None); "
                "context and params may be left out."
            )
    elif not callable(model):
        raise InvalidParameter(
            f"{kind} does not predict: a Python model is an object with `predict`, a function of the data, or the path of a file of code."
        )
    elif not _takes_data(model, 1):
        name = getattr(model, "__name__", kind)
        raise InvalidParameter(
            f"The function {name} cannot be called with data alone. A function that is a model has one argument, the data, "
            "and may have `params`; give the others defaults, or write a PythonModel."
        )


def _takes_data(function: Callable[..., Any], values: int) -> bool:
    try:
        form = inspect.signature(function)
    except (TypeError, ValueError):  # made in C, and does not say
        return True
    params = {"params": None} if "params" in parameters_of(function) else {}
    try:
        form.bind(*[None] * values, **params)
    except TypeError:
        return False
    return True
