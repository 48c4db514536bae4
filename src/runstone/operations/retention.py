"""What can be asked of retention: rules of an experiment, which say what of its runs is kept. Pruning carries them out."""

from __future__ import annotations

import msgspec

from runstone.errors import InvalidParameter, NotFound
from runstone.operations import rules
from runstone.operations.engine import Engine
from runstone.operations.patterns import chooser
from runstone.operations.table import Empty, operation
from runstone.store import arrivals, experiments, retention

# What a rule is about that is about no files.
RUNS = "runs"
# ... and, before the name that they bear, of one about logged models.
MODELS = "models:"
ABOUT = "A rule is about 'runs', about the files that one pattern such as 'checkpoints/*' means, or about logged models: 'models:NAME'."
MODES = "It says which value of the metric is best: 'min' is the least, 'max' the greatest."
_PATTERN_LENGTH = 1024
_MOST = 1_000_000_000
# Of an experiment's metrics, how many are compared with one that is not there, by how many characters; and how many are told.
_COMPARED = 1000
_LOOKED_AT = 60
_TOLD = 5


class _Said(msgspec.Struct, omit_defaults=True):
    """What goes: of the runs (`applies_to` "runs"), of their files that a pattern means, or of each run's logged models ("models:NAME"), what
    meets every condition that is given.

    `older_than` seconds ago the run ended; it is none of the `keep_last` runs that started last, nor of the `keep_best` with the
    best last value of `metric`: the greatest or the least, as `mode` says ("max" or "min"; there is no default).
    """

    experiment_id: str
    applies_to: str = RUNS
    older_than: float | None = None
    keep_last: int | None = None
    keep_best: int | None = None
    metric: str | None = None
    mode: str | None = None


class SetRetention(_Said, omit_defaults=True):
    """A rule to be; `force` sets it on a metric that no run has yet."""

    force: bool = False


class Rule(_Said, omit_defaults=True):
    """A rule: who set it and when (ms), and its experiment's name."""

    user_id: str = ""
    time: int = 0
    experiment_name: str = ""


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
def set_retention(engine: Engine, request: SetRetention) -> Rule:
    """Set a rule, in place of the one about the same runs or files. Nothing is deleted before the store is pruned.

    Raises InvalidParameter for a rule that makes no sense, and for a metric that no run of the experiment has, unless `force` is said.
    """
    experiment = rules.check_experiment_id(request.experiment_id)
    row = checked(request, experiment)._replace(user_id=engine.user(), time=engine.now())
    with engine.database.write() as connection:
        name, _ = experiments.require(connection, experiment, active=True)
        if row.metric is not None and not request.force:
            arrivals.gather(connection)
            of: retention.Measured = "logged_model" if row.pattern.startswith(MODELS) else "run"
            if not retention.has_metric(connection, of, experiment, row.metric):
                there = retention.metrics(connection, of, experiment, _COMPARED)
                raise _no_such_metric(row.metric, name, there, of.replace("_", " "))
        retention.put(connection, row)
    return rule_of(row, name)


@operation("GET", "/runstone/retention", permission="read")
def get_retention(engine: Engine, request: RulesOf) -> Rules:
    """The rules of an experiment, or all."""
    experiment = None if request.experiment_id is None else rules.check_experiment_id(request.experiment_id)
    with engine.database.read() as connection:
        if experiment is not None:
            experiments.require(connection, experiment)
        names = retention.names(connection)
        return Rules([rule_of(row, names[row.experiment]) for row in retention.rules(connection, experiment)])


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


def rule_of(row: retention.Row, experiment_name: str) -> Rule:
    """A rule as it is told."""
    seconds = None if row.older_than is None else row.older_than / 1000
    return Rule(str(row.experiment), row.pattern or RUNS, seconds, *row[3:], experiment_name)


def _pattern(applies_to: str) -> str:
    return "" if applies_to == RUNS else applies_to


def _meant(pattern: str) -> str:
    """The pattern of files or, of a rule about models, of their names."""
    name = pattern.removeprefix(MODELS)
    if name != pattern and ("/" in name or not name):
        raise rules.invalid("applies_to", pattern, "Behind 'models:' stands the name of logged models; '*' is any.")
    return name


def checked(rule: SetRetention, experiment: int) -> retention.Row:
    """A rule as it is kept. Raises InvalidParameter for one that makes no sense."""
    pattern = _pattern(rule.applies_to)
    if pattern:
        rules.check_text("The pattern", pattern)
        chooser([_meant(pattern)], None)
        if len(pattern) > _PATTERN_LENGTH:
            raise InvalidParameter(f"The pattern {pattern[:40]!r}... is longer than {_PATTERN_LENGTH} characters.")
    elif rule.applies_to != RUNS:
        raise rules.invalid("applies_to", rule.applies_to, ABOUT)
    if rule.older_than is None and rule.keep_last is None and rule.keep_best is None:
        raise InvalidParameter(
            "A rule without a condition would delete everything. Give older_than, keep_last or keep_best."
        )
    for name, count in (("keep_last", rule.keep_last), ("keep_best", rule.keep_best)):
        if count is not None and not 1 <= count <= _MOST:
            raise rules.invalid(
                name,
                count,
                f"It is how many {_kept(rule)} are kept: 1 to {_MOST:,}. A rule of older_than=0 alone keeps none that ended.",
            )
    if rule.older_than is not None and not 0 <= rule.older_than <= _MOST:
        raise rules.invalid("older_than", rule.older_than, f"It is a number of seconds, 0 to {_MOST:,}.")
    _check_best(rule)
    older = None if rule.older_than is None else int(rule.older_than * 1000)
    return retention.Row(experiment, pattern, older, rule.keep_last, rule.keep_best, rule.metric, rule.mode, "", 0)


def _kept(rule: SetRetention) -> str:
    return "models" if rule.applies_to.startswith(MODELS) else "runs"


def _check_best(rule: SetRetention) -> None:
    if rule.keep_best is None and rule.metric is None and rule.mode is None:
        return
    if rule.metric is not None:
        rules.check_metric_key(rule.metric)
    if rule.keep_best is None or rule.metric is None:
        raise InvalidParameter(
            "keep_best, metric and mode go together, such as keep_best=3, metric='loss', mode='min': how many"
            f" {_kept(rule)} are kept, and what says which. Given are keep_best={rule.keep_best!r}, metric={rule.metric!r}, mode={rule.mode!r}."
        )
    if rule.mode is None:
        raise InvalidParameter(
            f"Which {_kept(rule)} are best by {rule.metric!r}? Say mode='min' for the least last values, as of a loss, or mode='max' for the greatest."
            " There is no default: the wrong one keeps the worst."
        )
    if rule.mode not in ("max", "min"):
        raise rules.invalid("mode", rule.mode, MODES)


def _no_such_metric(metric: str, experiment: str, there: list[str], kind: str) -> InvalidParameter:
    problem = f"No {kind} of the experiment {experiment[: rules.SHOWN_LENGTH]!r} has the metric {metric!r}"
    way_out = f"force=True (--force) sets a rule before the first {kind} that has it."
    if not there:
        return InvalidParameter(f"{problem}, nor any other yet. {way_out}")
    listed = ", ".join(repr(name) for name in _nearest(metric, there)[:_TOLD])
    more = (
        ""
        if len(there) <= _TOLD
        else " and many more"
        if len(there) == _COMPARED
        else f" and {len(there) - _TOLD} more"
    )
    return InvalidParameter(f"{problem}. There are {listed}{more}. Name one of them. {way_out}")


def _nearest(name: str, there: list[str]) -> list[str]:
    """The names, those that are most like one first."""
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, "", name[:_LOOKED_AT].lower(), False)

    def likeness(other: str) -> float:
        matcher.set_seq1(other[:_LOOKED_AT].lower())
        within = name.lower() in other.lower() or other.lower() in name.lower()
        return within + matcher.ratio()

    return sorted(there, key=likeness, reverse=True)
