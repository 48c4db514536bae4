"""What can be asked of what runs made: logged models, and the older note of a model among a run's files. Messages in MLflow's wire shape."""

from __future__ import annotations

from typing import Any

import msgspec

from runstone.entities import LoggedModelOutput
from runstone.errors import InvalidParameter
from runstone.operations import model_rules, rules
from runstone.operations.engine import Engine
from runstone.operations.numbers import check_integer
from runstone.operations.table import Empty, operation
from runstone.store import arrivals, logged_models, model_links, runs, series

MOST_MODELS = 1_000
HISTORY_TAG = "mlflow.log-model.history"
# Of a model noted so, the tag keeps these; a description without one of the first four is none.
_NOTED = (
    "run_id",
    "artifact_path",
    "utc_time_created",
    "flavors",
    "model_uuid",
    "signature",
    "model_size_bytes",
    "mlflow_version",
)


class LogOutputs(msgspec.Struct, omit_defaults=True):
    """Models that a run made."""

    run_id: str | None = None
    models: list[LoggedModelOutput] | None = None


class LogModelOutput(msgspec.Struct, omit_defaults=True):
    """A model that a run made, and at which step."""

    run_id: str
    model_id: str
    step: int = 0


class LogModel(msgspec.Struct, omit_defaults=True):
    """A model's description, its MLmodel file as JSON text."""

    run_id: str | None = None
    model_json: str | None = None


@operation("POST", "/mlflow/runs/outputs", permission="edit")
def log_outputs(engine: Engine, request: LogOutputs) -> Empty:
    """Say that a run made these models, each at a step; saying it again changes nothing."""
    run_id = rules.check_run_id(request.run_id)
    if request.models is None:
        raise rules.missing("models")
    rules.check_limit("models", len(request.models), MOST_MODELS)
    outputs = [
        (model_rules.check_model_id(model.model_id), check_integer("step", "model", model.step))
        for model in request.models
    ]
    with engine.database.write() as connection:
        model_links.add_outputs(connection, runs.require(connection, run_id, active=True), outputs)
    return Empty()


@operation("POST", "/runstone/runs/log-model-output", permission="edit")
def log_model_output(engine: Engine, request: LogModelOutput) -> Empty:
    """Say that a run made a model at a step. The run's params are the model's, but for those that it has itself; so is what the run measured
    at that step of no model. Saying it again changes nothing."""
    run_id = rules.check_run_id(request.run_id)
    model_id = model_rules.check_model_id(request.model_id)
    step = check_integer("step", "model", request.step)
    with engine.database.write() as connection:
        run, model = runs.require(connection, run_id, active=True), logged_models.require(connection, model_id)
        model_links.add_outputs(connection, run, [(model_id, step)])
        logged_models.add_params_of_run(connection, model, run)
        arrivals.gather(connection, run)
        measured = series.at_step(connection, run, step)
        if measured:
            groups = [(context._replace(model_id=model_id), points) for context, points in measured]
            series.append(connection, run, groups)
    return Empty()


@operation("POST", "/mlflow/runs/log-model", permission="edit")
def log_model(engine: Engine, request: LogModel) -> Empty:
    """Note on a run that a model lies among its files, as MLflow 2 does: the tag `mlflow.log-model.history` holds all of them."""
    run_id = rules.check_run_id(request.run_id)
    noted = _noted(model_rules.required("model_json", request.model_json))
    with engine.database.write() as connection:
        run = runs.require(connection, run_id, active=True)
        runs.set_tags(connection, run, [(HISTORY_TAG, _appended(runs.tag(connection, run, HISTORY_TAG), noted))])
    return Empty()


def _noted(text: str) -> dict[str, Any]:
    try:
        given = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise InvalidParameter(f"Malformed model info. \n {text[:200]} \n is not a valid JSON.")
    missing = [name for name in _NOTED[:4] if name not in given]
    if missing:
        raise InvalidParameter(f"Model json is missing mandatory fields: {', '.join(missing)}.")
    return {name: given[name] for name in _NOTED if name in given}


def _appended(history: str | None, noted: dict[str, Any]) -> str:
    try:
        known = msgspec.json.decode(history or "[]", type=list[Any])
    except msgspec.DecodeError:
        known = []  # somebody set the tag to something else; what is noted now is kept
    return msgspec.json.encode([*known, noted]).decode()
