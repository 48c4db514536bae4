"""What boosters have in common: data sets that forget their data, metrics at each iteration, an early end, the importance of features."""

from __future__ import annotations

import inspect
import json
import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

from runstone.autologging import estimating, patching, plots, recording, switches
from runstone.autologging.guard import attempt
from runstone.autologging.training import conduct

if TYPE_CHECKING:
    from runstone.autologging.options import Options
    from runstone.autologging.training import Record, Training
    from runstone.data import Dataset
    from runstone.flavors.flavor import Flavor

# The first rows of data that were made into a library's own data set, by that one's id, as long as it lives.
_rows: dict[int, Any] = {}


def patch(
    library: ModuleType,
    estimators: ModuleType,
    kinds: tuple[type, type],
    flavor: Flavor,
    saving: Callable[[Mapping[str, Any]], dict[str, Any]],
    record: Callable[..., Record],
) -> None:
    """Patch a library of boosters.

    Args:
        library: where its `train` is.
        estimators: where its estimators are, whose fit calls `train` by the name it has there.
        kinds: its data set, and its estimators' base.
        flavor: the leaf of its models.
        saving: what the leaf's `save` is told, of the options that only this library has.
        record: what is recorded of a training: `record(whole, original, args, kwargs, training)`.
    """
    name, (data, base) = flavor.name, kinds

    def make(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        options = switches.options(name)
        if options is not None and args:
            with attempt(options, "the first rows of a data set"):
                keep_rows(options, args[0], original, args[1] if len(args) > 1 else kwargs.get("data"))
        return original(*args, **kwargs)

    def fit(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        recorded = partial(estimating.record, flavor, saving, original, args, kwargs)
        return conduct(switches.options(name), original, args, kwargs, recorded, opens=True)

    def train(whole: bool, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        recorded = partial(record, whole, original, args, kwargs)
        return conduct(switches.options(name), original, args, kwargs, recorded, joins=True)

    patching.wrap(name, library, "train", partial(train, True))
    # an estimator's fit calls this one, and is itself what is logged
    patching.wrap(name, estimators, "train", partial(train, False))
    patching.wrap(name, data, "__init__", make)
    for kind in estimating.derived(base):
        estimating.patch(name, kind, fit)


def keep_rows(options: Options, made: Any, original: Callable[..., Any], data: Any) -> None:
    """Keep the first rows of what a data set was made of: it does not give them back.

    Args:
        options: what was asked for.
        made: the data set.
        original: its `__init__`.
        data: what it was made of.
    """
    if not options.log_models or not (options.log_input_examples or options.log_model_signatures):
        return
    try:
        rows = recording.first_rows(data)
    except Exception as error:  # noqa: BLE001  (told of where the rows are wanted)
        rows = error
    weakref.finalize(made, _rows.pop, id(made), None)
    _rows[id(made)] = rows


def rows_of(made: Any) -> Any:
    """The first rows of what a data set was made of. Raises where they are not known."""
    rows = _rows.get(id(made), LookupError("the data set was made before autologging was switched on"))
    if isinstance(rows, Exception):
        raise rows
    return rows


def arguments(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """All arguments of a call by name, with their defaults."""
    bound = inspect.signature(original).bind(*args, **kwargs)
    bound.apply_defaults()
    return dict(bound.arguments)


def with_callback(
    original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], callback: Any
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The same call with one callback more; the caller's list stays as it is.

    It is the first: one that ends the training keeps those behind it from the last iteration.
    """
    place = list(inspect.signature(original).parameters).index("callbacks")
    if len(args) > place:
        return (*args[:place], [callback, *(args[place] or ())], *args[place + 1 :]), kwargs
    return args, {**kwargs, "callbacks": [callback, *(kwargs.get("callbacks") or ())]}


class Iterations:
    """The metrics of each iteration, logged as they come; they are the training's model's, if there is one."""

    def __init__(self, training: Training, dataset: Dataset | None = None) -> None:
        self.training, self.dataset = training, dataset
        self.results: list[dict[str, float]] = []

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Those of one iteration, under names that metrics may have."""
        with attempt(self.training.options, "the metrics of an iteration"):
            named = {name.replace("@", "_at_"): value for name, value in values.items()}
            self.results.append(named)
            recording.metrics(self.training, named, step, self.training.model_id)

    def stopped(self, best: int, best_index: int, last: int) -> None:
        """The training stopped early.

        Args:
            best: the best iteration, as the library numbers them.
            best_index: its place among the results.
            last: the last one's number.
        """
        with attempt(self.training.options, "the best iteration"):
            step = len(self.results)
            ends = {"stopped_iteration": last, "best_iteration": best}
            model_id = self.training.model_id
            recording.metrics(self.training, ends, None, model_id, self.dataset)
            recording.metrics(self.training, self.results[best_index], step, model_id, self.dataset)


def record_importance(
    training: Training, kind: str, names: Sequence[str], values: Sequence[Any], indent: int | None = None
) -> None:
    """Log how important the features are to a model, as JSON and, where matplotlib is installed, as a picture."""
    with attempt(training.options, "the importance of features"):
        told = json.dumps(dict(zip(names, values, strict=True)), indent=indent)
        files: dict[str, str | bytes] = {f"feature_importance_{kind}.json": told}
        if names and recording.has("matplotlib"):
            with attempt(training.options, "pictures of the importance of features"):
                files[f"feature_importance_{kind}.png"] = plots.of_importance(names, values, kind)
        recording.files(training, files)
