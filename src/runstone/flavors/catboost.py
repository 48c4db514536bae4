"""CatBoost's models, in its own format, which holds no code."""

from __future__ import annotations

import os
from typing import Any

from runstone.errors import InvalidParameter
from runstone.flavors.by_rows import goes_by_rows
from runstone.flavors.flavor import Flavor, Folder, Predict, Saved, calling

FILE = "model.cb"
KINDS = ("CatBoost", "CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker")


def recognises(model: object) -> bool:
    """Whether it is one of CatBoost's models."""
    import catboost

    return isinstance(model, catboost.CatBoost)


def save(model: Any, folder: str) -> Saved:
    """Write a model."""
    import catboost

    kind = next((kind.__name__ for kind in type(model).__mro__ if kind.__name__ in KINDS), None)
    if kind is None:
        raise InvalidParameter(f"{type(model).__qualname__} is none of CatBoost's models: {', '.join(KINDS)}.")
    model.save_model(os.path.join(folder, FILE), format="cbm")
    block = {"data": FILE, "model_type": kind, "save_format": "cbm", "catboost_version": catboost.__version__}
    return Saved(block, {"data": FILE}, ("catboost",))


def load(folder: Folder) -> Any:
    """The model."""
    import catboost

    kind = folder.block.get("model_type")
    if kind not in KINDS:
        raise InvalidParameter(f"The model's type is {kind!r:.200}, which is none of CatBoost's.")
    model = getattr(catboost, kind)()
    model.load_model(folder.named("data"), format=str(folder.block.get("save_format") or "cbm"))
    return model


def predictor(model: Any, folder: Folder) -> Predict:
    """Its own `predict`."""
    return calling(model.predict)


FLAVOR = Flavor(
    name="catboost",
    argument="cb_model",
    recognises=recognises,
    save=save,
    load=load,
    predictor=predictor,
    by_rows=lambda model, folder: goes_by_rows(model),
    save_order=(
        "cb_model path conda_env code_paths mlflow_model signature input_example pip_requirements extra_pip_requirements metadata extra_files **kwargs"
    ),
    log_order=(
        "cb_model artifact_path conda_env code_paths registered_model_name signature input_example await_registration_for pip_requirements "
        "extra_pip_requirements metadata extra_files name params tags model_type step model_id **kwargs"
    ),
)
