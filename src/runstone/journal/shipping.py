"""The thread that ships what journals hold: when it does, how much of a processor it takes, whom it tells of trouble."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from runstone import settings
from runstone.errors import RunstoneError
from runstone.journal.waiting import is_passing, tell

# Seconds between two attempts when the store refuses again and again.
LONGEST_WAIT = 60.0

# The drain takes at most this share of a processor, as long as its pauses need not be longer than so many seconds for it.
SHARE = 0.05
LONGEST_PAUSE = 10.0

_thread: threading.Thread | None = None
# To be done once, when the next drain has gone well.
_chores: list[Callable[[], object]] = []
_warned = False


def afterwards(chore: Callable[[], object]) -> None:
    """Have something done by the drain's thread, after a drain that went well: once, but again after an error that may pass."""
    if chore not in _chores:
        _chores.append(chore)


def start_drainer(drain_all: Callable[[], bool]) -> None:
    """Have `drain_all` called every now and then by a thread of its own; done once a process."""
    global _thread
    if _thread is None or not _thread.is_alive():
        _thread = threading.Thread(target=_drain, args=(drain_all,), name="runstone-drain", daemon=True)
        try:
            _thread.start()
        except RuntimeError:  # no more threads, or the program is ending: the end of the run ships what there is
            _thread = None


def forget_drainer() -> None:
    """A forked child has no such thread: the next point starts one. One that is there ends."""
    global _thread
    _thread = None


def _drain(drain_all: Callable[[], bool]) -> None:
    pause = threading.Event()
    interval = settings.DRAIN_INTERVAL.read()
    wait = interval
    while not pause.wait(wait) and _thread is threading.current_thread():
        spent = time.thread_time()
        try:
            well = drain_all()
            if well:
                _do_chores()
        except Exception as error:  # noqa: BLE001  # whatever it is, it must not end the shipping of all that follows
            tell(f"runstone: shipping what was logged failed; it is tried again: {error!r}")
            well = False
        if well:
            wait = max(interval, min((time.thread_time() - spent) / SHARE, LONGEST_PAUSE))
        else:
            # A store that refuses is asked less and less often: the points are safe where they are.
            wait = min(2 * wait, max(interval, LONGEST_WAIT))


def _do_chores() -> None:
    for chore in list(_chores):
        try:
            chore()
        except RunstoneError as error:
            warn_once(error)
            if is_passing(error):
                continue  # the next drain that goes well does it
        _chores.remove(chore)


def warn_once(error: RunstoneError) -> None:
    """Tell the person, once, that something waits in the journal; they are safe there, and shipped as soon as it works again."""
    global _warned
    if not _warned:
        _warned = True
        tell(f"runstone: what was logged waits in the journal (nothing is lost): {error}")
