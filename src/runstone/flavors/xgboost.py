"""XGBoost's boosters and its estimators, in its own formats, which hold no code."""

from __future__ import annotations

import os
from typing import Any

from runstone.errors import InvalidParameter
from runstone.flavors.by_rows import goes_by_rows
from runstone.flavors.estimators import class_of
from runstone.flavors.flavor import Flavor, Folder, Predict, Saved, calling
from runstone.warning import warn

FORMATS = ("ubj", "json", "deprecated", "xgb")
# Of an estimator's params, those of the machine that it was fitted on.
_OF_THE_MACHINE = ("device", "gpu_id", "predictor")


def recognises(model: object) -> bool:
    """Whether it is a booster, or one of XGBoost's estimators."""
    import xgboost

    return isinstance(model, xgboost.Booster | xgboost.XGBModel)


def save(model: Any, folder: str, *, model_format: str = "ubj") -> Saved:
    """Write a booster or an estimator.

    Args:
        model: a Booster, XGBRegressor, XGBClassifier, ...
        folder: where to.
        model_format: 'ubj' (binary) or 'json'.
    """
    import xgboost

    if model_format not in FORMATS:
        raise InvalidParameter(f"model_format={model_format!r}: XGBoost writes 'ubj' and 'json'.")
    name = f"model.{model_format}"
    model.save_model(os.path.join(folder, name))
    kind = next(kind for kind in type(model).__mro__ if kind.__module__.partition(".")[0] == "xgboost")
    if kind is not type(model):
        warn(
            f"XGBoost's formats know no classes of your own: this {type(model).__name__} will be loaded as a {kind.__name__}."
        )
    block: dict[str, Any] = {
        "data": name,
        "model_class": f"{kind.__module__}.{kind.__qualname__}",
        "model_format": model_format,
        "xgb_version": xgboost.__version__,
    }
    if isinstance(model, xgboost.Booster):
        return Saved(block, {"data": name}, (_distribution(),))
    block["params"] = _params(model)
    return Saved(block, {"data": name}, (_distribution(), "scikit-learn"))


def _params(model: Any) -> dict[str, Any]:
    """What the estimator's file lacks: `missing`, by which it predicts, and what it would be fitted with again; as far as YAML has it."""
    import numpy

    found = {name: value for name, value in model.get_params().items() if name not in _OF_THE_MACHINE}
    found = {name: value.item() if isinstance(value, numpy.generic) else value for name, value in found.items()}
    # a NaN is what `missing` is by itself, and JSON has none
    return {
        name: value for name, value in found.items() if isinstance(value, bool | int | float | str) and value == value
    }


def _distribution() -> str:
    """The installed package: XGBoost has one for CPUs alone."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        version("xgboost")
    except PackageNotFoundError:
        return "xgboost-cpu"
    return "xgboost"


def load(folder: Folder) -> Any:
    """The booster, or the estimator."""
    path = folder.named("data")
    # 1.x files do not say the class: boosters were all there were
    named = folder.block.get("model_class", "xgboost.core.Booster")
    kind = class_of(named, "xgboost")
    import xgboost

    if not issubclass(kind, xgboost.Booster | xgboost.XGBModel):
        raise InvalidParameter(f"The model's class is {named!r:.200}, which is none of XGBoost's models.")
    model = kind()
    model.load_model(path)
    params = folder.block.get("params")
    if isinstance(params, dict) and isinstance(model, xgboost.XGBModel):
        known = model.get_params()
        model.set_params(**{name: value for name, value in params.items() if name in known})
    return model


def predictor(model: Any, folder: Folder) -> Predict:
    """Gives a booster its DMatrix."""
    import xgboost

    if not isinstance(model, xgboost.Booster):
        return calling(model.predict)
    categories = "c" in (model.feature_types or ())

    def predict(data: Any, params: dict[str, Any] | None = None) -> Any:
        return model.predict(xgboost.DMatrix(data, enable_categorical=categories), **(params or {}))

    return predict


FLAVOR = Flavor(
    name="xgboost",
    argument="xgb_model",
    recognises=recognises,
    save=save,
    load=load,
    predictor=predictor,
    by_rows=lambda model, folder: goes_by_rows(model),
    save_order=(
        "xgb_model path conda_env code_paths mlflow_model signature input_example pip_requirements extra_pip_requirements model_format metadata "
        "extra_files **kwargs"
    ),
    log_order=(
        "xgb_model artifact_path conda_env code_paths registered_model_name signature input_example await_registration_for pip_requirements "
        "extra_pip_requirements model_format metadata extra_files name params tags model_type step model_id **kwargs"
    ),
)
