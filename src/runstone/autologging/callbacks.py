"""Callbacks for those who want nothing patched: given to a training, they log the metrics of each iteration to the run that is active."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from runstone.errors import InvalidParameter
from runstone.fluent.artifacts import log_text
from runstone.fluent.records import log_metrics, log_params

if TYPE_CHECKING:
    from xgboost.callback import TrainingCallback


def xgboost_callback() -> type[TrainingCallback]:
    """The class of XGBoost's callback, which is derived from one of that library's."""
    from xgboost.callback import TrainingCallback

    from runstone.autologging.xgboost import values_of

    class RunstoneCallback(TrainingCallback):
        """Logs every metric of every iteration under `DATA-METRIC`: `xgboost.train(..., callbacks=[RunstoneCallback()])`.

        Args:
            every: log one iteration in so many.
            run_id: another run than the active one.
            model_id: the logged model that the metrics are of.
        """

        def __init__(self, every: int = 1, run_id: str | None = None, model_id: str | None = None) -> None:
            self.every, self.run_id, self.model_id = every, run_id, model_id

        def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Mapping[str, Any]]) -> bool:
            """Log the metrics of an iteration; the training goes on."""
            if epoch % self.every == 0:
                _log(values_of(evals_log), epoch, self.run_id, self.model_id)
            return False

    RunstoneCallback.__module__, RunstoneCallback.__qualname__ = "runstone.xgboost", "RunstoneCallback"
    return RunstoneCallback


class LightGBMCallback:
    """Logs every metric of every iteration under `DATA-METRIC`: `lightgbm.train(..., callbacks=[RunstoneCallback()])`.

    Args:
        every: log one iteration in so many.
        run_id: another run than the active one.
        model_id: the logged model that the metrics are of.
    """

    # LightGBM's own: after each iteration, before the callback that ends a training early
    before_iteration = False
    order = 20

    def __init__(self, every: int = 1, run_id: str | None = None, model_id: str | None = None) -> None:
        self.every, self.run_id, self.model_id = every, run_id, model_id

    def __call__(self, env: Any) -> None:
        """Log the metrics of an iteration."""
        if env.iteration % self.every == 0:
            results: Iterable[Any] = env.evaluation_result_list or ()
            values = {f"{data}-{name}": value for data, name, value, *_ in results}
            _log(values, env.iteration, self.run_id, self.model_id)


def keras_callback(home: str = "keras", prefix: str = "optimizer_") -> type:
    """The class of Keras's callback, which is derived from one of that library's.

    Args:
        home: the module of ours that has it.
        prefix: of the params that say how the model is optimized.
    """
    import keras

    class MlflowCallback(keras.callbacks.Callback):  # type: ignore[misc]
        """Logs the optimizer's settings, `model_summary.txt` and the metrics to the active run.

        Args:
            log_every_epoch: log the metrics of each epoch.
            log_every_n_steps: log those of one step in so many instead.
            model_id: the logged model that the metrics are of.

        Raises:
            InvalidParameter: both, or neither, are said.
        """

        def __init__(
            self, log_every_epoch: bool = True, log_every_n_steps: int | None = None, model_id: str | None = None
        ) -> None:
            super().__init__()
            if bool(log_every_epoch) == (log_every_n_steps is not None):
                raise InvalidParameter(
                    "Give either log_every_epoch=True or log_every_n_steps, with log_every_epoch=False."
                )
            self.log_every_epoch, self.log_every_n_steps, self.model_id = log_every_epoch, log_every_n_steps, model_id

        def on_train_begin(self, logs: Any = None) -> None:
            """Log how the model is made and optimized."""
            log_params({f"{prefix}{name}": value for name, value in self.model.optimizer.get_config().items()})
            lines: list[str] = []
            self.model.summary(print_fn=lambda line, *more, **named: lines.append(line))
            log_text("\n".join(lines), "model_summary.txt")

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            """Log the metrics of an epoch."""
            if self.log_every_epoch and logs:
                _log(logs, epoch, None, self.model_id)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            """Log the metrics of a step, if it is one of those."""
            step = int(self.model.optimizer.iterations)
            if self.log_every_n_steps is not None and logs and step % self.log_every_n_steps == 0:
                _log(logs, step, None, self.model_id)

        def on_test_end(self, logs: Any = None) -> None:
            """Log the metrics of a validation."""
            if logs:
                _log({f"validation_{name}": value for name, value in logs.items()}, 0, None, self.model_id)

    MlflowCallback.__module__, MlflowCallback.__qualname__ = f"runstone.{home}", "MlflowCallback"
    return MlflowCallback


def _log(values: Mapping[str, float], step: int, run_id: str | None, model_id: str | None) -> None:
    # what a name may not have
    named = {name.replace("@", "_at_"): float(value) for name, value in values.items()}
    if named:
        log_metrics(named, step, run_id=run_id, model_id=model_id)
