"""Python models as pickles, by cloudpickle: what MLflow pickled is read here, and what is pickled here by MLflow, with or without the other there."""

from __future__ import annotations

import contextlib
import pickle
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from runstone.flavors.pyfunc.python_model import HOME, PICKLED
from runstone.safety.held import Held


def cloudpickle() -> Any:
    """The library. Raises ImportError, which says how to get it."""
    try:
        import cloudpickle
    except ImportError as error:
        raise ImportError("Models of Python code are pickled by cloudpickle: `pip install cloudpickle`.") from error
    return cloudpickle


def dump(model: Any, path: str) -> None:
    """Pickle a model; our own classes in it by MLflow's names."""
    library = cloudpickle()
    with open(path, "wb") as file, _home():
        library.dump(model, file)


def load(held: Held) -> Any:
    """Read a pickled model. Whoever calls asked whether it may be."""
    cloudpickle()
    with held.open() as file:
        return _Unpickler(file).load()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module == HOME and name in PICKLED:
            return PICKLED[name]
        if module.partition(".")[0] == "mlflow" and "mlflow" not in sys.modules:
            with contextlib.suppress(ImportError):
                return super().find_class(module, name)
            return _ours(module, name)
        return super().find_class(module, name)


def _ours(module: str, name: str) -> Any:
    """What stands for a name of MLflow's where MLflow is not."""
    from runstone.flavors.pyfunc import mlflow_names

    return mlflow_names.find(module, name)


@contextlib.contextmanager
def _home() -> Iterator[None]:
    """A module of MLflow's name that holds our classes, while something is pickled: pickle looks there whether the name means the class."""
    above = [".".join(HOME.split(".")[: depth + 1]) for depth in range(HOME.count(".") + 1)]
    before = {name: sys.modules.get(name) for name in above}
    stand_in = ModuleType(HOME)
    stand_in.__dict__.update(PICKLED)
    try:
        for name in above[:-1]:
            if before[name] is None:
                sys.modules[name] = ModuleType(name)
        sys.modules[HOME] = stand_in
        yield
    finally:
        for name, module in before.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module
