"""How this process lets go of a run: what it recorded is logged, what it logged is shipped, and then, not before, the end is said."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from runstone import journal, settings
from runstone.client.runs import say_end
from runstone.connection import each_within
from runstone.errors import InvalidParameter, RunstoneError, Unreachable
from runstone.fluent import endings
from runstone.fluent.bonds import Bonds
from runstone.fluent.location import is_tracking_uri_set
from runstone.journal.waiting import is_final, is_passing, tell, written
from runstone.operations import runs as operations

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.entities import Run
    from runstone.fluent.recorder import Recorder
    from runstone.fluent.system_metrics import Sampler


class Held:
    """What this process keeps for a run it has active: the journal of its points, and who records what nobody logs."""

    __slots__ = ("bonds", "depth", "joined", "journal", "process", "recorder", "said", "sampler", "store")

    def __init__(self, store: Client, run: Run, joined: bool, recorder: Recorder | None) -> None:
        self.store = store
        self.journal = journal.open_journal(store._carrier, store._folder, run.info.run_id)
        self.bonds = Bonds(run)
        self.joined = joined
        self.recorder = recorder
        self.sampler: Sampler | None = None
        self.process = os.getpid()
        self.depth = 1
        self.said = False  # whether the store knows that the run has ended, or the journal does


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
        failure = _finish_files(held.store, run.info.run_id)
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
        _raise_of_files(failure, run, error)


def _let_go(held: Held) -> None:
    if held.store._is_server and journal.ship_all(held.journal, 0, quiet=True) is not None:
        held.journal.leave()
    else:
        held.journal.close()


def _release_to_server(held: Held, run: Run, status: str, error: BaseException | None, last: bool) -> None:
    """The same with a server, which may be away: it is waited for, then what is left stays in the journal, the end behind it.

    The end is in the journal before anything is waited for: whoever kills us meanwhile kills no run that has ended.
    """
    carrier, never = held.store._carrier, settings.OFFLINE.read() == "never"
    patience = 0 if carrier.given_up else settings.END_TIMEOUT.read()
    problem = journal.ship_all(
        held.journal, patience, settings.QUIET.read(), lambda: None if never else _keep_end(held, run, status)
    )
    carrier.given_up = problem is not None
    if problem is not None and never:
        raise problem
    recorder, held.recorder = held.recorder, None
    failure = _finish_files(held.store, run.info.run_id)
    if isinstance(failure, KeyboardInterrupt):
        problem = _interrupted(held.store)
    try:
        # As with the journal, it is waited for as long as something goes on.
        with each_within(max(patience, journal.ONE_ATTEMPT), retries=1):
            if recorder is not None and not recorder.finish(error, away=problem is not None):
                problem = problem or Unreachable(f"No answer came from {held.store.tracking_uri}.")
            if problem is None:
                problem = journal.ship_all(held.journal, 0, quiet=True)  # what was logged meanwhile
            problem = problem or _send_files(held.store, run.info.run_id)
    except KeyboardInterrupt as interrupt:
        failure, problem = interrupt, _interrupted(held.store)
    finally:
        _end_at_server(held, run, status, problem, last)
    _raise_of_files(failure, run, error)


def _interrupted(store: Client) -> RunstoneError:
    return Unreachable(f"The wait for {store.tracking_uri} was interrupted.")


def _finish_files(store: Client, run_id: str) -> RunstoneError | KeyboardInterrupt | None:
    """Wait for files that were logged without waiting; why one of them is not in the store. Ctrl-C ends the wait, not the run's end."""
    background = sys.modules.get("runstone.client.background")
    if background is None:
        return None
    try:
        background.finish(store, run_id)
    except (RunstoneError, KeyboardInterrupt) as error:
        return error
    return None


def _raise_of_files(failure: RunstoneError | KeyboardInterrupt | None, run: Run, error: BaseException | None) -> None:
    """Say that a file is missing: the run has ended by now. An exception that the run is left by goes before it."""
    if isinstance(failure, KeyboardInterrupt):
        endings.end_interrupted(failure, quietly=error is not None)
        return
    if failure is not None and error is None:
        raise failure
    if failure is not None:
        tell(f"runstone: a file of run {run.info.run_name} is not in the store: {failure.message}")


def _end_at_server(held: Held, run: Run, status: str, problem: RunstoneError | None, last: bool) -> None:
    store, never = held.store, settings.OFFLINE.read() == "never"
    if not held.said and problem is not None and not never:
        _keep_end(held, run, status)
    elif not held.said:
        try:
            _say_end(held, run.info.run_id, status)
        except RunstoneError as error:
            if never or is_final(error):
                raise
            problem = error
            _keep_end(held, run, status)
    if problem is None and held.journal.pending:
        problem = journal.ship_all(
            held.journal, 0, quiet=True
        )  # another thread logged on, and the end stands behind that
    if held.journal.pending or problem is not None:
        held.journal.leave()
        journal.afterwards(store.settle)
        _tell_left(store, run, problem)
        if problem is not None and not is_passing(problem):
            raise problem
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


def _say_end(held: Held, run_id: str, status: str) -> None:
    store, end = held.store, operations.EndRun(run_id, status, _now())
    if held.joined and status == "FINISHED":
        # Ours is given back before we look: of two that end together one at least finds nobody left. An end once said stays.
        held.journal.close()
        if not journal.is_live(store._folder, run_id, but=held.journal):
            store._transport.call(operations.end_run, end)
    else:
        try:
            say_end(store, run_id, status, end.end_time)
        except InvalidParameter:  # deleted while it was active: it ends all the same, and keeps its points
            store._transport.call(operations.end_run, end)
    held.said = True


def _keep_end(held: Held, run: Run, status: str) -> None:
    """Write the end to the journal, behind all that was logged."""
    run_id = run.info.run_id
    if not (held.joined and status == "FINISHED"):
        update = operations.UpdateRun(run_id=run_id, status=status, end_time=_now())
        held.journal.append_operation(written(operations.update_run, update))
    elif not journal.is_live(held.store._folder, run_id, but=held.journal):
        held.journal.append_operation(written(operations.end_run, operations.EndRun(run_id, status, _now())))
    held.said = True


def _now() -> int:
    return time.time_ns() // 1_000_000


def _tell(store: Client, run: Run) -> None:
    if not settings.QUIET.read():
        place = store.tracking_uri.removeprefix("file://")
        # What is found from the working folder needs no naming; anything else the reader's shell may not know of.
        named = f"--store '{place}' " if is_tracking_uri_set() else ""
        tell(
            f"runstone: run {run.info.run_name} is in {place}; look at it: runstone {named}runs show {run.info.run_id}"
        )


def _tell_left(store: Client, run: Run, problem: RunstoneError | None) -> None:
    why = f" {problem.message}" if problem is not None else ""
    tell(
        f"runstone: run {run.info.run_name} ({run.info.run_id}) is not all on {store.tracking_uri} yet.{why} What is left lies safely in "
        f"{store._folder}; the next run to that server ships it, or: runstone --store '{store.tracking_uri}' sync"
    )
