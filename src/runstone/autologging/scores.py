"""How well a fitted estimator does on what it was trained with, in MLflow's metrics and pictures, and its page."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from runstone.autologging import plots, recording
from runstone.autologging.guard import attempt
from runstone.autologging.training import quiet

if TYPE_CHECKING:
    from runstone.autologging.training import Training
    from runstone.data import Dataset

PREFIX = "training_"
_PAGE = '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="UTF-8"/></head>\n<body>\n{}\n</body>\n</html>\n'


def record(
    training: Training,
    estimator: Any,
    features: Any,
    targets: Any,
    weights: Any,
    model_id: str | None,
    dataset: Dataset | None,
) -> None:
    """Log the metrics of a fit that had targets, and a classifier's pictures."""
    if targets is None or features is None:
        return
    from sklearn.base import is_classifier, is_regressor

    with quiet():
        values: dict[str, Any] = {}
        with attempt(training.options, "what an estimator says of its training data"):
            if is_classifier(estimator):
                _classifier(training, values, estimator, features, targets, weights)
            elif is_regressor(estimator):
                _regressor(training, values, estimator, features, targets, weights)
        if hasattr(estimator, "score"):
            with attempt(training.options, f"{PREFIX}score"):
                values[f"{PREFIX}score"] = _score(estimator, features, targets, weights)
        recording.metrics(training, values, model_id=model_id, dataset=dataset)


def _classifier(
    training: Training, values: dict[str, Any], estimator: Any, features: Any, targets: Any, weights: Any
) -> None:
    from sklearn import metrics

    positive = training.options.own["pos_label"]
    shared = {"pos_label": positive, "average": "weighted" if positive is None else "binary", "sample_weight": weights}
    said = estimator.predict(features)
    for name in ("precision_score", "recall_score", "f1_score"):
        _measure(training, values, name, getattr(metrics, name), targets, said, **shared)
    _measure(training, values, "accuracy_score", metrics.accuracy_score, targets, said, sample_weight=weights)
    chances = None
    if hasattr(estimator, "predict_proba"):
        chances = estimator.predict_proba(features)
        _measure(training, values, "log_loss", metrics.log_loss, targets, chances, sample_weight=weights)
        # a list of them where there are several targets: these measures are then told of as failed
        ranked = chances[:, 1] if getattr(chances, "shape", (0, 0))[1] == 2 else chances
        more = {"average": "weighted", "sample_weight": weights, "multi_class": "ovo"}
        _measure(training, values, "roc_auc", metrics.roc_auc_score, targets, ranked, **more)
    if recording.has("matplotlib"):
        with attempt(training.options, "pictures of a training"):
            plots.of_classifier(training, estimator, features, targets, said, chances, weights)


def _regressor(
    training: Training, values: dict[str, Any], estimator: Any, features: Any, targets: Any, weights: Any
) -> None:
    from sklearn import metrics

    said = estimator.predict(features)
    for name in ("mean_squared_error", "mean_absolute_error", "r2_score"):
        more = {"sample_weight": weights, "multioutput": "uniform_average"}
        _measure(training, values, name, getattr(metrics, name), targets, said, **more)
    squared = values.get(f"{PREFIX}mean_squared_error")
    if squared is not None:
        values[f"{PREFIX}root_mean_squared_error"] = squared**0.5


def _measure(
    training: Training,
    values: dict[str, Any],
    name: str,
    function: Callable[..., Any],
    targets: Any,
    said: Any,
    **more: Any,
) -> None:
    with attempt(training.options, f"{PREFIX}{name}"):
        values[f"{PREFIX}{name}"] = function(targets, said, **more)


def _score(estimator: Any, features: Any, targets: Any, weights: Any) -> Any:
    weighted = "sample_weight" in inspect.signature(estimator.score).parameters
    return estimator.score(features, targets, weights) if weighted else estimator.score(features, targets)


def page(estimator: Any) -> str:
    """scikit-learn's picture of an estimator, as a page."""
    from sklearn.utils import estimator_html_repr

    return _PAGE.format(estimator_html_repr(estimator))
