"""runstone: records machine-learning runs so that nothing is lost. Names only; each is loaded when first touched (PEP 562)."""

from __future__ import annotations

from runstone.version import __version__ as __version__

# What type checkers take for true; `typing` itself would be most of the cost of importing this package.
TYPE_CHECKING = False

# Name to the module that holds it. `import runstone` costs next to nothing; a script pays for what it uses.
_HOMES = {
    name: module
    for module, names in {
        "runstone.fluent.location": "set_tracking_uri get_tracking_uri is_tracking_uri_set set_registry_uri get_registry_uri",
        "runstone.fluent.session": "start_run end_run active_run last_active_run ActiveRun",
        "runstone.fluent.runs": "get_run get_parent_run delete_run restore_run search_runs",
        "runstone.fluent.experiments": (
            "set_experiment create_experiment get_experiment get_experiment_by_name search_experiments delete_experiment "
            "restore_experiment set_experiment_tag set_experiment_tags delete_experiment_tag"
        ),
        "runstone.fluent.records": (
            "log_metric log_metrics log_param log_params set_tag set_tags delete_tag flush_async_logging "
            "flush_artifact_async_logging metric_frame"
        ),
        "runstone.fluent.artifacts": (
            "log_artifact log_artifacts use_artifact log_text log_dict log_figure log_image log_table load_table log_stream get_artifact_uri "
            "open_artifact"
        ),
        "runstone.fluent.deleting": "delete_artifact",
        "runstone.fluent.inputs": "log_input log_inputs",
        "runstone.fluent.models": (
            "initialize_logged_model create_external_model finalize_logged_model get_logged_model last_logged_model "
            "search_logged_models log_model_params log_outputs set_logged_model_tags delete_logged_model_tag keep_best_models"
        ),
        "runstone.fluent.active_model": "ActiveModel set_active_model get_active_model_id clear_active_model",
        "runstone.fluent.registry": "register_model search_registered_models search_model_versions set_model_version_tag",
        "runstone.fluent.system_metrics": (
            "enable_system_metrics_logging disable_system_metrics_logging set_system_metrics_sampling_interval "
            "set_system_metrics_samples_before_logging set_system_metrics_node_id"
        ),
        "runstone.autologging.switches": "autolog",
        "runstone.models.copying": "copy_logged_model copy_model",
        "runstone.models.loading": "load_model",
        "runstone.models.logging": "log_model",
        "runstone.client": "Client MlflowClient",
        "runstone.client.pictures": "Image",
        "runstone.errors": "RunstoneError MlflowException",
        "runstone.safety.trust": "trusting",
        "runstone.mlflow_alias": "install_as_mlflow",
        "runstone.diagnosis": "doctor",
    }.items()
    for name in names.split()
}
# Modules that are there as attributes, as MLflow's are.
_MODULES = frozenset(
    [
        "artifacts",
        "catboost",
        "client",
        "config",
        "data",
        "entities",
        "errors",
        "exceptions",
        "keras",
        "lightgbm",
        "models",
        "onnx",
        "prophet",
        "pyfunc",
        "pytorch",
        "safety",
        "sklearn",
        "spacy",
        "statsmodels",
        "tensorflow",
        "tracking",
        "transformers",
        "xgboost",
    ]
)

__all__ = [*sorted(_HOMES), *sorted(_MODULES)]

if TYPE_CHECKING:
    from runstone import artifacts as artifacts
    from runstone import catboost as catboost
    from runstone import client as client
    from runstone import config as config
    from runstone import data as data
    from runstone import entities as entities
    from runstone import errors as errors
    from runstone import exceptions as exceptions
    from runstone import keras as keras
    from runstone import lightgbm as lightgbm
    from runstone import models as models
    from runstone import onnx as onnx
    from runstone import prophet as prophet
    from runstone import pyfunc as pyfunc
    from runstone import pytorch as pytorch
    from runstone import safety as safety
    from runstone import sklearn as sklearn
    from runstone import spacy as spacy
    from runstone import statsmodels as statsmodels
    from runstone import tensorflow as tensorflow
    from runstone import tracking as tracking
    from runstone import transformers as transformers
    from runstone import xgboost as xgboost
    from runstone.autologging.switches import autolog as autolog
    from runstone.client import Client as Client
    from runstone.client import MlflowClient as MlflowClient
    from runstone.client.pictures import Image as Image
    from runstone.diagnosis import doctor as doctor
    from runstone.errors import MlflowException as MlflowException
    from runstone.errors import RunstoneError as RunstoneError
    from runstone.fluent.active_model import ActiveModel as ActiveModel
    from runstone.fluent.active_model import clear_active_model as clear_active_model
    from runstone.fluent.active_model import get_active_model_id as get_active_model_id
    from runstone.fluent.active_model import set_active_model as set_active_model
    from runstone.fluent.artifacts import get_artifact_uri as get_artifact_uri
    from runstone.fluent.artifacts import load_table as load_table
    from runstone.fluent.artifacts import log_artifact as log_artifact
    from runstone.fluent.artifacts import log_artifacts as log_artifacts
    from runstone.fluent.artifacts import log_dict as log_dict
    from runstone.fluent.artifacts import log_figure as log_figure
    from runstone.fluent.artifacts import log_image as log_image
    from runstone.fluent.artifacts import log_stream as log_stream
    from runstone.fluent.artifacts import log_table as log_table
    from runstone.fluent.artifacts import log_text as log_text
    from runstone.fluent.artifacts import open_artifact as open_artifact
    from runstone.fluent.artifacts import use_artifact as use_artifact
    from runstone.fluent.deleting import delete_artifact as delete_artifact
    from runstone.fluent.experiments import create_experiment as create_experiment
    from runstone.fluent.experiments import delete_experiment as delete_experiment
    from runstone.fluent.experiments import delete_experiment_tag as delete_experiment_tag
    from runstone.fluent.experiments import get_experiment as get_experiment
    from runstone.fluent.experiments import get_experiment_by_name as get_experiment_by_name
    from runstone.fluent.experiments import restore_experiment as restore_experiment
    from runstone.fluent.experiments import search_experiments as search_experiments
    from runstone.fluent.experiments import set_experiment as set_experiment
    from runstone.fluent.experiments import set_experiment_tag as set_experiment_tag
    from runstone.fluent.experiments import set_experiment_tags as set_experiment_tags
    from runstone.fluent.inputs import log_input as log_input
    from runstone.fluent.inputs import log_inputs as log_inputs
    from runstone.fluent.location import get_registry_uri as get_registry_uri
    from runstone.fluent.location import get_tracking_uri as get_tracking_uri
    from runstone.fluent.location import is_tracking_uri_set as is_tracking_uri_set
    from runstone.fluent.location import set_registry_uri as set_registry_uri
    from runstone.fluent.location import set_tracking_uri as set_tracking_uri
    from runstone.fluent.models import create_external_model as create_external_model
    from runstone.fluent.models import delete_logged_model_tag as delete_logged_model_tag
    from runstone.fluent.models import finalize_logged_model as finalize_logged_model
    from runstone.fluent.models import get_logged_model as get_logged_model
    from runstone.fluent.models import initialize_logged_model as initialize_logged_model
    from runstone.fluent.models import keep_best_models as keep_best_models
    from runstone.fluent.models import last_logged_model as last_logged_model
    from runstone.fluent.models import log_model_params as log_model_params
    from runstone.fluent.models import log_outputs as log_outputs
    from runstone.fluent.models import search_logged_models as search_logged_models
    from runstone.fluent.models import set_logged_model_tags as set_logged_model_tags
    from runstone.fluent.records import delete_tag as delete_tag
    from runstone.fluent.records import flush_artifact_async_logging as flush_artifact_async_logging
    from runstone.fluent.records import flush_async_logging as flush_async_logging
    from runstone.fluent.records import log_metric as log_metric
    from runstone.fluent.records import log_metrics as log_metrics
    from runstone.fluent.records import log_param as log_param
    from runstone.fluent.records import log_params as log_params
    from runstone.fluent.records import metric_frame as metric_frame
    from runstone.fluent.records import set_tag as set_tag
    from runstone.fluent.records import set_tags as set_tags
    from runstone.fluent.registry import register_model as register_model
    from runstone.fluent.registry import search_model_versions as search_model_versions
    from runstone.fluent.registry import search_registered_models as search_registered_models
    from runstone.fluent.registry import set_model_version_tag as set_model_version_tag
    from runstone.fluent.runs import delete_run as delete_run
    from runstone.fluent.runs import get_parent_run as get_parent_run
    from runstone.fluent.runs import get_run as get_run
    from runstone.fluent.runs import restore_run as restore_run
    from runstone.fluent.runs import search_runs as search_runs
    from runstone.fluent.session import ActiveRun as ActiveRun
    from runstone.fluent.session import active_run as active_run
    from runstone.fluent.session import end_run as end_run
    from runstone.fluent.session import last_active_run as last_active_run
    from runstone.fluent.session import start_run as start_run
    from runstone.fluent.system_metrics import disable_system_metrics_logging as disable_system_metrics_logging
    from runstone.fluent.system_metrics import enable_system_metrics_logging as enable_system_metrics_logging
    from runstone.fluent.system_metrics import set_system_metrics_node_id as set_system_metrics_node_id
    from runstone.fluent.system_metrics import (
        set_system_metrics_samples_before_logging as set_system_metrics_samples_before_logging,
    )
    from runstone.fluent.system_metrics import (
        set_system_metrics_sampling_interval as set_system_metrics_sampling_interval,
    )
    from runstone.mlflow_alias import install_as_mlflow as install_as_mlflow
    from runstone.models.copying import copy_logged_model as copy_logged_model
    from runstone.models.copying import copy_model as copy_model
    from runstone.models.loading import load_model as load_model
    from runstone.models.logging import log_model as log_model
    from runstone.safety.trust import trusting as trusting


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _MODULES:
        return import_module(f"runstone.{name}")
    home = _HOMES.get(name)
    if home is None:
        from difflib import get_close_matches

        near = [] if name.startswith("_") else get_close_matches(name, __all__, 1, 0.8)
        raise AttributeError(
            f"runstone has no {name!r}. Did you mean {near[0]!r}?"
            if near
            else f"runstone has no {name!r}. It has what MLflow has for runs, experiments, metrics, artifacts, datasets, models and the registry. "
            "A model of another kind: save it with its own library (joblib.dump, torch.save, ...) and log that with log_artifact."
        )
    value: object = getattr(import_module(home), name)
    globals()[name] = value  # the next use finds it without coming here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
