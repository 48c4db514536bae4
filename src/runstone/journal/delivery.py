"""From slots to the store, in their order: a stretch is decoded; points are grouped by series and sent as one operation, an operation
that waits among them as itself. Knows nothing of files or locks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runstone.errors import NotFound, RunstoneError, TooLarge
from runstone.journal import records, waiting
from runstone.transport import Transport

# Points in one request: bounds the memory of the drain (a few times 2 MiB) and the time it holds the interpreter.
BATCH = 65_536

# Told of a position up to which all is in the store, and whether an operation was what stood before it.
Mark = Callable[[int, bool], None]


def stretch(read: Callable[[int, int], bytes], start: int, end: int) -> records.Decoded:
    """What a journal holds from `start` on: as much as goes into one request, but the first record as a whole."""
    data = read(start, min(end, start + BATCH * records.SLOT))
    whole = records.extent(data)
    if len(data) < whole <= end - start:
        data = read(start, start + whole)
    return records.decode(data)


class Delivery:
    """What a run's journals hold, on its way to the store.

    Args:
        transport: where it goes.
        run_id: the run.
        folder: of the journals; what the store refuses is kept there.
        early: whether the run may not be there yet, because another process has still to say so: then its absence is no answer.
        keeps: whether the journal is kept for a person to look at where some of it is lost: then points that are refused for good (the
            run itself is gone, say) are counted, and the rest goes on.
    """

    def __init__(
        self, transport: Transport, run_id: str, folder: str, *, early: bool = False, keeps: bool = False
    ) -> None:
        self.transport, self.run_id, self.folder, self.early, self.keeps = transport, run_id, folder, early, keeps
        # Points that were refused for good.
        self.refused = 0

    def deliver(
        self, found: records.Decoded, names: Mapping[int, records.SeriesName], start: int, since: int, mark: Mark
    ) -> tuple[int, int]:
        """Send a stretch that begins at `start`, but for what lies before `since`; how many points, and how many that are lost, as
        their series is not known."""
        sent = lost = 0
        places = found.places * records.SLOT + start
        low = int(places.searchsorted(since))
        for first, behind, text in found.operations:
            if start + first * records.SLOT < since:
                continue
            high = int(found.places.searchsorted(first))
            counts = self._points(found.points[low:high], names)
            sent, lost, low = sent + counts[0], lost + counts[1], high
            mark(start + first * records.SLOT, False)
            waiting.carry_out(self.transport, self.run_id, text, self.folder, self.early)
            mark(start + behind * records.SLOT, True)
        counts = self._points(found.points[low:], names)
        return sent + counts[0], lost + counts[1]

    def _points(self, points: Any, names: Mapping[int, records.SeriesName]) -> tuple[int, int]:
        if not len(points):
            return 0, 0
        try:
            with waiting.patient(self.early):
                unknown = send(self.transport, self.run_id, names, points)
        except RunstoneError as error:
            if (
                isinstance(error, TooLarge) and len(points) > 1
            ):  # for a proxy before the server, most likely: half of them may pass
                half = len(points) // 2
                halves = self._points(points[:half], names), self._points(points[half:], names)
                return sum(sent for sent, _ in halves), sum(lost for _, lost in halves)
            if not self.keeps or not waiting.is_final(error):
                raise
            numbers = set(points["series"].tolist())
            if len(numbers) == 1 or isinstance(error, NotFound):
                waiting.tell(f"runstone: run {self.run_id}: {len(points)} points were refused: {error.message}")
                self.refused += len(points)
                return 0, 0
            # One series that is refused must not cost the others.
            parts = [self._points(points[points["series"] == number], names) for number in sorted(numbers)]
            return sum(sent for sent, _ in parts), sum(lost for _, lost in parts)
        return len(points) - unknown, unknown


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


def _by_series(points: Any) -> tuple[Any, Any, list[Any]]:
    """Which series' numbers there are, where each begins, and the columns step, timestamp and value in that order."""
    import numpy

    series = points["series"]
    order: Any = slice(None)
    if not bool((series[1:] == series[:-1]).all()):  # a single metric, the usual case, is in order
        order = numpy.argsort(series, kind="stable")
    numbers, starts = numpy.unique(series[order], return_index=True)
    return numbers, starts, [numpy.ascontiguousarray(points[name][order]) for name in ("step", "timestamp", "value")]
