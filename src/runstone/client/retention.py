"""The client's methods on retention: rules of what is kept of an experiment's runs and models, which pruning carries out; and models at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from runstone.operations.rules import invalid

if TYPE_CHECKING:
    from datetime import timedelta

    from runstone.client import Client
    from runstone.operations.forecast import Expiry
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
    mode: Literal["min", "max"] | None = None,
    force: bool = False,
) -> Rule:
    """Set a rule, in place of the one about the same runs or files: what meets every condition that is given goes when the store is pruned.

    `plan_prune()` says what that is now. A rule needs a condition: older_than, keep_last, or keep_best with its metric and mode.

    Args:
        experiment_id: whose runs.
        applies_to: "runs", or a pattern (as in a .gitignore) of their files, such as "checkpoints/*". Only runs that hold such files
            count among the last and the best. Or "models:NAME": logged models of a name ('*' is any text), those of each run compared
            with each other.
        older_than: the run ended so long ago: seconds, or a timedelta. 0 is all that ended.
        keep_last: it is none of so many runs that started last; 1 or more.
        keep_best: it is none of so many runs with the best last value of `metric`; 1 or more. A run without the metric stays.
        metric: what says what is best.
        mode: "min" where the least value is best, as of a loss; "max" where it is the greatest. There is no default.
        force: take a metric that no run of the experiment has yet.

    Raises:
        InvalidParameter: conditions that are none, of a wrong type, out of bounds or not whole; a pattern that means nothing; a metric
            that no run of the experiment has.
        NotFound: there is no such experiment.
    """
    from runstone.client.numbers import count, seconds
    from runstone.operations import retention

    if not isinstance(force, bool):
        raise invalid("force", force, "It takes True or False.")
    request = retention.SetRetention(
        str(experiment_id),
        _text("applies_to", applies_to, retention.ABOUT),
        seconds("older_than", older_than),
        count("keep_last", keep_last),
        count("keep_best", keep_best),
        None if metric is None else _text("metric", metric, "It takes the name of one metric."),
        None if mode is None else _text("mode", mode, retention.MODES),
        force,
    )
    return self._transport.call(retention.set_retention, request)


def keep_best_models(
    self: Client,
    run_id: str,
    name: str,
    *,
    keep_best: int | None = None,
    metric: str | None = None,
    mode: Literal["min", "max"] | None = None,
    keep_last: int | None = None,
    dry_run: bool = False,
) -> list[Expiry]:
    """Delete those of a run's logged models that are neither among the best nor the last: for whoever logs checkpoints in a loop.

    Their bytes are freed as those of any deleted model. Never touched are models whose files are not all there, pinned ones (tag
    `runstone.pinned`, of the model or of its run), and what a version of a registered model is made of.

    Args:
        run_id: whose models.
        name: what they are called; `*` is any text.
        keep_best: so many with the best last value of `metric` stay; 1 or more. A model without the metric stays.
        metric: what says what is best.
        mode: "min" where the least value is best, as of a loss; "max" where it is the greatest. There is no default.
        keep_last: so many that were made last stay; 1 or more.
        dry_run: only say what would go.

    Returns:
        The models that went, each with its reason.

    Raises:
        InvalidParameter: conditions that are none, of a wrong type or out of bounds.
        NotFound: there is no such run.
    """
    from runstone.client.numbers import count
    from runstone.operations import model_retention, retention

    request = model_retention.KeepBestModels(
        run_id,
        _text("name", name, "It takes the name of logged models."),
        count("keep_best", keep_best),
        None if metric is None else _text("metric", metric, "It takes the name of one metric."),
        None if mode is None else _text("mode", mode, retention.MODES),
        count("keep_last", keep_last),
        bool(dry_run),
    )
    return self._transport.call(model_retention.keep_best_models, request).models


def get_retention(self: Client, experiment_id: str | None = None) -> list[Rule]:
    """The rules of an experiment, or of all."""
    from runstone.operations import retention

    asked = None if experiment_id is None else str(experiment_id)
    return self._transport.call(retention.get_retention, retention.RulesOf(asked)).rules


def delete_retention(self: Client, experiment_id: str, applies_to: str = "runs") -> None:
    """Take a rule away. Raises NotFound where there is none."""
    from runstone.operations import retention

    name = retention.RuleName(str(experiment_id), _text("applies_to", applies_to, retention.ABOUT))
    self._transport.call(retention.delete_retention, name)


def _text(name: str, value: Any, rule: str) -> str:
    if not isinstance(value, str):
        raise invalid(name, value, rule)
    return value
