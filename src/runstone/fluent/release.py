"""How this process lets go of a run: what it recorded is logged, what it logged is shipped, and then, not before, the end is said."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from runstone import journal, settings
from runstone.errors import InvalidParameter, RunstoneError
from runstone.fluent.location import is_tracking_uri_set
from runstone.operations import runs as operations

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.entities import Run
    from runstone.fluent.recorder import Recorder


class Held:
    """What this process keeps for a run it has active: the journal of its points, and what is recorded without asking."""

    __slots__ = ("depth", "joined", "journal", "process", "recorder", "said", "store")

    def __init__(self, store: Client, run_id: str, joined: bool, recorder: Recorder | None) -> None:
        self.store = store
        self.journal = journal.open_journal(store._carrier, store._folder, run_id)
        self.joined = joined
        self.recorder = recorder
        self.process = os.getpid()
        self.depth = 1
        self.said = False  # whether the store knows that the run has ended


def release(held: Held, run: Run, status: str, error: BaseException | None, last: bool) -> None:
    """Log, ship, and say the end of a run.

    Args:
        held: what is kept for it.
        run: the run.
        status: how it ended.
        error: the exception that it is left by.
        last: whether this thread has no other run, so that a person is told where it is.
    """
    if held.process != os.getpid():
        _let_go(
            held
        )  # a forked child leaves its parent's run: its own points are shipped, the end is the parent's to say
    elif held.store._is_server:
        _release_to_server(held, run, status, error, last)
    else:
        try:
            recorder, held.recorder = held.recorder, None
            if recorder is not None:
                recorder.finish(error)
        finally:
            held.journal.flush()  # an end is said when every point is in the store, never before
            _say_end(held, run.info.run_id, status)
            held.journal.close()
        if last:
            _tell(held.store, run)


def _let_go(held: Held) -> None:
    if held.store._is_server and journal.ship_all(held.journal, 0, quiet=True) is not None:
        held.journal.leave()
    else:
        held.journal.close()


def _release_to_server(held: Held, run: Run, status: str, error: BaseException | None, last: bool) -> None:
    """The same with a server, which may be away: it is waited for, then what is left stays in the journal, the end behind it."""
    store, quiet = held.store, settings.QUIET.read()
    carrier = store._carrier
    problem = journal.ship_all(held.journal, 0 if carrier.given_up else settings.END_TIMEOUT.read(), quiet)
    carrier.given_up = problem is not None
    if problem is not None and settings.OFFLINE.read() == "never":
        raise problem
    recorder, held.recorder = held.recorder, None
    if recorder is not None:
        recorder.finish(error, away=problem is not None)
    if problem is None:
        problem = journal.ship_all(held.journal, 0, quiet)  # what was logged meanwhile
    if problem is None:
        problem = _send_files(store, run.info.run_id)
    _say_end(held, run.info.run_id, status, queued=problem is not None)
    if problem is None and held.journal.pending:
        problem = journal.ship_all(held.journal, 0, quiet)  # another thread logged on, and the end stands behind that
    if held.journal.pending or problem is not None:
        held.journal.leave()
        journal.afterwards(store.settle)
        _tell_left(store, run, problem)
    else:
        held.journal.close()
        if last:
            _tell(store, run)


def _send_files(store: Client, run_id: str) -> RunstoneError | None:
    """Send what was logged while the server was away; why that could not be done."""
    from runstone.client import leftovers

    try:
        leftovers.keep(store, run_id)
    except RunstoneError as error:
        return error
    return None


def _say_end(held: Held, run_id: str, status: str, queued: bool = False) -> None:
    store, end = held.store, operations.EndRun(run_id, status, time.time_ns() // 1_000_000)
    if held.joined and status == "FINISHED":
        # Ours is given back before we look: of two that end together one at least finds nobody left. An end once said stays.
        if not queued:
            held.journal.close()
        if not journal.is_live(store._folder, run_id, but=held.journal):
            store._transport.call(operations.end_run, end)
    else:
        try:
            store.set_terminated(run_id, status, end.end_time)
        except InvalidParameter:  # deleted while it was active: it ends all the same, and keeps its points
            store._transport.call(operations.end_run, end)
    held.said = True


def _tell(store: Client, run: Run) -> None:
    if not settings.QUIET.read():
        place = store.tracking_uri.removeprefix("file://")
        # What is found from the working folder needs no naming; anything else the reader's shell may not know of.
        named = f"--store '{place}' " if is_tracking_uri_set() else ""
        _print(
            f"runstone: run {run.info.run_name} is in {place}; look at it: runstone {named}runs show {run.info.run_id}"
        )


def _tell_left(store: Client, run: Run, problem: RunstoneError | None) -> None:
    why = f" {problem.message}" if problem is not None else ""
    _print(
        f"runstone: run {run.info.run_name} ({run.info.run_id}) is not all on {store.tracking_uri} yet.{why} What is left lies safely in "
        f"{store._folder}; the next run to that server ships it, or: runstone --store '{store.tracking_uri}' sync"
    )


def _print(text: str) -> None:
    import sys

    if sys.stderr is not None:
        print(text, file=sys.stderr)
