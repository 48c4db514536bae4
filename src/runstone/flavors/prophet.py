"""Prophet's forecasts, as its own JSON, which holds no code."""

from __future__ import annotations

import json
import os
from typing import Any

from runstone.errors import InvalidParameter
from runstone.flavors.flavor import Flavor, Folder, Predict, Saved, calling

FILE = "model.pr"


def recognises(model: object) -> bool:
    """Whether it is a forecast of Prophet's."""
    import prophet

    return isinstance(model, prophet.Prophet)


def save(model: Any, folder: str) -> Saved:
    """Write a forecast, fitted."""
    import prophet
    from prophet.serialize import model_to_json

    try:
        text = model_to_json(model)
    except ValueError as error:
        raise InvalidParameter(f"Prophet cannot write this: {error!s:.300}") from error
    with open(os.path.join(folder, FILE), "w", encoding="utf-8") as file:
        json.dump(text, file)  # a text of JSON in JSON, as MLflow has it
    block = {"data": FILE, "model_type": type(model).__name__, "prophet_version": prophet.__version__}
    return Saved(block, {"data": FILE}, ("prophet",))


def load(folder: Folder) -> Any:
    """The forecast."""
    from prophet.serialize import model_from_json

    with open(folder.named("data"), encoding="utf-8") as file:
        text = json.load(file)
    if not isinstance(text, str):
        raise InvalidParameter(f"The model's {FILE} is no forecast of Prophet's.")
    return model_from_json(text)


def predictor(model: Any, folder: Folder) -> Predict:
    """Its own `predict`, of a frame with the times `ds`."""
    return calling(model.predict)


FLAVOR = Flavor(
    name="prophet",
    argument="pr_model",
    recognises=recognises,
    save=save,
    load=load,
    predictor=predictor,
    save_order=(
        "pr_model path conda_env code_paths mlflow_model signature input_example pip_requirements extra_pip_requirements metadata extra_files"
    ),
    log_order=(
        "pr_model artifact_path conda_env code_paths registered_model_name signature input_example await_registration_for pip_requirements "
        "extra_pip_requirements metadata extra_files name params tags model_type step model_id **kwargs"
    ),
)
