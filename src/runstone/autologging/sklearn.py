"""scikit-learn's estimators, pipelines and searches: a fit is a training."""

from __future__ import annotations

import copy
import inspect
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from runstone.autologging import evaluations, patching, recording, scores, searches, switches
from runstone.autologging.guard import attempt
from runstone.autologging.training import Record, Training, conduct, quiet, unrecorded
from runstone.flavors.sklearn import FLAVOR

NAME = "sklearn"
FITTING = ("fit", "fit_transform", "fit_predict")
# What prepares data is recorded as part of a pipeline, not by itself.
_PREPARATIONS = ("sklearn.preprocessing", "sklearn.impute", "sklearn.feature_extraction", "sklearn.feature_selection")
_COLUMNS = "sklearn.compose._column_transformer"
# What fits copies of a model to measure it, not to have them.
_VALIDATING = [
    "cross_validate",
    "cross_val_predict",
    "cross_val_score",
    "learning_curve",
    "permutation_test_score",
    "validation_curve",
]
# Params that say whether a fit may write into the data that it is given.
_COPYING = ("copy", "copy_x")

_seen: weakref.WeakSet[type] = weakref.WeakSet()


def patch(module: str) -> None:
    """Patch the estimators, those that are there and those to come; the metrics; or what validates."""
    if module == "sklearn.metrics":
        evaluations.patch_metrics(NAME)
        return
    if module == "sklearn.model_selection":
        from sklearn import model_selection

        for name in _VALIDATING:
            patching.wrap(NAME, model_selection, name, _validate)
        return
    from sklearn.base import BaseEstimator

    patching.on_subclass(NAME, BaseEstimator, _patch_class)
    _patch_below(BaseEstimator)


def unpatch() -> None:
    """Look at all classes anew the next time."""
    _seen.clear()


def _patch_below(kind: type) -> None:
    below: list[type] = kind.__subclasses__()
    for each in below:
        if each not in _seen:
            _seen.add(each)
            _patch_class(each)
            _patch_below(each)


def _patch_class(kind: type) -> None:
    home = kind.__module__
    if home.startswith("sklearn.") and not home.startswith(_PREPARATIONS) and home != _COLUMNS:
        for name in FITTING:
            patching.wrap(NAME, kind, name, _fit)
        evaluations.patch_methods(NAME, kind)


def _validate(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    with unrecorded():
        return original(*args, **kwargs)


def _fit(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return conduct(switches.options(NAME), original, args, kwargs, partial(_record, original, args, kwargs))


def _record(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], training: Training) -> Record:
    options, estimator = training.options, args[0]
    features, targets, weights, rows, dataset = None, None, None, None, None
    deep = not searches.is_search(estimator)
    with attempt(options, "an estimator's params"):
        recording.params(training, estimator.get_params(deep=deep), tags_of(estimator))
    with attempt(options, "the data of a fit"):
        features, targets, weights = _given(original, args, kwargs)
    if options.log_models and (options.log_input_examples or options.log_model_signatures):
        rows = rows_of(original, args, kwargs)
    if options.log_datasets and features is not None:
        with attempt(options, "a dataset"):
            dataset = recording.dataset_of(features, targets)
            recording.datasets(training.store, training.run_id, [(dataset, "train")])
    with attempt(options, "a copy of the data of a fit"):
        if _overwrites(estimator):
            features = copy.deepcopy(features)
    yield args, kwargs
    model_id = None
    if options.log_models:
        info = recording.model(
            training, FLAVOR, estimator, _saving(options.own), lambda: taken(rows), _answer(estimator),
            params=_with_best(estimator, estimator.get_params(deep=deep)),
        )  # fmt: skip
        model_id = None if info is None else info.model_id
    with attempt(options, "the metrics of a training"):
        scores.record(training, estimator, features, targets, weights, model_id, dataset)
    with attempt(options, "an estimator's picture"):
        recording.files(training, {"estimator.html": scores.page(estimator)})
    if not deep:
        best = None
        if options.log_models and hasattr(estimator, "best_estimator_"):
            best = recording.model(
                training, FLAVOR, estimator.best_estimator_, _saving(options.own), lambda: taken(rows), _answer(estimator),
                name="best_estimator", registered=False, params=estimator.best_estimator_.get_params(deep=True),
            )  # fmt: skip
        searches.record(training, estimator, model_id, None if best is None else best.model_id, dataset)
    if options.own["log_post_training_metrics"]:
        evaluations.remember(training, estimator, model_id)


def _given(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
    """The data, the targets and the weights that a fit is given, whatever its arguments are called."""
    names = list(inspect.signature(original).parameters)
    bound = inspect.signature(original).bind(*args, **kwargs).arguments
    values = [bound.get(name) for name in names[1:3]]
    features, targets = (*values, None, None)[:2]
    return features, targets, bound.get("sample_weight")


def rows_of(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A copy of the first rows of what a fit is given; or why there is none, which is told where they are wanted."""
    try:
        return recording.first_rows(_given(original, args, kwargs)[0])
    except Exception as error:  # noqa: BLE001  (as said)
        return error


def taken(rows: Any) -> Any:
    """Rows that were taken. Raises why there are none."""
    if isinstance(rows, Exception):
        raise rows
    return rows


def tags_of(estimator: Any) -> dict[str, str]:
    """The tags that say of which class an estimator is."""
    kind = type(estimator)
    return {"estimator_name": kind.__name__, "estimator_class": f"{kind.__module__}.{kind.__name__}"}


def _overwrites(estimator: Any) -> bool:
    values = estimator.get_params(deep=True)
    return any(name.rpartition("__")[2].lower() in _COPYING and value is False for name, value in values.items())


def _saving(own: Any) -> dict[str, Any]:
    return {
        "serialization_format": own["serialization_format"],
        "pyfunc_predict_fn": "predict",
        "skops_trusted_types": None,
    }


def _answer(estimator: Any) -> Callable[[Any], Any]:
    def answer(rows: Any) -> Any:
        with quiet():
            return estimator.predict(rows) if hasattr(estimator, "predict") else estimator.transform(rows)

    return answer


def _with_best(estimator: Any, params: dict[str, Any]) -> dict[str, Any]:
    return {**params, **searches.best_params(estimator)}
