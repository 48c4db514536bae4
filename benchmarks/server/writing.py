"""Writes of 20 clients at once: batches of 100 metrics, and single metrics. Each is answered when it is on disk."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

from benchmarks.measure import Sample, interleaved, median
from benchmarks.server.load import put_under_load, request
from benchmarks.server.serving import API, Servers, Serving, path_and_query
from benchmarks.table import Row, missing

CLIENTS = 20
_WHEN = 1_795_629_666_000
# Requests of each client a round, so that a round takes a second or more of the server's CPU, and not minutes.
_BATCHES = {"runstone": 100, "mlflow": 5, "fasttrackml": 20}
_POINTS = {"runstone": 200, "mlflow": 15, "fasttrackml": 60}

Make = Callable[[str, int], dict[str, Any]]


def log_batch(servers: Servers) -> list[Row]:
    """`runs/log-batch` with 100 metrics."""

    def batch(run_id: str, number: int) -> dict[str, Any]:
        points = [
            {"key": f"metric_{key}", "value": 1 / (number + key + 1), "timestamp": _WHEN + number, "step": number}
            for key in range(100)
        ]
        return {"run_id": run_id, "metrics": points}

    return _rows(servers, "log-batch of 100 metrics", "/runs/log-batch", batch, _BATCHES, (1 / 50, 1 / 8), True)


def log_metric(servers: Servers) -> list[Row]:
    """`runs/log-metric`."""

    def point(run_id: str, number: int) -> dict[str, Any]:
        return {"run_id": run_id, "key": "loss", "value": 1 / (number + 1), "timestamp": _WHEN + number, "step": number}

    return _rows(servers, "log-metric", "/runs/log-metric", point, _POINTS, (1 / 50, 1 / 5), False)


def _rows(
    servers: Servers, title: str, path: str, make: Make, sizes: dict[str, int], bars: tuple[float, float], waits: bool
) -> list[Row]:
    course = servers.course
    figure = f"{title}, {CLIENTS} clients: CPU a request"
    contenders = {
        name: lambda n=name: _round(servers[n], path, make, course.size(sizes[n], 5)) for name in servers.names()
    }
    found = interleaved(contenders, course.size(4, 2))
    values, middles, lasts, rows = {}, {}, {}, []
    for name in ("runstone", "mlflow", "fasttrackml"):
        samples = found.get(name, [])[1:]  # the first round warms
        if not samples:
            rows.append(missing(figure, name, "ms"))
            continue
        values[name] = median([sample.cpu / sample.figures["requests"] for sample in samples]) or 0.0
        middles[name] = median([sample.figures["p50"] for sample in samples]) or 0.0
        lasts[name] = median([sample.figures["p99"] for sample in samples]) or 0.0
        pace = median([sample.figures["requests"] / sample.wall for sample in samples]) or 0.0
        note = (
            f"{1 / values[name]:,.0f} a CPU second; {pace:,.0f} requests/s, p50 {middles[name] * 1000:.1f}, p99 {lasts[name] * 1000:.1f} ms; "
            f"{samples[-1].figures['requests'] * len(samples):,} requests"
        )
        rows.append(Row(figure, name, values[name] * 1000, "ms", note=note))
    for peer, bar in zip(("mlflow", "fasttrackml"), bars, strict=True):
        if peer in values and "runstone" in values:
            rows.append(Row(f"{title}, share of {peer}'s CPU", "runstone", values["runstone"] / values[peer], "", bar))
    if waits and "mlflow" in values and "runstone" in values:
        rows.append(Row(f"{title}, p99 over mlflow's p50", "runstone", lasts["runstone"] / middles["mlflow"], "", 1.0))
    return rows


def _round(server: Serving, path: str, make: Make, each: int) -> Sample:
    runs = [server.new_run() for _ in range(CLIENTS)]
    clients = [[request("POST", API + path, make(run_id, number)) for number in range(each)] for run_id in runs]
    before = server.cpu()
    wall, latencies = put_under_load(server.port, clients)
    server.ask(
        "GET", path_and_query("/runs/get", run_id=runs[0])
    )  # what a server puts off until somebody reads counts too
    spent = server.cpu() - before
    cuts = statistics.quantiles(latencies, n=100)
    return Sample(wall, spent, 0, {"requests": len(latencies), "p50": cuts[49], "p99": cuts[98]})
