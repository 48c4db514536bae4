"""Trackio, as the benchmarks use it: its local database, no dashboard."""

from __future__ import annotations

import os
import sys
from typing import Any

os.environ["TRACKIO_DIR"] = os.path.join(sys.argv[2], "trackio")
os.environ["HF_HUB_OFFLINE"] = "1"

import trackio
from tasks import folder_bytes, log_until_killed, main, timed_calls, value_at, values, values_at, values_by_key, whole


def _start() -> Any:
    return trackio.init(project="bench", embed=False)


def log_metric(folder: str, count: int) -> dict[str, Any]:
    _start()
    found = timed_calls(lambda step: trackio.log({"loss": 0.5}, step=step), count, folder)
    trackio.finish()
    return found


def points(folder: str, count: int) -> dict[str, Any]:
    _start()

    def act() -> None:
        for step in range(count):
            trackio.log({"loss": value_at(step)}, step=step)
        trackio.finish()

    return {**whole(act, lambda: values(count)), "bytes": folder_bytes(os.environ["TRACKIO_DIR"])}


def keys(folder: str, count: int) -> dict[str, Any]:
    _start()

    def act() -> None:
        for step in range(count):
            trackio.log(values_at(step), step=step)
        trackio.finish()

    return whole(act, lambda: values_by_key(count))


def kill(folder: str, count: int) -> dict[str, Any]:
    _start()
    return log_until_killed(lambda step: trackio.log({"loss": 0.5}, step=step), folder, count)


def logged(folder: str, count: int) -> dict[str, Any]:
    """Rows of its database, whatever it makes of what it finds there."""
    import sqlite3

    kept = 0
    if not os.path.exists(os.environ["TRACKIO_DIR"]):
        return {"kept": 0}
    for name in os.listdir(os.environ["TRACKIO_DIR"]):
        if name.endswith(".db"):
            with sqlite3.connect(os.path.join(os.environ["TRACKIO_DIR"], name)) as database:
                tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
                if "metrics" in tables:
                    kept += database.execute("SELECT COUNT(*) FROM metrics").fetchone()[0]
    return {"kept": min(kept, count)}


if __name__ == "__main__":
    main({task.__name__: task for task in (log_metric, points, keys, kill, logged)})
