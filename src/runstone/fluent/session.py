"""The active runs of this process: starting, ending, nesting, resuming. A thread has its own stack of runs, as in MLflow."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, Any, Literal

from runstone import journal, settings
from runstone.client.runs import PARENT_TAG
from runstone.entities import LifecycleStage, Run, RunStatus, RunTag
from runstone.errors import InvalidParameter, RunStateError, StorageError
from runstone.fluent import endings
from runstone.fluent.experiments import active_experiment_id
from runstone.fluent.location import client
from runstone.fluent.recorder import Recorder, facts
from runstone.fluent.release import Held, release
from runstone.operations import runs as operations

NAME_TAG = operations.RUN_NAME_TAG
if TYPE_CHECKING:
    from runstone.client import Client

NOTE_TAG = "mlflow.note.content"


class ActiveRun(Run):
    """A run that `with` ends: FINISHED, FAILED on an exception, KILLED on a signal."""

    def __enter__(self) -> ActiveRun:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> Literal[False]:
        # Ended by hand inside the block: nothing is left to do. Runs started inside it and left open end with it.
        if any(run.info.run_id == self.info.run_id for run in _stack()):
            status = endings.status_of(error)
            while _stack()[-1].info.run_id != self.info.run_id:
                _end(status, error)
            _end(status, error)
        return False


class _Claim:
    """Hold a run's journal before the store says that the run is RUNNING: were this process to die just then, any reader would
    find the lock free, and the run dead. Given back when the block fails."""

    def __init__(self, store: Any, run_id: str) -> None:
        self.run_id = run_id
        self.journal = journal.open_journal(store._carrier, store._folder, run_id)

    def __enter__(self) -> journal.Journal:
        return self.journal

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is not None and self.run_id not in _held:
            self.journal.close()


class _Local(threading.local):
    def __init__(self) -> None:
        self.stack: list[ActiveRun] = []


_local = _Local()
_stacks: dict[int, list[ActiveRun]] = {}
_held: dict[str, Held] = {}
# The run that was active last, and its store.
_last: tuple[Any, str] | None = None
_lock = threading.RLock()


def _stack() -> list[ActiveRun]:
    return _local.stack


def start_run(
    run_id: str | None = None,
    experiment_id: str | None = None,
    run_name: str | None = None,
    nested: bool = False,
    parent_run_id: str | None = None,
    tags: dict[str, Any] | None = None,
    description: str | None = None,
    log_system_metrics: bool | None = None,
) -> ActiveRun:
    """Start a run, or open an old one again, and make it this thread's active run.

    Args:
        run_id: an existing run to go on with; it is RUNNING again.
        experiment_id: where a new run goes; the active experiment unless said.
        run_name: a name for it; two words and a number unless said.
        nested: start it inside the run that is active now.
        parent_run_id: make it a child of that run, active or not.
        tags: labels, kept as text.
        description: a note (Markdown) that is shown with the run.
        log_system_metrics: record what the machine does meanwhile (docs/recorded.md); as RUNSTONE_SYSTEM_METRICS says unless given.

    Returns:
        The run; `with` ends it.

    Raises:
        RunStateError: a run is active already and `nested` was not said.
        NotFound: there is no such run or experiment.
        InvalidParameter: the run, the parent or the experiment is deleted.
    """
    stack = _stack()
    if stack and not nested:
        raise RunStateError(
            f"Run {stack[-1].info.run_name!r} (id {stack[-1].info.run_id}) is already active. End it with end_run() first, "
            "or start this one inside it with start_run(nested=True)."
        )
    if log_system_metrics is None:
        log_system_metrics = settings.SYSTEM_METRICS.read()
    # What is inside a run goes where that run is, whatever the working folder is by now.
    store = _held[stack[-1].info.run_id].store if stack else client()
    if parent_run_id:
        if parent_run_id not in _held:
            _require_active(store.get_run(parent_run_id), "The parent run")
        if stack and stack[-1].info.run_id != parent_run_id:
            raise InvalidParameter(
                f"nested=True means run {stack[-1].info.run_id}, which is active, and parent_run_id {parent_run_id}. End the active run first, "
                "or leave parent_run_id out."
            )
    resumed = run_id or (None if stack else settings.RUN_ID.read())
    if resumed:
        run, joined = _resume(store, resumed, experiment_id, run_name, tags, description)
        if not run_id:
            settings.RUN_ID.write(None)  # it names one run, not every run this process starts later
    else:
        parent = parent_run_id or (stack[-1].info.run_id if stack else None)
        labels = _labels(tags, description, parent)
        if run_name:
            labels[NAME_TAG] = run_name  # the argument counts, whatever the tags or the environment say
        experiment, new_id = experiment_id or active_experiment_id(), operations.new_run_id()
        with _Claim(store, new_id) as claimed:
            run, joined = store.create_run(experiment, None, labels, run_name, new_id), False
        if run.info.run_id != new_id:
            claimed.close()  # a stock server gives its own ids: `_hold` takes that one's journal
    active = ActiveRun(run.info, run.data, run.inputs, run.outputs)
    _hold(store, active, resumed is not None, joined, top=not stack)
    if log_system_metrics:
        _sample(active)
    return active


def _resume(
    store: Any,
    run_id: str,
    experiment_id: str | None,
    run_name: str | None,
    tags: dict[str, Any] | None,
    description: str | None,
) -> tuple[Run, bool]:
    run: Run = store.get_run(run_id)
    _require_active(run, "The run")
    if experiment_id is not None and str(experiment_id) != run.info.experiment_id:
        raise InvalidParameter(
            f"Run {run_id} belongs to experiment {run.info.experiment_id}, not {experiment_id}. Leave experiment_id out to go on with it."
        )
    labels = _described(dict(tags or {}), description)
    with journal.alone(store._folder):
        # Somebody holds it now (another rank of one training): we join; the first holder's word on its end counts. Of two that come at
        # once one looks when the other holds it already.
        joined = journal.is_live(store._folder, run_id)
        claim = _Claim(store, run_id)
    with claim:
        if labels:  # what may be refused goes first: a run that is not opened again keeps the end it had
            store.log_batch(run_id, tags=[RunTag(key, str(value)) for key, value in labels.items()])
        store.update_run(run_id, "RUNNING", run_name)
        return store.get_run(run_id), joined


def _require_active(run: Run, what: str) -> None:
    if run.info.lifecycle_stage != LifecycleStage.ACTIVE:
        raise InvalidParameter(
            f"{what} {run.info.run_id} is deleted. Bring it back with restore_run({run.info.run_id!r}) first."
        )


def _labels(tags: dict[str, Any] | None, description: str | None, parent: str | None) -> dict[str, Any]:
    labels = _described({**facts(), **(tags or {})}, description)
    if parent:
        labels[PARENT_TAG] = parent
    return labels


def _described(labels: dict[str, Any], description: str | None) -> dict[str, Any]:
    if description:
        if NOTE_TAG in labels:
            raise InvalidParameter(f"description and the tag {NOTE_TAG!r} are the same thing. Give one of them.")
        labels[NOTE_TAG] = description
    return labels


def _hold(store: Any, run: ActiveRun, resumed: bool, joined: bool, top: bool) -> None:
    global _last
    endings.watch(end_all, end_here)
    recorder = None
    with _lock:
        held = _held.get(run.info.run_id)
        if held is not None:
            held.depth += 1
        else:
            # What a nested run records by itself (console, packages, diff) would repeat its parent's.
            recorder = Recorder(store, run.info.run_id, resumed=resumed, joined=joined) if top else None
            _held[run.info.run_id] = Held(store, run, joined, recorder)
            if store._is_server:
                journal.afterwards(store.settle)  # what earlier runs had to leave here
        _last = store, run.info.run_id
        _stack().append(run)
        _stacks[id(_stack())] = _stack()
    # The run is active by now: whatever becomes of this (it may ask a server), the run ends as any other.
    if recorder is not None:
        recorder.start()


def _sample(run: ActiveRun) -> None:
    from runstone.fluent import system_metrics

    held = _held[run.info.run_id]
    if held.sampler is None:
        held.sampler = system_metrics.start(run, held.journal.append_many)


def end_run(status: str | int = "FINISHED") -> None:
    """End this thread's active run; nothing happens where there is none.

    Everything logged is in the store when this returns. Raises InvalidParameter for a status that is none; the run stays active.
    """
    if isinstance(status, int) and status in list(RunStatus):
        status = RunStatus(status).name
    _end(operations.check_status(status), None)


def _end(status: str, error: BaseException | None) -> None:
    stack = _stack()
    if not stack:
        return
    run = stack.pop()
    if not stack:
        _stacks.pop(id(stack), None)
    with _lock:
        held = _held[run.info.run_id]
        held.depth -= 1
        if held.depth:
            return
        del _held[run.info.run_id]
    try:
        if held.sampler is not None:
            held.sampler.stop()
        release(held, run, status, error, last=not stack)
    except BaseException as failure:
        if not held.said and (isinstance(failure, StorageError) or not isinstance(failure, Exception)):
            _put_back(held, run)  # a second end_run() may be luckier
        elif held.store._is_server:
            held.journal.give_back()  # what could not be shipped just now is not tried again: it waits
        else:
            held.journal.close()
        raise


def _put_back(held: Held, run: ActiveRun) -> None:
    stack = _stack()
    with _lock:
        held.depth = 1
        _held[run.info.run_id] = held
        stack.append(run)
        _stacks[id(stack)] = stack


def leave() -> None:
    """Let go of this thread's active run, whose end could not be stored: nothing is said of it, its points wait in its journal."""
    if _stack():
        _give_up(_stack())


def active_run() -> ActiveRun | None:
    """This thread's active run. A thread that has none sees the one that another thread has, where there is just one such thread."""
    if _local.stack:
        return _local.stack[-1]
    others = [stack for stack in list(_stacks.values()) if stack]
    return others[0][-1] if len(others) == 1 else None


def require_run() -> ActiveRun:
    """The active run; a new one is started where there is none, as MLflow does."""
    run = active_run()
    if run is not None:
        return run
    if endings.ending:
        raise RunStateError(
            "The program is ending and its runs have ended: no new run is started for what is logged now. Log before that."
        )
    return start_run()


def target(run_id: str | None = None) -> tuple[Client, str]:
    """Where to log: the client of a run's store, and the run's id; the active run unless `run_id` is given.

    A run that is active in this process is in the store it was started in, whatever the working folder is by now.
    """
    chosen = run_id or require_run().info.run_id
    held = _held.get(chosen)
    return (client() if held is None else held.store), chosen


def note_made(run_id: str, model_id: str, step: int) -> None:
    """Remember that a run made a model at a step, where the run is active in this process."""
    held = _held.get(run_id)
    if held is not None:
        held.bonds.add(model_id, step)


def last_active_run() -> Run | None:
    """The active run, or the one that was active last in this process, as the store has it now."""
    run = active_run()
    if run is not None:
        store, run_id = target(run.info.run_id)
        return store.get_run(run_id)
    return None if _last is None else _last[0].get_run(_last[1])


def end_here(status: str) -> None:
    """End every run of this thread, the innermost first: the thread is ending."""
    while _stack():
        end_run(status)


def end_all(status: str) -> None:
    """End every active run of this process, the innermost first: the process is ending. Raises the first error, after all have had their turn."""
    failures: list[Exception] = []
    for stack in list(_stacks.values()):
        while stack:
            if stack is not _local.stack:
                _local.stack = stack  # whose thread is gone or will be: its runs are ours to end
            run = stack[-1]
            try:
                end_run(status)
            except Exception as failure:  # noqa: BLE001 - the other runs have their turn first
                failures.append(failure)
                if stack and stack[-1] is run:
                    _give_up(stack)
    if failures:
        raise failures[0]


def _give_up(stack: list[ActiveRun]) -> None:
    held = _held.pop(stack.pop().info.run_id, None)
    if not stack:
        _stacks.pop(id(stack), None)
    if held is not None:
        with contextlib.suppress(StorageError):
            held.journal.give_back()  # its points wait in the journal for whoever opens the store next


def _after_fork() -> None:
    # Another thread may have held it when the process forked; it is not there in the child to let go.
    global _lock
    _lock = threading.RLock()


os.register_at_fork(after_in_child=_after_fork)
