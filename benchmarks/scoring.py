"""What a request to a served model costs: `runstone models serve` beside `mlflow models serve`, the same model, the same requests."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.environments import clean
from benchmarks.measure import ROOT, Failed, Sample, interleaved, median, run
from benchmarks.server import processes
from benchmarks.server.load import put_under_load, request
from benchmarks.server.serving import free_port
from benchmarks.table import Row, missing

_COLUMNS = [f"column_{place}" for place in range(10)]
_START_LIMIT = 180.0  # seconds
# Rows of a request, clients at once, and requests of each client a round, for whom it takes a second or so of CPU.
_LOADS = {
    "one row, 16 clients": (1, 16, {"runstone": 300, "mlflow": 20}, 1 / 5),
    "one row, 1 client": (1, 1, {"runstone": 1000, "mlflow": 200}, 1 / 5),
    "100 rows, 8 clients": (100, 8, {"runstone": 150, "mlflow": 20}, 1 / 5),
}
_SAVE = """
import sys, numpy, pandas, mlflow.sklearn
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression
data = pandas.DataFrame(numpy.random.default_rng(1).random((100, 10)), columns=[f"column_{n}" for n in range(10)])
model = LinearRegression().fit(data, data.sum(axis=1))
mlflow.sklearn.save_model(model, sys.argv[1], signature=infer_signature(data, model.predict(data)), pip_requirements=[])
"""


def scoring(course: Any) -> list[Row]:
    """CPU of a request to `/invocations` of a LinearRegression on ten columns."""
    if "mlflow" not in course.pythons:
        return [missing(_title(load), name, "ms") for load in _LOADS for name in ("runstone", "mlflow")]
    model = os.path.join(course.folder, "scored")
    run([course.pythons["mlflow"], "-c", _SAVE, model], course.folder, clean())
    with contextlib.ExitStack() as running:
        servers = {
            name: running.enter_context(_served(name, python, model, course.folder))
            for name, python in sorted(course.pythons.items())
        }
        return [row for load in _LOADS for row in _rows(course, servers, load)]


def _title(load: str) -> str:
    return f"/invocations, {load}: CPU a request"


def _rows(course: Any, servers: dict[str, tuple[int, int]], load: str) -> list[Row]:
    rows, clients, counts, bar = _LOADS[load]
    contenders = {
        name: _round(port, leader, rows, clients, max(2, counts[name] // (10 if course.quick else 1)))
        for name, (port, leader) in servers.items()
    }
    found = interleaved(contenders, 2 if course.quick else 7)
    costs, table = {}, []
    for name in ("runstone", "mlflow"):
        samples = found.get(name, [])[1:]  # the first round warms
        cost = median([sample.cpu / sample.figures["requests"] for sample in samples])
        if cost is None:
            table.append(missing(_title(load), name, "ms"))
            continue
        costs[name] = cost
        pace = median([sample.figures["requests"] / sample.wall for sample in samples]) or 0.0
        p50 = median([sample.figures["p50"] for sample in samples]) or 0.0
        note = f"{1 / cost:,.0f} a CPU second; {pace:,.0f} requests/s, p50 {p50 * 1000:.1f} ms"
        table.append(Row(_title(load), name, cost * 1000, "ms", note=note))
    if len(costs) == 2:
        share = costs["runstone"] / costs["mlflow"]
        table.append(Row(f"{_title(load)}, share of mlflow's", "runstone", share, "", bar, note=f"1/{1 / share:.1f}"))
    return table


def _round(port: int, leader: int, rows: int, clients: int, count: int) -> Callable[[], Sample]:
    rng = random.Random(rows)

    def one() -> bytes:
        data = [[rng.random() for _ in _COLUMNS] for _ in range(rows)]
        return request("POST", "/invocations", {"dataframe_split": {"columns": _COLUMNS, "data": data}})

    requests: Sequence[Sequence[bytes]] = [[one() for _ in range(count)] for _ in range(clients)]

    def act() -> Sample:
        before = processes.cpu(leader)
        wall, latencies = put_under_load(port, requests)
        return Sample(
            wall, processes.cpu(leader) - before, 0, {"requests": len(latencies), "p50": median(latencies) or 0.0}
        )

    return act


@contextlib.contextmanager
def _served(name: str, python: str, model: str, folder: str) -> Iterator[tuple[int, int]]:
    """A server's port and process."""
    port = free_port()
    ours = ["-m", "runstone", "models", "serve", "-m", model, "-p", str(port)]
    theirs = [
        "-m",
        "mlflow",
        "models",
        "serve",
        "-m",
        model,
        "-p",
        str(port),
        "--env-manager",
        "local",
        "--workers",
        "1",
    ]
    path = os.path.dirname(python) + os.pathsep + os.environ.get("PATH", "")
    more = (
        {"PYTHONPATH": os.path.join(ROOT, "src"), "RUNSTONE_PICKLE": "allow"} if name == "runstone" else {"PATH": path}
    )
    with open(os.path.join(folder, f"{name}.log"), "wb") as log:
        process = subprocess.Popen(
            [python, *(ours if name == "runstone" else theirs)], cwd=folder, env=clean(**more), stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        _await_answer(name, process, port, folder)
        yield port, process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _await_answer(name: str, process: Any, port: int, folder: str) -> None:
    limit = time.monotonic() + _START_LIMIT
    while time.monotonic() < limit and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/ping")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    with open(os.path.join(folder, f"{name}.log"), errors="replace") as log:
        raise Failed(f"{name} does not serve the model:\n{log.read()[-2000:]}")
