"""What a model is asked after its training, and how well that was, goes to the run of its training: predictions, scores, metrics.

`metrics.accuracy_score(y_test, model.predict(X_test))` is logged as `accuracy_score_X_test`: by the names that the caller has for things.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import sys
import threading
import weakref
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from runstone.autologging import patching, recording
from runstone.autologging.guard import attempt
from runstone.autologging.training import is_quiet, quiet

if TYPE_CHECKING:
    from runstone.autologging.options import Options
    from runstone.autologging.training import Training

PREDICTING = ("predict", "predict_proba", "predict_log_proba", "transform")
_NO_METRICS = ("check_scoring", "get_scorer", "make_scorer", "get_scorer_names")
# So many datasets that a model was asked are recorded with its run: one that is asked row by row is not to pay for each.
_MOST_DATASETS = 20
_TEXT = 32


class _Asked:
    """What is remembered of a trained model's run."""

    def __init__(self, training: Training, model_id: str | None) -> None:
        self.options: Options = training.options
        self.store, self.run_id, self.model_id = training.store, training.run_id, model_id
        self.datasets: dict[str, list[int]] = {}
        self.calls: dict[str, list[tuple[str, str]]] = {}
        self.recorded = 0
        self.lock = threading.Lock()

    def dataset_name(self, data: Any) -> str:
        """What the caller calls it, numbered where something else had the name."""
        name = name_of(data) or "unknown_dataset"
        with self.lock:
            known = self.datasets.setdefault(name, [])
            if id(data) not in known:
                known.append(id(data))
            return _numbered(name, known.index(id(data)))

    def log(self, metric: str, dataset: str, value: Any, call: str) -> None:
        """A metric of this model on a dataset, and the call that gave it."""
        with self.lock:
            calls = self.calls.setdefault(metric, [])
            key = f"{_numbered(metric, len(calls))}_{dataset}"
            calls.append((key, call))
            told = dict(sorted(pair for each in self.calls.values() for pair in each))
        self.store.log_metric(self.run_id, key, float(value), model_id=self.model_id)
        self.store.log_files(self.run_id, {"metric_info.json": json.dumps(told, indent=2).encode()})


# By the id of a model and of what it predicted, as long as these live.
_models: dict[int, _Asked] = {}
_answers: dict[int, tuple[_Asked, str]] = {}


def remember(training: Training, model: Any, model_id: str | None) -> None:
    """Have what the model is asked from now on go to the training's run."""
    if id(model) not in _models:
        weakref.finalize(model, _models.pop, id(model), None)
    _models[id(model)] = _Asked(training, model_id)


def patch_methods(flavor: str, kind: type) -> None:
    """Patch the methods of a class that predict and score."""
    for name in PREDICTING:
        patching.wrap(flavor, kind, name, _predict)
    patching.wrap(flavor, kind, "score", _score)


def patch_metrics(flavor: str) -> None:
    """Patch the functions of `sklearn.metrics`."""
    from sklearn import metrics

    for name in metrics.__all__:
        if name not in _NO_METRICS and inspect.isfunction(getattr(metrics, name)):
            patching.wrap(flavor, metrics, name, _metric)


def _of(args: tuple[Any, ...]) -> _Asked | None:
    return _models.get(id(args[0])) if _models and args and not is_quiet() else None


def _predict(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    asked = _of(args)
    if asked is None:
        return original(*args, **kwargs)
    with quiet():
        said = original(*args, **kwargs)
    with attempt(asked.options, "what a model predicts"):
        data = _data(original, args, kwargs)
        name = asked.dataset_name(data)
        with contextlib.suppress(TypeError):  # a list, say: nobody would tell when it goes
            weakref.finalize(said, _answers.pop, id(said), None)
            _answers[id(said)] = asked, name
        if asked.options.log_datasets and asked.recorded < _MOST_DATASETS:
            asked.recorded += 1
            recording.datasets(asked.store, asked.run_id, [(recording.dataset_of(data), "eval")])
    return said


def _score(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    asked = _of(args)
    if asked is None:
        return original(*args, **kwargs)
    with quiet():
        value = original(*args, **kwargs)
    if recording.is_number(value):
        with attempt(asked.options, "a model's score"):
            name = type(args[0]).__name__
            call = _call(f"{name}.score", original, args, kwargs)
            asked.log(f"{name}_score", asked.dataset_name(_data(original, args, kwargs)), value, call)
    return value


def _metric(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    found = None
    if _answers and not is_quiet():
        found = next((_answers[id(each)] for each in (*args, *kwargs.values()) if id(each) in _answers), None)
    if found is None:
        return original(*args, **kwargs)
    with quiet():
        value = original(*args, **kwargs)
    if recording.is_number(value):
        asked, dataset = found
        with attempt(asked.options, "a metric"):
            asked.log(original.__name__, dataset, value, _call(original.__name__, original, args, kwargs))
    return value


def _data(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[1] if len(args) > 1 else kwargs.get(list(inspect.signature(original).parameters)[1])


def _numbered(name: str, index: int) -> str:
    return name if index == 0 else f"{name}-{index + 1}"


def _call(name: str, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """A call as it might stand in the caller's code."""
    bound = dict(zip(inspect.signature(original).parameters, args, strict=False)) | kwargs
    bound.pop("self", None)
    return f"{name}({', '.join(f'{key}={_shown(value)}' for key, value in bound.items())})"


def _shown(value: Any) -> str:
    import numpy

    if isinstance(value, str) and len(value) > _TEXT:
        return repr(value[:_TEXT] + "...")
    if value is None or numpy.isscalar(value):
        return repr(value)
    return name_of(value) or f"<{type(value).__name__}>"


def name_of(value: Any) -> str | None:
    """What the caller calls a value: the outermost of those who handed it on. None where the caller has no name for it."""
    named = None
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if not frame.f_globals.get("__name__", "").startswith("runstone.autologging"):
            found = next((name for name, held in frame.f_locals.items() if held is value), None)
            if found is None:
                break
            named = found
        frame = frame.f_back
    return named
