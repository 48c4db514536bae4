"""Keras: a model's `fit` is a training."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from runstone.autologging import boosting, callbacks, keras_fits, recording
from runstone.autologging.guard import attempt
from runstone.flavors.keras import FLAVOR
from runstone.models.signature import ModelSignature
from runstone.types.schema import Schema, TensorSpec

if TYPE_CHECKING:
    from runstone.autologging.training import Record, Training
    from runstone.data import Dataset
    from runstone.flavors.flavor import Flavor

NAME = "keras"
# Arguments of `fit` that are no params of the run.
_NO_PARAMS = frozenset(["self", "x", "y", "callbacks", "validation_data", "verbose"])


def patch(module: str) -> None:
    """Patch the library."""
    keras_fits.patch(NAME)


def record(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], training: Training) -> Record:
    """What is recorded of a fit."""
    own = training.options.own

    def watching() -> dict[str, Any]:
        watch = callbacks.keras_callback()(own["log_every_epoch"], own["log_every_n_steps"], training.model_id)
        return {"the metrics": watch}

    saving = {name: own[name] for name in ("save_exported_model", "save_model_kwargs")}
    yield from recorded(FLAVOR, saving, watching, original, args, kwargs, training)


def recorded(
    flavor: Flavor,
    saving: dict[str, Any],
    watching: Callable[[], Mapping[str, Any]],
    original: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    training: Training,
) -> Generator[tuple[tuple[Any, ...], dict[str, Any]], Any, Any]:
    """What is recorded of a fit as whichever flavor's; what it returned comes back.

    Args:
        flavor: the leaf of the model.
        saving: what the leaf's `save` is told.
        watching: gives Keras's callbacks, by what they record, when the logged model that they measure is known.
        original, args, kwargs: the fit, and what it is given.
        training: the training.
    """
    options, model = training.options, args[0]
    said = boosting.arguments(original, args, kwargs)
    if said.get("batch_size") is None:
        said["batch_size"] = _batch_size(said["x"])
    params = {name: value for name, value in said.items() if name not in _NO_PARAMS}
    with attempt(options, "the params of a training"):
        recording.params(training, params)
    if options.log_models:
        recording.begin_model(training, params)
    if options.log_datasets:
        with attempt(options, "a dataset"):
            recording.datasets(training.store, training.run_id, _datasets(said))
    for what, inner in watching().items():
        args, kwargs = boosting.with_callback(original, args, kwargs, _guarded(training, inner, what))
    try:
        result = yield args, kwargs
    except GeneratorExit:
        recording.no_model(training)
        raise
    if options.log_models:
        rows = partial(recording.first_rows, said["x"])
        recording.model(training, flavor, model, saving, rows, signature=partial(_signature, model))
    return result


def _batch_size(data: Any) -> Any:
    for name in ("batch_size", "_batch_size"):  # a loader's; a dataset of TensorFlow's
        size = getattr(data, name, None)
        if size is not None:
            return size.numpy() if hasattr(size, "numpy") else size
    return None


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


def _guarded(training: Training, inner: Any, what: str) -> Any:
    import keras

    class Guarded(keras.callbacks.Callback):  # type: ignore[misc]
        """Hands on to another callback; what that one raises does not reach the training."""

        def on_train_begin(self, logs: Any = None) -> None:
            with attempt(training.options, "a model's optimizer and summary"):
                inner.set_model(self.model)
                inner.on_train_begin(logs)

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            with attempt(training.options, f"{what} of an epoch"):
                inner.on_epoch_begin(epoch, logs)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            with attempt(training.options, f"{what} of an epoch"):
                inner.on_epoch_end(epoch, logs)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            with attempt(training.options, f"{what} of a step"):
                inner.on_train_batch_end(batch, logs)

        def on_test_end(self, logs: Any = None) -> None:
            with attempt(training.options, f"{what} of a validation"):
                inner.on_test_end(logs)

    return Guarded()
