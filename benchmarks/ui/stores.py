"""Stores of our own that would take long to fill through a server: written into the folder before it is served. Knows nothing of browsers."""

from __future__ import annotations

import math
import os
from collections.abc import Callable

from benchmarks.course import Course
from benchmarks.server.filling import metrics, params
from benchmarks.server.serving import Serving
from runstone.entities import Metric, Param
from runstone.operations import runs
from runstone.operations.engine import Engine

_WHEN = 1_795_629_666_000
_TOGETHER = 2_000  # runs that share a transaction
_BATCH = 1_000


def served(course: Course, fill: Callable[[Engine], None]) -> Serving:
    """Our server of a store that was filled so."""
    folder = course.place()
    engine = Engine(os.path.join(folder, "store"))
    fill(engine)
    engine.close()
    return Serving(course, "runstone", folder)


def many_runs(count: int) -> Callable[[Engine], None]:
    """Runs of 10 params and 10 metrics."""

    def fill(engine: Engine) -> None:
        for start in range(0, count, _TOGETHER):
            with engine.database.group():
                for number in range(start, min(start + _TOGETHER, count)):
                    run = _run(engine, number)
                    texts = [Param(key, value) for key, value in params(number)]
                    points = [Metric(key, value, _WHEN, 0) for key, value in metrics(number)]
                    runs.log_batch.function(engine, runs.LogBatch(run, points, texts, []))
                    runs.end_run.function(engine, runs.EndRun(run, "FINISHED", _WHEN + number))

    return fill


def curves(count: int, keys: int, points: int) -> Callable[[Engine], None]:
    """Runs whose metrics have many points each."""

    def fill(engine: Engine) -> None:
        for number in range(count):
            run = _run(engine, number)
            with engine.database.group():
                for key in range(keys):
                    for start in range(0, points, _BATCH):
                        some = [_point(number, key, step) for step in range(start, min(start + _BATCH, points))]
                        runs.log_batch.function(engine, runs.LogBatch(run, some, [], []))
            runs.end_run.function(engine, runs.EndRun(run, "FINISHED", _WHEN + number))

    return fill


def _run(engine: Engine, number: int) -> str:
    made = runs.create_run.function(engine, runs.CreateRun("0", "ada", f"run-{number:06}", _WHEN + number)).run
    return str(made.info.run_id)


def _point(run: int, key: int, step: int) -> Metric:
    value = math.exp(-step / 3_000) + math.sin(step * (key + 1) / 500) / 20 + run / 500
    return Metric(f"group{key // 10}/metric{key:04}", value, _WHEN + step * 100, step)
