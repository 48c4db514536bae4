"""Keras's models, under MLflow's names (`mlflow.keras`)."""

from __future__ import annotations

from typing import Any

from runstone.autologging import callbacks
from runstone.autologging.switches import switch
from runstone.flavors.keras import FLAVOR
from runstone.models.published import published

save_model, log_model, load_model = published(FLAVOR)

__all__ = ["autolog", "load_model", "log_model", "save_model"]


def autolog(
    log_every_epoch: bool = True,
    log_every_n_steps: int | None = None,
    log_models: bool = True,
    log_model_signatures: bool = True,
    save_exported_model: bool = False,
    log_datasets: bool = True,
    log_input_examples: bool = False,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    save_model_kwargs: dict[str, Any] | None = None,
    extra_tags: dict[str, str] | None = None,
) -> None:
    """Have the trainings of Keras's models record themselves.

    Args:
        log_every_epoch: log the metrics of each epoch.
        log_every_n_steps: log those of one step in so many instead, with `log_every_epoch=False`.
        log_models: log the trained model.
        log_model_signatures: tell what the model takes and gives.
        save_exported_model: see `save_model`.
        log_datasets: log what was trained and validated on, where it is an array.
        log_input_examples: keep the first rows of the training data with the model.
        disable: no more.
        exclusive: record nothing in runs that you started.
        disable_for_unsupported_versions: leave the library alone where its version is none that this is known to work with.
        silent: no warnings.
        registered_model_name: register each model under it.
        save_model_kwargs: of `model.save`.
        extra_tags: of runs that are started for trainings.
    """
    switch("keras", **locals())


def __getattr__(name: str) -> Any:
    if name not in ("MlflowCallback", "RunstoneCallback"):
        raise AttributeError(f"runstone.keras has no {name!r}. It has {', '.join([*__all__, 'MlflowCallback'])}.")
    # derived from a class of Keras's, which is not imported before
    made = callbacks.keras_callback()
    globals().update(MlflowCallback=made, RunstoneCallback=made)
    return made
