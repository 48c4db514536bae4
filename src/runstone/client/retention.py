"""The client's methods on retention: rules of what is kept of an experiment's runs. Pruning carries them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from runstone.client import Client
    from runstone.operations.retention import Rule


def set_retention(
    self: Client,
    experiment_id: str,
    applies_to: str = "runs",
    *,
    older_than: float | timedelta | None = None,
    keep_last: int | None = None,
    keep_best: int | None = None,
    metric: str | None = None,
    mode: str | None = None,
) -> Rule:
    """Set a rule, in place of the one about the same runs or files: what meets every condition that is given goes when the store is pruned.

    Args:
        experiment_id: whose runs.
        applies_to: "runs", or a pattern (as in a .gitignore) of their files, such as "checkpoints/*".
        older_than: the run ended so long ago, in seconds.
        keep_last: it is none of so many runs that started last.
        keep_best: it is none of so many runs with the best last value of `metric`.
        metric: what says what is best.
        mode: "max" (unless given) or "min": which value is best.
    """
    from runstone.operations import retention

    seconds = older_than if older_than is None or isinstance(older_than, int | float) else older_than.total_seconds()
    request = retention.Rule(str(experiment_id), applies_to, seconds, keep_last, keep_best, metric, mode)
    return self._transport.call(retention.set_retention, request)


def get_retention(self: Client, experiment_id: str | None = None) -> list[Rule]:
    """The rules of an experiment, or of all."""
    from runstone.operations import retention

    asked = None if experiment_id is None else str(experiment_id)
    return self._transport.call(retention.get_retention, retention.RulesOf(asked)).rules


def delete_retention(self: Client, experiment_id: str, applies_to: str = "runs") -> None:
    """Take a rule away. Raises NotFound where there is none."""
    from runstone.operations import retention

    self._transport.call(retention.delete_retention, retention.RuleName(str(experiment_id), applies_to))
