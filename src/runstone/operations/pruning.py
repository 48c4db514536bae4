"""What can be asked so that space comes back: a step of pruning. Whoever asks goes on asking while there is more to do.

Every step can be broken off at any point: rows are deleted in a transaction that looks once more whether anything needs them, and a
pack's file goes after the row that named it (docs/design.md, the order of writes).
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from runstone import settings
from runstone.errors import RunstoneError, StorageBusy, StorageFull, from_os_error
from runstone.operations import expiring, relief, removing, rules, strays
from runstone.operations.engine import Engine
from runstone.operations.table import operation
from runstone.repository import rewriting, unfinished, writing
from runstone.repository.files import Repository, repository_in
from runstone.store import artifacts, pruning, shrinking

# What one step does at the most: so many contents, chunks, removed runs; seconds of removing; bytes of the database.
_CONTENTS = 5_000
_CHUNKS = 20_000
_REMOVED = 200
_LONG = 2.0
_PAGES = 16 * 1024 * 1024
# Files deleted in one transaction, in which nobody else writes.
_FILES = 20
# Milliseconds that a pack may have no name while somebody stores, whatever the settings say.
_UNDER_WAY = 3_600_000
# Seconds: some thirty years.
_LONGEST = 1_000_000_000
# Free pages that are left to the database, in bytes: it will need them again.
SPARE = 256 * 1024


class Prune(msgspec.Struct, omit_defaults=True):
    """`keep_deleted`: seconds after which what is deleted is removed for good; None as the settings say."""

    keep_deleted: float | None = None


class Pruned(msgspec.Struct, omit_defaults=True):
    """What a step has done, and whether there is more to do.

    By rules of retention `deleted` runs were deleted, `deleted_models`, and `files`; `runs`, `models` and `experiments` were removed for good. `freed` is the bytes that the disk has back. `waiting` bytes are needed by nothing and stay for the moment, because somebody may be
    storing: until the time `until` (ms).
    """

    deleted: int = 0
    deleted_models: int = 0
    files: int = 0
    runs: int = 0
    models: int = 0
    experiments: int = 0
    contents: int = 0
    chunks: int = 0
    packs: int = 0
    rewritten: int = 0
    strays: int = 0
    freed: int = 0
    waiting: int = 0
    until: int = 0
    problems: list[str] = []
    more: bool = False


@operation("POST", "/runstone/prune", permission="manage", alone=True)
def prune(engine: Engine, request: Prune) -> Pruned:
    """Carry out one step of pruning. Raises StorageBusy where somebody else prunes; InvalidParameter for `keep_deleted` that is below 0,
    or no number."""
    keep_deleted(request)
    with _alone(engine):
        done = Pruned()
        try:
            _step(engine, request, done)
        except StorageFull:
            # Deleting takes room in the database's log. What can go without it, goes.
            done.freed += relief.relieve(engine)
            if not done.freed:
                raise
            _step(engine, request, done)
        return done


def keep_deleted(request: Prune) -> float:
    """Seconds that what is deleted is kept. Raises InvalidParameter for what is no such number."""
    if request.keep_deleted is None:
        return settings.KEEP_DELETED.read()
    if not 0 <= request.keep_deleted <= _LONGEST:  # nor what is not a number
        raise rules.invalid(
            "keep_deleted", request.keep_deleted, f"It is a number of seconds, 0 or more and {_LONGEST:,} at the most."
        )
    return request.keep_deleted


def unfinished_before(engine: Engine) -> int:
    """When a pack must have been made (ms) so that no upload is expected to go on with it."""
    return engine.now() - int(settings.KEEP_UNFINISHED.read() * 1000)


def _step(engine: Engine, request: Prune, done: Pruned) -> None:
    if _retain(engine, done) or _remove(engine, request, done):
        return
    repository = repository_in(engine.folder)
    before = unfinished_before(engine)
    with writing.keeping_out(repository.folder) as nobody:
        pass
    if not nobody:  # what looks like the rest of an upload may be the beginning of one
        before = min(before, engine.now() - _UNDER_WAY)
    if _condemn(engine, before, done):
        return
    with writing.keeping_out(repository.folder) as nobody:
        # Whoever begins to store after this moment is told of no chunk that is condemned by now.
        until = engine.now() if nobody else engine.now() - int(settings.PRUNE_GRACE.read() * 1000)
    if _sweep(engine, until, done):
        return
    with engine.database.read() as connection:
        found = strays.strays(connection, engine.folder, before)
    done.freed += _delete_files(engine, repository, list(found))
    done.strays += len(found)
    done.freed += strays.sweep(repository)
    _rewrite(engine, repository, done)
    if not done.more:
        _shrink(engine, done)
    with engine.database.read() as connection:
        done.waiting, first = pruning.waiting(connection)
    done.until = 0 if first is None else first + int(settings.PRUNE_GRACE.read() * 1000)


def _retain(engine: Engine, done: Pruned) -> bool:
    with engine.reading_points() as connection:
        if not any(one.going for one in expiring.judged(connection, engine.now())):
            return False
    with engine.database.write() as connection:
        deleted, models, files = expiring.carry_out(connection, engine.now(), _REMOVED)
    done.deleted += deleted
    done.deleted_models += models
    done.files += files
    done.more = deleted + models + files > 0
    return done.more


def _remove(engine: Engine, request: Prune, done: Pruned) -> bool:
    before = engine.now() - int(keep_deleted(request) * 1000)
    with engine.database.read() as connection:
        due, _ = removing.due(connection, before)
    began, removed = time.monotonic(), 0
    for kind, one in due[:_REMOVED]:
        if removing.remove(engine, kind, one):
            removed += 1
            setattr(done, f"{kind}s", getattr(done, f"{kind}s") + 1)
        if time.monotonic() - began > _LONG:
            break
    done.more = removed > 0
    return done.more


def _condemn(engine: Engine, before: int, done: Pruned) -> bool:
    with engine.database.write() as connection:
        now = engine.now()
        contents = pruning.forget_contents(connection, now, _CONTENTS)
        chunks = pruning.condemn_unnamed(connection, now, before, _CHUNKS)
        pruning.pardon(connection)
        nameless = contents > 0 and pruning.are_nameless(connection)
    done.contents += contents
    done.more = nameless or chunks == _CHUNKS
    return done.more


def _sweep(engine: Engine, until: int, done: Pruned) -> bool:
    with engine.database.write() as connection:
        chunks = pruning.sweep(connection, until, _CHUNKS)
        emptied = pruning.forget_empty_packs(connection)
    done.chunks += chunks
    done.packs += len(emptied)
    done.freed += _delete_files(engine, repository_in(engine.folder), [name for name, _ in emptied])
    done.more = chunks == _CHUNKS
    return done.more


def _delete_files(engine: Engine, repository: Repository, names: list[str]) -> int:
    """Delete the files of packs that the index does not name; the bytes that they had. Whoever is about to name one waits, and then
    finds that it is gone."""
    sizes, freed = repository.blobs.list() if names else {}, 0
    for start in range(0, len(names), _FILES):
        with engine.database.write() as connection:
            for name in names[start : start + _FILES]:
                if name in sizes and artifacts.pack_size(connection, name) is None:
                    repository.blobs.delete(name)
                    freed += sizes[name]
    return freed


def _rewrite(engine: Engine, repository: Repository, done: Pruned) -> None:
    with engine.database.read() as connection:
        fragments = pruning.fragments(connection, settings.PRUNE_REWRITE.read())
        if not fragments:
            return
        chunks = {
            fragment.name: pruning.chunks_in(connection, fragment.id)
            for fragment in _fitting(fragments, repository.blobs.full_size)
        }
    rows = {fragment.name: fragment.id for fragment in fragments}
    sources = (rewriting.Source(name, lying) for name, lying in chunks.items())
    try:
        pack, emptied, done.problems = rewriting.rewrite(repository, sources)
    except StorageFull as error:
        done.problems = [f"No room to write packs anew that are mostly dead: {error.message}"]
        return
    if pack is None:
        return
    written = iter(pack.chunks)
    moved = [(next(written).offset, chunk.id, rows[name]) for name in emptied for chunk in chunks[name]]
    with engine.database.write() as connection:
        pruning.move(connection, pack.name, pack.size, engine.now(), moved)
        gone = pruning.forget_empty_packs(connection)
    freed = _delete_files(engine, repository, [name for name, _ in gone])
    done.rewritten += len(emptied)
    done.freed += freed - pack.size
    done.more = True


def _fitting(fragments: list[pruning.Fragment], full: int) -> Iterator[pruning.Fragment]:
    """As many as fit into one pack; damaged ones among them stay, so that there are a few more."""
    size = 0
    for fragment in fragments:
        yield fragment
        size += fragment.live
        if size >= 2 * full:
            break


def _shrink(engine: Engine, done: Pruned) -> None:
    """Give back what the database does not need, a part at a time; all of it where it was made by an older runstone, if nobody is there."""
    with engine.database.read() as connection:
        free, can = shrinking.free_bytes(connection), shrinking.can_shrink(connection)
    try:
        if free > SPARE and can:
            shrinking.shrink(engine.database, min(free - SPARE // 2, _PAGES))
        elif free > max(SPARE, os.path.getsize(engine.database.path) // 4) and not engine.serving:
            shrinking.rebuild(engine.database)
        with engine.database.read() as connection:
            left = shrinking.free_bytes(connection)
        done.freed += max(0, free - left)
        done.more = can and SPARE < left < free
        if not done.more:
            shrinking.put_back_log(engine.database)
    except (StorageFull, StorageBusy):
        return  # the free pages are not lost: the database uses them first


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """A block in which nobody else prunes."""
    folder = os.path.join(engine.folder, "packs")
    try:
        os.makedirs(folder, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise from_os_error(error, f"Opening {folder!r}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StorageBusy(
                f"The store {engine.folder!r} is being pruned by somebody else. Try again when that is done."
            ) from None
        except OSError as error:
            raise RunstoneError(
                f"Pruning needs locks, which the file system of {folder!r} does not have: {error}."
            ) from error
        yield
    finally:
        unfinished.unlock(descriptor)
