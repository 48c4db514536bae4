"""Estimators of other libraries that are made like scikit-learn's: their fit logs the model, the training within it the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from runstone.autologging import evaluations, patching, recording, sklearn
from runstone.autologging.training import Record, Training, quiet

if TYPE_CHECKING:
    from runstone.flavors.flavor import Flavor


def derived(base: type) -> Iterator[type]:
    """A class of a library, and those of the same library that are derived from it."""
    yield base
    below: list[type] = base.__subclasses__()
    for each in below:
        if each.__module__.partition(".")[0] == base.__module__.partition(".")[0]:
            yield from derived(each)


def patch(name: str, kind: type, fit: patching.Around) -> None:
    """Patch an estimator's class."""
    patching.wrap(name, kind, "fit", fit)
    evaluations.patch_methods(name, kind)


def record(
    flavor: Flavor,
    saving: Callable[[Mapping[str, Any]], dict[str, Any]],
    original: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    training: Training,
) -> Record:
    """What is recorded of such a fit beside the training in it."""
    estimator, options = args[0], training.options
    wanted = options.log_models and (options.log_input_examples or options.log_model_signatures)
    rows = sklearn.rows_of(original, args, kwargs) if wanted else None
    if options.log_models:
        recording.begin_model(training, {})
    try:
        yield args, kwargs
    except GeneratorExit:
        recording.no_model(training)
        raise
    if options.log_models:
        recording.model(
            training, flavor, estimator, saving(options.own), lambda: sklearn.taken(rows), lambda rows: _answer(estimator, rows)
        )  # fmt: skip
    evaluations.remember(training, estimator, training.model_id)


def _answer(estimator: Any, rows: Any) -> Any:
    with quiet():
        return estimator.predict(rows)
