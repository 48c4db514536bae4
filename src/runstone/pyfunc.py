"""Models that predict, whatever they are: any saved model loaded as one; one's own Python code saved as one. As `mlflow.pyfunc`."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

from runstone.errors import NotServed
from runstone.flavors.flavor import Flavor, Folder, Predict
from runstone.flavors.pyfunc import loading as _loading
from runstone.flavors.pyfunc import saving as _saving
from runstone.flavors.pyfunc.checking import pyfunc
from runstone.flavors.pyfunc.python_model import FunctionModel as _FunctionPythonModel  # noqa: F401  (pickled by this name)
from runstone.flavors.pyfunc.python_model import PythonModel, PythonModelContext
from runstone.models.mlmodel import PYFUNC, Model
from runstone.models.published import published
from runstone.models.pyfunc import PyFuncModel
from runstone.models.pyfunc import load as _load
from runstone.models.requirements import get_model_dependencies
from runstone.safety.trust import trusting

__all__ = [
    "PyFuncModel",
    "PythonModel",
    "PythonModelContext",
    "add_to_model",
    "get_model_dependencies",
    "load_model",
    "log_model",
    "pyfunc",
    "save_model",
]


def _save(
    model: Any,
    folder: str,
    *,
    loader_module: str | None = None,
    data_path: str | None = None,
    infer_code_paths: bool = False,
    artifacts: dict[str, str] | None = None,
    model_config: str | Path | dict[str, Any] | None = None,
    streamable: bool | None = None,
    resources: Any = None,
    auth_policy: Any = None,
    uv_project_path: Any = None,
    uv_groups: Any = None,
    uv_extras: Any = None,
    prompts: Any = None,
) -> Any:
    _refuse(resources=resources, auth_policy=auth_policy, prompts=prompts)
    _refuse(uv_project_path=uv_project_path, uv_groups=uv_groups, uv_extras=uv_extras)
    return _saving.save(
        model,
        folder,
        fetch=_fetch,
        loader_module=loader_module,
        data_path=data_path,
        artifacts=artifacts,
        model_config=model_config,
        streamable=streamable,
        infer_code_paths=infer_code_paths,
    )


_WHY = {
    "resources": "Resources are Databricks' services; a model is served here without.",
    "auth_policy": "Who may ask a model is said where it is served.",
    "prompts": "runstone keeps no prompts; keep them as files: artifacts={...}.",
}


def _refuse(**given: Any) -> None:
    """Raise NotServed for an argument of MLflow's that means nothing here: what is asked for is not dropped without a word."""
    for name, value in given.items():
        if value is not None:
            why = _WHY.get(
                name,
                "What a model needs is read off this process, and locked; say it yourself by pip_requirements (a file that `uv export` wrote will do).",
            )
            raise NotServed(f"runstone does not take {name}. {why}")


def _fetch(uri: str, folder: str) -> str:
    from runstone.client.uris import parts_of_uri
    from runstone.fluent.location import client

    return client().download_artifacts(*parts_of_uri(uri), folder)


def _predictor(model: Any, folder: Folder) -> Predict:
    """Predicts as what was saved will: `load_context` is called on a copy that is read back."""

    def predict(data: Any, params: dict[str, Any] | None = None) -> Any:
        with trusting():  # it was made in this process
            return _loading.load(folder).predict(data, params)

    return predict


FLAVOR = Flavor(
    name="pyfunc",
    argument="python_model",
    recognises=_saving.recognises,
    save=_save,
    load=_loading.load,
    predictor=_predictor,
    check=_saving.check,
    save_order=(
        "path loader_module data_path code_paths infer_code_paths conda_env mlflow_model python_model artifacts signature input_example "
        "pip_requirements extra_pip_requirements metadata model_config streamable resources auth_policy uv_project_path uv_groups uv_extras **kwargs"
    ),
    log_order=(
        "artifact_path loader_module data_path code_paths infer_code_paths conda_env python_model artifacts registered_model_name signature "
        "input_example await_registration_for pip_requirements extra_pip_requirements metadata model_config streamable resources auth_policy "
        "uv_project_path uv_groups uv_extras prompts name params tags model_type step model_id"
    ),
)
save_model, log_model, _ = published(FLAVOR)


def load_model(
    model_uri: str | os.PathLike[str],
    suppress_warnings: bool = False,
    dst_path: str | None = None,
    model_config: str | Path | dict[str, Any] | None = None,
) -> PyFuncModel:
    """Load any model as something that predicts.

    Args:
        model_uri: its address: models:/NAME/3, models:/NAME@ALIAS, models:/m-ID, runs:/RUN/NAME, or a folder.
        suppress_warnings: taken for MLflow's sake.
        dst_path: an existing folder to fetch its files to; a temporary one unless given.
        model_config: options of a Python model, in place of those it was saved with; a mapping or a YAML file.

    Raises:
        NotFound: there is no such model.
        InvalidParameter: it does not predict.
        Forbidden: loading it would run code that nobody vouches for.
        CorruptData: its files are not as they were stored.
    """
    return _load(model_uri, dst_path, model_config)


def add_to_model(
    model: Model,
    loader_module: str,
    data: str | None = None,
    code: str | None = None,
    conda_env: str | None = None,
    python_env: str | None = None,
    model_config: dict[str, Any] | None = None,
    model_code_path: str | None = None,
    **kwargs: Any,
) -> Model:
    """Say in a model's description that it predicts, for flavors of one's own; the description comes back.

    Args:
        model: the description.
        loader_module: a module with `_load_pyfunc(path)`.
        data: what that is given, by its path in the model's folder.
        code: a folder of code in the model's folder, to be importable when it is loaded.
        conda_env, python_env: files there that say what it needs.
        model_config: options of loading.
        model_code_path: a file of code there, for models from code.
        **kwargs: more keys of its block.
    """
    env = {kind: name for kind, name in (("conda", conda_env), ("virtualenv", python_env)) if name}
    block = {
        "code": code, "data": data, "env": env, "config": model_config, "model_code_path": model_code_path,
    }  # fmt: skip
    known = {key: value for key, value in block.items() if value}
    return model.add_flavor(
        PYFUNC, loader_module=loader_module, python_version=platform.python_version(), **known, **kwargs
    )
