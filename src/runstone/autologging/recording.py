"""What all libraries' trainings have recorded: params, tags, metrics, datasets, files, the model."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from runstone.autologging.guard import attempt
from runstone.entities import DatasetInput, InputTag, Metric, Param, RunTag
from runstone.errors import InvalidParameter
from runstone.fluent.inputs import CONTEXT_TAG, entity
from runstone.fluent.models import initialize_logged_model
from runstone.fluent.session import _held
from runstone.models import logging
from runstone.models.signature import ModelSignature, infer_signature

if TYPE_CHECKING:
    from runstone.autologging.training import Training
    from runstone.client import Client
    from runstone.data import Dataset
    from runstone.flavors.flavor import Flavor
    from runstone.models.info import ModelInfo

MODEL_NAME = "model"
# So many rows of the training data are the input example, and tell the signature.
EXAMPLE_ROWS = 5
# A sparse matrix is recorded as the array that it stands for, up to so many cells.
_CELLS = 50_000_000
# Kinds of arrays that lists are recorded as: truth values, numbers, texts.
_PLAIN = "biufU"


class Recorded(Protocol):
    """What is recorded in a run: a training, or a place where one logs."""

    @property
    def run_id(self) -> str:
        """The run's id."""

    @property
    def store(self) -> Client:
        """The run's store."""


def params(training: Recorded, values: Mapping[str, Any], tags: Mapping[str, Any] | None = None) -> None:
    """Log params, and tags, of a training's run."""
    said = [Param(str(key), str(value)) for key, value in values.items()]
    labels = [RunTag(key, str(value)) for key, value in (tags or {}).items()]
    training.store.log_batch(training.run_id, params=said, tags=labels)


def metrics(
    training: Recorded,
    values: Mapping[str, Any],
    step: int | None = None,
    model_id: str | None = None,
    dataset: Dataset | None = None,
) -> None:
    """Log those of the values that are numbers."""
    numbers = {name: float(value) for name, value in values.items() if is_number(value)}
    if not numbers:
        return
    now = time.time_ns() // 1_000_000
    measured_on = (None, None) if dataset is None else (dataset.name, dataset.digest)
    held = _held.get(training.run_id)
    if held is not None:
        held.journal.append_many(numbers, now, step or 0, model_id, *measured_on)
    else:
        points = [Metric(name, value, now, step or 0, model_id, *measured_on) for name, value in numbers.items()]
        training.store.log_batch(training.run_id, points)


def is_number(value: Any) -> bool:
    """Whether a value can be a metric's: a number, and no truth value."""
    import numpy

    return isinstance(value, int | float | numpy.number) and not isinstance(value, bool)


def dataset_of(features: Any, targets: Any = None, name: str | None = None) -> Dataset:
    """What a training was given, as a dataset. Raises InvalidParameter for what is no table."""
    from runstone import data

    kind = type(features).__module__.partition(".")[0]
    if kind == "pandas" and hasattr(features, "columns"):
        return data.from_pandas(features, name=name)
    if kind == "polars" and hasattr(features, "get_columns"):
        return data.from_polars(features, name=name)
    values = _array(features)
    return data.from_numpy(values, targets=None if targets is None else _array(targets), name=name)


def _array(values: Any) -> Any:
    import numpy

    if hasattr(values, "toarray"):
        if math.prod(values.shape) > _CELLS:
            raise InvalidParameter(f"A sparse matrix of {values.shape} is too large to be recorded as a dataset.")
        return values.toarray()
    if isinstance(values, numpy.ndarray):
        return values
    if hasattr(values, "to_numpy"):
        return values.to_numpy()
    if isinstance(values, list | tuple):
        try:
            made = numpy.asarray(values)
        except ValueError as error:  # rows of several lengths
            raise InvalidParameter(
                f"A {type(values).__name__} of unequal rows is not recorded as a dataset."
            ) from error
        if made.dtype.kind in _PLAIN:
            return made
    raise InvalidParameter(f"A {type(values).__name__} is not recorded as a dataset.")


def datasets(store: Any, run_id: str, uses: Iterable[tuple[Dataset, str]]) -> None:
    """Log datasets of a run, each with what it was used for."""
    inputs = [DatasetInput(entity(dataset), [InputTag(CONTEXT_TAG, context)]) for dataset, context in uses]
    store.log_inputs(run_id, inputs)


def first_rows(data: Any) -> Any:
    """A copy of the first rows of what a training is given."""
    if data is None or isinstance(data, str):
        raise InvalidParameter("no rows can be taken of data that are read from a file")
    return copy.deepcopy(data[:EXAMPLE_ROWS])


def model(
    training: Training,
    flavor: Flavor,
    trained: Any,
    options: dict[str, Any],
    example: Callable[[], Any],
    predict: Callable[[Any], Any] | None = None,
    name: str = MODEL_NAME,
    registered: bool = True,
    signature: Callable[[], ModelSignature | None] | None = None,
    **more: Any,
) -> ModelInfo | None:
    """Log what was trained.

    Args:
        training: the training.
        flavor: the model's kind.
        trained: the model.
        options: the flavor's own.
        example: gives the first rows of the data; may raise.
        predict: what the model says to them, for the signature; may raise.
        name: what it is called.
        registered: whether it is registered, where that was asked for.
        signature: gives the signature, where the model itself says it; None for none.
        **more: what `logging.log` takes.
    """
    asked = training.options
    info: ModelInfo | None = None
    rows, told = None, None
    if asked.log_input_examples or (asked.log_model_signatures and signature is None):
        with attempt(asked, "a model's input example"):
            rows = example()
    if asked.log_model_signatures:
        with attempt(asked, "a model's signature"):
            if signature is not None:
                told = signature()
            elif rows is not None and predict is not None:
                told = infer_signature(rows, predict(copy.deepcopy(rows)))
    with attempt(asked, "a model"):
        info = logging.log(
            flavor,
            trained,
            options,
            name=name,
            signature=False if told is None else told,
            input_example=rows if asked.log_input_examples else None,
            registered_model_name=asked.registered_model_name if registered else None,
            model_id=training.model_id,
            **more,
        )
    return info  # noqa: RET504  (None where the attempt failed)


def begin_model(training: Training, values: Mapping[str, Any]) -> None:
    """Make the logged model that a training is to fill, so that what is measured meanwhile is its own.

    Args:
        training: the training.
        values: its params.
    """
    with attempt(training.options, "a model"):
        texts = {str(name): str(value) for name, value in values.items()}
        training.model_id = initialize_logged_model(MODEL_NAME, training.run_id, params=texts).model_id


def model_params(training: Training, values: Mapping[str, Any]) -> None:
    """Log params of the model that a training is to fill."""
    assert training.model_id is not None
    with attempt(training.options, "a model's params"):
        texts = {str(name): str(value) for name, value in values.items()}
        training.store.log_model_params(training.model_id, texts)


def no_model(training: Training) -> None:
    """Say that a model which was begun will not come: its training failed."""
    if training.model_id is not None:
        with attempt(training.options, "that a model failed"):
            training.store.finalize_logged_model(training.model_id, "FAILED")


def files(training: Training, contents: Mapping[str, str | bytes]) -> None:
    """Log texts and bytes as files of a training's run."""
    encoded = {path: text.encode() if isinstance(text, str) else text for path, text in contents.items()}
    training.store.log_files(training.run_id, dict(encoded))


def has(library: str) -> bool:
    """Whether a library is installed; it is not imported."""
    from importlib.util import find_spec

    return find_spec(library) is not None
