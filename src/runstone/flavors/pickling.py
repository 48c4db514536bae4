"""Objects are pickled, and the modules that reading them needs are noted: those that their classes and functions come from, and those
that functions which go along whole import, wherever in them."""

from __future__ import annotations

import dis
import sys
from importlib.machinery import PathFinder
from types import CodeType, FunctionType, ModuleType
from typing import Any

# They are found by whoever loads a model: it has one of the two.
_TRACKERS = ("mlflow", "runstone")


def noting(pickler: type[Any], modules: set[str]) -> type[Any]:
    """A class of picklers that does the same, and adds to `modules`."""
    further = getattr(pickler, "reducer_override", None)

    class Noting(pickler):  # type: ignore[misc]
        def reducer_override(self, obj: Any) -> Any:
            reduced = NotImplemented if further is None else further(self, obj)
            # A function or class that goes along whole needs no module to come from.
            if reduced is NotImplemented or not isinstance(obj, type | FunctionType):
                modules.update(_modules_of(obj))
            return reduced

    return Noting


def needed(modules: set[str]) -> tuple[str, ...]:
    """Of modules that a model's objects and code name, those that it needs, sorted: not the trackers, nor what code only tries to import."""
    return tuple(sorted({_shortest(name) for name in modules if _is_there(name.partition(".")[0])}))


def _modules_of(obj: Any) -> list[str]:
    if isinstance(obj, CodeType):
        return _imported_in(obj)
    if isinstance(obj, ModuleType):
        return [obj.__name__]
    # Whatever has a qualified name is found by it: classes and functions, Cython's too, whose types are of no module that can be imported.
    home = getattr(obj, "__objclass__", obj) if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(home, "__module__", None)
    return [module] if isinstance(module, str) else []


def _imported_in(code: CodeType) -> list[str]:
    steps = list(dis.get_instructions(code))
    # level, names and the module: a relative import is of a package that goes along
    return [
        str(step.argval)
        for place, step in enumerate(steps)
        if step.opname == "IMPORT_NAME" and not (place > 1 and steps[place - 2].argval)
    ]


def _is_there(top: str) -> bool:
    if top in _TRACKERS or top == "__main__" or top in sys.stdlib_module_names:
        return False
    return top in sys.modules or PathFinder.find_spec(top) is not None


def _shortest(name: str) -> str:
    """The package, where it is one distribution's: of those that several share, the whole name says whose it is."""
    top = name.partition(".")[0]
    return top if getattr(sys.modules.get(top), "__file__", None) else name
