"""Models that predict, whatever they are: any saved model loaded as one; one's own Python code saved as one. As `mlflow.pyfunc`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from runstone.flavors.flavor import Flavor
from runstone.flavors.pyfunc import loading as _loading
from runstone.flavors.pyfunc import saving as _saving
from runstone.flavors.pyfunc.python_model import PythonModel, PythonModelContext
from runstone.models.published import published
from runstone.models.pyfunc import PyFuncModel
from runstone.models.pyfunc import load as _load

__all__ = ["PyFuncModel", "PythonModel", "PythonModelContext", "load_model", "log_model", "save_model"]


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
    return _saving.save(
        model,
        folder,
        fetch=_fetch,
        loader_module=loader_module,
        data_path=data_path,
        artifacts=artifacts,
        model_config=model_config,
        streamable=streamable,
    )


def _fetch(uri: str, folder: str) -> str:
    from runstone.client.uris import parts_of_uri
    from runstone.fluent.location import client

    return client().download_artifacts(*parts_of_uri(uri), folder)


FLAVOR = Flavor(
    name="pyfunc",
    argument="python_model",
    recognises=_saving.recognises,
    save=_save,
    load=_loading.load,
    predictor=lambda model, folder: _saving.object_of(model, folder.pyfunc.get("config")).predict,
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
