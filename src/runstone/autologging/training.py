"""A training that is recorded: in the run that is active, or in one that lives as long as the training. Trainings within it are its own matter."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

from runstone.autologging.guard import attempt
from runstone.fluent import endings, session

if TYPE_CHECKING:
    from runstone.autologging.options import Options
    from runstone.client import Client
    from runstone.entities import Run

AUTOLOGGING_TAG = "mlflow.autologging"
# What a leaf does before a training, up to its yield of the arguments to train with, and after it, when it is sent what came of it.
Record = Generator[tuple[tuple[Any, ...], dict[str, Any]], Any, None]


class Training:
    """One that is recorded.

    Attributes:
        options: what was asked for.
        run: where it is recorded.
        own: whether the run was started for it.
        store: the run's store.
        model_id: the logged model that it is to fill, where that is known before it begins.
    """

    def __init__(self, options: Options, run: Run, own: bool) -> None:
        self.options, self.run, self.own = options, run, own
        self.store: Client
        self.store, self.run_id = session.target(run.info.run_id)
        self.model_id: str | None = None


class _Here(threading.local):
    def __init__(self) -> None:
        self.inside = _is_worker(threading.current_thread())
        self.open: Training | None = None  # one within which another may be recorded
        self.quiet = 0


# The threads that train just now, and the runs that were started for trainings.
_training: set[int] = set()
_own_runs: set[str] = set()


def _is_worker(thread: object) -> bool:
    """Whether a thread was made by a training: joblib's threads know by whom."""
    pools = sys.modules.get("multiprocessing.dummy")
    maker = getattr(thread, "_parent", None) if pools is not None and isinstance(thread, pools.DummyProcess) else None
    return maker is not None and (maker.ident in _training or _is_worker(maker))


_here = _Here()


def conduct(
    options: Options | None,
    original: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    record: Callable[[Training], Record],
    opens: bool = False,
    joins: bool = False,
) -> Any:
    """Train, once and with what was given; what the training returns or raises comes through, whatever becomes of recording it.

    Args:
        options: what was asked for; None where nothing is to be recorded.
        original: the library's function.
        args, kwargs: what it is given.
        record: what is recorded before and after.
        opens: whether a training within this one that joins is recorded too, in the same run.
        joins: whether this one does.
    """
    if options is None or (_here.inside and not (_here.open is not None and joins)):
        return original(*args, **kwargs)
    before = _here.inside, _here.open
    training = None
    with attempt(options, "a training"):
        training = _begin(options, before[1])
    if training is None:
        return original(*args, **kwargs)
    _here.inside, _here.open = True, training if opens else None
    _training.add(threading.get_ident())
    steps = record(training)
    try:
        with attempt(options, "what was trained with"):
            args, kwargs = next(steps)
        _here.quiet += 1
        try:
            result = original(*args, **kwargs)
        finally:
            _here.quiet -= 1
        _here.open = None
        with attempt(options, "what came of a training"), contextlib.suppress(StopIteration), quiet():
            steps.send(result)
    except BaseException as error:
        # the training's own, or Ctrl-C: nothing else gets here
        with attempt(options, "the failure of a training"):
            steps.close()
        _end(training, endings.status_of(error))
        raise
    finally:
        _here.inside, _here.open = before
        if not before[0]:
            _training.discard(threading.get_ident())
    _end(training, "FINISHED")
    return result


def _begin(options: Options, within: Training | None) -> Training | None:
    if within is not None:
        training = Training(options, within.run, own=False)
        training.model_id = within.model_id
        return training
    run = session.active_run()
    if run is not None and run.info.run_id in _own_runs:
        run = None  # another thread's training has it to itself
    if run is not None:
        return None if options.exclusive else Training(options, run, own=False)
    tags = {AUTOLOGGING_TAG: options.flavor, **(options.extra_tags or {})}
    started = session.start_run(tags=tags)
    _own_runs.add(started.info.run_id)
    return Training(options, started, own=True)


def _end(training: Training, status: str) -> None:
    if not training.own:
        return
    with attempt(training.options, "the end of a run"):
        try:
            session.end_run(status)
        finally:
            _own_runs.discard(training.run_id)
            left = session.active_run()
            if left is not None and left.info.run_id == training.run_id:
                session.leave()  # its end could not be stored: the next run is not to find it in its way


@contextlib.contextmanager
def unrecorded() -> Iterator[None]:
    """Trainings meanwhile are not recorded."""
    before = _here.inside, _here.open
    _here.inside, _here.open = True, None
    _training.add(threading.get_ident())
    try:
        yield
    finally:
        _here.inside, _here.open = before
        if not before[0]:
            _training.discard(threading.get_ident())


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """What is predicted and measured meanwhile is not recorded."""
    _here.quiet += 1
    try:
        yield
    finally:
        _here.quiet -= 1


def is_quiet() -> bool:
    """Whether what is predicted and measured here now is not the user's doing."""
    return _here.quiet > 0 or (_here.inside and _here.open is None)
