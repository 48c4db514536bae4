"""TensorFlow's models, and trainings of Keras's, under MLflow's names (`mlflow.tensorflow`)."""

from __future__ import annotations

import tempfile
from typing import Any

from runstone.autologging import callbacks, keeping, keras_checkpoints
from runstone.autologging.switches import switch
from runstone.flavors.tensorflow import FLAVOR, read_checkpoint
from runstone.models.published import published
from runstone.safety.trust import Trust

save_model, log_model, load_model = published(FLAVOR)

__all__ = ["autolog", "load_checkpoint", "load_model", "log_model", "save_model"]


def autolog(
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    saved_model_kwargs: dict[str, Any] | None = None,
    keras_model_kwargs: dict[str, Any] | None = None,
    extra_tags: dict[str, str] | None = None,
    log_every_epoch: bool = True,
    log_every_n_steps: int | None = None,
    checkpoint: bool = True,
    checkpoint_monitor: str | None = "val_loss",
    checkpoint_mode: str = "min",
    checkpoint_save_best_only: bool = True,
    checkpoint_save_weights_only: bool = False,
    checkpoint_save_freq: str | int = "epoch",
) -> None:
    """Have the trainings of Keras's models record themselves as MLflow's `tensorflow` does it; in place of `keras.autolog`.

    Args:
        log_models: log the trained model.
        log_datasets: log what was trained and validated on, where it is an array.
        disable: no more.
        exclusive: record nothing in runs that you started.
        disable_for_unsupported_versions: leave the library alone where its version is none that this is known to work with.
        silent: no warnings.
        registered_model_name: register each model under it.
        log_input_examples: keep the first rows of the training data with the model.
        log_model_signatures: tell what the model takes and gives.
        saved_model_kwargs: taken for MLflow's sake; what is trained here is no module.
        keras_model_kwargs: of `model.save`.
        extra_tags: of runs that are started for trainings.
        log_every_epoch: log the metrics of each epoch.
        log_every_n_steps: log those of one step in so many instead, with `log_every_epoch=False`.
        checkpoint: keep checkpoints, as `MlflowModelCheckpointCallback` does; a training that has one of these keeps only its.
        checkpoint_monitor, checkpoint_mode, checkpoint_save_best_only, checkpoint_save_weights_only, checkpoint_save_freq: see there.
    """
    switch("tensorflow", **locals())


def load_checkpoint(
    model: Any = None, run_id: str | None = None, epoch: int | None = None, global_step: int | None = None
) -> Any:
    """A model as it was at a checkpoint that autologging kept.

    Args:
        model: one that is made the same, to be given the weights, where a checkpoint has weights alone.
        run_id: the run; the active one unless given.
        epoch, global_step: which checkpoint, where one was kept each epoch or each so many steps; the last one unless said.

    Raises:
        NotFound: the run has no such checkpoint.
        InvalidParameter: it has weights alone, and no model is given.
        Forbidden: reading it could run code that nobody vouches for.
    """
    with tempfile.TemporaryDirectory(prefix="runstone-checkpoint-") as folder:
        place, path = keeping.fetched(run_id, epoch, global_step, folder)
        return read_checkpoint(path, model, Trust(f"the checkpoint {place!r}", vouched=True))


# The callbacks, which are derived from a class of Keras's: that is not imported before they are asked for.
_CALLBACKS = {
    "MlflowCallback": lambda: callbacks.keras_callback("tensorflow", "opt_"),
    "MlflowModelCheckpointCallback": keras_checkpoints.callback,
}


def __getattr__(name: str) -> Any:
    make = _CALLBACKS.get(name)
    if make is None:
        raise AttributeError(f"runstone.tensorflow has no {name!r}. It has {', '.join([*__all__, *_CALLBACKS])}.")
    made = globals()[name] = make()
    return made
