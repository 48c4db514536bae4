"""From slots to the store: a batch is decoded, grouped by series, sent as one operation, and marked when it is acknowledged."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from runstone import settings
from runstone.errors import RunstoneError
from runstone.journal import records
from runstone.journal.segment import Segment
from runstone.transport import Transport

# Points in one request: bounds the memory of the drain (a few times 2 MiB) and the time it holds the interpreter.
BATCH = 65_536

# Seconds between two attempts when the store refuses again and again.
LONGEST_WAIT = 60.0

# The drain takes at most this share of a processor, as long as its pauses need not be longer than so many seconds for it.
SHARE = 0.05
LONGEST_PAUSE = 10.0

_thread: threading.Thread | None = None
_warned = False


def ship(
    transport: Transport, segment: Segment, names: Mapping[int, records.SeriesName], run_id: str, end: int
) -> None:
    """Send what a segment of ours holds up to `end`, or the first batch of it, and mark it."""
    end = min(end, segment.shipped + BATCH * records.SLOT)
    found = records.decode(segment.read(segment.shipped, end))
    unknown = send(transport, run_id, names, found.points)
    segment.damaged += found.damaged + unknown
    segment.acknowledge(segment.shipped + found.used)


def _by_series(points: Any) -> tuple[Any, Any, list[Any]]:
    """Which series' numbers there are, where each begins, and the columns step, timestamp and value in that order."""
    import numpy

    series = points["series"]
    order: Any = slice(None)
    if not bool((series[1:] == series[:-1]).all()):  # a single metric, the usual case, is in order
        order = numpy.argsort(series, kind="stable")
    numbers, starts = numpy.unique(series[order], return_index=True)
    return numbers, starts, [numpy.ascontiguousarray(points[name][order]) for name in ("step", "timestamp", "value")]


def send(transport: Transport, run_id: str, names: Mapping[int, records.SeriesName], points: Any) -> int:
    """Send points as one operation, grouped by series; how many bear the number of no series that we know of."""
    from runstone.operations.series import LogPoints, SeriesPoints, log_points

    numbers, starts, columns = _by_series(points)
    bounds = [*starts.tolist(), len(points)]
    groups, unknown = [], 0
    for place, number in enumerate(numbers.tolist()):
        name = names.get(number)
        if name is None:
            unknown += bounds[place + 1] - bounds[place]
            continue
        part = slice(bounds[place], bounds[place + 1])
        step, timestamp, value = (column[part].tobytes() for column in columns)
        groups.append(
            SeriesPoints(name.key, step, timestamp, value, name.model_id, name.dataset_name, name.dataset_digest)
        )
    if groups:
        transport.call(log_points, LogPoints(run_id, groups))
    return unknown


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
    """A forked child has no such thread: the next point starts one."""
    global _thread
    _thread = None


def _drain(drain_all: Callable[[], bool]) -> None:
    pause = threading.Event()
    interval = settings.DRAIN_INTERVAL.read()
    wait = interval
    while not pause.wait(wait):
        spent = time.thread_time()
        if drain_all():
            wait = max(interval, min((time.thread_time() - spent) / SHARE, LONGEST_PAUSE))
        else:
            # A store that refuses is asked less and less often: the points are safe where they are.
            wait = min(2 * wait, max(interval, LONGEST_WAIT))


def warn_once(error: RunstoneError) -> None:
    """Tell the person, once, that points wait in the journal; they are safe there, and shipped as soon as it works again."""
    global _warned
    if not _warned and sys.stderr is not None:
        _warned = True
        print(f"runstone: metric points wait in the journal (nothing is lost): {error}", file=sys.stderr)
