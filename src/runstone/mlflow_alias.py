"""`install_as_mlflow()`: from then on `import mlflow` is runstone, the way PyMySQL installs itself as MySQLdb."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType

# MLflow's modules and ours that hold the same names.
_MODULES = {
    "mlflow": "runstone",
    "mlflow.artifacts": "runstone.artifacts",
    "mlflow.client": "runstone.client",
    "mlflow.config": "runstone.config",
    "mlflow.data": "runstone.data",
    "mlflow.entities": "runstone.entities",
    "mlflow.exceptions": "runstone.errors",
    "mlflow.tracking": "runstone.tracking",
    "mlflow.tracking.client": "runstone.client",
}


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != "mlflow" and not fullname.startswith("mlflow."):
            return None
        if fullname not in _MODULES:
            raise ImportError(
                f"{fullname!r} is not part of runstone, which stands in for mlflow here. It has: {', '.join(sorted(_MODULES))}.",
                name=fullname,
            )
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        # The import system writes its own facts into the module it is given: a stand-in takes them, and ours stays as it is.
        return ModuleType(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = importlib.import_module(_MODULES[module.__name__])


def install_as_mlflow() -> None:
    """Let `mlflow` and its parts resolve to runstone in this process. A part that runstone does not have raises an ImportError naming it.

    Raises RuntimeError where the real mlflow is imported already.
    """
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    if "mlflow" in sys.modules:
        raise RuntimeError(
            "mlflow is imported already. Call runstone.install_as_mlflow() before the first `import mlflow`."
        )
    sys.meta_path.insert(0, _Finder())
