"""What can be asked of retention: rules of an experiment, which say what of its runs is kept. Pruning carries them out."""

from __future__ import annotations

import msgspec

from runstone.errors import InvalidParameter, NotFound
from runstone.operations import rules
from runstone.operations.engine import Engine
from runstone.operations.patterns import chooser
from runstone.operations.table import Empty, operation
from runstone.store import experiments, retention

# What a rule is about that is about no files.
RUNS = "runs"
_PATTERN_LENGTH = 1024
_MOST = 1_000_000_000


class Rule(msgspec.Struct, omit_defaults=True):
    """What goes: of the runs (`applies_to` "runs"), or of their files that a pattern means, what meets every condition that is given.

    `older_than` seconds ago the run ended; it is none of the `keep_last` runs that started last, nor of the `keep_best` with the
    best last value of `metric` ("max" or "min", `mode`). `user_id` and `time` (ms) say who set it, and when.
    """

    experiment_id: str
    applies_to: str = RUNS
    older_than: float | None = None
    keep_last: int | None = None
    keep_best: int | None = None
    metric: str | None = None
    mode: str | None = None
    user_id: str = ""
    time: int = 0


class RulesOf(msgspec.Struct, omit_defaults=True):
    """The rules of an experiment; None for all."""

    experiment_id: str | None = None


class Rules(msgspec.Struct):
    """Rules, by experiment; those of whole runs first."""

    rules: list[Rule]


class RuleName(msgspec.Struct):
    """A rule, by its experiment and what it is about."""

    experiment_id: str
    applies_to: str = RUNS


@operation("POST", "/runstone/retention/set", permission="manage")
def set_retention(engine: Engine, request: Rule) -> Rule:
    """Set a rule, in place of the one about the same runs or files. Nothing is deleted before the store is pruned."""
    experiment = rules.check_experiment_id(request.experiment_id)
    row = _checked(request, experiment)._replace(user_id=engine.user(), time=engine.now())
    with engine.database.write() as connection:
        experiments.require(connection, experiment, active=True)
        retention.put(connection, row)
    return rule_of(row)


@operation("GET", "/runstone/retention", permission="read")
def get_retention(engine: Engine, request: RulesOf) -> Rules:
    """The rules of an experiment, or all."""
    experiment = None if request.experiment_id is None else rules.check_experiment_id(request.experiment_id)
    with engine.database.read() as connection:
        if experiment is not None:
            experiments.require(connection, experiment)
        return Rules([rule_of(row) for row in retention.rules(connection, experiment)])


@operation("DELETE", "/runstone/retention", permission="manage")
def delete_retention(engine: Engine, request: RuleName) -> Empty:
    """Take a rule away. Raises NotFound where there is none."""
    experiment = rules.check_experiment_id(request.experiment_id)
    with engine.database.write() as connection:
        experiments.require(connection, experiment)
        if not retention.remove(connection, experiment, _pattern(request.applies_to)):
            raise NotFound(
                f"The experiment {experiment} has no rule about {request.applies_to[:200]!r}. `runstone retention` lists them."
            )
    return Empty()


def rule_of(row: retention.Row) -> Rule:
    """A rule as it is told."""
    seconds = None if row.older_than is None else row.older_than / 1000
    return Rule(str(row.experiment), row.pattern or RUNS, seconds, *row[3:])


def _pattern(applies_to: str) -> str:
    return "" if applies_to == RUNS else applies_to


def _checked(rule: Rule, experiment: int) -> retention.Row:
    pattern = _pattern(rule.applies_to)
    if pattern:
        rules.check_text("The pattern", pattern)
        chooser([pattern], None)
        if len(pattern) > _PATTERN_LENGTH:
            raise InvalidParameter(f"The pattern {pattern[:40]!r}... is longer than {_PATTERN_LENGTH} characters.")
    elif rule.applies_to != RUNS:
        raise InvalidParameter(
            "A rule is about 'runs', or about the files that a pattern such as 'checkpoints/*' means."
        )
    if rule.older_than is None and rule.keep_last is None and rule.keep_best is None:
        raise InvalidParameter(
            "A rule without a condition would delete everything. Give older_than, keep_last or keep_best."
        )
    for name, count in (("keep_last", rule.keep_last), ("keep_best", rule.keep_best)):
        if count is not None and not 0 <= count <= _MOST:
            raise rules.invalid(name, count, "It is how many runs are kept: 0 or more.")
    if rule.older_than is not None and not 0 <= rule.older_than <= _MOST:
        raise rules.invalid("older_than", rule.older_than, "It is a number of seconds, 0 or more.")
    if (rule.keep_best is None) != (rule.metric is None):
        raise InvalidParameter(
            "keep_best goes with a metric, and a metric with keep_best: which one says what is best?"
        )
    mode = rule.mode or ("max" if rule.metric is not None else None)
    if mode not in (None, "max", "min") or (mode is not None and rule.metric is None):
        raise rules.invalid(
            "mode", rule.mode, "It says whether the greatest (max) or the least (min) value of the metric is best."
        )
    if rule.metric is not None:
        rules.check_metric_key(rule.metric)
    older = None if rule.older_than is None else int(rule.older_than * 1000)
    return retention.Row(experiment, pattern, older, rule.keep_last, rule.keep_best, rule.metric, mode, "", 0)
