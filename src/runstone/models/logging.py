"""A model is logged: saved, stored as a logged model of the active run, named among its outputs, and registered where that is wanted."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from inspect import signature
from typing import TYPE_CHECKING, Any

from runstone import flavors
from runstone.errors import InvalidParameter, RunstoneError
from runstone.flavors.pyfunc.saving import recognises
from runstone.fluent.location import client
from runstone.fluent.models import initialize_logged_model
from runstone.fluent.registry import register_model
from runstone.fluent.session import active_run, note_made
from runstone.models import saving
from runstone.models.checking import check_model, check_signature
from runstone.models.info import ModelInfo
from runstone.models.mlmodel import Model
from runstone.operations.model_rules import check_model_name

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.entities import LoggedModel
    from runstone.flavors.flavor import Flavor

DEFAULT_NAME = "model"


def log_model(model: Any, name: str | None = None, **options: Any) -> ModelInfo:
    """Log a model, whichever library's: the flavor is found by the object's type.

    Args:
        model: a trained model; a function, or an object with `predict`, is logged as `runstone.pyfunc` does.
        name: what it is called; 'model' unless said.
        **options: what the flavor's own `log_model` takes: `signature`, `input_example`, `registered_model_name`, ...

    Raises:
        InvalidParameter: no flavor knows objects of this type.
    """
    from importlib import import_module

    found = flavors.of(model)
    if found is None and not recognises(model):
        raise InvalidParameter(
            f"runstone knows no flavor for {type(model).__module__}.{type(model).__qualname__}. Log it as a function or a PythonModel "
            "(runstone.pyfunc.log_model), or save it with its own library and log the file with log_artifact."
        )
    # a public module is above this one: it is only named
    module, argument = ("pyfunc", "python_model") if found is None else (found.name, found.argument)
    published = import_module(f"runstone.{module}")
    info: ModelInfo = published.log_model(name=name or DEFAULT_NAME, **{argument: model}, **options)
    return info


def log(flavor: Flavor, model: Any, options: dict[str, Any], **common: Any) -> ModelInfo:
    """Save a model and store it as a logged model; of the active run, if there is one.

    Args:
        flavor: its kind.
        model: the library's own object.
        options: what this flavor has beside what all have.
        **common: what `saved_by` takes, and what `saving.save` takes.

    Raises:
        InvalidParameter: it is no model of this kind, or cannot predict; or what is said to be its signature is none.
    """
    check_model(flavor, model)
    check_signature(common.get("signature"))
    logged = {name: common.pop(name) for name in OF_LOGGED if name in common}

    def save(folder: str, described: Model) -> None:
        saving.save(flavor, model, folder, options, mlflow_model=described, **common)

    return saved_by(save, **logged)


def saved_by(
    save: Callable[[str, Model], object],
    *,
    name: str | None = None,
    artifact_path: str | None = None,
    registered_model_name: str | None = None,
    await_registration_for: int | None = None,
    params: dict[str, Any] | None = None,
    tags: dict[str, Any] | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
    run_id: str | None = None,
) -> ModelInfo:
    """Store what a function saves as a logged model.

    Args:
        save: is given a folder that is not there yet, and the description to fill in and to write there.
        name: what it is called; `artifact_path` is MLflow's older word for it.
        artifact_path: see `name`.
        registered_model_name: registers it under this name too.
        await_registration_for: taken for MLflow's sake; there is nothing to wait for.
        params, tags, model_type: the logged model's.
        step: of the training, when it was logged: what the run measures at it is measured of the model.
        model_id: a logged model that was made already, which is to get these files.
        run_id: the run that made it; the active one, if there is one, unless said.

    Raises:
        InvalidParameter: a name that may not be one, also of the registered model; nothing is stored then.
    """
    if registered_model_name is not None:  # a name that is refused is refused before anything is stored
        check_model_name(registered_model_name, "registered_model_name")
    store = client()
    if model_id is None:
        known = {key: str(value) for key, value in (params or {}).items()}
        labels = {key: str(value) for key, value in (tags or {}).items()}
        logged = initialize_logged_model(name or artifact_path or DEFAULT_NAME, run_id, labels, known, model_type)
    else:
        logged = store.get_logged_model(model_id)
        if params:
            store.log_model_params(model_id, params)
        if tags:
            store.set_logged_model_tags(model_id, tags)
    if run_id is None and (run := active_run()) is not None:
        run_id = run.info.run_id
    made_by = logged.source_run_id or run_id
    described = Model(logged.artifact_location, made_by, model_uuid=logged.model_id, model_id=logged.model_id)
    with tempfile.TemporaryDirectory(prefix="runstone-model-") as above:
        folder = os.path.join(above, "model")
        logged = filled(store, logged, folder, lambda: save(folder, described))
    if run_id is not None:
        store.log_model_output(run_id, logged.model_id, step)
        note_made(run_id, logged.model_id, step)
    return registered(ModelInfo.of(described, logged), registered_model_name)


def filled(store: Client, logged: LoggedModel, folder: str, save: Callable[[], object] = lambda: None) -> LoggedModel:
    """A logged model that has got its files, READY; FAILED where that failed.

    Args:
        store: where it is.
        logged: the model.
        folder: what is stored.
        save: called first; it makes the folder.
    """
    try:
        save()
        store.log_artifacts(logged.model_id, folder)
    except BaseException as error:
        try:
            store.finalize_logged_model(logged.model_id, "FAILED")
        except RunstoneError:  # the server is away: what went wrong is told, not this
            error.add_note(
                f"The logged model {logged.model_id} stays PENDING. When the store answers again: "
                f"runstone.finalize_logged_model({logged.model_id!r}, 'FAILED')"
            )
        raise
    return store.finalize_logged_model(logged.model_id, "READY")


def registered(info: ModelInfo, name: str | None) -> ModelInfo:
    """A logged model that is registered too, where a name is said."""
    if name is not None:
        info.registered_model_version = int(register_model(info.model_uri, name).version)
    return info


OF_LOGGED = frozenset(signature(saved_by).parameters) - {"save"}
