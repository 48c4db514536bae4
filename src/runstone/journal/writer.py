"""The writing end of a journal: `append` on the caller's thread, `drain` on ours. Knows nothing of dead processes' journals.

A signal handler may append while its own thread is inside `append`; the interpreter runs handlers after calls and at the ends of
loops only. So between reading the position and moving it, which happens last, no function of Python's is called: whoever comes in
between finds the place not yet taken, or taken and filled. A drain sees no slot that is not filled for the same reason.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Mapping
from zlib import crc32

from runstone import settings
from runstone.connection import each_within
from runstone.errors import RunstoneError, StorageBusy
from runstone.journal import delivery, records, shipping
from runstone.journal.segment import Segment, no_segment
from runstone.journal.waiting import is_early, is_passing
from runstone.operations import rules
from runstone.operations.numbers import check_integer, check_number, check_time
from runstone.transport import Transport

FOLDER_NAME = "journal"
# Slots written at once by append_many: well below what a segment holds.
_AT_ONCE = 1024

_pack = records.POINT.pack
_open: dict[tuple[str, str], Journal] = {}
# A forked child's, of runs that its parent holds: it holds them too from the first thing on that it logs.
_inherited: dict[tuple[str, str], Journal] = {}
_guard = threading.RLock()


class Journal:
    """This process's journal of one run. Any thread may append; a signal handler may too.

    Args:
        transport: where points go.
        folder: the store's folder; journals lie in `journal/` below it.
        run_id: the run.
    """

    def __init__(self, transport: Transport, folder: str, run_id: str) -> None:
        self.run_id = run_id
        self.transport = transport
        self.folder = os.path.join(folder, FOLDER_NAME)
        # Re-entrant: a signal handler that logs while its thread is inside `append` must not wait for itself.
        self._lock = threading.RLock()
        self._draining = threading.RLock()
        # Numbers are given once and hold in every segment, so that a point may go to whichever is the current one.
        self._next = itertools.count()
        self._numbers: dict[object, int] = {}
        self._names: dict[int, records.SeriesName] = {}
        self._segments: list[Segment] = []
        self._segment = no_segment()
        # Operations that were appended and are not carried out yet.
        self.queued = 0
        # Whether another process has still to say that the run exists: our parent, whose journal it stands in.
        self.early = False
        # A store here refuses nothing that was checked; a server may have other rules, and one refusal must not hold up the rest.
        self.keeps = not transport.uri.startswith("file:")
        # Whether nobody logs to it any more and it is only kept open to be shipped; it is closed when that is done.
        self.left = False
        self._begin()

    def append(
        self,
        key: str,
        value: float,
        timestamp: int,
        step: int,
        model_id: str | None = None,
        dataset_name: str | None = None,
        dataset_digest: str | None = None,
    ) -> None:
        """Write one point; when this returns, `kill -9` cannot lose it.

        Raises:
            InvalidParameter: the key, value, timestamp (ms) or step is not one.
            StorageFull: the disk has no room for more points.
        """
        if type(value) is not float:
            value = check_number(key, value)
        series: object = key
        if model_id is not None or dataset_name is not None:
            series = (key, model_id, dataset_name, dataset_digest)
        try:
            number = self._numbers[series]
        except (KeyError, TypeError):
            number = self._define(series, key, model_id, dataset_name, dataset_digest)
        try:
            body = _pack(step, timestamp, value, number)
            known = timestamp >= 0
        except Exception:  # noqa: BLE001  # whatever is wrong with them, the checks say it in one way
            known = False
        if not known:
            body = _pack(check_integer("step", key, step), check_time(key, timestamp), value, number)
        slot = body + crc32(body).to_bytes(4, "little")
        with self._lock:
            segment = self._segment
            position = segment.position
            while position >= segment.end:
                self._make_room()
                segment = self._segment
                position = segment.position
            segment.map[position : position + 32] = slot
            segment.position = position + 32

    def append_many(
        self,
        metrics: Mapping[str, float],
        timestamp: int,
        step: int,
        model_id: str | None = None,
        dataset_name: str | None = None,
        dataset_digest: str | None = None,
    ) -> None:
        """Write a point of each metric, at one step; where one is not valid, none is written."""
        first = next(iter(metrics), "")
        step, timestamp = check_integer("step", first, step), check_time(first, timestamp)
        numbers, plain = self._numbers, model_id is None and dataset_name is None
        points: list[tuple[object, str, float]] = []
        for key, value in metrics.items():
            series: object = key if plain else (key, model_id, dataset_name, dataset_digest)
            if series not in numbers:
                rules.check_key("metric", key)
            points.append((series, key, value if type(value) is float else check_number(key, value)))
        parts = []
        for series, key, number in points:
            place = numbers.get(series)
            if place is None:
                place = self._define(series, key, model_id, dataset_name, dataset_digest)
            body = _pack(step, timestamp, number, place)
            parts.append(body + crc32(body).to_bytes(4, "little"))
        for start in range(0, len(parts), _AT_ONCE):
            self._write(b"".join(parts[start : start + _AT_ONCE]))

    def append_operation(self, text: bytes) -> None:
        """Write an operation that is to be carried out behind all that was appended before it."""
        shipping.start_drainer(_drain_all)
        with self._lock:
            self.queued += 1
            try:
                self._write(records.operation(text))
            except BaseException:
                self.queued -= 1
                raise

    @property
    def pending(self) -> int:
        """Slots that the store has not acknowledged."""
        return sum(segment.position - segment.shipped for segment in list(self._segments)) // records.SLOT

    def drain(self, patience: float = -1) -> None:
        """Ship what is pending now, a batch at a time; raises what the transport raises, and the rest stays for the next time.

        Args:
            patience: seconds to wait for another thread that ships just now; for as long as it takes unless given.
        """
        if not self._draining.acquire(timeout=patience):
            raise StorageBusy(
                f"What run {self.run_id} logged is still being shipped to {self.transport.uri}. Wait longer."
            )
        try:
            # Up to here and no further: threads that go on logging must not keep us for ever.
            current = self._segment
            goal = current.position
            while self._segments:
                segment = self._segments[0]
                end = goal if segment is current else segment.position
                if segment.shipped < end:
                    self._ship(segment, end)
                elif segment is current:
                    return
                else:
                    self._segments.remove(segment)
                    segment.close()
        finally:
            self._draining.release()

    def _ship(self, segment: Segment, end: int) -> None:
        start = segment.shipped
        found = delivery.stretch(segment.read, start, end)

        def mark(position: int, operation: bool) -> None:
            segment.acknowledge(position)
            if operation:
                with self._lock:
                    self.queued -= 1

        way = delivery.Delivery(self.transport, self.run_id, self.folder, early=self.early, keeps=self.keeps)
        sent, unknown = way.deliver(found, self._names, start, start, mark)
        if sent or found.operations:
            self.early = False  # the run was there
        segment.damaged += found.damaged + unknown
        segment.refused += way.refused
        segment.acknowledge(start + found.used)

    def flush(self) -> None:
        """Return when every point appended so far is in the store, on disk."""
        self.drain()

    def leave(self) -> None:
        """Wait for nothing: what is left is shipped as long as this process lives, and adopted when it does not."""
        self.left = True

    def give_back(self) -> None:
        """Give the lock back, and ship nothing: what is left waits to be adopted. A point that comes later opens the journal again."""
        with self._draining, self._lock:
            self._segment = no_segment()
            while self._segments:
                self._segments.pop().close()
            with _guard:
                if _open.get((self.folder, self.run_id)) is self:
                    del _open[self.folder, self.run_id]

    def close(self) -> None:
        """Ship what is left, then give the lock back. The file goes when all of it is shipped, else it waits to be adopted.

        A point that comes later opens the journal again.
        """
        try:
            self.drain()
        finally:
            with self._draining, self._lock:
                try:
                    self.drain()  # what came meanwhile
                finally:
                    self.give_back()

    @property
    def paths(self) -> set[str]:
        """The files it is in now."""
        return {segment.path for segment in [*self._segments, self._segment] if segment.path}

    def _write(self, slots: bytes) -> None:
        length = len(slots)
        with self._lock:
            segment = self._segment
            position = segment.position
            while position + length > segment.end:
                self._make_room(length)
                segment = self._segment
                position = segment.position
            segment.map[position : position + length] = slots
            segment.position = position + length

    def _define(self, series: object, key: str, *context: str | None) -> int:
        rules.check_key("metric", key)
        shipping.start_drainer(_drain_all)
        with self._lock:
            number = self._numbers.get(series)
            if number is None:
                number = next(self._next)
                name = records.SeriesName(self.run_id, key, *context)
                # Named first, used last: a segment that is begun meanwhile announces it, no drain meets a number without a name.
                self._names[number] = name
                self._write(records.definition(number, name))
                self._numbers[series] = number
        return number

    def _make_room(self, length: int = records.SLOT) -> None:
        segment = self._segment
        if segment.end == 0:
            # After a fork, or after `close`: the first point opens a file of our own.
            self._begin(length)
            with _guard:
                _open[self.folder, self.run_id] = self
            shipping.start_drainer(_drain_all)
        elif segment.full:
            self._begin(length)
        else:
            segment.grow()

    def _begin(self, room: int = 0) -> None:
        announced = b"".join(records.definition(number, name) for number, name in list(self._names.items()))
        segment = Segment(self.folder, self.run_id, announced, room)
        # Current first, listed second: what is listed and not current is done with, and drained away.
        full, self._segment = self._segment, segment
        self._segments.append(segment)
        full.unmap()

    def _forked(self) -> None:
        for segment in {id(segment): segment for segment in [*self._segments, self._segment] if segment.path}.values():
            segment.abandon()
        self._lock, self._draining = threading.RLock(), threading.RLock()
        self._segments, self._segment = [], no_segment()
        self.early, self.queued = self.early or self.queued > 0, 0


def open_journal(transport: Transport, folder: str, run_id: str) -> Journal:
    """This process's journal of a run, made where it has none: from now on the process holds the run."""
    with _guard:
        key = (os.path.join(folder, FOLDER_NAME), run_id)
        journal = _open.get(key)
        if journal is None:
            journal = _open[key] = Journal(transport, folder, run_id)
        journal.left = False
        return journal


def find_journal(folder: str, run_id: str) -> Journal | None:
    """This process's journal of a run, where it holds the run, or its parent did when it was forked."""
    key = (os.path.join(folder, FOLDER_NAME), run_id)
    return _open.get(key) or _inherited.get(key)


def own_paths() -> set[str]:
    """The journal files that this process writes."""
    with _guard:
        return {path for journal in _open.values() for path in journal.paths}


def flush_all(folder: str | None = None) -> None:
    """Return when every point that this process appended (to the store in `folder`, where it is given) is in the store.

    Raises the first error; the points stay journalled.
    """
    for journal in list(_open.values()):
        if folder is None or journal.folder == os.path.join(folder, FOLDER_NAME):
            journal.flush()


def _drain_all() -> bool:
    """Drain every journal; whether all went well."""
    well, away = True, set()
    for journal in list(_open.values()):
        if journal.transport in away:
            continue  # the next one would only wait as long again
        try:
            # We come again by ourselves: one retry is for a connection that the server closed meanwhile.
            with each_within(settings.HTTP_TIMEOUT.read(), retries=1):
                journal.drain()
                if journal.left:
                    journal.close()
        except RunstoneError as error:
            well = False
            if is_passing(error) and not is_early(error):
                away.add(journal.transport)
            shipping.warn_once(error)
    return well


def _after_fork() -> None:
    global _guard
    _guard = threading.RLock()
    for journal in _open.values():
        journal._forked()
    _inherited.update(_open)
    _open.clear()
    shipping.forget_drainer()


os.register_at_fork(after_in_child=_after_fork)
