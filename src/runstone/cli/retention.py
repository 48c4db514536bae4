"""`runstone retention`: rules of what is kept of an experiment's runs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from runstone.cli.finding import find_experiment, reader
from runstone.cli.grouping import Group
from runstone.cli.output import json_option, moment, show, show_json
from runstone.cli.spans import SPAN, told
from runstone.errors import InvalidParameter

if TYPE_CHECKING:
    from runstone.operations.retention import Rule

_files = click.option(
    "--files", metavar="PATTERN", default="runs", help='Not whole runs but these files of theirs, e.g. "checkpoints/*".'
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
@click.option("--older-than", type=SPAN, help="Only what ended longer ago, e.g. 30d.")
@click.option("--keep-last", type=click.IntRange(0), metavar="N", help="Not the N runs that started last.")
@click.option(
    "--keep-best",
    nargs=2,
    metavar="METRIC[:min|max] N",
    help="Not the N runs with the best last value of METRIC (max unless said).",
)
@json_option
def set_rule(
    experiment: str,
    files: str,
    older_than: float | None,
    keep_last: int | None,
    keep_best: tuple[str, str] | None,
    as_json: bool,
) -> None:
    """Set what goes: runs of EXPERIMENT, or files of theirs, that meet every condition given. It takes the place of the rule about the same.

    Runs under way, pinned ones (tag `runstone.pinned`), what registered versions come from and named versions always stay.
    """
    store = reader()
    found = find_experiment(store, experiment)
    best: dict[str, Any] = {}
    if keep_best:
        name, _, mode = keep_best[0].rpartition(":")
        if not name or mode not in ("min", "max"):
            name, mode = keep_best[0], "max"
        if not keep_best[1].isdigit():
            raise InvalidParameter(f"--keep-best METRIC N: {keep_best[1]!r} is no number of runs.")
        best = {"metric": name, "mode": mode, "keep_best": int(keep_best[1])}
    rule = store.set_retention(found.experiment_id, files, older_than=older_than, keep_last=keep_last, **best)
    _show([rule], as_json)
    if not as_json:
        print("`runstone prune --dry-run` says what that lets go.", file=sys.stderr)


@retention.command()
@click.argument("experiment")
@_files
@json_option
def remove(experiment: str, files: str, as_json: bool) -> None:
    """Take a rule of EXPERIMENT away."""
    store = reader()
    found = find_experiment(store, experiment)
    store.delete_retention(found.experiment_id, files)
    _show(store.get_retention(found.experiment_id), as_json)


def _show(rules: list[Rule], as_json: bool) -> None:
    if as_json:
        import msgspec

        show_json(msgspec.to_builtins(rules))
        return
    rows = [
        {
            "experiment": rule.experiment_id,
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
