"""Checkpoints of a training of PyTorch Lightning's, kept among the run's files where `load_checkpoint` finds them; and the callback that does so."""

from __future__ import annotations

import json
import math
import os
import tempfile
import warnings
from collections.abc import Callable
from typing import Any

from runstone.autologging import lightning
from runstone.autologging.lightning import Place
from runstone.errors import InvalidParameter

FOLDER = "checkpoints"
# By this tag `load_checkpoint` knows the last one.
LATEST_TAG = "mlflow.latest_checkpoint_artifact"
CALLBACK = "MlflowModelCheckpointCallback"


def _warn(reason: str) -> None:
    warnings.warn(f"No checkpoint is kept: {reason}", stacklevel=2)


class Checkpoints:
    """Which checkpoints are kept, and under what names.

    Args:
        monitor: the metric by which the best is known.
        mode: 'min' or 'max': which is better.
        save_best_only: keep one, the best so far; else each, by its epoch or step.
        save_weights_only: leave out what training further would need.
        save_freq: 'epoch', or a number of steps.
        warn: is told why one is not kept.

    Raises:
        InvalidParameter: only the best is to be kept, and it is not said by what or which is better.
    """

    def __init__(
        self,
        monitor: str | None = "val_loss",
        mode: str = "min",
        save_best_only: bool = True,
        save_weights_only: bool = False,
        save_freq: str | int = "epoch",
        warn: Callable[[str], object] = _warn,
    ) -> None:
        if save_best_only and monitor is None:
            raise InvalidParameter("To keep the best checkpoint alone, say by which metric: monitor='val_loss'.")
        if save_best_only and mode not in ("min", "max"):
            raise InvalidParameter(f"mode is 'min' or 'max', which of two values is better; got {mode!r}.")
        self.monitor, self.mode, self.save_best_only = monitor, mode, save_best_only
        self.save_weights_only, self.save_freq = save_weights_only, save_freq
        self._warn, self._warned = warn, False
        self._best: float | None = None
        self._last_step = 0

    def step(self, trainer: Any, place: Place | None) -> None:
        """A step has ended. Every process is to say so; the first one is given where to keep."""
        step = trainer.global_step
        if isinstance(self.save_freq, int) and step > self._last_step and step % self.save_freq == 0:
            self._last_step = step  # batches whose gradients are accumulated are one step
            self._consider(trainer, place)

    def epoch(self, trainer: Any, place: Place | None) -> None:
        """An epoch has ended. As `step`."""
        if self.save_freq == "epoch":
            self._consider(trainer, place)

    def _consider(self, trainer: Any, place: Place | None) -> None:
        # What is computed here may be joined from all processes, so all of them read it.
        values = {name: float(value) for name, value in trainer.callback_metrics.items()}
        if place is None or not trainer.is_global_zero:
            return
        if trainer.world_size > 1 and trainer.strategy.restore_checkpoint_after_setup:
            self._tell(
                f"with {type(trainer.strategy).__name__} every process has a part of it. Lightning's ModelCheckpoint keeps those."
            )
        elif self.save_best_only and self.monitor not in values:
            known = ", ".join(sorted(values)) or "none"
            self._tell(f"the metric {self.monitor!r}, by which the best is known, is not logged ({known}).")
        elif not self.save_best_only or self._is_better(values[str(self.monitor)]):
            self._keep(trainer, place, values)

    def _tell(self, reason: str) -> None:
        if not self._warned:
            self._warned = True
            self._warn(reason)

    def _is_better(self, value: float) -> bool:
        best = self._best
        if best is None or math.isnan(best) or (value < best if self.mode == "min" else value > best):
            self._best = value
            return True
        return False

    def _keep(self, trainer: Any, place: Place, values: dict[str, float]) -> None:
        import torch

        epoch, step = trainer.current_epoch, trainer.global_step
        weights = ".weights" if self.save_weights_only else ""
        if self.save_best_only:
            folder, prefix = FOLDER, "latest_"
        else:
            folder = f"{FOLDER}/{f'epoch_{epoch}' if self.save_freq == 'epoch' else f'global_step_{step}'}"
            prefix = ""
        name = f"{folder}/{prefix}checkpoint{weights}.pth"
        about = json.dumps({**values, "epoch": epoch, "global_step": step}, indent=2)
        with tempfile.TemporaryDirectory(prefix="runstone-checkpoint-") as here:
            path = os.path.join(here, "checkpoint")
            # `trainer.save_checkpoint` waits for all processes, and this one is alone.
            torch.save(trainer._checkpoint_connector.dump_checkpoint(self.save_weights_only), path)
            place.store.log_files(
                place.run_id, {name: path, f"{folder}/{prefix}checkpoint_metrics.json": about.encode()}
            )
        place.store.set_tag(place.run_id, LATEST_TAG, name)


def callback() -> type:
    """The class of the callback, which is derived from one of Lightning's."""

    class MlflowModelCheckpointCallback(*lightning.bases()):  # type: ignore[misc]
        """Keeps checkpoints among the files of the active run: `Trainer(callbacks=[MlflowModelCheckpointCallback()])`. See `load_checkpoint`.

        Args:
            monitor: the metric by which the best is known.
            mode: 'min' or 'max': which is better.
            save_best_only: keep one, the best so far; else each, by its epoch or step.
            save_weights_only: leave out what training further would need.
            save_freq: 'epoch', or a number of steps.

        Raises:
            InvalidParameter: only the best is to be kept, and it is not said by what or which is better.
        """

        def __init__(
            self,
            monitor: str = "val_loss",
            mode: str = "min",
            save_best_only: bool = True,
            save_weights_only: bool = False,
            save_freq: str | int = "epoch",
        ) -> None:
            super().__init__()
            self._checkpoints = Checkpoints(monitor, mode, save_best_only, save_weights_only, save_freq)
            self._place = Place()

        def on_train_batch_end(self, trainer: Any, *more: Any) -> None:
            """Keep a checkpoint, if this step is to have one."""
            self._checkpoints.step(trainer, self._place)

        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            """Keep a checkpoint, if each epoch is to have one."""
            self._checkpoints.epoch(trainer, self._place)

    MlflowModelCheckpointCallback.__module__ = "runstone.pytorch"
    MlflowModelCheckpointCallback.__qualname__ = CALLBACK
    return MlflowModelCheckpointCallback
