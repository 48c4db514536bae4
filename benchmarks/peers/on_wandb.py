"""W&B offline, as the benchmarks use it."""

from __future__ import annotations

import os
from typing import Any

os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_ERROR_REPORTING="false", WANDB_CONSOLE="off")

import wandb
from tasks import folder_bytes, main, timed_calls, value_at, whole


def _start(folder: str) -> Any:
    return wandb.init(project="bench", dir=folder, settings=wandb.Settings(x_disable_stats=True))


def log_metric(folder: str, count: int) -> dict[str, Any]:
    run = _start(folder)
    found = timed_calls(lambda step: run.log({"loss": 0.5}, step=step), count, folder)
    run.finish()
    return found


def points(folder: str, count: int) -> dict[str, Any]:
    def act() -> None:
        run = _start(folder)
        for step in range(count):
            run.log({"loss": value_at(step)}, step=step)
        run.finish()
        wandb.teardown()

    return {**whole(act), "bytes": folder_bytes(folder)}


def keys(folder: str, count: int) -> dict[str, Any]:
    def act() -> None:
        run = _start(folder)
        for step in range(count):
            run.log({f"layer/{key}": value_at(step + key) for key in range(1000)}, step=step)
        run.finish()
        wandb.teardown()

    return whole(act)


if __name__ == "__main__":
    main({task.__name__: task for task in (log_metric, points, keys)})
