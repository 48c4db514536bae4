"""What users write to have their own code as a model: a PythonModel with `predict`, or a function.

The classes are pickled under MLflow's names, so that MLflow loads what runstone saved without runstone, and the reverse (`pickled.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from runstone.flavors.pyfunc.checking import has_context, parameters_of, pyfunc
from runstone.flavors.pyfunc.standing_in import for_mlflow

# Where MLflow keeps them: what a pickle says.
HOME = "mlflow.pyfunc.model"


class PythonModelContext:
    """What a PythonModel is given beside the data.

    Attributes:
        artifacts: name to the path of a file or folder of this machine, as `log_model(artifacts=...)` was told them.
        model_config: the options of this loading.
    """

    def __init__(self, artifacts: dict[str, str], model_config: dict[str, Any] | None) -> None:
        self._artifacts, self._model_config = artifacts, model_config

    @property
    def artifacts(self) -> dict[str, str]:
        """Name to path."""
        return self._artifacts

    @property
    def model_config(self) -> dict[str, Any] | None:
        """The options of this loading."""
        return self._model_config


class PythonModel:
    """To be inherited from: a model that is the user's own code.

    `predict(self, context, model_input, params=None)`, or without `context`. A type hint of `model_input` (`list[str]`,
    `list[SomePydanticModel]`) is the signature, and `predict` is given just that, or the call is refused.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = cls.__dict__.get("predict")
        if isinstance(own, FunctionType):
            cls.predict = pyfunc(own)  # type: ignore[method-assign]

    def load_context(self, context: PythonModelContext) -> None:
        """Called once, when the model is loaded: read here what `context.artifacts` holds."""

    def predict(self, context: PythonModelContext, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """What the model says to some data."""
        raise NotImplementedError(f"{type(self).__qualname__} has no `predict`.")

    def predict_stream(
        self, context: PythonModelContext, model_input: Any, params: dict[str, Any] | None = None
    ) -> Iterator[Any]:
        """What the model says, piece by piece."""
        raise NotImplementedError(f"{type(self).__qualname__} has no `predict_stream`.")


class FunctionModel(PythonModel):
    """A function as a model."""

    def __init__(self, func: Callable[..., Any], signature: Any = None) -> None:
        self.func, self.signature = pyfunc(func), signature

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:  # type: ignore[override]
        """What the function returns."""
        if params is not None and "params" in parameters_of(self.func):
            return self.func(model_input, params=params)
        return self.func(model_input)


for _kind, _name in (
    (PythonModelContext, "PythonModelContext"),
    (PythonModel, "PythonModel"),
    (FunctionModel, "_FunctionPythonModel"),
):
    _kind.__module__, _kind.__qualname__ = HOME, _name


class Bound:
    """A PythonModel with its context: what it says, whichever parameters its `predict` has.

    Args:
        model: the user's object.
        context: its context.
    """

    def __init__(self, model: Any, context: PythonModelContext) -> None:
        self.python_model, self.context = model, context
        self._predict = _Method(model.predict, context)

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the model says to some data."""
        with for_mlflow():
            return self._predict(data, params)

    def predict_stream(self, data: Any, params: dict[str, Any] | None = None) -> Iterator[Any]:
        """The same, piece by piece."""
        with for_mlflow():
            pieces = iter(_Method(self.python_model.predict_stream, self.context)(data, params))
        while True:
            with for_mlflow():  # not while nobody asks for the next piece
                try:
                    piece = next(pieces)
                except StopIteration:
                    return
            yield piece


class _Method:
    def __init__(self, method: Callable[..., Any], context: PythonModelContext) -> None:
        self._method = method
        self._first = (context,) if has_context(method) else ()
        self._params = "params" in parameters_of(method)

    def __call__(self, data: Any, params: dict[str, Any] | None) -> Any:
        return self._method(*self._first, data, **({"params": params} if self._params else {}))
