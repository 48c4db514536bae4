"""Estimators that say to a row what they would say to it alone; and those of them that take rows without names, which costs a fraction."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

# Libraries whose estimators go by rows; `numpy` and `scipy` for functions that they are given.
_LIBRARIES = frozenset({"catboost", "lightgbm", "numpy", "scipy", "sklearn", "xgboost"})
_METHODS = frozenset(
    {
        "apply",
        "decision_function",
        "predict",
        "predict_log_proba",
        "predict_proba",
        "score_samples",
        "transform",
    }
)
# What looks at a table as a whole, draws at random, gives one row another shape, or does what a function of the user's does.
_OTHERS = frozenset(
    {"BernoulliRBM", "DummyClassifier", "FunctionTransformer", "MiniBatchSparsePCA", "PatchExtractor", "SparsePCA"}
)
# Modules of scikit-learn whose estimators look at names only to compare them with those they were fitted to.
_NAMELESS = (
    "sklearn.cluster.", "sklearn.decomposition.", "sklearn.discriminant_analysis", "sklearn.ensemble._forest",
    "sklearn.ensemble._gb", "sklearn.ensemble._iforest", "sklearn.gaussian_process.", "sklearn.isotonic", "sklearn.kernel_ridge",
    "sklearn.linear_model.", "sklearn.mixture.", "sklearn.naive_bayes", "sklearn.neighbors.", "sklearn.neural_network.",
    "sklearn.preprocessing._data", "sklearn.svm.", "sklearn.tree.",
)  # fmt: skip


def goes_by_rows(model: Any, method: str = "predict") -> bool:
    """Whether a method is known to say to each row what it would say to it alone."""
    return method in _METHODS and all(map(_is_known, _parts(model)))


def unnamed(model: Any, method: str, names: Iterable[Any]) -> Callable[..., Any] | None:
    """The method, of rows of doubles without names whose columns are those named; None where it may need the names."""
    if not goes_by_rows(model, method):
        return None
    nameless = _nameless(model, list(names))
    return None if nameless is None else getattr(nameless, method, None)


def _nameless(model: Any, names: list[Any] | None) -> Any:
    """A copy that remembers no names: it says nothing of data that have none. None where it is not as simple as that."""
    kind, own = type(model), vars(model)
    if "_sklearn_output_config" in own:
        return None
    if kind.__module__ == "sklearn.pipeline" and kind.__name__ == "Pipeline":
        steps = []
        for place, (name, step) in enumerate(model.steps):
            bare = step if isinstance(step, str) or step is None else _nameless(step, None if place else names)
            if bare is None and step is not None:
                return None
            steps.append((name, bare))
        made = copy.copy(model)
        made.steps = steps
        return made
    if not kind.__module__.startswith(_NAMELESS):
        return None
    known = own.get("feature_names_in_")
    if known is not None and names is not None and list(known) != names:
        return None  # it says itself what is wrong with the names
    made = copy.copy(model)
    vars(made).pop("feature_names_in_", None)
    return made


def _is_known(part: Any) -> bool:
    named = part if callable(part) and not hasattr(part, "get_params") else type(part)
    module = getattr(named, "__module__", None) or ""
    return module.partition(".")[0] in _LIBRARIES and type(part).__name__ not in _OTHERS


def _parts(model: Any) -> list[Any]:
    """An estimator, those it is made of, and the functions it was given."""
    if not hasattr(model, "get_params") or isinstance(model, type):
        return [model]
    given = model.get_params(deep=True).values()
    return [
        model,
        *(one for one in given if hasattr(one, "get_params") or (callable(one) and not isinstance(one, type))),
    ]
