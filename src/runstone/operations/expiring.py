"""What the rules of retention let go of now, and why. Decided in the transaction that carries it out, or for a plan.

Never: runs that are under way, pinned ones (tag `runstone.pinned`), those that a version of a registered model comes from, and files of
named versions, which are nobody's but the version's own. Nor logged models whose files are not all there, that are pinned, as their run may be,
or that a version is made of. Nor what a rule cannot compare: see `_uncompared`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from runstone.entities import LifecycleStage
from runstone.errors import InvalidParameter
from runstone.operations import deleting, owners
from runstone.operations.artifacts import HIDDEN
from runstone.operations.patterns import chooser, names_in
from runstone.operations.retention import MODELS
from runstone.store import arrivals, artifacts, logged_models, retention, runs
from runstone.store.database import Connection
from runstone.store.retention import Facts, Row


class Judgement(NamedTuple):
    """What a rule comes to now: how many runs it is about (all; of a rule about files those that hold such), or how many logged models, how
    many of them stay because nothing compares them with others (`uncompared`), and those that go, or that files go of."""

    rule: Row
    runs: int
    uncompared: int
    going: list[Facts]


class Expired(NamedTuple):
    """A run or logged model that goes as a whole (`paths` None), or files of a run, which `pattern` means; the experiment; whose files they
    are; how many files that are, of how many bytes; and why."""

    experiment: int
    pattern: str
    run: Facts
    owner: str
    paths: list[str] | None
    files: int
    size: int
    reason: str


def judged(connection: Connection, now: int) -> list[Judgement]:
    """All rules, at a time (ms)."""
    needed = retention.needed_runs(connection)
    listed = retention.rules(connection)
    whole = _whole_runs(connection, [rule for rule in listed if not rule.pattern], needed, now)
    found = []
    for rule in listed:
        if rule.pattern.startswith(MODELS):
            one = models_judged(connection, rule, retention.models(connection, rule.experiment), now)
        elif rule.pattern:
            one = _judge(connection, rule, _holders(connection, rule), now)
            one = one._replace(going=[run for run in one.going if not _is_safe(run, needed)])
        else:
            one = whole[rule.experiment]
        found.append(one)
    return found


def expired(connection: Connection, judgements: Iterable[Judgement]) -> Iterator[Expired]:
    """All that goes by the rules, each run or each run's files."""
    for rule, _, _, going in judgements:
        reason, models = reason_of(rule), rule.pattern.startswith(MODELS)
        means = _meaning(rule.pattern) if rule.pattern and not models else None
        for run in going:
            owner = owners.of_model(run.run_id) if models else owners.of_run(run.run_id)
            held = artifacts.paths(connection, owner)
            meant = held if means is None else [file for file in held if means(file[0])]
            paths = None if means is None else [file[0] for file in meant]
            size = sum(file[1] for file in meant)
            yield Expired(rule.experiment, rule.pattern, run, owner, paths, len(meant), size, reason)


def carry_out(connection: Connection, now: int, limit: int) -> tuple[int, int, int]:
    """Let so many runs' and models' worth of it go: runs deleted, as `delete_run` does (they can be restored for as long as any deleted
    run), models likewise, and files. How many of each."""
    arrivals.gather(connection)  # points that wait may say which run is best
    deleted = models = files = 0
    for one in list(islice(expired(connection, judged(connection, now)), limit)):
        if one.pattern.startswith(MODELS):
            logged_models.delete(connection, one.run.row, now)
            models += 1
        elif one.paths is None:
            runs.set_stage(connection, one.run.row, LifecycleStage.DELETED, now)
            deleted += 1
        else:
            for path in one.paths:
                files += artifacts.delete(connection, one.owner, path)
    return deleted, models, files


def models_judged(connection: Connection, rule: Row, found: list[Facts], now: int) -> Judgement:
    """What becomes of the logged models, of those found, whose names a rule means. Those of one run are compared with each other."""
    means = chooser([rule.pattern.removeprefix(MODELS)], None)
    of_runs: dict[str | None, list[Facts]] = {}
    for model in found:
        if means(model.name):
            of_runs.setdefault(model.parent, []).append(model)
    judgements = []
    for models in of_runs.values():
        values = retention.values_of_models(connection, models, rule.metric) if rule.metric is not None else {}
        judgements.append(_judged_by(rule, models, values, now))
    going = [model for one in judgements for model in one.going if not model.pinned]
    going = [model for model in going if not deleting.needed_paths(connection, owners.of_model(model.run_id))]
    return Judgement(rule, sum(one.runs for one in judgements), sum(one.uncompared for one in judgements), going)


def _holders(connection: Connection, rule: Row) -> list[Facts]:
    """The runs of a rule's experiment that hold files of its pattern. Others take no place among the last or the best."""
    means, holding = _meaning(rule.pattern), set()
    for run, path in retention.files(connection, rule.experiment):
        if run not in holding and means(path):
            holding.add(run)
    return [run for run in retention.runs(connection, rule.experiment) if run.row in holding]


def _judge(connection: Connection, rule: Row, found: list[Facts], now: int) -> Judgement:
    values = retention.last_values(connection, rule.experiment, rule.metric) if rule.metric is not None else {}
    return _judged_by(rule, found, values, now)


def _judged_by(rule: Row, found: list[Facts], values: dict[int, float | None], now: int) -> Judgement:
    """The runs, of those found, that no condition of a rule keeps."""
    kept = {run.row for run in found[: rule.keep_last or 0]}
    uncompared: set[int] = set()
    if rule.keep_best is not None:
        uncompared = _uncompared(rule, found, values)
        there = [run for run in found if run.row in values]
        there.sort(
            key=lambda run: _rank(values[run.row], rule.mode)
        )  # of the same value, the one started last comes first
        kept |= {run.row for run in there[: rule.keep_best]} | uncompared
    if rule.older_than is not None:
        kept |= {run.row for run in found if run.end > now - rule.older_than}
    return Judgement(rule, len(found), len(uncompared), [run for run in found if run.row not in kept])


def _rank(value: float | None, mode: str | None) -> tuple[bool, float]:
    """What sorts the best first, and NaN behind every number."""
    return value is None, 0.0 if value is None else -value if mode == "max" else value


def _uncompared(rule: Row, found: list[Facts], values: dict[int, float | None]) -> set[int]:
    """The runs that are no worse than others for all that is known, and stay: those without the metric, and all where no run has a number.

    A run may have been killed before its first evaluation, or log the metric under another name by now. Of whole runs a family is judged
    by those who have the metric: a sweep's own run has none, and a trial that crashed holds up no other.
    """
    if all(values.get(run.row) is None for run in found):
        return {run.row for run in found}
    if rule.pattern:
        return {run.row for run in found if run.row not in values}
    head = _families(found)
    compared = {head(run.run_id) for run in found if run.row in values}
    return {run.row for run in found if head(run.run_id) not in compared}


def _is_safe(run: Facts, needed: set[str]) -> bool:
    return run.running or run.pinned or run.run_id in needed


def _whole_runs(connection: Connection, rules: list[Row], needed: set[str], now: int) -> dict[int, Judgement]:
    """What becomes of whole runs, by experiment. A family may be of several: one whose experiment has no such rule stays."""
    found = {rule.experiment: retention.runs(connection, rule.experiment) for rule in rules}
    judgements = {rule.experiment: _judge(connection, rule, found[rule.experiment], now) for rule in rules}
    elsewhere = retention.parents_elsewhere(connection) if rules else []
    going = [run for one in judgements.values() for run in one.going if not _is_safe(run, needed)]
    goes = {run.row for run in _whole_families(going, [run for runs in found.values() for run in runs], elsewhere)}
    return {
        experiment: one._replace(going=[run for run in one.going if run.row in goes])
        for experiment, one in judgements.items()
    }


def _families(found: list[Facts], elsewhere: Sequence[tuple[str, str]] = ()) -> Callable[[str], str]:
    """What tells one run of each family of parents and children, by the id of any. `elsewhere` are children and parents that may be none
    of those found."""
    family = {run.run_id: run.run_id for run in found}
    family.update((run_id, run_id) for pair in elsewhere for run_id in pair)

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
    return head


def _whole_families(going: list[Facts], found: list[Facts], elsewhere: Sequence[tuple[str, str]] = ()) -> list[Facts]:
    """Those of whose parents, children and their like none stays: a sweep and its trials go together or not at all. `elsewhere` are
    children and parents that may be none of those found; these stay."""
    head = _families(found, elsewhere)
    strangers = {run_id for pair in elsewhere for run_id in pair} - {run.run_id for run in found}
    goes = {run.row for run in going if not run.running and not run.pinned}
    stays = {head(run.run_id) for run in found if run.row not in goes} | {head(run_id) for run_id in strangers}
    return [run for run in going if head(run.run_id) not in stays]


def _meaning(pattern: str) -> Callable[[str], bool]:
    """What tells of a path whether a rule's pattern means it. What runstone recorded itself is meant only where it is named."""
    try:
        chosen, hidden = chooser([pattern], None), names_in(pattern)[0].startswith(HIDDEN)
    except InvalidParameter:
        return lambda path: False  # an older runstone let it be set
    return lambda path: chosen(path) and (hidden or not path.startswith(HIDDEN + "/"))


def reason_of(rule: Row) -> str:
    """Why something goes by a rule, for people."""
    models = rule.pattern.startswith(MODELS)
    conditions = []
    if rule.older_than is not None:
        conditions.append(f"{'made' if models else 'ended'} more than {span(rule.older_than / 1000)} ago")
    if rule.keep_last is not None:
        conditions.append(f"not of the last {rule.keep_last}")
    if rule.keep_best is not None:
        conditions.append(f"not of the best {rule.keep_best} by {rule.metric}:{rule.mode}")
    return ", ".join(conditions) + (" among its run's" if models and (rule.keep_last or rule.keep_best) else "")


def span(seconds: float) -> str:
    """A span of time for people."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} seconds"
