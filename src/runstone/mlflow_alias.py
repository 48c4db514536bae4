"""`install_as_mlflow()`: from then on `import mlflow` is runstone, the way PyMySQL installs itself as MySQLdb."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

from runstone.version import MLFLOW_VERSION

if TYPE_CHECKING:
    from importlib.metadata import Distribution, DistributionFinder

_ENTITIES = (
    "dataset dataset_input experiment experiment_tag file_info input_tag lifecycle_stage logged_model logged_model_input "
    "logged_model_output logged_model_parameter logged_model_status logged_model_tag metric param run run_data run_info run_inputs run_outputs run_status run_tag source_type view_type"
)
_REGISTRY = (
    "model_version model_version_stages model_version_status model_version_tag registered_model registered_model_alias "
    "registered_model_tag"
)
_DATASETS = "dataset meta_dataset numpy_dataset pandas_dataset polars_dataset schema sources"
_SOURCES = "artifact_dataset_sources code_dataset_source dataset_source http_dataset_source"
# MLflow's modules and ours that hold the same names.
_MODULES = {
    "mlflow": "runstone",
    "mlflow.artifacts": "runstone.artifacts",
    "mlflow.client": "runstone.client",
    "mlflow.config": "runstone.config",
    "mlflow.data": "runstone.data",
    **{f"mlflow.data.{name}": f"runstone.data.{name}" for name in _DATASETS.split()},
    **{f"mlflow.data.{name}": "runstone.data.sources" for name in _SOURCES.split()},
    "mlflow.entities": "runstone.entities",
    **{f"mlflow.entities.{name}": "runstone.entities" for name in _ENTITIES.split()},
    "mlflow.entities.model_registry": "runstone.entities.model_registry",
    **{f"mlflow.entities.model_registry.{name}": "runstone.entities.model_registry" for name in _REGISTRY.split()},
    "mlflow.entities.webhook": "runstone.entities.webhook",
    "mlflow.exceptions": "runstone.exceptions",
    "mlflow.models": "runstone.models",
    "mlflow.models.model": "runstone.models",
    "mlflow.models.signature": "runstone.models",
    "mlflow.models.model_config": "runstone.models",
    "mlflow.models.utils": "runstone.models",
    "mlflow.pyfunc.model": "runstone.pyfunc",
    "mlflow.pyfunc.utils": "runstone.pyfunc",
    "mlflow.pyfunc.utils.data_validation": "runstone.pyfunc",
    **{
        f"mlflow.{name}": f"runstone.{name}"
        for name in [
            "catboost",
            "keras",
            "lightgbm",
            "onnx",
            "prophet",
            "pyfunc",
            "pytorch",
            "sklearn",
            "spacy",
            "statsmodels",
            "tensorflow",
            "transformers",
            "xgboost",
        ]
    },
    "mlflow.protos": "runstone.exceptions",
    "mlflow.protos.databricks_pb2": "runstone.exceptions",
    "mlflow.store": "runstone.entities",
    "mlflow.store.entities": "runstone.entities",
    "mlflow.store.entities.paged_list": "runstone.entities",
    "mlflow.system_metrics": "runstone.fluent.system_metrics",
    "mlflow.tracking": "runstone.tracking",
    "mlflow.tracking.client": "runstone.client",
    "mlflow.tracking.context": "runstone.tracking",
    "mlflow.tracking.context.registry": "runstone.tracking",
    "mlflow.tracking.fluent": "runstone",
    "mlflow.utils": "runstone.mlflow_tags",
    "mlflow.utils.mlflow_tags": "runstone.mlflow_tags",
    "mlflow.types": "runstone.types",
    "mlflow.types.schema": "runstone.types.schema",
    "mlflow.version": "runstone",
}


class _StandIn(ModuleType):
    """A module under MLflow's name whose contents are one of ours; what it is asked for once, it keeps."""

    def __getattr__(self, name: str) -> object:
        if (
            name.startswith("__") and name != "__all__"
        ):  # the import system's own facts about a module are this one's, not ours'
            raise AttributeError(name)
        value: object
        part = f"{self.__name__}.{name}"
        value = (
            importlib.import_module(part) if part in _MODULES else getattr(sys.modules[_MODULES[self.__name__]], name)
        )
        self.__dict__[name] = value
        return value

    def __dir__(self) -> Iterable[str]:
        return dir(sys.modules[_MODULES[self.__name__]])

    def __reduce__(self) -> tuple[Any, ...]:
        # cloudpickle (joblib's, dask's and ray's workers) sends a module by name only where its type is the plain one
        return _in_another_process, (self.__name__,)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != "mlflow" and not fullname.startswith("mlflow."):
            return None
        if fullname not in _MODULES:
            raise ModuleNotFoundError(
                f"{fullname!r} is not part of runstone, which stands in for mlflow here. "
                f"It has: {', '.join(sorted(name for name in _MODULES if name.count('.') < 2))}.",
                name=fullname,
            )
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        module.__doc__ = importlib.import_module(_MODULES[module.__name__]).__doc__
        if module.__name__ in ("mlflow", "mlflow.version"):
            module.__dict__.update(__version__=MLFLOW_VERSION, VERSION=MLFLOW_VERSION)

    def find_distributions(self, context: DistributionFinder.Context | None = None) -> Iterable[Distribution]:
        """What `importlib.metadata.version("mlflow")` finds; a listing of all that is installed does not show it."""
        if context is None or context.name is None or context.name.lower() != "mlflow":
            return []
        from importlib.metadata import Distribution

        class StandIn(Distribution):
            def read_text(self, filename: str) -> str | None:
                return f"Name: mlflow\nVersion: {MLFLOW_VERSION}\n" if filename == "METADATA" else None

            def locate_file(self, path: Any) -> Any:
                raise FileNotFoundError(path)

        return [StandIn()]


FINDER = _Finder()


def _in_another_process(name: str) -> ModuleType:
    install_as_mlflow()
    return importlib.import_module(name)


def install_as_mlflow() -> None:
    """Let `mlflow` and its parts resolve to runstone in this process. A part that runstone does not have raises an ImportError naming it.

    Raises RuntimeError where the real mlflow is imported already.
    """
    if FINDER in sys.meta_path:
        return
    if "mlflow" in sys.modules:
        raise RuntimeError(
            "mlflow is imported already. Call runstone.install_as_mlflow() before the first `import mlflow`."
        )
    sys.meta_path.insert(0, FINDER)
