"""A folder with a saved model, whoever saved it, becomes a logged model: its files as they are, byte for byte."""

from __future__ import annotations

import os
from typing import Any

from runstone.entities import LoggedModelOutput
from runstone.errors import InvalidParameter
from runstone.fluent.location import client
from runstone.fluent.models import initialize_logged_model
from runstone.fluent.session import active_run
from runstone.models.info import ModelInfo
from runstone.models.logging import filled, registered
from runstone.models.mlmodel import FILE_NAME, Model
from runstone.operations.model_rules import check_model_name
from runstone.safety.contents import contents


def log_saved_model(
    path: str | os.PathLike[str],
    name: str = "model",
    *,
    run_id: str | None = None,
    experiment_id: str | None = None,
    registered_model_name: str | None = None,
    params: dict[str, Any] | None = None,
    tags: dict[str, Any] | None = None,
    model_type: str | None = None,
) -> ModelInfo:
    """Log a model that was saved already: by `save_model`, by MLflow, or by somebody else. Nothing of it is loaded or changed.

    Args:
        path: the folder, with its MLmodel file.
        name: what it is called.
        run_id: the run whose output it is; the active one unless said, or none.
        experiment_id: where it belongs; the run's experiment, or the active one, unless said.
        registered_model_name: registers it under this name too.
        params, tags, model_type: the logged model's.

    Raises:
        NotFound: there is no model's folder.
        InvalidParameter: something in it is a link or no file, which may lead anywhere; or the registered name may not be one.
    """
    if registered_model_name is not None:  # a name that is refused is refused before anything is stored
        check_model_name(registered_model_name, "registered_model_name")
    folder = os.path.abspath(os.fspath(path))
    described = Model.from_file(os.path.join(folder, FILE_NAME))
    found = contents(folder)
    strange = {**dict.fromkeys(found.links, "a link"), **found.odd}
    for place, what in sorted(strange.items()):
        raise InvalidParameter(
            f"{place!r} in {folder!r} is {what}. Only a model's own files are logged: put the file itself there."
        )
    store, run = client(), active_run()
    if run_id is None and run is not None:
        run_id = run.info.run_id
    if experiment_id is None and run_id is not None:
        experiment_id = store.get_run(run_id).info.experiment_id
    known = {key: str(value) for key, value in (params or {}).items()}
    labels = {key: str(value) for key, value in (tags or {}).items()}
    logged = initialize_logged_model(name, run_id, labels, known, model_type, experiment_id)
    logged = filled(store, logged, folder)
    if run_id is not None:
        store.log_outputs(run_id, [LoggedModelOutput(logged.model_id, 0)])
    info = ModelInfo.of(described, logged, f"models:/{logged.model_id}")
    info.model_id, info.run_id, info.artifact_path = logged.model_id, run_id, logged.artifact_location
    return registered(info, registered_model_name)
