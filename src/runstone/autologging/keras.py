"""Keras: a model's `fit` is a training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from runstone.autologging import boosting, callbacks, patching, recording, switches
from runstone.autologging.guard import attempt
from runstone.autologging.training import Record, Training, conduct
from runstone.data import Dataset
from runstone.flavors.keras import FLAVOR
from runstone.models.signature import ModelSignature
from runstone.types.schema import Schema, TensorSpec

NAME = "keras"
# Arguments of `fit` that are no params of the run.
_NO_PARAMS = frozenset(["self", "x", "y", "callbacks", "validation_data", "verbose"])


def patch(module: str) -> None:
    """Patch the library."""
    import keras

    patching.wrap(NAME, keras.Model, "fit", _fit)


def _fit(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return conduct(switches.options(NAME), original, args, kwargs, partial(_record, original, args, kwargs))


def _record(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], training: Training) -> Record:
    options, model = training.options, args[0]
    said = boosting.arguments(original, args, kwargs)
    if said.get("batch_size") is None:
        said["batch_size"] = getattr(said["x"], "batch_size", None)
    params = {name: value for name, value in said.items() if name not in _NO_PARAMS}
    with attempt(options, "the params of a training"):
        recording.params(training, params)
    if options.log_models:
        recording.begin_model(training, params)
    if options.log_datasets:
        with attempt(options, "a dataset"):
            recording.datasets(training.store, training.run_id, _datasets(said))
    own = options.own
    inner = callbacks.keras_callback()(own["log_every_epoch"], own["log_every_n_steps"], training.model_id)
    args, kwargs = boosting.with_callback(original, args, kwargs, _guarded(training, inner))
    try:
        yield args, kwargs
    except GeneratorExit:
        recording.no_model(training)
        raise
    if options.log_models:
        saving = {name: own[name] for name in ("save_exported_model", "save_model_kwargs")}
        rows = partial(recording.first_rows, said["x"])
        recording.model(training, FLAVOR, model, saving, rows, signature=partial(_signature, model))


def _datasets(said: dict[str, Any]) -> Iterator[tuple[Dataset, str]]:
    yield recording.dataset_of(said["x"], said["y"]), "train"
    validation = said["validation_data"]
    if isinstance(validation, tuple | list):
        yield recording.dataset_of(*validation[:2]), "eval"


def _signature(model: Any) -> ModelSignature:
    return ModelSignature(_schema(model.inputs), _schema(model.outputs))


def _schema(tensors: Any) -> Schema:
    import keras
    import numpy

    def spec(tensor: Any, name: str | None) -> TensorSpec:
        shape = [-1 if length is None else length for length in tensor.shape]
        return TensorSpec(numpy.dtype(keras.backend.standardize_dtype(tensor.dtype)), shape, name)

    several = len(tensors) > 1
    return Schema([spec(tensor, tensor.name if several else None) for tensor in tensors])


def _guarded(training: Training, inner: Any) -> Any:
    import keras

    class Guarded(keras.callbacks.Callback):  # type: ignore[misc]
        """Hands on to another callback; what that one raises does not reach the training."""

        def on_train_begin(self, logs: Any = None) -> None:
            with attempt(training.options, "a model's optimizer and summary"):
                inner.set_model(self.model)
                inner.on_train_begin(logs)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            with attempt(training.options, "the metrics of an epoch"):
                inner.on_epoch_end(epoch, logs)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            with attempt(training.options, "the metrics of a step"):
                inner.on_train_batch_end(batch, logs)

        def on_test_end(self, logs: Any = None) -> None:
            with attempt(training.options, "the metrics of a validation"):
                inner.on_test_end(logs)

    return Guarded()
