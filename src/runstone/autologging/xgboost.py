"""XGBoost: `xgboost.train` is a training, and so is the fit of an estimator, within which it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from runstone.autologging import boosting, evaluations, recording
from runstone.autologging.guard import attempt
from runstone.autologging.training import Record, Training
from runstone.flavors.xgboost import FLAVOR

if TYPE_CHECKING:
    from runstone.data import Dataset

NAME = "xgboost"
# Arguments of `train` that are no params of the run.
_NO_PARAMS = frozenset(
    ["params", "dtrain", "evals", "obj", "feval", "evals_result", "xgb_model", "callbacks", "learning_rates"]
)


def patch(module: str) -> None:
    """Patch the library, or the metrics."""
    if module == "sklearn.metrics":
        evaluations.patch_metrics(NAME)
        return
    import xgboost
    import xgboost.sklearn

    boosting.patch(xgboost, xgboost.sklearn, (xgboost.DMatrix, xgboost.sklearn.XGBModel), FLAVOR, _saving, _record)


def _saving(own: Mapping[str, Any]) -> dict[str, Any]:
    return {"model_format": own["model_format"]}


def _record(
    whole: bool, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], training: Training
) -> Record:
    options = training.options
    said = boosting.arguments(original, args, kwargs)
    params = {**said["params"], **{name: value for name, value in said.items() if name not in _NO_PARAMS}}
    dataset = None
    with attempt(options, "the params of a training"):
        recording.params(training, params)
    if options.log_datasets:
        with attempt(options, "a dataset"):
            dataset = _dataset(said["dtrain"], None)
            evaluated = [(_dataset(data, name), "eval") for data, name in said["evals"] or ()]
            recording.datasets(training.store, training.run_id, [(dataset, "train"), *evaluated])
    if whole and options.log_models:
        recording.begin_model(training, params)
    elif training.model_id is not None:
        recording.model_params(training, params)
    iterations = boosting.Iterations(training, dataset)
    args, kwargs = boosting.with_callback(original, args, kwargs, callback(iterations.add))
    try:
        booster = yield args, kwargs
    except GeneratorExit:
        if whole:
            recording.no_model(training)
        raise
    if whole and options.log_models:
        recording.model(
            training, FLAVOR, booster, _saving(options.own), lambda: boosting.rows_of(said["dtrain"]), partial(_answer, booster)
        )  # fmt: skip
    if said.get("early_stopping_rounds"):
        last = len(iterations.results) - 1
        iterations.stopped(booster.best_iteration, booster.best_iteration, last)
    for kind in options.own["importance_types"] or ["weight"]:
        with attempt(options, "the importance of features"):
            scores = booster.get_score(importance_type=kind)
            boosting.record_importance(training, kind, list(scores), list(scores.values()))


def _dataset(data: Any, name: str | None) -> Dataset:
    return recording.dataset_of(data.get_data(), name=name)


def _answer(booster: Any, rows: Any) -> Any:
    import xgboost

    return booster.predict(xgboost.DMatrix(rows))


def callback(add: Callable[[int, Mapping[str, float]], None]) -> Any:
    """A callback of XGBoost's that hands on the metrics of each iteration.

    Args:
        add: is called with the iteration, and its metrics by name.
    """
    import xgboost

    class Iteration(xgboost.callback.TrainingCallback):
        def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Mapping[str, Any]]) -> bool:
            add(epoch, values_of(evals_log))
            return False

    return Iteration()


def values_of(evals_log: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """The latest of what XGBoost has measured, by `DATA-METRIC`."""
    return {f"{data}-{name}": _last(series) for data, each in evals_log.items() for name, series in each.items()}


def _last(series: Any) -> float:
    value = series[-1]  # in a cross-validation a pair of mean and deviation
    return float(value[0] if isinstance(value, tuple) else value)
