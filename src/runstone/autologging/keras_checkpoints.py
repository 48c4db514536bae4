"""The callback that keeps checkpoints of a training of Keras's among the files of the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from runstone.autologging import keeping
from runstone.fluent import session

if TYPE_CHECKING:
    from runstone.client import Client


class _Active:
    """The active run, or the one that is started where something is to be logged."""

    @property
    def run_id(self) -> str:
        return session.target()[1]

    @property
    def store(self) -> Client:
        return session.target()[0]


def callback(warn: Callable[[str], object] = keeping.warn) -> type:
    """The class of the callback, which is derived from one of Keras's.

    Args:
        warn: is told why a checkpoint is not kept.
    """
    import keras

    class MlflowModelCheckpointCallback(keras.callbacks.Callback):  # type: ignore[misc]
        """Keeps checkpoints among the files of the active run: `model.fit(callbacks=[MlflowModelCheckpointCallback()])`. See `load_checkpoint`.

        Args:
            monitor: the metric by which the best is known.
            mode: 'min' or 'max': which is better.
            save_best_only: keep one, the best so far; else each, by its epoch or step.
            save_weights_only: leave out how the model is made and optimized.
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
            endings = (".keras", ".weights.h5")
            self._keeping = keeping.Keeping(endings, monitor, mode, save_best_only, save_weights_only, save_freq, warn)
            self._epoch = self._last_step = 0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            """Know which epoch it is."""
            self._epoch = epoch

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            """Keep a checkpoint, if this step is to have one."""
            step, every = int(self.model.optimizer.iterations), self._keeping.save_freq
            if isinstance(every, int) and step - self._last_step >= every:  # a batch of Keras's may be several steps
                self._last_step = step
                self._consider(logs)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            """Keep a checkpoint, if each epoch is to have one."""
            if self._keeping.save_freq == "epoch":
                self._consider(logs)

        def _consider(self, logs: Any) -> None:
            values = {name: float(value) for name, value in (logs or {}).items()}
            write = self.model.save_weights if self._keeping.save_weights_only else self.model.save
            self._keeping.consider(_Active(), values, self._epoch, int(self.model.optimizer.iterations), write)

    MlflowModelCheckpointCallback.__module__ = "runstone.tensorflow"
    MlflowModelCheckpointCallback.__qualname__ = keeping.CALLBACK
    return MlflowModelCheckpointCallback
