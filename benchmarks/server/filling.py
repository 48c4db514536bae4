"""Thousands of runs and long series, put where each contender's server reads them.

runstone is filled through its server. The peers would take minutes to hours that way: they are filled with SQL, after a run that they
made themselves, so that what is measured is their own reading of their own tables.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from typing import Any

from benchmarks.server.load import put_under_load, request
from benchmarks.server.serving import API, Serving

_WHEN = 1_795_629_666_000


def params(number: int) -> list[tuple[str, str]]:
    """The params of one of many runs, the same for every contender."""
    return [(f"param_{k}", str((number * 7 + k) % 20)) for k in range(10)]


def metrics(number: int) -> list[tuple[str, float]]:
    """Its metrics."""
    return [(f"metric_{k}", (number * 37 + k * 11) % 1009 / 1009) for k in range(10)]


def runs(server: Serving, count: int) -> None:
    """`count` runs of 10 params and 10 metrics in the Default experiment."""
    template = server.new_run()
    if server.name == "runstone":
        _runs_through_the_server(server, count)
        return
    with closing(sqlite3.connect(_database(server))) as database, database:
        database.row_factory = sqlite3.Row
        row = dict(database.execute("SELECT * FROM runs WHERE run_uuid = ?", (template,)).fetchone())
        for number in range(count):
            row["run_uuid"] = run_id = f"{number:032x}"
            if "row_num" in row:  # FastTrackML's own order of runs
                row["row_num"] += 1
            value = "value_str" if server.name == "fasttrackml" else "value"
            points = [_point(server, run_id, key, measured, 0) for key, measured in metrics(number)]
            _insert(database, "runs", [row])
            _insert(database, "params", [{"key": k, value: text, "run_uuid": run_id} for k, text in params(number)])
            _insert(database, "metrics", points)
            _insert(database, "latest_metrics", [_as_last(point) for point in points])


def series(server: Serving, count: int) -> str:
    """A run with `count` points of the metric `loss`; its id."""
    run_id = server.new_run()
    if server.name == "runstone":
        batches = [
            [
                {"key": "loss", "value": 1 / (step + 1), "timestamp": _WHEN + step, "step": step}
                for step in range(first, min(first + 1000, count))
            ]
            for first in range(0, count, 1000)
        ]
        bodies = [{"run_id": run_id, "metrics": batch} for batch in batches]
        put_under_load(server.port, [[request("POST", f"{API}/runs/log-batch", body) for body in bodies]])
        return run_id
    with closing(sqlite3.connect(_database(server))) as database, database:
        _insert(database, "metrics", (_point(server, run_id, "loss", 1 / (step + 1), step) for step in range(count)))
    return run_id


def _runs_through_the_server(server: Serving, count: int) -> None:
    clients: list[list[bytes]] = [[] for _ in range(10)]
    for number in range(count):
        body = {
            "run_id": server.new_run(),
            "params": [{"key": key, "value": value} for key, value in params(number)],
            "metrics": [{"key": key, "value": value, "timestamp": _WHEN, "step": 0} for key, value in metrics(number)],
        }
        clients[number % 10].append(request("POST", f"{API}/runs/log-batch", body))
    put_under_load(server.port, clients)


def _database(server: Serving) -> str:
    return os.path.join(server.folder, "mlflow.db" if server.name == "mlflow" else "fml.db")


def _point(server: Serving, run_id: str, key: str, value: float, step: int) -> dict[str, Any]:
    point = {"key": key, "value": value, "timestamp": _WHEN + step, "step": step, "is_nan": 0, "run_uuid": run_id}
    return {**point, "iter": step + 1, "context_id": 1} if server.name == "fasttrackml" else point


def _as_last(point: dict[str, Any]) -> dict[str, Any]:
    return {"last_iter" if name == "iter" else name: value for name, value in point.items()}


def _insert(database: sqlite3.Connection, table: str, rows: Iterable[dict[str, Any]]) -> None:
    rows = iter(rows)
    first = next(rows)
    statement = f"INSERT INTO {table} ({', '.join(first)}) VALUES ({', '.join('?' * len(first))})"
    database.execute(statement, list(first.values()))
    database.executemany(statement, (list(row.values()) for row in rows))
