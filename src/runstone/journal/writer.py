"""The writing end of a journal: `append` on the caller's thread, `drain` on ours. Knows nothing of dead processes' journals."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any
from zlib import crc32

from runstone.errors import InvalidParameter, RunstoneError
from runstone.journal import records, shipping
from runstone.journal.segment import Segment
from runstone.operations import rules
from runstone.operations.numbers import check_integer, check_number
from runstone.transport import Transport

FOLDER_NAME = "journal"

_pack = records.POINT.pack
_open: dict[tuple[str, str], Journal] = {}
_guard = threading.Lock()


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
        self._numbers: dict[object, int] = {}
        self._names: dict[Segment, dict[int, records.SeriesName]] = {}
        self._segments: list[Segment] = []
        self._end = 0
        self._position = 0
        self._map: Any = None
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
        with self._lock:
            try:
                number = self._numbers[series]
            except (KeyError, TypeError):
                number = self._define(series, key, model_id, dataset_name, dataset_digest)
            try:
                body = _pack(step, timestamp, value, number)
            except Exception:  # noqa: BLE001  # whatever is wrong with them, the checks say it in one way
                body = _pack(check_integer("step", key, step), _checked_time(key, timestamp), value, number)
            position = self._position
            if position == self._end:
                position = self._make_room(series, key, model_id, dataset_name, dataset_digest)
                body = _pack(*records.POINT.unpack(body)[:3], self._numbers[series])
            # The place is taken before it is filled, so that a signal handler in between takes the next one.
            self._position = position + 32
            self._map[position : position + 32] = body + crc32(body).to_bytes(4, "little")

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
        step, timestamp = check_integer("step", next(iter(metrics), ""), step), _checked_time(next(iter(metrics), ""), timestamp)
        values = {}
        for key, value in metrics.items():
            if key not in self._numbers:
                rules.check_key("metric", key)
            values[key] = value if type(value) is float else check_number(key, value)
        with self._lock:
            for key, value in values.items():
                self.append(key, value, timestamp, step, model_id, dataset_name, dataset_digest)

    def drain(self) -> None:
        """Ship what is pending now, a batch at a time; raises what the transport raises, and the points stay for the next time."""
        with self._draining:
            while self._segments:
                segment = self._segments[0]
                end = self._position if segment is self._segments[-1] else segment.position
                if segment.shipped < end:
                    shipping.ship(self.transport, segment, self._names[segment], self.run_id, end)
                elif len(self._segments) == 1:
                    return
                else:
                    self._drop(segment)

    def flush(self) -> None:
        """Return when every point appended so far is in the store, on disk."""
        self.drain()

    def close(self) -> None:
        """Ship what is left, then give the lock back. The file goes when all of it is shipped, else it waits to be adopted."""
        try:
            self.drain()
        finally:
            with self._lock, _guard:
                for segment in self._segments:
                    end = self._position if segment is self._segments[-1] else segment.position
                    segment.close(keep=segment.shipped < end)
                self._segments.clear()
                self._numbers.clear()
                self._position = self._end = 0
                if _open.get((self.folder, self.run_id)) is self:
                    del _open[self.folder, self.run_id]

    @property
    def paths(self) -> set[str]:
        """The files it is in now."""
        return {segment.path for segment in self._segments}

    def _begin(self) -> None:
        """A new segment, in which nothing is announced yet."""
        if self._segments:
            self._segments[-1].position = self._position
        segment = Segment(self.folder, self.run_id)
        self._names[segment] = {}
        self._numbers.clear()
        self._map, self._position, self._end = segment.map, segment.position, segment.capacity
        self._segments.append(segment)

    def _drop(self, segment: Segment) -> None:
        with self._lock:
            self._segments.remove(segment)
            del self._names[segment]
        segment.close()

    def _define(self, series: object, key: str, *context: str | None) -> int:
        rules.check_key("metric", key)
        if not self._segments:
            self._begin()  # after a fork, or after close: the first point opens a journal of its own
            with _guard:
                _open[self.folder, self.run_id] = self
        shipping.start_drainer(_drain_all)
        number = len(self._names[self._segments[-1]])
        name = records.SeriesName(self.run_id, key, *context)
        slots = records.definition(number, name)
        while self._position + len(slots) > self._end:
            if self._room():
                return self._define(series, key, *context)
        start = self._position
        self._position = start + len(slots)
        self._map[start : self._position] = slots
        self._names[self._segments[-1]][number] = name
        self._numbers[series] = number
        return number

    def _make_room(self, series: object, key: str, *context: str | None) -> int:
        if self._room():
            self._define(series, key, *context)
        return self._position

    def _room(self) -> bool:
        """Make room for more slots; whether it is in a new segment, where series must be announced again."""
        segment = self._segments[-1]
        if segment.full:
            self._begin()
            return True
        segment.grow()
        self._map, self._end = segment.map, segment.capacity
        return False

    def _forked(self) -> None:
        for segment in self._segments:
            segment.abandon()
        self._lock, self._draining = threading.RLock(), threading.RLock()
        self._segments, self._names = [], {}
        self._numbers.clear()
        self._position = self._end = 0


def open_journal(transport: Transport, folder: str, run_id: str) -> Journal:
    """This process's journal of a run, made where it has none: from now on the process holds the run."""
    with _guard:
        key = (os.path.join(folder, FOLDER_NAME), run_id)
        journal = _open.get(key)
        if journal is None:
            journal = _open[key] = Journal(transport, folder, run_id)
        return journal


def own_paths() -> set[str]:
    """The journal files that this process writes."""
    with _guard:
        return {path for journal in _open.values() for path in journal.paths}


def flush_all() -> None:
    """Return when every point that this process appended is in the store. Raises the first error; the points stay journalled."""
    for journal in list(_open.values()):
        journal.flush()


def _drain_all() -> None:
    for journal in list(_open.values()):
        try:
            journal.drain()
        except RunstoneError as error:
            shipping.warn_once(error)


def _checked_time(key: str, timestamp: object) -> int:
    number = check_integer("timestamp", key, timestamp)
    if number < 0:
        raise InvalidParameter(f"The timestamp {timestamp!r} of the metric {key!r} is negative. Give milliseconds since 1970.")
    return number


def _after_fork() -> None:
    global _guard
    _guard = threading.Lock()
    for journal in _open.values():
        journal._forked()
    _open.clear()
    shipping.forget_drainer()


os.register_at_fork(after_in_child=_after_fork)
