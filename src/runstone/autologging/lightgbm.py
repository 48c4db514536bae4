"""LightGBM: `lightgbm.train` is a training, and so is the fit of an estimator, within which it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from runstone.autologging import boosting, evaluations, recording
from runstone.autologging.guard import attempt
from runstone.autologging.training import Record, Training
from runstone.flavors.lightgbm import FLAVOR

if TYPE_CHECKING:
    from runstone.data import Dataset

NAME = "lightgbm"
# Arguments of `train` that are no params of the run.
_NO_PARAMS = frozenset(
    ["params", "train_set", "valid_sets", "valid_names", "fobj", "feval", "init_model", "learning_rates", "callbacks"]
)


def patch(module: str) -> None:
    """Patch the library, or the metrics."""
    if module == "sklearn.metrics":
        evaluations.patch_metrics(NAME)
        return
    import lightgbm
    import lightgbm.sklearn

    boosting.patch(lightgbm, lightgbm.sklearn, (lightgbm.Dataset, lightgbm.LGBMModel), FLAVOR, _saving, _record)


def _saving(own: Mapping[str, Any]) -> dict[str, Any]:
    return {"serialization_format": None, "skops_trusted_types": None}


def _record(
    whole: bool, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], training: Training
) -> Record:
    options = training.options
    said = boosting.arguments(original, args, kwargs)
    params = {**said["params"], **{name: value for name, value in said.items() if name not in _NO_PARAMS}}
    with attempt(options, "the params of a training"):
        recording.params(training, params)
    if options.log_datasets:
        with attempt(options, "a dataset"):
            uses = [(_dataset(data, name), context) for data, name, context in _sets(said)]
            recording.datasets(training.store, training.run_id, uses)
    if whole and options.log_models:
        recording.begin_model(training, params)
    elif training.model_id is not None:
        recording.model_params(training, params)
    iterations = boosting.Iterations(training)
    args, kwargs = boosting.with_callback(original, args, kwargs, partial(after_iteration, iterations.add))
    try:
        booster = yield args, kwargs
    except GeneratorExit:
        if whole:
            recording.no_model(training)
        raise
    if booster.best_iteration > 0:
        iterations.stopped(booster.best_iteration, booster.best_iteration - 1, len(iterations.results))
    for kind in ("split", "gain"):
        with attempt(options, "the importance of features"):
            values = booster.feature_importance(importance_type=kind).tolist()
            boosting.record_importance(training, kind, booster.feature_name(), values, indent=2)
    if whole and options.log_models:
        rows = partial(boosting.rows_of, said["train_set"])
        recording.model(training, FLAVOR, booster, _saving(options.own), rows, booster.predict)


def _sets(said: Mapping[str, Any]) -> list[tuple[Any, str | None, str]]:
    valid, names = said["valid_sets"], said["valid_names"]
    if not isinstance(valid, list | tuple):  # LightGBM takes one without a list too
        valid = [] if valid is None else [valid]
        names = [names]
    names = names or [None] * len(valid)
    return [
        (said["train_set"], None, "train"),
        *((data, name, "eval") for data, name in zip(valid, names, strict=False)),
    ]


def _dataset(data: Any, name: str | None) -> Dataset:
    return recording.dataset_of(data.data, data.label, name)


def after_iteration(add: Callable[[int, Mapping[str, float]], None], env: Any) -> None:
    """A callback of LightGBM's that hands on the metrics of each iteration.

    Args:
        add: is called with the iteration, and its metrics by name.
        env: what LightGBM says of the iteration.
    """
    add(env.iteration, {f"{data}-{name}": value for data, name, value, *_ in env.evaluation_result_list or ()})
