"""Checkpoints of a training of PyTorch Lightning's, kept among the run's files where `load_checkpoint` finds them; and the callback that does so."""

from __future__ import annotations

from functools import partial
from typing import Any

from runstone.autologging import keeping, lightning
from runstone.autologging.keeping import CALLBACK
from runstone.autologging.lightning import Place


class Checkpoints:
    """The checkpoints of a trainer's fit.

    Args:
        **given: of `Keeping`, but for the files' endings.
    """

    def __init__(self, **given: Any) -> None:
        self._keeping = keeping.Keeping((".pth", ".weights.pth"), **given)
        self.of_steps = isinstance(self._keeping.save_freq, int)
        self._kept_at = 0

    def step(self, trainer: Any, place: Place | None) -> None:
        """A step has ended. Every process is to say so; the first one is given where to keep."""
        step, every = trainer.global_step, self._keeping.save_freq
        if isinstance(every, int) and step > 0 and step % every == 0:
            self._consider(trainer, place)

    def epoch(self, trainer: Any, place: Place | None) -> None:
        """An epoch has ended. As `step`."""
        if self._keeping.save_freq == "epoch":
            self._consider(trainer, place)

    def _consider(self, trainer: Any, place: Place | None) -> None:
        # What is computed here may be joined from all processes, so all of them read it.
        values = {name: float(value) for name, value in trainer.callback_metrics.items()}
        if place is None or not trainer.is_global_zero:
            return
        if trainer.world_size > 1 and trainer.strategy.restore_checkpoint_after_setup:
            self._keeping.tell(
                f"with {type(trainer.strategy).__name__} every process has a part of it. Lightning's ModelCheckpoint keeps those."
            )
            return
        if self.of_steps and trainer.global_step == self._kept_at:
            return  # batches whose gradients are accumulated are one step
        write = partial(_write, trainer, self._keeping.save_weights_only)
        if self._keeping.consider(place, values, trainer.current_epoch, trainer.global_step, write):
            self._kept_at = trainer.global_step


def _write(trainer: Any, weights_only: bool, path: str) -> None:
    import torch

    # `trainer.save_checkpoint` waits for all processes, and this one is alone.
    torch.save(trainer._checkpoint_connector.dump_checkpoint(weights_only), path)


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
            self._checkpoints = Checkpoints(
                monitor=monitor,
                mode=mode,
                save_best_only=save_best_only,
                save_weights_only=save_weights_only,
                save_freq=save_freq,
            )
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
