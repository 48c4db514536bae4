"""Which checkpoints of a training are kept among its run's files, and under what names (MLflow's); and how one is found again."""

from __future__ import annotations

import json
import math
import os
import tempfile
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from runstone.errors import InvalidParameter, NotFound
from runstone.fluent.location import client
from runstone.fluent.session import active_run

if TYPE_CHECKING:
    from runstone.autologging.recording import Recorded

FOLDER = "checkpoints"
# By this tag `fetched` knows the last one.
LATEST_TAG = "mlflow.latest_checkpoint_artifact"
CALLBACK = "MlflowModelCheckpointCallback"


def warn(reason: str) -> None:
    """Say why no checkpoint is kept."""
    warnings.warn(f"No checkpoint is kept: {reason}", stacklevel=2)


class Keeping:
    """Which checkpoints of one training are kept.

    Args:
        endings: of their files' names: of a whole one, and of one with weights alone.
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
        endings: tuple[str, str],
        monitor: str | None = "val_loss",
        mode: str = "min",
        save_best_only: bool = True,
        save_weights_only: bool = False,
        save_freq: str | int = "epoch",
        warn: Callable[[str], object] = warn,
    ) -> None:
        if save_best_only and monitor is None:
            raise InvalidParameter("To keep the best checkpoint alone, say by which metric: monitor='val_loss'.")
        if save_best_only and mode not in ("min", "max"):
            raise InvalidParameter(f"mode is 'min' or 'max', which of two values is better; got {mode!r}.")
        self.monitor, self.mode, self.save_best_only = monitor, mode, save_best_only
        self.save_weights_only, self.save_freq = save_weights_only, save_freq
        self._ending = endings[save_weights_only]
        self._warn, self._warned = warn, False
        self._best: float | None = None

    def consider(
        self, place: Recorded, values: Mapping[str, float], epoch: int, step: int, write: Callable[[str], object]
    ) -> bool:
        """Keep a checkpoint, or not. Whether it was kept.

        Args:
            place: the run.
            values: what is measured.
            epoch, step: where the training is.
            write: writes it to a path.
        """
        if self.save_best_only and self.monitor not in values:
            known = ", ".join(sorted(values)) or "none"
            self.tell(f"the metric {self.monitor!r}, by which the best is known, is not logged ({known}).")
        elif not self.save_best_only or self._is_better(values[str(self.monitor)]):
            self._keep(place, values, epoch, step, write)
            return True
        return False

    def tell(self, reason: str) -> None:
        """Say, once, why none is kept."""
        if not self._warned:
            self._warned = True
            self._warn(reason)

    def _is_better(self, value: float) -> bool:
        best = self._best
        if best is None or math.isnan(best) or (value < best if self.mode == "min" else value > best):
            self._best = value
            return True
        return False

    def _keep(
        self, place: Recorded, values: Mapping[str, float], epoch: int, step: int, write: Callable[[str], object]
    ) -> None:
        if self.save_best_only:
            folder, prefix = FOLDER, "latest_"
        else:
            folder, prefix = f"{FOLDER}/{_folder(epoch if self.save_freq == 'epoch' else None, step)}", ""
        name = f"{folder}/{prefix}checkpoint{self._ending}"
        about = json.dumps({**values, "epoch": epoch, "global_step": step}, indent=2)
        with tempfile.TemporaryDirectory(prefix="runstone-checkpoint-") as here:
            path = os.path.join(here, f"checkpoint{self._ending}")
            write(path)
            files: dict[str, Any] = {name: path, f"{folder}/{prefix}checkpoint_metrics.json": about.encode()}
            place.store.log_files(place.run_id, files)
        place.store.set_tag(place.run_id, LATEST_TAG, name)


def _folder(epoch: int | None, step: int | None) -> str:
    return f"global_step_{step}" if epoch is None else f"epoch_{epoch}"


def fetched(run_id: str | None, epoch: int | None, global_step: int | None, folder: str) -> tuple[str, str]:
    """Fetch a checkpoint into a folder: its path among the run's files, and here.

    Args:
        run_id: the run; the active one unless given.
        epoch, global_step: which one, where one was kept each epoch or each so many steps; the last one unless said.
        folder: where to.

    Raises:
        NotFound: the run has no such checkpoint.
    """
    run = active_run() if run_id is None else client().get_run(run_id)
    if run is None:
        raise InvalidParameter("There is no active run: give load_checkpoint the run_id.")
    if epoch is not None and global_step is not None:
        raise InvalidParameter(
            "A checkpoint is one of an epoch or of a global step: give load_checkpoint one of the two."
        )
    place = client().get_run(run.info.run_id).data.tags.get(LATEST_TAG)
    if place is None:
        raise NotFound(f"The run {run.info.run_id} has no checkpoint that autologging kept (no tag {LATEST_TAG!r}).")
    if epoch is not None or global_step is not None:
        place = f"{FOLDER}/{_folder(epoch, global_step)}/{os.path.basename(place)}"
    return place, client().download_artifacts(run.info.run_id, place, folder)
