"""`runstone prune`: what would go is shown first."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from runstone.cli.asking import can_ask, yes_option
from runstone.cli.finding import reader
from runstone.cli.output import for_people, json_option, moment, show_json, size, text
from runstone.cli.spans import SPAN, told
from runstone.errors import StorageBusy, StorageDenied, StorageError, Unreachable

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.operations.forecast import Expiry, Outlook, Plan
    from runstone.operations.pruning import Pruned

# Removals that a person is shown one by one.
_SHOWN = 20


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@yes_option
@click.option("--keep-deleted", type=SPAN, help="Remove for good what was deleted longer ago, e.g. 7d; 0 is all of it.")
@json_option
def prune(dry_run: bool, yes: bool, keep_deleted: float | None, as_json: bool) -> int:
    """Free the space of what nothing needs any more: bytes of deleted files, runs and models deleted long ago, broken uploads.

    Says first what that is, and asks on a terminal; elsewhere it needs --yes. Safe beside those who store and read, and may be broken off.
    """
    import msgspec

    store = _opened(make_room=yes)
    if not (as_json and yes):
        plan = store.plan_prune(keep_deleted)
        if as_json:
            show_json({"plan": msgspec.to_builtins(plan)})
            return 0
        _show_plan(plan)
        _say_what_plain_files_do(plan)
        if dry_run:
            return 0
        if not yes and not can_ask():
            print("Nothing was changed: in a pipe nobody can be asked. Add --yes to carry it out.", file=sys.stderr)
            return 0
        if not yes and not click.confirm("Go on?", err=True):
            return 1
    elif dry_run:
        raise click.UsageError("--dry-run changes nothing, --yes does. Give one of them.")
    done = store.prune(keep_deleted, _tell if for_people() and not as_json else None)
    if as_json:
        show_json({"pruned": {**msgspec.to_builtins(done), "more": False}})
    else:
        _show_done(done)
    return 1 if done.problems else 0


def _opened(make_room: bool) -> Client:
    """The store; where its disk has no room for it to be opened and nobody need be asked, after some was made."""
    from runstone.client import space
    from runstone.fluent.location import get_tracking_uri

    try:
        return reader()
    except StorageError as error:
        if not make_room or isinstance(error, Unreachable | StorageDenied | StorageBusy):
            raise
    # Behind the handler: the error held the connection that could not be opened.
    space.make_room(get_tracking_uri())
    return reader()


def show_expiries(expiries: list[Expiry], most: int) -> None:
    """What rules of retention let go, a line each; so many at the most."""
    for expiry in expiries[:most]:
        files = f"{expiry.files:,} file{'' if expiry.files == 1 else 's'}"
        whole = "model" if expiry.model_id else "run" if expiry.applies_to == "runs" else ""
        what, which = whole or f"{files} {text(expiry.applies_to)} of", (expiry.model_id or expiry.run_id)[:12]
        print(f"{'expired':>12}  {what} {text(expiry.name)} ({which}), {size(expiry.size)}: {text(expiry.reason)}")
    if len(expiries) > most:
        print(f"{'':>12}  ... and {len(expiries) - most:,} more: `runstone prune --dry-run --json` lists all.")


def kept_uncompared(outlook: Outlook) -> str:
    """What to say of runs or models that a rule keeps because they lack its metric; nothing where there are none."""
    if not outlook.uncompared:
        return ""
    metric, what = text(outlook.rule.metric), "model" if outlook.rule.applies_to.startswith("models:") else "run"
    if outlook.uncompared == outlook.runs:
        return f"no {what} has a number as its last {metric}, so that the rule by {metric} lets nothing go."
    if outlook.uncompared == 1:
        return f"1 {what} without {metric} cannot be compared and stays."
    return f"{outlook.uncompared:,} {what}s without {metric} cannot be compared and stay."


def _show_plan(plan: Plan) -> None:
    show_expiries(plan.expiries, _SHOWN)
    for outlook in plan.rules:
        note = kept_uncompared(outlook)
        if note:
            print(f"{'':>12}  {text(outlook.rule.experiment_name)}: {note}")
    for removal in plan.removals[:_SHOWN]:
        print(f"{removal.kind:>12}  {text(removal.name)} ({removal.id[:12]}), {removal.reason}")
    if len(plan.removals) > _SHOWN:
        print(f"{'':>12}  ... and {len(plan.removals) - _SHOWN} more: `runstone prune --dry-run --json` lists all.")
    if plan.files:
        print(f"{'files':>12}  {plan.files:,} go with them, {size(plan.logical)} as they were logged")
    lines = [
        ("dead packs", plan.whole, "nothing in them is needed"),
        ("rewritten", plan.fragments, f"of {size(plan.fragments.size)}: what is needed goes into new packs"),
        ("strays", plan.strays, "files of packs that no row names"),
        ("leftovers", plan.leftovers, "of writers that died"),
    ]
    for name, packs, meaning in lines:
        if packs.count:
            print(f"{name:>12}  {size(packs.freed)} in {packs.count:,}; {meaning}")
    if plan.database:
        print(f"{'database':>12}  {size(plan.database)} of free pages")
    print(f"{'to be freed':>12}  {size(plan.freed)}")
    if plan.left:
        print(f"{'':>12}  {size(plan.left)} more are dead in packs that are mostly needed: they stay for now.")
    if plan.younger:
        print(
            f"{'':>12}  {plan.younger:,} runs, models or experiments were deleted less than {told(plan.keep_deleted)} ago and hold"
            f" {size(plan.kept_deleted)}: they can be restored. `--keep-deleted 0` removes them now."
        )
    if plan.unfinished:
        print(f"{'':>12}  {size(plan.unfinished)} of uploads that broke off stay for a while: they may go on.")
    if plan.storing and plan.dead:
        print(
            f"{'':>12}  A server is there, or somebody stores: what nothing needs is marked now and freed by a prune"
            f" {told(plan.grace)} later."
        )


def _say_what_plain_files_do(plan: Plan) -> None:
    from runstone.fluent.location import get_tracking_uri

    if not get_tracking_uri().startswith("http") and any(removal.kind != "experiment" for removal in plan.removals):
        print(
            f"{'':>12}  Plain files of them, where a server was told to put them (--artifacts-destination), stay: prune through the"
            " server instead."
        )


def _tell(done: Pruned) -> None:
    print(f"\r{'freed':>12}  {size(max(0, done.freed))} so far ", end="", file=sys.stderr, flush=True)


def _show_done(done: Pruned) -> None:
    if for_people():
        print("\r" + " " * 40 + "\r", end="", file=sys.stderr, flush=True)
    if done.deleted or done.files or done.deleted_models:
        models = (
            f"{done.deleted_models:,} model{'' if done.deleted_models == 1 else 's'}, " if done.deleted_models else ""
        )
        print(
            f"{'expired':>12}  {models}{done.deleted:,} run{'' if done.deleted == 1 else 's'} deleted, {done.files:,} file{'' if done.files == 1 else 's'} of others"
        )
    removed = [
        f"{count} {kind}{'' if count == 1 else 's'}"
        for kind, count in (("run", done.runs), ("model", done.models), ("experiment", done.experiments))
        if count
    ]
    if removed:
        print(f"{'removed':>12}  {', '.join(removed)}")
    print(f"{'freed':>12}  {size(max(0, done.freed))}: {done.packs:,} packs deleted, {done.rewritten:,} written anew")
    if done.waiting:
        when = moment(max(done.until, int(time.time() * 1000)))
        print(
            f"{'':>12}  {size(done.waiting)} are marked and can be freed from {when} on: run `runstone prune` again then."
        )
    for problem in done.problems:
        print(f"runstone: {problem}", file=sys.stderr)
