"""Names, arguments, their order and defaults, and the entities' properties: what the real MLflow has, runstone has."""

from __future__ import annotations

import importlib
import inspect
import operator
from typing import Any

import pytest
from tests.mlflow_compat.real import ask

import runstone
from runstone import entities
from runstone.client import Client
from runstone.entities import model_registry  # noqa: F401  # a module of `entities` from here on

pytestmark = pytest.mark.compat

FUNCTIONS = {
    "mlflow": (
        "set_tracking_uri get_tracking_uri is_tracking_uri_set set_registry_uri get_registry_uri start_run end_run active_run "
        "last_active_run get_run get_parent_run delete_run restore_run search_runs flush_async_logging "
        "flush_artifact_async_logging doctor set_experiment create_experiment get_experiment get_experiment_by_name "
        "search_experiments delete_experiment restore_experiment set_experiment_tag set_experiment_tags delete_experiment_tag "
        "log_param log_params log_metric log_metrics set_tag set_tags delete_tag log_artifact log_artifacts log_text log_dict "
        "log_figure log_image log_table load_table log_stream get_artifact_uri log_input log_inputs "
        "initialize_logged_model create_external_model finalize_logged_model get_logged_model last_logged_model search_logged_models "
        "log_model_params log_outputs set_logged_model_tags delete_logged_model_tag register_model search_registered_models "
        "search_model_versions set_model_version_tag set_active_model get_active_model_id clear_active_model "
        "enable_system_metrics_logging disable_system_metrics_logging set_system_metrics_sampling_interval "
        "set_system_metrics_samples_before_logging set_system_metrics_node_id autolog"
    ),
    "mlflow.artifacts": "download_artifacts list_artifacts load_text load_dict load_image",
    **{
        f"mlflow.{flavor}": "save_model log_model load_model"
        for flavor in (
            "lightgbm",
            "sklearn",
            "xgboost",
            "catboost",
            "statsmodels",
            "onnx",
            "prophet",
            "pyfunc",
            "spacy",
            "transformers",
        )
    },
    **{
        f"mlflow.{flavor}": "save_model log_model load_model autolog"
        for flavor in ("lightgbm", "sklearn", "statsmodels", "xgboost")
    },
    "mlflow.pytorch": "save_model log_model load_model save_state_dict log_state_dict load_state_dict load_checkpoint",
    "mlflow.models": (
        "add_libraries_to_model build_docker convert_input_example_to_serving_input get_model_info "
        "infer_pip_requirements infer_signature predict set_model set_signature update_model_requirements validate_schema validate_serving_input Model.log Model.load_input_example ModelConfig.get"
    ),
    "mlflow.pyfunc ": "add_to_model get_model_dependencies PythonModel.predict PythonModel.load_context PyFuncModel.predict",
    "mlflow.config": "enable_async_logging set_tracking_uri get_tracking_uri is_tracking_uri_set set_registry_uri get_registry_uri",
}
METHODS = (
    "create_experiment delete_experiment delete_experiment_tag get_experiment get_experiment_by_name rename_experiment "
    "restore_experiment search_experiments set_experiment_tag create_run delete_run delete_tag get_metric_history get_parent_run "
    "get_run log_batch log_inputs log_metric log_param restore_run search_runs set_tag set_terminated update_run "
    "download_artifacts list_artifacts load_table log_artifact log_artifacts log_dict log_figure log_image log_stream log_table "
    "log_text log_outputs create_logged_model finalize_logged_model get_logged_model delete_logged_model set_logged_model_tags "
    "delete_logged_model_tag log_model_params search_logged_models create_registered_model get_registered_model "
    "rename_registered_model update_registered_model delete_registered_model search_registered_models get_latest_versions "
    "set_registered_model_tag delete_registered_model_tag set_registered_model_alias delete_registered_model_alias "
    "get_model_version_by_alias create_model_version copy_model_version log_model_artifact log_model_artifacts get_model_version update_model_version "
    "transition_model_version_stage get_model_version_stages delete_model_version get_model_version_download_uri "
    "search_model_versions set_model_version_tag delete_model_version_tag list_logged_model_artifacts "
    "create_webhook get_webhook list_webhooks update_webhook delete_webhook test_webhook"
)
NAMES = [
    *(f"{module.strip()}.{name}" for module, names in FUNCTIONS.items() for name in names.split()),
    *(f"mlflow.client.MlflowClient.{name}" for name in ["__init__", *METHODS.split()]),
]
# Where traces and workspaces would be said: docs/differences.md, "Not here".
ABSENT = {"trace_location", "workspace_store_uri", "workspace", "effective_trace_archival_retention"}

ENTITIES = (
    "Metric Param RunTag Run RunInfo RunData RunInputs RunOutputs Experiment ExperimentTag FileInfo Dataset DatasetInput InputTag "
    "LoggedModelInput LoggedModelOutput LoggedModel LoggedModelTag LoggedModelParameter model_registry.RegisteredModel "
    "model_registry.ModelVersion model_registry.RegisteredModelTag model_registry.ModelVersionTag model_registry.RegisteredModelAlias "
    "Webhook WebhookEvent WebhookTestResult"
)
CONSTANTS = "ViewType RunStatus LifecycleStage SourceType"

ASK = """
import inspect, mlflow, operator, mlflow.entities.model_registry
def described(name):
    parts = name.split(".")
    value = mlflow
    for part in parts[1:]:
        value = getattr(value, part)
    return [
        [p.name, p.kind.name, "required" if p.default is p.empty else repr(p.default)]
        for p in inspect.signature(value).parameters.values() if p.name != "self"
    ]
import mlflow.artifacts, mlflow.client, mlflow.config, mlflow.sklearn, mlflow.xgboost, mlflow.lightgbm, mlflow.catboost, mlflow.statsmodels, mlflow.onnx, mlflow.prophet, mlflow.pytorch, mlflow.spacy, mlflow.transformers, mlflow.pyfunc, mlflow.entities, mlflow.protos.databricks_pb2 as codes, mlflow.utils.mlflow_tags as tags
def shown(name):
    kind = operator.attrgetter(name)(mlflow.entities)
    return {
        "arguments": [p for p in inspect.signature(kind).parameters if p not in ("args", "kwargs")],
        "properties": [k for k in dir(kind) if isinstance(inspect.getattr_static(kind, k), property)],
        "constants": {k: v for k, v in vars(kind).items() if k.isupper() and isinstance(v, (int, str))},
    }
answer = {
    "signatures": {name: described(name) for name in given["names"]},
    "entities": {name: shown(name) for name in given["entities"]},
    "codes": dict(codes.ErrorCode.items()),
    "tags": {k: v for k, v in vars(tags).items() if k.isupper() and isinstance(v, str)},
    "version": mlflow.__version__,
}
"""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return ask(ASK, {"names": NAMES, "entities": f"{ENTITIES} {CONSTANTS}".split()}, tmp_path_factory.mktemp("real"))


def _ours(name: str) -> Any:
    module, _, function = name.rpartition(".")
    if module == "mlflow.client.MlflowClient":
        return getattr(Client, function)
    kind = module.rpartition(".")[2]
    if kind[:1].isupper():
        return getattr(_ours(module), function)
    return getattr(importlib.import_module(module.replace("mlflow", "runstone")), function)


def _difference(theirs: list[list[str]], ours: inspect.Signature) -> str | None:
    """Where a call that MLflow takes would not be taken: a name, its place, its kind or its default."""
    own = [parameter for name, parameter in ours.parameters.items() if name != "self"]
    wanted = [parameter for parameter in theirs if parameter[0] not in ABSENT]
    for place, (name, kind, default) in enumerate(wanted):
        if place >= len(own) or own[place].name != name:
            return f"{name!r} is not argument {place + 1}"
        if own[place].kind.name != kind:
            return f"{name!r} is {own[place].kind.name}, not {kind}"
        # What MLflow requires may have a default here; a default must be the same.
        if default != "required" and repr(own[place].default) != default:
            return f"{name!r} has the default {own[place].default!r}, not {default}"
    for extra in own[len(wanted) :]:
        if extra.default is extra.empty and extra.kind not in (extra.VAR_KEYWORD, extra.VAR_POSITIONAL):
            return f"{extra.name!r} is required, and unknown to MLflow"
    return None


def test_every_function_takes_mlflows_arguments(real: Any) -> None:
    found = {name: _difference(real["signatures"][name], inspect.signature(_ours(name))) for name in NAMES}
    assert {name: difference for name, difference in found.items() if difference} == {}


def test_every_entity_is_made_with_mlflows_arguments_and_has_its_properties(real: Any) -> None:
    lists = "tags params metrics dataset_inputs model_inputs model_outputs aliases latest_versions"
    event = {"entity": "model_version", "action": "created"}
    values: dict[str, Any] = {
        **{name: [] for name in lists.split()},
        "status": entities.LoggedModelStatus.READY,
        **event,
    }
    for name in ENTITIES.split():
        kind = operator.attrgetter(name)(entities)
        arguments = [argument for argument in real["entities"][name]["arguments"] if argument not in ABSENT]
        given = {argument: values.get(argument, argument) for argument in arguments}
        by_name, by_place = kind(**given), kind(*given.values())
        assert by_name == by_place, f"{name}'s arguments have another order"
        for property_ in real["entities"][name]["properties"]:
            if property_ not in ABSENT:
                value = getattr(by_name, property_)
                assert not isinstance(given.get(property_), str) or value == given[property_], f"{name}.{property_}"


def test_every_constant_is_mlflows(real: Any) -> None:
    for name in CONSTANTS.split():
        for constant, value in real["entities"][name]["constants"].items():
            assert getattr(getattr(entities, name), constant) == value, f"{name}.{constant}"


def test_the_codes_and_tags_that_runstone_names_are_mlflows(real: Any) -> None:
    from runstone import exceptions, mlflow_tags
    from runstone.errors import CODE_NUMBERS

    assert CODE_NUMBERS.items() <= real["codes"].items()
    assert {name: getattr(exceptions, name) for name in CODE_NUMBERS} == CODE_NUMBERS
    named = {name: value for name, value in vars(mlflow_tags).items() if name.startswith("MLFLOW_")}
    assert named.items() <= real["tags"].items()


def test_the_release_that_libraries_are_told_is_the_one_compared_with(real: Any) -> None:
    from runstone.version import MLFLOW_VERSION

    assert real["version"] == MLFLOW_VERSION
    assert runstone.__version__ != MLFLOW_VERSION
