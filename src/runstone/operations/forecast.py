"""What pruning would do now: the same rules as `pruning`, counted and not carried out."""

from __future__ import annotations

from typing import Any

import msgspec

from runstone import settings
from runstone.operations import expiring, pruning, removing, strays
from runstone.operations.books import Books
from runstone.operations.engine import Engine
from runstone.operations.retention import MODELS, Rule, rule_of
from runstone.operations.table import operation
from runstone.repository import writing
from runstone.repository.files import repository_in
from runstone.store import retention, shrinking, usage
from runstone.store.pruning import FOOTER, FRAME
from runstone.store.removing import emptied_experiments


class Removal(msgspec.Struct):
    """Something that goes for good: what it is (run, model, experiment), its id and name, its experiment, and why."""

    kind: str
    id: str
    name: str
    experiment: str
    reason: str


class Expiry(msgspec.Struct):
    """What a rule of retention lets go: a run ("runs"), files of a run, or a logged model; the run's id and the name of the run or model, its
    experiment, how many files of how many bytes as logged, why, and the model's id."""

    applies_to: str
    run_id: str
    name: str
    experiment: str
    files: int
    size: int
    reason: str
    model_id: str = ""


class Outlook(msgspec.Struct):
    """What a rule of retention comes to now: how many runs it is about (all of the experiment; of a rule about files, those that hold such),
    or how many logged models, how many of these stay because nothing compares them with others (`uncompared`: they lack its metric), and how many go or lose files."""

    rule: Rule
    runs: int
    uncompared: int
    going: int


class PlanPrune(msgspec.Struct, omit_defaults=True):
    """As `Prune`."""

    keep_deleted: float | None = None


class Packs(msgspec.Struct):
    """Packs: how many, the bytes of their files, and those that the disk would have back."""

    count: int = 0
    size: int = 0
    freed: int = 0


class Plan(msgspec.Struct, omit_defaults=True):
    """What pruning would do, in bytes.

    `rules` says what becomes of each rule of retention, `expiries` what they let go: runs are deleted, and can be restored until they are removed for good; files are gone.
    `files` and `logical` are the files that go with them and with the removals. Of `dead` bytes of chunks, those in `whole` packs are freed with them,
    those in `fragments` by writing the rest anew; `left` stay in packs that are mostly needed. `strays` are old files among the packs
    that the index does not know, `leftovers` what dead writers left. `kept_deleted` bytes are held by what was deleted less than
    `keep_deleted` seconds ago (`younger` runs, models and experiments); `unfinished` by uploads that broke off and may go on.
    `storing` says that somebody may be storing: what was condemned just now is then freed `grace` seconds later.
    """

    freed: int
    rules: list[Outlook]
    expiries: list[Expiry]
    removals: list[Removal]
    files: int
    logical: int
    dead: int
    left: int
    whole: Packs
    fragments: Packs
    strays: Packs
    leftovers: Packs
    database: int
    younger: int
    kept_deleted: int
    keep_deleted: float
    unfinished: int
    storing: bool
    grace: float


@operation("GET", "/runstone/prune", permission="manage")
def plan_prune(engine: Engine, request: PlanPrune) -> Plan:
    """Say what pruning would do; nothing is changed."""
    keep = pruning.keep_deleted(pruning.Prune(request.keep_deleted))
    before = engine.now() - int(keep * 1000)
    repository = repository_in(engine.folder)
    with engine.reading_points() as connection:
        books = Books(connection)
        ready, young = removing.due(connection, before)
        packs = usage.packs(connection)
        condemned = usage.condemned(connection)
        free = shrinking.free_bytes(connection)
        emptied = emptied_experiments(connection, before)
        judgements = expiring.judged(connection, engine.now())
        going = list(expiring.expired(connection, judgements))
        names = retention.names(connection)
        unnamed = strays.strays(connection, engine.folder, pruning.unfinished_before(engine))
    due = [(kind, one) for kind, one in ready if kind != "experiment"]
    gone = {removing.owner_of(kind, one) for kind, one in due}
    later = {removing.owner_of(kind, one) for kind, one in young if kind != "experiment"}
    expired_runs = {one.owner for one in going if one.paths is None}
    # Deleted now, they go for good at once where nothing deleted is kept.
    gone, later = (gone | expired_runs, later) if not keep else (gone, later | expired_runs)
    expired_files = {(one.owner, path) for one in going for path in one.paths or ()}
    needed, files, logical = books.chunks_without(lambda owner, path: owner in gone or (owner, path) in expired_files)
    plan = _by_packs(engine, books, needed, condemned, packs)
    kept = books.shares(lambda owner, kind: "deleted" if owner in later else None, lambda key: (key, key))
    plan.strays = _summed(list(unnamed.values()))
    with writing.keeping_out(repository.folder) as nobody:
        plan.leftovers = _summed([size for _, size in strays.leftovers(repository)] if nobody else [])
    plan.removals = [
        Removal(kind, one.id, one.name, str(one.experiment), f"deleted more than {expiring.span(keep)} ago")
        for kind, one in [*due, *(("experiment", one) for one in emptied)]
    ]
    plan.rules = [
        Outlook(rule_of(one.rule, names[one.rule.experiment]), one.runs, one.uncompared, len(one.going))
        for one in judgements
    ]
    plan.expiries = [expiry_of(one) for one in going]
    plan.files, plan.logical, plan.storing, plan.keep_deleted = files, logical, not nobody, keep
    plan.younger, plan.kept_deleted = (
        len(young) + (len(expired_runs) if keep else 0),
        sum(share.unique for share in kept),
    )
    plan.database = max(0, plan.database + free - pruning.SPARE)
    plan.freed = plan.whole.freed + plan.fragments.freed + plan.strays.freed + plan.leftovers.freed + plan.database
    return plan


def expiry_of(one: expiring.Expired) -> Expiry:
    """What goes, as it is told."""
    told = Expiry(
        one.pattern or "runs", one.run.run_id, one.run.name, str(one.experiment), one.files, one.size, one.reason
    )
    if one.pattern.startswith(MODELS):
        told.run_id, told.model_id = one.run.parent or "", one.run.run_id
    return told


def _by_packs(
    engine: Engine, books: Books, needed: Any, condemned: Any, packs: list[tuple[int, str, int, int]]
) -> Plan:
    import numpy

    links = books.links
    dead = ~needed
    # What no content ever named, and was not condemned, belongs to an upload that broke off.
    unnamed = numpy.ones(len(links.chunk), bool)
    unnamed[numpy.searchsorted(links.chunk, links.of_chunk)] = False
    unnamed[numpy.searchsorted(links.chunk, condemned)] = False
    before = pruning.unfinished_before(engine)
    fresh = numpy.array([row for row, _, _, made in packs if made >= before], numpy.int64)
    young = dead & unnamed & numpy.isin(links.chunk_pack, fresh)
    dead &= ~young
    most = int(links.chunk_pack.max()) + 1 if len(links.chunk_pack) else 1
    stays = numpy.where(dead, 0, links.chunk_stored)
    live = numpy.bincount(links.chunk_pack, weights=stays, minlength=most).astype(numpy.int64)
    count = numpy.bincount(links.chunk_pack[~dead], minlength=most)
    whole, fragments, left = Packs(), Packs(), 0
    percent = settings.PRUNE_REWRITE.read()
    for row, _, size, _ in packs:
        kept, chunks = (int(live[row]), int(count[row])) if row < most else (0, 0)
        overhead = FRAME + FOOTER * chunks
        if not chunks:
            whole = Packs(whole.count + 1, whole.size + size, whole.freed + size)
        elif size - kept > overhead and (size - kept - overhead) * 100 >= size * percent:
            freed = max(0, size - kept - overhead)
            fragments = Packs(fragments.count + 1, fragments.size + size, fragments.freed + freed)
        else:
            left += max(0, size - kept - overhead)
    return Plan(
        freed=0, rules=[], expiries=[], removals=[], files=0, logical=0,
        dead=int(links.chunk_stored[dead].sum()), left=left, whole=whole, fragments=fragments, strays=Packs(), leftovers=Packs(),
        database=int(links.chunk_stored[dead & (links.chunk_pack == 0)].sum()), younger=0, kept_deleted=0, keep_deleted=0,
        unfinished=int(links.chunk_stored[young].sum()), storing=False, grace=settings.PRUNE_GRACE.read(),
    )  # fmt: skip


def _summed(sizes: list[int]) -> Packs:
    return Packs(len(sizes), sum(sizes), sum(sizes))
