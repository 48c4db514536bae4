"""`runstone retention`: rules of what is kept of an experiment's runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from runstone.cli.finding import find_experiment, reader
from runstone.cli.grouping import Group
from runstone.cli.output import json_option, moment, show, show_json, size, text
from runstone.cli.pruning import kept_uncompared, show_expiries
from runstone.cli.spans import SPAN, told

if TYPE_CHECKING:
    from runstone.operations.forecast import Expiry, Outlook
    from runstone.operations.retention import Rule

# Of what a new rule lets go, what is told one by one.
_TOLD = 5


class Best(click.ParamType):  # type: ignore[type-arg]  # generic only in younger releases
    """METRIC:min or METRIC:max. A metric's name may hold ':' itself; the direction is behind the last one."""

    name = "metric"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The metric and the direction, or what is wrong with it."""
        metric, _, mode = str(value).rpartition(":")
        if not metric or mode not in ("min", "max"):
            problem = f"behind its last ':' stands {mode!r}" if metric else "it does not say which value is best"
            self.fail(
                f"{value!r}: {problem}. Write METRIC:min (the least is best, as of a loss) or METRIC:max.", param, ctx
            )
        return metric, mode


class Count(click.ParamType):  # type: ignore[type-arg]  # generic only in younger releases
    """A number of runs that are kept."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it, or say what it may be."""
        if isinstance(value, int):
            return value
        if not re.fullmatch(r"0*[1-9][0-9]{0,8}", str(value)):
            self.fail(
                f"{value!r} is no number of runs to keep. Write 1 or more; `--older-than 0` alone keeps none that ended.",
                param,
                ctx,
            )
        return int(value)


def _one_pattern(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> str:
    if len(given) > 1:
        raise click.BadParameter("A rule is about one pattern. Run the command once for each.", context, parameter)
    if given == ("runs",):
        raise click.BadParameter(
            "A rule about whole runs is one without --files. For files called so write --files ./runs",
            context,
            parameter,
        )
    if given and given[0].startswith("models:"):
        raise click.BadParameter(
            "A rule about logged models is one with --models NAME. For files called so write --files ./models:...",
            context,
            parameter,
        )
    return given[0] if given else "runs"


def _about(files: str, models: str | None) -> str:
    """What a rule is about, as the two options say it."""
    if models is None:
        return files
    if files != "runs":
        raise click.UsageError("A rule is about files or about logged models. Give --files or --models.")
    return f"models:{models}"


_models = click.option(
    "--models", metavar="NAME", help="Not whole runs but each run's logged models of this name; '*' is any text."
)
_files = click.option(
    "--files",
    metavar="PATTERN",
    multiple=True,
    callback=_one_pattern,
    help='Not whole runs but these files of theirs, e.g. "checkpoints/*", in quotes.',
)


@click.group(cls=Group)
def retention() -> None:
    """Rules of what is kept of an experiment's runs, carried out by `runstone prune`. Without a command: list them.

    EXPERIMENT is its name or id.
    """


@retention.command("list")
@click.argument("experiment", required=False)
@json_option
def list_rules(experiment: str | None, as_json: bool) -> None:
    """The rules of EXPERIMENT, or all."""
    store = reader()
    chosen = find_experiment(store, experiment).experiment_id if experiment else None
    _show(store.get_retention(chosen), as_json)


@retention.command("set")
@click.argument("experiment")
@_files
@_models
@click.option(
    "--older-than",
    type=SPAN,
    metavar="SPAN",
    help="Only what ended longer ago, e.g. 2w, 30d, 12h; 0 is all that ended.",
)
@click.option("--keep-last", type=Count(), metavar="N", help="Not the N runs that started last.")
@click.option(
    "--keep-best",
    type=(Best(), Count()),
    metavar="METRIC:min|max N",
    help="Not the N runs with the best last value of METRIC, nor those without it.",
)
@click.option("--force", is_flag=True, help="Take a METRIC that no run of EXPERIMENT has yet.")
@json_option
def set_rule(
    experiment: str,
    files: str,
    models: str | None,
    older_than: float | None,
    keep_last: int | None,
    keep_best: tuple[tuple[str, str], int] | None,
    force: bool,
    as_json: bool,
) -> None:
    """Set what goes: runs of EXPERIMENT, files or logged models of theirs, that meet every condition given. It takes the place of the rule about the same.

    Says what that is now; nothing goes before `runstone prune`. Only runs that hold such files count among the last and the best. Runs under
    way, pinned ones (tag `runstone.pinned`), what registered versions come from and named versions always stay.
    """
    if older_than is None and keep_last is None and keep_best is None:
        raise click.UsageError(
            "A rule without a condition would let everything go. Give --older-than, --keep-last or --keep-best."
        )
    about = _about(files, models)
    store = reader()
    found = find_experiment(store, experiment)
    best: dict[str, Any] = {}
    if keep_best:
        (metric, mode), number = keep_best
        best = {"metric": metric, "mode": mode, "keep_best": number}
    rule = store.set_retention(
        found.experiment_id, about, older_than=older_than, keep_last=keep_last, force=force, **best
    )
    plan = store.plan_prune()
    now = next((one for one in plan.rules if _is_about(rule, one.rule.experiment_id, one.rule.applies_to)), None)
    expiries = [one for one in plan.expiries if _is_about(rule, one.experiment, one.applies_to)]
    if as_json:
        import msgspec

        counts = msgspec.structs.asdict(now) if now else {}
        show_json(msgspec.to_builtins({**counts, "rule": rule, "expiries": expiries}))
        return
    _show([rule], False)
    if now:  # unless somebody took it away meanwhile
        _show_now(now, expiries)


def _is_about(rule: Rule, experiment: str, applies_to: str) -> bool:
    return (rule.experiment_id, rule.applies_to) == (experiment, applies_to)


def _show_now(now: Outlook, expiries: list[Expiry]) -> None:
    models = now.rule.applies_to.startswith("models:")
    whole, one = models or now.rule.applies_to == "runs", "model" if models else "run"
    if expiries:
        files = sum(one.files for one in expiries)
        what = (
            f"{_number(now.going, one)} with {_number(files, 'file')}"
            if whole
            else f"{_number(files, 'file')} of {_number(now.going, 'run')}"
        )
        print(
            f"This lets go of {what} now ({size(sum(one.size for one in expiries))} as logged), when `runstone prune` is run:"
        )
        show_expiries(expiries, _TOLD)
    elif not now.runs:
        print(
            "This lets go of nothing now: "
            + (
                f"there are no such {one}s."
                if models
                else "there are no runs."
                if whole
                else f"no run holds files that {text(now.rule.applies_to)} means."
            )
        )
    else:
        print("This lets go of nothing now.")
    note = kept_uncompared(now)
    if note:
        print(f"{'':>12}  {note}")


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


@retention.command()
@click.argument("experiment")
@_files
@_models
@json_option
def remove(experiment: str, files: str, models: str | None, as_json: bool) -> None:
    """Take a rule of EXPERIMENT away."""
    store = reader()
    found = find_experiment(store, experiment)
    store.delete_retention(found.experiment_id, _about(files, models))
    _show(store.get_retention(found.experiment_id), as_json)


def _show(rules: list[Rule], as_json: bool) -> None:
    if as_json:
        import msgspec

        show_json(msgspec.to_builtins(rules))
        return
    rows = [
        {
            "id": rule.experiment_id,
            "experiment": rule.experiment_name,
            "applies to": rule.applies_to,
            "older than": None if rule.older_than is None else told(rule.older_than),
            "keep last": rule.keep_last,
            "keep best": None if rule.keep_best is None else f"{rule.keep_best} by {rule.metric}:{rule.mode}",
            "set by": rule.user_id,
            "at": moment(rule.time),
        }
        for rule in rules
    ]
    show(rows, False, "No rules here: everything is kept.")
