"""While a model's own code runs, `import mlflow` finds runstone where MLflow is not installed: models that were written for MLflow run here.

Only meanwhile, and nowhere else: to other libraries MLflow stays as missing as it is.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import threading
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

_lock = threading.Lock()
_within = 0
_named: set[str] = set()
_made: dict[str, ModuleType] = {}


class _Last(importlib.abc.MetaPathFinder):
    """Asked last of all: MLflow, if it is installed, has been found by then."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] != "mlflow" or not _is_ours():
            return None
        # a public module is above this one: it is only named
        alias: Any = importlib.import_module("runstone.mlflow_alias")
        spec: importlib.machinery.ModuleSpec | None = alias.FINDER.find_spec(fullname, path, target)
        _named.add(fullname)
        return spec


def _is_ours() -> bool:
    """Whether no real MLflow is imported already, whose missing parts are not runstone's."""
    top = sys.modules.get("mlflow")
    return top is None or getattr(getattr(top, "__spec__", None), "origin", None) is None


def is_runstone() -> bool:
    """Whether, within `for_mlflow`, `mlflow` is runstone."""
    spec = importlib.util.find_spec("mlflow")
    return spec is not None and spec.origin is None


_finder = _Last()


@contextlib.contextmanager
def for_mlflow() -> Iterator[None]:
    """Within, `mlflow` resolves to runstone if it would not resolve otherwise."""
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _within
    with _lock:
        _within += 1
        if _within == 1:
            sys.meta_path.append(_finder)
            for name, module in _made.items():
                sys.modules.setdefault(name, module)


def _leave() -> None:
    global _within
    with _lock:
        _within -= 1
        if _within:
            return
        sys.meta_path.remove(_finder)
        for name in _named:
            module = sys.modules.pop(name, None)
            if module is not None:
                _made[name] = module
