"""scikit-learn's estimators and pipelines: pickled."""

from __future__ import annotations

import os
import pickle
from typing import Any

from runstone.flavors.flavor import Flavor, Folder, Predict, Saved


def recognises(model: object) -> bool:
    """Whether it is an estimator of scikit-learn's, or one that is made like them."""
    from sklearn.base import BaseEstimator

    return isinstance(model, BaseEstimator)


def save(
    model: Any,
    folder: str,
    *,
    serialization_format: str | None = None,
    pyfunc_predict_fn: str = "predict",
    skops_trusted_types: list[str] | None = None,
) -> Saved:
    """Write an estimator."""
    import sklearn

    with open(os.path.join(folder, "model.pkl"), "wb") as file:
        pickle.dump(model, file)
    block = {
        "pickled_model": "model.pkl", "serialization_format": "pickle", "sklearn_version": sklearn.__version__, "skops_trusted_types": None,
    }  # fmt: skip
    return Saved(block, {"model_path": "model.pkl", "predict_fn": pyfunc_predict_fn}, ("scikit-learn",))


def load(folder: Folder) -> Any:
    """Read an estimator."""
    path = folder.named("pickled_model")
    folder.trust.pickle(path)
    with open(path, "rb") as file:
        return pickle.load(file)  # noqa: S301  (the trust was asked)


def predictor(model: Any, folder: Folder) -> Predict:
    """Calls the method that the model was saved with."""
    method = getattr(model, str(folder.pyfunc.get("predict_fn") or "predict"))

    def predict(data: Any, params: dict[str, Any] | None = None) -> Any:
        return method(data, **(params or {}))

    return predict


FLAVOR = Flavor(
    name="sklearn",
    argument="sk_model",
    recognises=recognises,
    save=save,
    load=load,
    predictor=predictor,
    save_order=(
        "sk_model path conda_env code_paths mlflow_model serialization_format signature input_example pip_requirements "
        "extra_pip_requirements pyfunc_predict_fn metadata skops_trusted_types extra_files"
    ),
    log_order=(
        "sk_model artifact_path conda_env code_paths serialization_format registered_model_name signature input_example "
        "await_registration_for pip_requirements extra_pip_requirements pyfunc_predict_fn metadata extra_files params tags model_type step "
        "model_id name skops_trusted_types **kwargs"
    ),
)
