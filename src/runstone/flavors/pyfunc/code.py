"""Models from code: a Python file that says `runstone.models.set_model(...)` is the model; it is run each time the model is loaded."""

from __future__ import annotations

import contextlib
import contextvars
import runpy
from collections.abc import Iterator
from typing import Any

from runstone.errors import InvalidParameter
from runstone.flavors.pyfunc.python_model import FunctionModel, PythonModel

_NONE = object()
_set: contextvars.ContextVar[Any] = contextvars.ContextVar("model", default=_NONE)
_config: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar("model_config", default=None)


def set_model(model: Any) -> None:
    """Say, in a file of code that is logged as a model, what the model is: a PythonModel, or a function. Raises TypeError for what cannot predict."""
    if not (callable(model) or hasattr(model, "predict")):
        raise TypeError(
            f"Model should either be an instance of PyFuncModel, or a callable: {type(model).__qualname__} is not."
        )
    _set.set(model)


class ModelConfig:
    """The options of the model that is being loaded, for code that is a model.

    Args:
        development_config: a mapping, or the path of a YAML file, that is used where the code is run by itself.
    """

    def __init__(self, *, development_config: str | dict[str, Any] | None = None) -> None:
        self._development = development_config

    def to_dict(self) -> dict[str, Any]:
        """All of them. Raises FileNotFoundError where there are none."""
        given = _config.get()
        if given is not None:
            return given
        if isinstance(self._development, dict):
            return self._development
        if self._development is None:
            raise FileNotFoundError(
                "There is no config: give one to log_model(model_config=...) or ModelConfig(development_config=...)."
            )
        import yaml

        with open(self._development, encoding="utf-8") as file:
            return dict(yaml.safe_load(file) or {})

    def get(self, key: str) -> Any:
        """One of them. Raises KeyError."""
        return self.to_dict()[key]


def run(path: str, model_config: dict[str, Any] | None) -> Any:
    """Run a file of code; the model that it sets comes back. Raises InvalidParameter where it sets none."""
    with _fresh(model_config):
        runpy.run_path(path, run_name="__mlflow_code_model__")
        found = _set.get()
    if found is _NONE:
        raise InvalidParameter(f"{path!r} sets no model. Call runstone.models.set_model(...) in it.")
    return found if isinstance(found, PythonModel) or hasattr(found, "predict") else FunctionModel(found)


@contextlib.contextmanager
def _fresh(model_config: dict[str, Any] | None) -> Iterator[None]:
    tokens = _set.set(_NONE), _config.set(model_config)
    try:
        yield
    finally:
        _set.reset(tokens[0])
        _config.reset(tokens[1])
