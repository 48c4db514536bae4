"""What the rules of retention let go of now, and why. Decided in the transaction that carries it out, or for a plan.

Never: runs that are under way, pinned ones (tag `runstone.pinned`), those that a version of a registered model comes from, and files of
named versions, which are nobody's but the version's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from runstone.entities import LifecycleStage
from runstone.operations import owners
from runstone.operations.artifacts import HIDDEN
from runstone.operations.patterns import chooser
from runstone.store import arrivals, artifacts, retention, runs
from runstone.store.database import Connection
from runstone.store.retention import Facts, Row


class Expired(NamedTuple):
    """A run that goes as a whole (`paths` None), or files of a run, which `pattern` means; the experiment; how many files that are, of how
    many bytes; and why."""

    experiment: int
    pattern: str
    run: Facts
    paths: list[str] | None
    files: int
    size: int
    reason: str


def expired(connection: Connection, now: int) -> Iterator[Expired]:
    """All that goes by the rules, at a time (ms)."""
    needed = retention.needed_runs(connection)
    listed = retention.rules(connection)
    whole = _whole_runs(connection, [rule for rule in listed if not rule.pattern], needed, now)
    for rule in listed:
        if rule.pattern:
            going = _going(connection, rule, retention.runs(connection, rule.experiment), now)
        else:
            going = whole[rule.experiment]
        reason = _reason(rule)
        chosen = chooser([rule.pattern], None) if rule.pattern else None
        for run in going:
            if run.running or run.pinned or run.run_id in needed:
                continue
            files = artifacts.paths(connection, owners.of_run(run.run_id))
            if chosen is None:
                yield Expired(rule.experiment, "", run, None, len(files), sum(file[1] for file in files), reason)
                continue
            meant = [file for file in files if chosen(file[0]) and _is_shown(file[0], rule.pattern)]
            if meant:
                size = sum(file[1] for file in meant)
                yield Expired(rule.experiment, rule.pattern, run, [file[0] for file in meant], len(meant), size, reason)


def carry_out(connection: Connection, now: int, limit: int) -> tuple[int, int]:
    """Let so many runs' worth of it go: runs deleted, as `delete_run` does (they can be restored for as long as any deleted run), and
    files. How many runs, and how many files."""
    arrivals.gather(connection)  # points that wait may say which run is best
    deleted = files = 0
    for one in list(islice(expired(connection, now), limit)):
        if one.paths is None:
            runs.set_stage(connection, one.run.row, LifecycleStage.DELETED, now)
            deleted += 1
        else:
            for path in one.paths:
                files += artifacts.delete(connection, owners.of_run(one.run.run_id), path)
    return deleted, files


def _going(connection: Connection, rule: Row, found: list[Facts], now: int) -> list[Facts]:
    """The runs that no condition of a rule keeps."""
    kept = {run.row for run in found[: rule.keep_last or 0]}
    if rule.keep_best is not None and rule.metric is not None:
        values = retention.last_values(connection, rule.experiment, rule.metric)
        there = [run for run in found if run.row in values]
        there.sort(key=lambda run: values[run.row], reverse=rule.mode == "max")
        kept |= {run.row for run in there[: rule.keep_best]}
    if rule.older_than is not None:
        kept |= {run.row for run in found if run.end > now - rule.older_than}
    return [run for run in found if run.row not in kept]


def _whole_runs(connection: Connection, rules: list[Row], needed: set[str], now: int) -> dict[int, list[Facts]]:
    """The runs that go as a whole, by experiment. A family may be of several: one whose experiment has no such rule stays."""
    found = {rule.experiment: retention.runs(connection, rule.experiment) for rule in rules}
    going = {
        rule.experiment: [
            run for run in _going(connection, rule, found[rule.experiment], now) if run.run_id not in needed
        ]
        for rule in rules
    }
    elsewhere = retention.parents_elsewhere(connection) if rules else []
    all_found = [run for runs in found.values() for run in runs]
    goes = {run.row for run in _whole_families([run for runs in going.values() for run in runs], all_found, elsewhere)}
    return {experiment: [run for run in runs if run.row in goes] for experiment, runs in going.items()}


def _whole_families(going: list[Facts], found: list[Facts], elsewhere: Sequence[tuple[str, str]] = ()) -> list[Facts]:
    """Those of whose parents, children and their like none stays: a sweep and its trials go together or not at all. `elsewhere` are
    children and parents that may be none of those found; these stay."""
    family = {run.run_id: run.run_id for run in found}
    strangers = {run_id for pair in elsewhere for run_id in pair} - family.keys()
    family.update((run_id, run_id) for run_id in strangers)

    def head(run_id: str) -> str:
        while family[run_id] != run_id:
            family[run_id] = family[family[run_id]]
            run_id = family[run_id]
        return run_id

    for run in found:
        if run.parent in family:  # a tag, which anybody may have set to anything
            family[head(run.run_id)] = head(str(run.parent))
    for child, parent in elsewhere:
        family[head(child)] = head(parent)
    goes = {run.row for run in going if not run.running and not run.pinned}
    stays = {head(run.run_id) for run in found if run.row not in goes} | {head(run_id) for run_id in strangers}
    return [run for run in going if head(run.run_id) not in stays]


def _is_shown(path: str, pattern: str) -> bool:
    # What runstone recorded itself is meant only where it is named.
    return not path.startswith(HIDDEN + "/") or pattern.lstrip("/").startswith(HIDDEN)


def _reason(rule: Row) -> str:
    conditions = []
    if rule.older_than is not None:
        conditions.append(f"ended more than {span(rule.older_than / 1000)} ago")
    if rule.keep_last is not None:
        conditions.append(f"not of the last {rule.keep_last}")
    if rule.keep_best is not None:
        conditions.append(f"not of the best {rule.keep_best} by {rule.metric}:{rule.mode}")
    return ", ".join(conditions)


def span(seconds: float) -> str:
    """A span of time for people."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} seconds"
