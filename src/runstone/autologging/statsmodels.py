"""statsmodels: a model's `fit` is a training, and its results are the model."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from runstone.autologging import boosting, patching, recording, switches
from runstone.autologging.guard import attempt
from runstone.autologging.training import Record, Training, conduct
from runstone.flavors.statsmodels import FLAVOR

NAME = "statsmodels"
# Of the results, by the names they have there; those that a kind of model lacks are left out.
METRICS = [
    "aic", "bic", "centered_tss", "condition_number", "df_model", "df_resid", "ess", "f_pvalue", "fvalue",
    "llf", "mse_model", "mse_resid", "mse_total", "rsquared", "rsquared_adj", "scale", "ssr", "uncentered_tss",
]  # fmt: skip


def patch(module: str) -> None:
    """Patch the models, those that are there and those to come."""
    from statsmodels.base.model import Model

    patching.on_subclass(NAME, Model, _patch_class)
    _patch_below(Model)


def _patch_below(kind: type) -> None:
    below: list[type] = kind.__subclasses__()
    for each in below:
        _patch_class(each)
        _patch_below(each)


def _patch_class(kind: type) -> None:
    # one that is derived elsewhere has it from the library's, or calls that one
    if kind.__module__.startswith("statsmodels.") and "fit" in vars(kind):
        patching.wrap(NAME, kind, "fit", _fit)


def _fit(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return conduct(switches.options(NAME), original, args, kwargs, partial(_record, original, args, kwargs))


def _record(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], training: Training) -> Record:
    options = training.options
    params: dict[str, Any] = {}
    with attempt(options, "the params of a training"):
        said = {**boosting.arguments(original, args, kwargs), **kwargs}
        params = {name: said[name] for name in said if name not in _collecting(original)}
        recording.params(training, params)
    result = yield args, kwargs
    model_id = None
    if options.log_models and FLAVOR.recognises(result):
        # a signature would be of the design's columns, and what a formula predicts from are the frame's
        info = recording.model(
            training, FLAVOR, result, {"remove_data": False}, lambda: None, signature=lambda: None, params=params
        )
        model_id = None if info is None else info.model_id
    if not _is_wrapped(result):
        return
    found = {}
    for name in METRICS:
        with attempt(options, f"the metric {name}"):
            found[name] = getattr(result, name, None)
    with attempt(options, "the metrics of a training"):
        recording.metrics(training, found, None, model_id)
    with attempt(options, "a model's summary"):
        recording.files(training, {"model_summary.txt": result.summary().as_text()})


def _collecting(original: Callable[..., Any]) -> set[str]:
    """The model itself, and the parameters that hold what is given beside the named ones."""
    import inspect

    many = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return {"self", *(one.name for one in inspect.signature(original).parameters.values() if one.kind in many)}


def _is_wrapped(result: Any) -> bool:
    from statsmodels.base.wrapper import ResultsWrapper

    return isinstance(result, ResultsWrapper)
