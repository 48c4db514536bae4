"""scikit-learn's estimators, pipelines and searches."""

from __future__ import annotations

from typing import Any

from runstone.errors import InvalidParameter
from runstone.flavors import by_rows, estimators
from runstone.flavors.flavor import Flavor, Folder, Predict, Saved, calling


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
    """Write an estimator.

    Args:
        model: the estimator.
        folder: where to.
        serialization_format: 'skops', 'cloudpickle' or 'pickle'; the first that can, unless said.
        pyfunc_predict_fn: the method that predicts, e.g. 'predict_proba'.
        skops_trusted_types: more types for MLflow to trust than the estimator holds; runstone asks its own policy.
    """
    import sklearn

    written = estimators.write(model, folder, serialization_format, skops_trusted_types)
    block = {
        "pickled_model": written.name,
        "serialization_format": written.format,
        "sklearn_version": sklearn.__version__,
        "skops_trusted_types": written.types,
    }
    predicting = {"model_path": written.name, "predict_fn": pyfunc_predict_fn}
    # what only transforms, or only clusters what it saw, does not predict
    pyfunc = predicting if hasattr(model, pyfunc_predict_fn) else None
    return Saved(block, pyfunc, ("scikit-learn", *written.packages), written.modules)


def load(folder: Folder) -> Any:
    """The estimator."""
    return estimators.read(folder, "pickled_model")


def predictor(model: Any, folder: Folder) -> Predict:
    """Calls the method that the model was saved with."""
    name = _method(folder)
    method = None if name.startswith("_") else getattr(model, name, None)
    if not callable(method):
        raise InvalidParameter(f"The model is said to predict by {name!r:.80}, and has no such method.")
    return calling(method)


def unnamed(model: Any, folder: Folder, names: list[Any]) -> Predict | None:
    """The same of rows without names, where the estimator needs none."""
    method = by_rows.unnamed(model, _method(folder), names)
    return None if method is None else calling(method)


def _method(folder: Folder) -> str:
    return str(folder.pyfunc.get("predict_fn") or "predict")


FLAVOR = Flavor(
    name="sklearn",
    argument="sk_model",
    recognises=recognises,
    save=save,
    load=load,
    predictor=predictor,
    by_rows=lambda model, folder: by_rows.goes_by_rows(model, _method(folder)),
    unnamed=unnamed,
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
