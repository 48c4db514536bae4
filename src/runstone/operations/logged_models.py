"""What can be asked of logged models, their params and tags. Messages in MLflow's wire shape; the rules."""

from __future__ import annotations

import os

import msgspec

from runstone.entities import LoggedModel, LoggedModelParameter, LoggedModelTag
from runstone.entities.logged_models import STATUSES, LoggedModelStatus
from runstone.errors import InvalidParameter, NotFound
from runstone.operations import model_rules, names, rules
from runstone.operations.engine import Engine
from runstone.operations.table import Empty, operation
from runstone.store import arrivals, experiments, logged_models
from runstone.store.database import Connection

# By name, and by number as protocol buffers may write it.
_STATUSES = {key: status for number, (name, status) in enumerate(STATUSES.items()) for key in (name, str(number))}


class CreateLoggedModel(msgspec.Struct, omit_defaults=True):
    """A model without a name is given one. Who says nothing of its type or its run says an empty text, as on MLflow's wire."""

    experiment_id: str | None = None
    name: str | None = None
    model_type: str | None = ""
    source_run_id: str | None = ""
    params: list[LoggedModelParameter] = []
    tags: list[LoggedModelTag] = []


class LoggedModelAnswer(msgspec.Struct, omit_defaults=True):
    """One logged model."""

    model: LoggedModel


class GetLoggedModel(msgspec.Struct, omit_defaults=True):
    """One logged model, by id; with `allow_deleted` also one that was deleted."""

    model_id: str | None = None
    allow_deleted: bool = False


class LoggedModelId(msgspec.Struct, omit_defaults=True):
    """One logged model, by id."""

    model_id: str | None = None


class FinalizeLoggedModel(msgspec.Struct, omit_defaults=True):
    """Where it stands: LOGGED_MODEL_READY or LOGGED_MODEL_UPLOAD_FAILED, or the number of a status."""

    model_id: str | None = None
    status: str | int | None = None


class LogLoggedModelParams(msgspec.Struct, omit_defaults=True):
    """Params of a model."""

    model_id: str | None = None
    params: list[LoggedModelParameter] = []


class SetLoggedModelTags(msgspec.Struct, omit_defaults=True):
    """Tags for a model."""

    model_id: str | None = None
    tags: list[LoggedModelTag] = []


class DeleteLoggedModelTag(msgspec.Struct, omit_defaults=True):
    """A tag to take away."""

    model_id: str | None = None
    tag_key: str | None = None


@operation("POST", "/mlflow/logged-models", permission="edit")
def create_logged_model(engine: Engine, request: CreateLoggedModel) -> LoggedModelAnswer:
    """A new logged model, PENDING until it is finalized. Raises NotFound for a missing experiment."""
    experiment = rules.check_experiment_id(request.experiment_id)
    name = model_rules.check_logged_model_name(request.name) if request.name else names.random_name()
    params = [model_rules.check_logged_model_label("param", param.key, param.value) for param in request.params]
    tags = [model_rules.check_logged_model_label("tag", tag.key, tag.value) for tag in request.tags]
    model_type = model_rules.optional("model_type", request.model_type)
    source = model_rules.optional("source_run_id", request.source_run_id)
    model_id = f"m-{os.urandom(16).hex()}"
    with engine.database.write() as connection:
        _, location = experiments.require(connection, experiment, active=True)
        uri = f"{location}/models/{model_id}/artifacts"
        model = logged_models.insert(
            connection, model_id, experiment, name, model_type, source, uri, engine.now()
        )  # fmt: skip
        _add_params(connection, model_id, model, params)
        logged_models.set_tags(connection, model, tags)
        return _answer(connection, model)


@operation("GET", "/mlflow/logged-models/{model_id}", permission="read")
def get_logged_model(engine: Engine, request: GetLoggedModel) -> LoggedModelAnswer:
    """One logged model, with what was measured of it. Raises NotFound."""
    model_id = model_rules.required("model_id", request.model_id)
    with engine.reading_points() as connection:
        return _answer(connection, logged_models.require(connection, model_id, deleted=request.allow_deleted))


@operation("PATCH", "/mlflow/logged-models/{model_id}", permission="edit")
def finalize_logged_model(engine: Engine, request: FinalizeLoggedModel) -> LoggedModelAnswer:
    """Say that a model's files are all there, or will not come."""
    model_id = model_rules.required("model_id", request.model_id)
    status = _status(request.status)
    with engine.database.write() as connection:
        model = logged_models.require(connection, model_id)
        logged_models.set_status(connection, model, status, engine.now())
        arrivals.gather(connection)  # the answer shows what was measured
        return _answer(connection, model)


@operation("DELETE", "/mlflow/logged-models/{model_id}", permission="edit")
def delete_logged_model(engine: Engine, request: LoggedModelId) -> Empty:
    """Delete a model; its files and its points are kept."""
    model_id = model_rules.required("model_id", request.model_id)
    with engine.database.write() as connection:
        logged_models.delete(connection, logged_models.require(connection, model_id, deleted=True), engine.now())
    return Empty()


@operation("POST", "/mlflow/logged-models/{model_id}/params", permission="edit")
def log_logged_model_params(engine: Engine, request: LogLoggedModelParams) -> Empty:
    """Log params. The same value again is no change; another value is an InvalidParameter."""
    model_id = model_rules.required("model_id", request.model_id)
    params = [model_rules.check_logged_model_label("param", param.key, param.value) for param in request.params]
    with engine.database.write() as connection:
        _add_params(connection, model_id, logged_models.require(connection, model_id), params)
    return Empty()


@operation("PATCH", "/mlflow/logged-models/{model_id}/tags", permission="edit")
def set_logged_model_tags(engine: Engine, request: SetLoggedModelTags) -> Empty:
    """Set tags, in place of those of the same keys."""
    model_id = model_rules.required("model_id", request.model_id)
    tags = [model_rules.check_logged_model_label("tag", tag.key, tag.value) for tag in request.tags]
    with engine.database.write() as connection:
        logged_models.set_tags(connection, logged_models.require(connection, model_id), tags)
    return Empty()


@operation("DELETE", "/mlflow/logged-models/{model_id}/tags/{tag_key}", permission="edit")
def delete_logged_model_tag(engine: Engine, request: DeleteLoggedModelTag) -> Empty:
    """Take a tag away. Raises NotFound where there is none."""
    model_id, key = (
        model_rules.required("model_id", request.model_id),
        model_rules.optional("tag_key", request.tag_key) or "",
    )
    with engine.database.write() as connection:
        if not logged_models.delete_tag(connection, logged_models.require(connection, model_id), key):
            raise NotFound(f"No tag with key {key!r} found for model with ID {model_id!r}.")
    return Empty()


def _answer(connection: Connection, model: int) -> LoggedModelAnswer:
    return LoggedModelAnswer(logged_models.load_logged_models(connection, [model])[0])


def _status(given: str | int | None) -> LoggedModelStatus:
    status = _STATUSES.get(model_rules.required("status", None if given is None else str(given)))
    if status is None:
        raise rules.invalid("status", given, f"Give one of {', '.join(STATUSES)}.")
    return status


def _add_params(connection: Connection, model_id: str, model: int, params: list[tuple[str, str]]) -> None:
    conflict = logged_models.add_params(connection, model, params)
    if conflict is not None:
        key, old, new = conflict
        raise InvalidParameter(
            f"Changing param values is not allowed. Param with key={key!r} was already logged with value={old!r} for model ID={model_id!r}. "
            f"Attempted logging new value {new!r}. Log it under another key."
        )
