"""Models from code: a Python file that says `runstone.models.set_model(...)`, or mlflow's, is the model; it is run each time the model is loaded."""

from __future__ import annotations

import contextlib
import contextvars
import importlib.util
import itertools
import linecache
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from runstone.errors import InvalidParameter
from runstone.flavors.pyfunc.python_model import FunctionModel, PythonModel
from runstone.flavors.pyfunc.standing_in import for_mlflow

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

    Raises:
        FileNotFoundError: there are no options.
    """

    def __init__(self, *, development_config: str | dict[str, Any] | None = None) -> None:
        # asked now: what the file defines is called when the loading is over
        given = _config.get()
        self.config = development_config if given is None else given
        if not self.config:
            raise FileNotFoundError(
                "There is no config: give one to log_model(model_config=...) or ModelConfig(development_config=...)."
            )

    def to_dict(self) -> dict[str, Any]:
        """All of them."""
        if isinstance(self.config, dict):
            return self.config
        import yaml

        assert self.config is not None
        with open(self.config, encoding="utf-8") as file:
            return dict(yaml.safe_load(file) or {})

    def get(self, key: str) -> Any:
        """One of them. Raises KeyError."""
        return self.to_dict()[key]


_numbers = itertools.count(1)


def run(path: str, model_config: dict[str, Any] | None) -> Any:
    """Run a file of code; the model that it sets comes back. Raises InvalidParameter where it sets none."""
    with open(path, "rb") as file:
        source = file.read()
    # A module of its own each time, which stays: what the file defines looks itself up in it. Nothing compiled is written beside the file.
    module = ModuleType(f"runstone_code_model_{next(_numbers)}")
    module.__file__ = path
    sys.modules[module.__name__] = module
    linecache.lazycache(path, module.__dict__)
    if b"mlflow" in source and importlib.util.find_spec("mlflow") is not None:
        importlib.import_module(_OPTIONS[0])  # to be told the options before the file asks for them
    with _fresh(model_config), for_mlflow():
        exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102  (the trust was asked)
        found = _set.get()
        if found is _NONE:
            found = _set_with_mlflow()
    if found is _NONE:
        raise InvalidParameter(f"{path!r} sets no model. Call runstone.models.set_model(...) in it.")
    return found if isinstance(found, PythonModel) or hasattr(found, "predict") else FunctionModel(found)


@contextlib.contextmanager
def _fresh(model_config: dict[str, Any] | None) -> Iterator[None]:
    # what is loaded as a model has the options it was logged with, and else none: those of its development do not count
    tokens = _set.set(_NONE), _config.set(model_config or {})
    _tell_mlflow(model_config or "")
    try:
        yield
    finally:
        _tell_mlflow(None)
        _set.reset(tokens[0])
        _config.reset(tokens[1])


# Where the real MLflow is installed, the file's `import mlflow` is that one. It keeps what is set in these two modules.
_MODEL, _OPTIONS = (
    ("mlflow.models.model", "__mlflow_model__"),
    ("mlflow.models.model_config", "__mlflow_model_config__"),
)


def _set_with_mlflow() -> Any:
    module = sys.modules.get(_MODEL[0])
    found = vars(module).get(_MODEL[1]) if module is not None else None
    if found is None:
        return _NONE
    setattr(module, _MODEL[1], None)  # the next file is to set its own
    return found


def _tell_mlflow(config: Any) -> None:
    module = sys.modules.get(_OPTIONS[0])
    if module is not None and _OPTIONS[1] in vars(module):
        setattr(module, _OPTIONS[1], config)
