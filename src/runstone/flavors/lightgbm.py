"""LightGBM's boosters as text, which holds no code; its estimators as scikit-learn's are."""

from __future__ import annotations

import os
from typing import Any

from runstone.flavors import estimators
from runstone.flavors.by_rows import goes_by_rows
from runstone.flavors.flavor import Flavor, Folder, Predict, Saved, calling

BOOSTER = "lightgbm.basic.Booster"


def recognises(model: object) -> bool:
    """Whether it is a booster, or one of LightGBM's estimators."""
    import lightgbm

    # the estimators are there where scikit-learn is
    return isinstance(model, (lightgbm.Booster, getattr(lightgbm, "LGBMModel", lightgbm.Booster)))


def save(
    model: Any, folder: str, *, serialization_format: str | None = None, skops_trusted_types: list[str] | None = None
) -> Saved:
    """Write a booster or an estimator.

    Args:
        model: a Booster, LGBMRegressor, LGBMClassifier, ...
        folder: where to.
        serialization_format: of an estimator: 'skops', 'cloudpickle' or 'pickle'; the first that can, unless said.
        skops_trusted_types: more types for MLflow to trust than the estimator holds; runstone asks its own policy.
    """
    import lightgbm

    kind = type(model)
    block: dict[str, Any] = {
        "model_class": f"{kind.__module__}.{kind.__qualname__}",
        "lgb_version": lightgbm.__version__,
    }
    if isinstance(model, lightgbm.Booster):
        model.save_model(os.path.join(folder, "model.lgb"))
        return Saved({**block, "data": "model.lgb"}, {"data": "model.lgb"}, ("lightgbm",))
    written = estimators.write(model, folder, serialization_format, skops_trusted_types)
    block |= {"data": written.name, "serialization_format": written.format, "skops_trusted_types": written.types}
    return Saved(block, {"data": written.name}, ("lightgbm", "scikit-learn", *written.packages), written.modules)


def load(folder: Folder) -> Any:
    """The booster, or the estimator."""
    # 1.x files do not say the class: boosters were all there were
    if folder.block.get("model_class", BOOSTER) != BOOSTER:
        return estimators.read(folder, "data")
    import lightgbm

    return lightgbm.Booster(model_file=folder.named("data"))


def predictor(model: Any, folder: Folder) -> Predict:
    """Its own `predict`."""
    return calling(model.predict)


FLAVOR = Flavor(
    name="lightgbm",
    argument="lgb_model",
    recognises=recognises,
    save=save,
    load=load,
    predictor=predictor,
    by_rows=lambda model, folder: goes_by_rows(model),
    save_order=(
        "lgb_model path conda_env code_paths mlflow_model signature input_example pip_requirements extra_pip_requirements metadata "
        "serialization_format skops_trusted_types extra_files **kwargs"
    ),
    log_order=(
        "lgb_model artifact_path conda_env code_paths registered_model_name signature input_example await_registration_for pip_requirements "
        "extra_pip_requirements metadata extra_files name params tags model_type step model_id serialization_format skops_trusted_types **kwargs"
    ),
)
