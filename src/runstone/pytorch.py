"""PyTorch's modules, and trainings by PyTorch Lightning, under MLflow's names (`mlflow.pytorch`); and state dicts and checkpoints, which are files of a run."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from runstone.autologging import checkpoints, keeping, lightning, loggers
from runstone.autologging.switches import switch
from runstone.client.uris import parts_of_uri
from runstone.flavors import torch_states as states
from runstone.flavors.pytorch import FLAVOR
from runstone.fluent.artifacts import log_artifacts
from runstone.fluent.location import client
from runstone.models.published import published
from runstone.safety.trust import Trust

save_model, log_model, load_model = published(FLAVOR)

__all__ = [
    "autolog",
    "load_checkpoint",
    "load_model",
    "load_state_dict",
    "log_model",
    "log_state_dict",
    "save_model",
    "save_state_dict",
]


def autolog(
    log_every_n_epoch: int = 1,
    log_every_n_step: int | None = None,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: dict[str, str] | None = None,
    checkpoint: bool = True,
    checkpoint_monitor: str | None = "val_loss",
    checkpoint_mode: str = "min",
    checkpoint_save_best_only: bool = True,
    checkpoint_save_weights_only: bool = False,
    checkpoint_save_freq: str | int = "epoch",
    log_model_signatures: bool = True,
) -> None:
    """Have the trainings of PyTorch Lightning's trainers record themselves.

    Args:
        log_every_n_epoch: log the metrics of one epoch in so many.
        log_every_n_step: log those of one step in so many, too.
        log_models: log the trained model.
        log_datasets: taken for MLflow's sake; what a loader gives is not recorded.
        disable: no more.
        exclusive: record nothing in runs that you started.
        disable_for_unsupported_versions: leave the library alone where its version is none that this is known to work with.
        silent: no warnings.
        registered_model_name: register each model under it.
        extra_tags: of runs that are started for trainings.
        checkpoint: keep checkpoints, as `MlflowModelCheckpointCallback` does; a trainer that has one of these keeps only its.
        checkpoint_monitor, checkpoint_mode, checkpoint_save_best_only, checkpoint_save_weights_only, checkpoint_save_freq: see there.
        log_model_signatures: tell what the model takes and gives.
    """
    switch("pytorch", **locals())


def save_state_dict(state_dict: dict[str, Any], path: str | os.PathLike[str], **kwargs: Any) -> None:
    """Write tensors by name (and what else a checkpoint is made of) into a folder.

    Args:
        state_dict: `model.state_dict()`, or a mapping of such, of an optimizer's, of numbers and texts.
        path: the folder; made if missing.
        **kwargs: as `torch.save` takes them; or `serialization_format="safetensors"`, for tensors by name alone.

    Raises:
        InvalidParameter: it is no mapping, or holds what safetensors has no form for.
    """
    states.write(state_dict, os.fspath(path), **kwargs)


def log_state_dict(state_dict: dict[str, Any], artifact_path: str, **kwargs: Any) -> None:
    """Log it as files of the active run. The arguments are `save_state_dict`'s.

    Args:
        state_dict: what is to be kept.
        artifact_path: the folder among the run's files.
        **kwargs: see `save_state_dict`.
    """
    with tempfile.TemporaryDirectory(prefix="runstone-state-") as folder:
        states.write(state_dict, folder, **kwargs)
        log_artifacts(folder, artifact_path)


def load_state_dict(state_dict_uri: str, **kwargs: Any) -> Any:
    """Read it again. No code is run: what is more than tensors and plain values is refused.

    Args:
        state_dict_uri: the folder: `runs:/RUN/PATH`, or one of this machine.
        **kwargs: as `torch.load` takes them. `weights_only=False` lets other objects be read, where somebody vouches for them.

    Raises:
        InvalidParameter: it holds other objects.
        Forbidden: with `weights_only=False`: reading it could run code that nobody vouches for.
    """
    if ":/" in state_dict_uri and not state_dict_uri.startswith("file:"):
        with tempfile.TemporaryDirectory(prefix="runstone-state-") as folder:
            fetched = client().download_artifacts(*parts_of_uri(state_dict_uri), folder)
            return states.read(fetched, Trust(f"the state dict {state_dict_uri!r}", vouched=True), **kwargs)
    path = state_dict_uri.removeprefix("file://")
    return states.read(path, Trust(f"the state dict at {path!r}", vouched=False), **kwargs)


def load_checkpoint(
    model_class: Any,
    run_id: str | None = None,
    epoch: int | None = None,
    global_step: int | None = None,
    kwargs: dict[str, Any] | None = None,
) -> Any:
    """A Lightning module as it was at a checkpoint that autologging kept.

    Args:
        model_class: its class.
        run_id: the run; the active one unless given.
        epoch, global_step: which checkpoint, where one was kept each epoch or each so many steps; the last one unless said.
        kwargs: of `model_class.load_from_checkpoint`.

    Raises:
        NotFound: the run has no such checkpoint.
        Forbidden: reading it could run code that nobody vouches for.
    """
    with tempfile.TemporaryDirectory(prefix="runstone-checkpoint-") as folder:
        place, path = keeping.fetched(run_id, epoch, global_step, folder)
        Trust(f"the checkpoint {place!r}", vouched=True).pickle(path)
        return model_class.load_from_checkpoint(path, **{"weights_only": False, **(kwargs or {})})


# Derived from classes of Lightning's, which is not imported before they are asked for.
_DERIVED = {
    "MlflowModelCheckpointCallback": checkpoints.callback,
    "RunstoneCallback": lightning.callback,
    "RunstoneLogger": loggers.logger,
}


def __getattr__(name: str) -> Any:
    make = _DERIVED.get(name)
    if make is None:
        raise AttributeError(f"runstone.pytorch has no {name!r}. It has {', '.join([*__all__, *_DERIVED])}.")
    made = globals()[name] = make()
    return made
