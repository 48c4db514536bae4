"""A store with a run, for tests of the journal and the series; and scripts that log to its journal."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from runstone.journal import Journal
from runstone.operations import runs, series
from runstone.store.points import Points
from runstone.transport.local import LocalTransport

# What a script of a test begins with: `journal` is its journal of the run that it was given.
OPENING = """
import os, signal, sys, time
from runstone import journal as journals
from runstone.transport.local import LocalTransport
folder, run_id = sys.argv[1:3]
transport = LocalTransport(folder)
journal = journals.open_journal(transport, folder, run_id)
"""


class Store:
    """A store in a folder, and a run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.transport = LocalTransport(self.folder)
        self.run_id = self.new_run()

    def new_run(self) -> str:
        """Another run."""
        return self.transport.call(runs.create_run, runs.CreateRun("0")).run.info.run_id

    def journal(self) -> Journal:
        """A journal of the run, made anew."""
        return Journal(self.transport, self.folder, self.run_id)

    def points(self, key: str = "loss") -> list[tuple[int, int, float]]:
        """What the store has of a metric: (step, timestamp, value), sorted."""
        import numpy

        answer = self.transport.call(series.get_metric_series, series.GetSeries(self.run_id, key))
        columns = (
            numpy.frombuffer(answer.steps, "<i8"),
            numpy.frombuffer(answer.timestamps, "<i8"),
            numpy.frombuffer(answer.values, "<f8"),
        )
        return sorted(zip(*(column.tolist() for column in columns), strict=True))

    def steps(self, key: str = "loss") -> list[int]:
        """The steps the store has of a metric, sorted."""
        return [step for step, _, _ in self.points(key)]

    def files(self) -> list[str]:
        """Names of the files in the journal's folder."""
        folder = Path(self.folder, "journal")
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def script(self, body: str) -> tuple[str, Sequence[str]]:
        """Source and arguments of a script that has the run's journal open as `journal`."""
        import textwrap

        return OPENING + textwrap.dedent(body), (self.folder, self.run_id)


def points_of(rows: Sequence[tuple[int, int, float]]) -> Points:
    """Rows of (step, timestamp, value) as columns."""
    import numpy

    steps, times, values = zip(*rows, strict=True) if rows else ((), (), ())
    return Points(numpy.array(steps, "<i8"), numpy.array(times, "<i8"), numpy.array(values, "<f8"))


def until(condition: Callable[[], object]) -> None:
    """Return when the condition is true; fail when it has not been for a minute."""
    limit = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < limit, "it never came true"
        time.sleep(0.002)


def unpacked(script: tuple[str, Sequence[str]]) -> tuple[str, ...]:
    """Source and arguments, as `scripts.start` and `scripts.run` take them."""
    return (script[0], *script[1])
