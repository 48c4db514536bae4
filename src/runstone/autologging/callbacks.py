"""Callbacks for those who want nothing patched: given to a training, they log the metrics of each iteration to the run that is active."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from runstone.fluent.records import log_metrics

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


def _log(values: Mapping[str, float], step: int, run_id: str | None, model_id: str | None) -> None:
    # what a name may not have
    named = {name.replace("@", "_at_"): value for name, value in values.items()}
    if named:
        log_metrics(named, step, run_id=run_id, model_id=model_id)
