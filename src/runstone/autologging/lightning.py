"""What is logged of a training of PyTorch Lightning's while it goes on, and the callback for those who want nothing patched. Knows nothing of patching.

Metrics are joint values of all processes that train together; only the first one logs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from runstone.autologging import recording
from runstone.client import Client
from runstone.errors import InvalidParameter
from runstone.fluent import session

if TYPE_CHECKING:
    from runstone.client import Client as Store

# The library goes by two names, whose classes are not each other's.
NAMES = ("lightning.pytorch", "pytorch_lightning")
MODE_TAG = "Mode"
# What a metric's name may not have.
_FORBIDDEN = re.compile(r"[^/\w.\- :]")


class Place:
    """Where a callback logs: a run, and the logged model that it measures. It goes with the callback into processes that train.

    Attributes:
        model_id: the logged model; None for none.
    """

    def __init__(self, run_id: str | None = None, model_id: str | None = None, store: Store | None = None) -> None:
        """Take the run, or the one that is active when something is logged; `store` unless it is the session's."""
        self._run_id, self.model_id, self._store = run_id, model_id, store

    @property
    def run_id(self) -> str:
        """The run's id. Raises InvalidParameter where none was said and none is active."""
        if self._run_id is not None:
            return self._run_id
        run = session.active_run()
        if run is None:
            raise InvalidParameter("There is no active run: start one, or give the callback a run_id.")
        return run.info.run_id

    @property
    def store(self) -> Store:
        """The store of the run."""
        return self._store or session.target(self.run_id)[0]

    def __reduce__(self) -> tuple[Callable[..., Place], tuple[Any, ...]]:
        return _elsewhere, (self.run_id, self.model_id, self.store.tracking_uri)

    def metrics(self, values: Mapping[str, Any], step: int) -> None:
        """Log metrics; in a name '@' is spelled out, and other characters that none may have are '_'."""
        named = {_FORBIDDEN.sub("_", name.replace("@", "_at_")): float(value) for name, value in values.items()}
        recording.metrics(self, named, step, self.model_id)


def _elsewhere(run_id: str, model_id: str | None, uri: str) -> Place:
    return Place(run_id, model_id, Client(uri))


class Watch:
    """Logs the settings of a training, and what it measures at each epoch, and at steps if asked.

    A metric that was logged at steps is not logged at epochs, and the reverse: their steps count other things.
    """

    def __init__(self, place: Place, every_n_epoch: int = 1, every_n_step: int | None = None) -> None:
        self.place, self.every_n_epoch, self.every_n_step = place, every_n_epoch, every_n_step
        self._of_steps: set[str] = set()
        self._of_epochs: set[str] = set()
        self._due: int | None = None  # the epoch that has ended, and whose metrics are not logged yet

    def begin(self, trainer: Any) -> None:
        """Log how it is trained."""
        params: dict[str, Any] = {"epochs": trainer.max_epochs}
        if trainer.optimizers:
            optimizer = trainer.optimizers[0]
            params["optimizer_name"] = type(optimizer).__name__
            params.update(getattr(optimizer, "defaults", {}))
        recording.params(self.place, params, {MODE_TAG: "training"})

    def step(self, trainer: Any) -> None:
        """A step has ended."""
        if not self.every_n_step:
            return
        found = trainer.callback_metrics
        # "loss" beside "loss_step" is the epoch's
        values = {
            name: value for name, value in found.items() if name not in self._of_epochs and f"{name}_step" not in found
        }
        self._of_steps.update(values)
        # an optimizer's step counts, and each of several is taken in a step of the training
        count = trainer.global_step // (len(trainer.optimizers) or 1)
        if (count + 1) % self.every_n_step == 0:
            self.place.metrics(values, trainer.global_step)

    def epoch(self, trainer: Any) -> None:
        """An epoch has ended. The module may still measure something, and what the processes measured is joined after that."""
        self._due = trainer.current_epoch

    def settle(self, trainer: Any) -> None:
        """Log the metrics of the epoch that has ended, if there is one."""
        epoch, self._due = self._due, None
        if epoch is None:
            return
        values = {name: value for name, value in trainer.callback_metrics.items() if name not in self._of_steps}
        self._of_epochs.update(values)
        if (epoch + 1) % self.every_n_epoch == 0:
            self.place.metrics(values, epoch)

    def test(self, trainer: Any) -> None:
        """A test has ended."""
        recording.params(self.place, {}, {MODE_TAG: "testing"})
        self.place.metrics(trainer.callback_metrics, 0)


def bases(module: str = "", kind: str = "Callback") -> tuple[type, ...]:
    """A class of the library's, under each name by which it is imported; else under the one by which it is installed.

    Args:
        module: where in the library it is.
        kind: its name.
    """
    here = [name for name in NAMES if name in sys.modules]
    if not here:
        here = [name for name in NAMES if recording.has(name.partition(".")[0])][:1] or [NAMES[0]]
    return tuple(getattr(import_module(f"{name}.{module}".rstrip(".")), kind) for name in here)


def callback() -> type:
    """The class of the callback, which is derived from one of the library's."""

    class RunstoneCallback(*bases()):  # type: ignore[misc]
        """Logs the optimizer's settings and the metrics to the active run: `Trainer(callbacks=[RunstoneCallback()])`.

        Args:
            log_every_n_epoch: log the metrics of one epoch in so many.
            log_every_n_step: log those of one step in so many, too.
            run_id: another run than the active one.
            model_id: the logged model that the metrics are of.
        """

        def __init__(
            self,
            log_every_n_epoch: int = 1,
            log_every_n_step: int | None = None,
            run_id: str | None = None,
            model_id: str | None = None,
        ) -> None:
            super().__init__()
            self._watch = Watch(Place(run_id, model_id), log_every_n_epoch, log_every_n_step)

        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            """Log how it is trained."""
            if trainer.is_global_zero:
                self._watch.begin(trainer)

        def on_train_batch_end(self, trainer: Any, *more: Any) -> None:
            """Log the metrics of a step, if it is one of those."""
            if trainer.is_global_zero:
                self._watch.step(trainer)

        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            """Know that an epoch has ended."""
            self._watch.epoch(trainer)

        def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
            """Log the metrics of the epoch before."""
            if trainer.is_global_zero:
                self._watch.settle(trainer)

        on_train_end = on_train_epoch_start

        def on_test_end(self, trainer: Any, pl_module: Any) -> None:
            """Log the metrics of a test."""
            if trainer.is_global_zero:
                self._watch.test(trainer)

    RunstoneCallback.__module__, RunstoneCallback.__qualname__ = "runstone.pytorch", "RunstoneCallback"
    return RunstoneCallback
