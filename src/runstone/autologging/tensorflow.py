"""TensorFlow: a `fit` of Keras's under the names that MLflow's `tensorflow` has for it, with checkpoints and early ends."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from runstone.autologging import boosting, callbacks, guard, keeping, keras, keras_checkpoints, keras_fits, recording
from runstone.autologging.guard import attempt
from runstone.flavors.tensorflow import FLAVOR

if TYPE_CHECKING:
    from runstone.autologging.training import Record, Training

NAME = "tensorflow"
_STOPPING = ("monitor", "min_delta", "patience", "baseline", "restore_best_weights")


def patch(module: str) -> None:
    """Patch Keras."""
    keras_fits.patch(NAME)


def record(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], training: Training) -> Record:
    """What is recorded of a fit."""
    options = training.options
    given = boosting.arguments(original, args, kwargs)["callbacks"] or []
    stopping = _first(given, "EarlyStopping")
    if stopping is not None:
        with attempt(options, "the params of an early end"):
            recording.params(training, {name: getattr(stopping, name) for name in _STOPPING})
    saving = {name: options.own[name] for name in ("saved_model_kwargs", "keras_model_kwargs")}
    watching = partial(_watching, training, given)
    history = yield from keras.recorded(FLAVOR, saving, watching, original, args, kwargs, training)
    if stopping is not None:
        with attempt(options, "the metrics of an early end"):
            _log_stop(training, stopping, history)
    board = _first(given, "TensorBoard")
    if board is not None:
        with attempt(options, "the logs for TensorBoard"):
            training.store.log_artifacts(training.run_id, board.log_dir, "tensorboard_logs")


def _first(given: Any, kind: str) -> Any:
    import keras as library

    found = [one for one in given if isinstance(one, getattr(library.callbacks, kind))]
    return found[0] if found else None


def _watching(training: Training, given: Any) -> dict[str, Any]:
    options = training.options
    own = options.own
    watch = callbacks.keras_callback("tensorflow", "opt_")
    made = {"the metrics": watch(own["log_every_epoch"], own["log_every_n_steps"], training.model_id)}
    if own["checkpoint"] and not any(type(one).__name__ == keeping.CALLBACK for one in given):
        asked = {name.removeprefix("checkpoint_"): own[name] for name in own if name.startswith("checkpoint_")}
        kind = keras_checkpoints.callback(partial(guard.tell, options, "a checkpoint"))
        made["a checkpoint"] = kind(**asked)
    return made


def _log_stop(training: Training, stopping: Any, history: Any) -> None:
    if not stopping.model.stop_training:
        return
    model_id = training.model_id
    recording.metrics(training, {"stopped_epoch": stopping.stopped_epoch}, None, model_id)
    if stopping.restore_best_weights and stopping.monitor in history.history:
        best = stopping.best_epoch
        recording.metrics(training, {"restored_epoch": best}, None, model_id)
        place = history.epoch.index(best)
        restored = {name: values[place] for name, values in history.history.items()}
        recording.metrics(training, restored, stopping.stopped_epoch + 1, model_id)
