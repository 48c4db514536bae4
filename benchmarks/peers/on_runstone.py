"""runstone, as the benchmarks use it: the public API only."""

from __future__ import annotations

import filecmp
import io
import os
import shutil
import time
from collections.abc import Callable
from typing import Any

from tasks import (
    each_file,
    folder_bytes,
    log_until_killed,
    main,
    repeatedly,
    sources,
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


def files(folder: str, count: int) -> dict[str, Any]:
    """Log each file of the sources in a run of its own; the bytes that count are those of the packs."""
    client = runstone.Client(_store(folder))
    packs = os.path.join(folder, "store", "packs")
    return each_file(lambda path: client.log_artifact(client.create_run("0").info.run_id, path), packs)


def tree(folder: str, count: int) -> dict[str, Any]:
    """Log the folder of the sources as it is."""
    client = runstone.Client(_store(folder))
    run_id = client.create_run("0").info.run_id
    return whole(lambda: client.log_artifacts(run_id, sources()))


def upload(folder: str, count: int) -> dict[str, Any]:
    """Log `folder`/big to the server that BENCH_URI names, in a run whose id is kept in the folder."""
    client = runstone.Client(os.environ["BENCH_URI"])
    return _kept(client, folder, lambda run_id: client.log_artifact(run_id, os.path.join(folder, "big")))


def download(folder: str, count: int) -> dict[str, Any]:
    """Get it back, and look whether it is whole."""
    client, run_id, target = runstone.Client(os.environ["BENCH_URI"]), _run(folder), os.path.join(folder, "down")
    found = whole(lambda: client.download_artifacts(run_id, "big", target))
    same = filecmp.cmp(os.path.join(folder, "big"), os.path.join(target, "big"), shallow=False)
    shutil.rmtree(target)
    if not same:
        raise SystemExit("what came down is not what went up")
    return found


def cached(folder: str, count: int) -> dict[str, Any]:
    """Fetch a file of a server's twice: the second time this machine has it in its cache; whether it was taken from there."""
    client = runstone.Client(os.environ["BENCH_URI"])
    run_id = client.create_run("0").info.run_id
    client.log_artifact(run_id, os.path.join(sources(), "big"))
    first = client.download_artifacts(run_id, "big")
    places = [first]
    again = whole(lambda: places.append(client.download_artifacts(run_id, "big")))
    return {**again, "cached": os.path.samefile(first, places[1])}


def long(folder: str, count: int) -> dict[str, Any]:
    """Log a stream of `count` bytes that is a block of random bytes again and again: as many chunks as random bytes have, on little disk."""
    client = runstone.Client(_store(folder))
    return _kept(client, folder, lambda run_id: client.log_stream(run_id, Repeated(1 << 30, count), "long"))


def tail(folder: str, count: int) -> dict[str, Any]:
    """Open it, and read the last megabyte; each time anew."""
    client, run_id = runstone.Client(_store(folder)), _run(folder)

    def act() -> None:
        with client.open_artifact(run_id, "long") as file:
            file.seek(-1_000_000, os.SEEK_END)
            if len(file.read()) != 1_000_000:
                raise SystemExit("less came than was asked for")

    first = whole(act)
    return {"first": first, **repeatedly(act, 10)}


class Repeated(io.RawIOBase):
    """A stream of `size` bytes: one block of random bytes, again and again."""

    def __init__(self, block: int, size: int) -> None:
        self._block, self._left, self._at = memoryview(os.urandom(min(block, size))), size, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = min(len(buffer), self._left, len(self._block) - self._at)
        buffer[:count] = self._block[self._at : self._at + count]
        self._left, self._at = self._left - count, (self._at + count) % len(self._block)
        return count


def _kept(client: Any, folder: str, act: Callable[[str], object]) -> dict[str, Any]:
    run_id = client.create_run("0").info.run_id
    with open(os.path.join(folder, "run"), "w") as file:
        file.write(run_id)
    return whole(lambda: act(run_id))


def _run(folder: str) -> str:
    with open(os.path.join(folder, "run")) as file:
        return file.read()


TASKS = (
    log_metric, points, keys, logged, kill, fill, search, artifact,
    files, tree, upload, download, cached, long, tail,
)  # fmt: skip

if __name__ == "__main__":
    main({task.__name__: task for task in TASKS})
