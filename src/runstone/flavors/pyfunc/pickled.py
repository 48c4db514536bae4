"""Python models as pickles, by cloudpickle: what MLflow pickled is read here, and what is pickled here by MLflow, with or without the other there."""

from __future__ import annotations

import contextlib
import importlib
import pickle
import sys
import threading
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

from runstone.errors import InvalidParameter
from runstone.flavors.pickling import noting
from runstone.flavors.pyfunc import checking, mlflow_names, standing_in
from runstone.safety.held import Held

_one_at_a_time = threading.RLock()


def cloudpickle() -> Any:
    """The library. Raises ImportError, which says how to get it."""
    try:
        import cloudpickle
    except ImportError as error:
        raise ImportError("Models of Python code are pickled by cloudpickle: `pip install cloudpickle`.") from error
    return cloudpickle


def dump(model: Any, path: str) -> set[str]:
    """Pickle a model; what is ours in it by MLflow's names. The modules that reading it needs come back.

    Raises:
        InvalidParameter: it holds what cannot be pickled (a lock, a connection).
    """
    modules = set[str]()

    class Pickler(cloudpickle().Pickler):  # type: ignore[misc]
        def reducer_override(self, obj: Any) -> Any:
            if type(obj) is FunctionType and getattr(obj, "_is_pyfunc", False) and hasattr(obj, "__wrapped__"):
                return checking.pyfunc, (obj.__wrapped__,)
            return super().reducer_override(obj)

    with open(path, "wb") as file, _one_at_a_time, _homes():
        try:
            noting(Pickler, modules)(file).dump(model)
        except (TypeError, AttributeError, pickle.PicklingError) as error:
            raise InvalidParameter(
                f"This {type(model).__qualname__} cannot be pickled: {error!s:.300}. Make what it holds of that kind in load_context, or "
                "give python_model as a file of code (runstone.models.set_model)."
            ) from error
    return modules


def load(held: Held) -> Any:
    """Read a pickled model. Whoever calls asked whether it may be."""
    cloudpickle()
    with held.open() as file, standing_in.for_mlflow():
        return _Unpickler(file).load()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        found = mlflow_names.READ.get((module, name))
        if found is not None:
            return found
        try:
            return super().find_class(module, name)
        except (ImportError, AttributeError) as error:
            if module.partition(".")[0] != "mlflow":
                raise
            raise ImportError(
                f"The model was pickled with MLflow's own {module}.{name}, which runstone has nothing for: `pip install mlflow` in this environment."
            ) from error


@contextlib.contextmanager
def _homes() -> Iterator[None]:
    """Modules of MLflow's names that hold what is ours, while something is pickled: pickle looks there whether the name means the object."""
    with standing_in.for_mlflow():
        if standing_in.is_runstone():
            for module, _ in mlflow_names.OURS:
                importlib.import_module(module)
            yield
            return
        # MLflow is installed, and means other objects by these names
        homes = sorted({module for module, _ in mlflow_names.OURS})
        before = {home: importlib.import_module(home) for home in homes}
        try:
            for home in homes:
                sys.modules[home] = ModuleType(home)
            for (home, name), value in mlflow_names.OURS.items():
                setattr(sys.modules[home], name, value)
            yield
        finally:
            sys.modules.update(before)
