"""What it costs to ask: a filtered search among thousands of runs, and the history of a long metric, over HTTP, warm."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.measure import Failed, Sample, interleaved, median
from benchmarks.server import filling
from benchmarks.server.serving import Servers, Serving, path_and_query
from benchmarks.table import Row, missing

_SEARCHES = {"runstone": 30, "mlflow": 1, "fasttrackml": 5}
_HISTORIES = {"runstone": 10, "mlflow": 1, "fasttrackml": 3}


def search(servers: Servers) -> list[Row]:
    """`runs/search` over 10,000 runs x 10 params x 10 metrics: a metric and a param filtered, 100 results."""
    count = servers.course.size(10_000, 300)
    body = {
        "experiment_ids": ["0"],
        "filter": "metrics.metric_3 > 0.5 AND params.param_4 = '7'",
        "max_results": 100,
    }

    def prepared(server: Serving) -> Callable[[], int]:
        filling.runs(server, count)
        found = len(server.ask("POST", "/runs/search", body)["runs"])
        expected = min(100, sum(_matches(number) for number in range(count)))
        if found != expected:
            raise Failed(f"{server.name} finds {found} runs, where {expected} match")
        return lambda: len(server.raw("POST", "/runs/search", body))

    return _rows(
        servers, f"search of {count:,} runs", prepared, _SEARCHES, 15.0, {"mlflow": 1 / 50, "fasttrackml": 1 / 4}
    )


def history(servers: Servers) -> list[Row]:
    """`metrics/get-history` of 100,000 points, as JSON."""
    count = servers.course.size(100_000, 5000)

    def prepared(server: Serving) -> Callable[[], int]:
        run_id = filling.series(server, count)
        path = path_and_query("/metrics/get-history", run_id=run_id, metric_key="loss")
        found = len(server.ask("GET", path)["metrics"])
        if found != count:
            raise Failed(f"{server.name} gives {found} points of {count}")
        return lambda: len(server.raw("GET", path))

    return _rows(servers, f"history of {count:,} points", prepared, _HISTORIES, None, {"mlflow": 1 / 20})


def _matches(number: int) -> bool:
    return dict(filling.metrics(number))["metric_3"] > 0.5 and dict(filling.params(number))["param_4"] == "7"


def _rows(
    servers: Servers,
    title: str,
    prepared: Callable[[Serving], Callable[[], int]],
    sizes: dict[str, int],
    bar: float | None,
    shares: dict[str, float],
) -> list[Row]:
    course = servers.course
    acts: dict[str, Callable[[], int]] = {}

    def measured(name: str) -> Sample:
        if name not in acts:
            acts[name] = prepared(servers[name])
        return _asked(servers[name], acts[name], course.size(sizes[name], 1))

    found = interleaved({name: lambda n=name: measured(n) for name in servers.names()}, course.size(4, 2))
    figure, rows, spent = f"{title}: wall", [], {}
    for name in ("runstone", "mlflow", "fasttrackml"):
        samples = found.get(name, [])[1:]
        if not samples:
            rows.append(missing(figure, name, "ms"))
            continue
        wall = median([sample.wall for sample in samples]) or 0.0
        spent[name] = median([sample.cpu for sample in samples]) or 0.0
        note = f"server's CPU {spent[name] * 1000:,.1f} ms; {samples[-1].figures['bytes'] / 1e6:.2f} MB"
        rows.append(Row(figure, name, wall * 1000, "ms", bar if name == "runstone" else None, spent[name], note))
    for peer, share in shares.items():
        if spent.get(peer) and "runstone" in spent:
            rows.append(Row(f"{title}, share of {peer}'s CPU", "runstone", spent["runstone"] / spent[peer], "", share))
    return rows


def _asked(server: Serving, act: Callable[[], int], times: int) -> Sample:
    walls, before, size = [], server.cpu(), 0
    for _ in range(times):
        began = time.perf_counter()
        size = act()
        walls.append(time.perf_counter() - began)
    return Sample(median(walls) or 0.0, (server.cpu() - before) / times, 0, {"bytes": size})
