"""runstone, as the benchmarks use it: the public API only."""

from __future__ import annotations

import os
import time
from typing import Any

from tasks import (
    folder_bytes,
    log_until_killed,
    main,
    repeatedly,
    timed_calls,
    value_at,
    values,
    values_at,
    values_by_key,
    whole,
)

import runstone

EXPERIMENT = "Default"
FILTER = "metrics.metric_3 > 0.5 AND params.param_4 = '7'"


def _store(folder: str) -> str:
    """The store in the folder; where BENCH_URI names a server, that one's."""
    path = os.path.join(folder, "store")
    runstone.set_tracking_uri(os.environ.get("BENCH_URI", path))
    return path


def log_metric(folder: str, count: int) -> dict[str, Any]:
    _store(folder)
    with runstone.start_run():
        return timed_calls(lambda step: runstone.log_metric("loss", 0.5, step=step), count, folder)


def points(folder: str, count: int) -> dict[str, Any]:
    store = _store(folder)

    def act() -> None:
        with runstone.start_run():
            for step in range(count):
                runstone.log_metric("loss", value_at(step), step=step)

    return {**whole(act, lambda: values(count)), "bytes": folder_bytes(store)}


def keys(folder: str, count: int) -> dict[str, Any]:
    store = _store(folder)

    def act() -> None:
        with runstone.start_run():
            for step in range(count):
                runstone.log_metrics(values_at(step), step=step)

    return {**whole(act, lambda: values_by_key(count)), "bytes": folder_bytes(store)}


def logged(folder: str, count: int) -> dict[str, Any]:
    """How many of the first `count` steps a new process finds, and how fast it gets them as arrays."""
    _store(folder)
    client = runstone.MlflowClient()
    began = time.perf_counter()
    run = client.search_runs(["0"], max_results=1)[0]
    found = client.get_metric_series(run.info.run_id, "loss")
    first = time.perf_counter() - began
    kept = _distinct(found.step, count)
    del found  # one answer at a time: this process's peak memory is a figure too
    return {"kept": kept, "first": first, **repeatedly(lambda: client.get_metric_series(run.info.run_id, "loss"), 20)}


def _distinct(steps: Any, count: int) -> int:
    """How many of the first `count` steps there are, in a byte for each: counting must not cost more than what is measured."""
    import numpy

    seen = numpy.zeros(count, bool)
    seen[steps[: numpy.searchsorted(steps, count)]] = True
    return int(seen.sum())


def kill(folder: str, count: int) -> dict[str, Any]:
    _store(folder)
    runstone.start_run()
    return log_until_killed(lambda step: runstone.log_metric("loss", 0.5, step=step), folder, count)


def fill(folder: str, count: int) -> dict[str, Any]:
    """`count` runs of 10 params and 10 metrics."""
    from runstone.entities import Metric, Param

    _store(folder)
    client = runstone.MlflowClient()

    def act() -> None:
        for number in range(count):
            run_id = client.create_run("0").info.run_id
            client.log_batch(
                run_id,
                metrics=[Metric(f"metric_{k}", (number * 37 + k * 11) % 1009 / 1009, 1, 0) for k in range(10)],
                params=[Param(f"param_{k}", str((number * 7 + k) % 20)) for k in range(10)],
            )

    return whole(act)


def search(folder: str, count: int) -> dict[str, Any]:
    _store(folder)

    def act() -> int:
        return len(
            runstone.search_runs(
                ["0"], filter_string=FILTER, order_by=["metrics.metric_5 DESC"], max_results=100, output_format="list"
            )
        )

    return {"found": act(), **repeatedly(act, 30)}


def artifact(folder: str, count: int) -> dict[str, Any]:
    """Log the file `folder`/big twice, each time in a run of its own."""
    _store(folder)
    path = os.path.join(folder, "big")
    with runstone.start_run():
        first = whole(lambda: runstone.log_artifact(path))
    with runstone.start_run():
        again = whole(lambda: runstone.log_artifact(path))
    return {"first": first, "again": again}


if __name__ == "__main__":
    main({task.__name__: task for task in (log_metric, points, keys, logged, kill, fill, search, artifact)})
