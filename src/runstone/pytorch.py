"""PyTorch's modules, under MLflow's names (`mlflow.pytorch`); and state dicts and checkpoints, which are files of a run."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from runstone.client.uris import parts_of_uri
from runstone.errors import InvalidParameter, NotFound
from runstone.flavors import torch_states as states
from runstone.flavors.pytorch import FLAVOR
from runstone.fluent.artifacts import log_artifacts
from runstone.fluent.location import client
from runstone.fluent.session import active_run
from runstone.models.published import published
from runstone.safety.trust import Trust

save_model, log_model, load_model = published(FLAVOR)

__all__ = [
    "load_checkpoint",
    "load_model",
    "load_state_dict",
    "log_model",
    "log_state_dict",
    "save_model",
    "save_state_dict",
]

# By this tag MLflow's autologging says which checkpoint is the last.
_LATEST = "mlflow.latest_checkpoint_artifact"


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
    run = active_run() if run_id is None else client().get_run(run_id)
    if run is None:
        raise InvalidParameter("There is no active run: give load_checkpoint the run_id.")
    if epoch is not None and global_step is not None:
        raise InvalidParameter(
            "A checkpoint is one of an epoch or of a global step: give load_checkpoint one of the two."
        )
    latest = client().get_run(run.info.run_id).data.tags.get(_LATEST)
    if latest is None:
        raise NotFound(f"The run {run.info.run_id} has no checkpoint that autologging kept (no tag {_LATEST!r}).")
    place = latest
    if epoch is not None or global_step is not None:
        kept = f"epoch_{epoch}" if epoch is not None else f"global_step_{global_step}"
        place = f"checkpoints/{kept}/{os.path.basename(latest)}"
    with tempfile.TemporaryDirectory(prefix="runstone-checkpoint-") as folder:
        path = client().download_artifacts(run.info.run_id, place, folder)
        Trust(f"the checkpoint {place!r}", vouched=True).pickle(path)
        return model_class.load_from_checkpoint(path, **{"weights_only": False, **(kwargs or {})})
