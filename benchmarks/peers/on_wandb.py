"""W&B offline, as the benchmarks use it."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from typing import Any

os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_ERROR_REPORTING="false", WANDB_CONSOLE="off")

import wandb
from tasks import (
    each_file,
    folder_bytes,
    log_until_killed,
    main,
    sources,
    timed_calls,
    value_at,
    values,
    values_at,
    values_by_key,
    whole,
)


def _start(folder: str) -> Any:
    return wandb.init(project="bench", dir=folder, settings=wandb.Settings(x_disable_stats=True))


def log_metric(folder: str, count: int) -> dict[str, Any]:
    run = _start(folder)
    found = timed_calls(lambda step: run.log({"loss": 0.5}, step=step), count, folder)
    run.finish()
    return found


def points(folder: str, count: int) -> dict[str, Any]:
    run = _start(folder)

    def act() -> None:
        for step in range(count):
            run.log({"loss": value_at(step)}, step=step)
        run.finish()
        wandb.teardown()

    return {**whole(act, lambda: values(count)), "bytes": folder_bytes(folder)}


def keys(folder: str, count: int) -> dict[str, Any]:
    run = _start(folder)

    def act() -> None:
        for step in range(count):
            run.log(values_at(step), step=step)
        run.finish()
        wandb.teardown()

    return whole(act, lambda: values_by_key(count))


def files(folder: str, count: int) -> dict[str, Any]:
    """Log each file of the sources as a version of an artifact, in a run of its own."""
    _keep_below(folder)
    return each_file(lambda path: _log(folder, lambda artifact: artifact.add_file(path)), folder)


def tree(folder: str, count: int) -> dict[str, Any]:
    """Log the folder of the sources as one artifact."""
    _keep_below(folder)
    return whole(lambda: _log(folder, lambda artifact: artifact.add_dir(sources())))


def _keep_below(folder: str) -> None:
    os.environ.update(
        {f"WANDB_{name}_DIR": os.path.join(folder, name.lower()) for name in ("DATA", "CACHE", "ARTIFACT")}
    )


def _log(folder: str, add: Callable[[Any], object]) -> None:
    run = _start(folder)
    artifact = wandb.Artifact("files", type="dataset")
    add(artifact)
    run.log_artifact(artifact)
    run.finish()


def kill(folder: str, count: int) -> dict[str, Any]:
    run = _start(folder)
    return log_until_killed(lambda step: run.log({"loss": 0.5}, step=step), folder, count)


def logged(folder: str, count: int) -> dict[str, Any]:
    """History records in the run's file, once the process that writes it, which outlives the killed one, is done."""
    from wandb.proto import wandb_internal_pb2

    [path] = [
        os.path.join(parent, name) for parent, _, names in os.walk(folder) for name in names if name.endswith(".wandb")
    ]
    size = -1
    while size != os.path.getsize(path):
        size = os.path.getsize(path)
        time.sleep(1.0)
    kept = 0
    for data in _records(path):
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        kept += record.WhichOneof("record_type") == "history"
    return {"kept": min(kept, count)}


def _records(path: str) -> list[bytes]:
    """Whole records of a LevelDB log: blocks of 32 KiB, pieces with (check, length, kind), after a header of 7 bytes."""
    with open(path, "rb") as file:
        data = file.read()
    found, pieces, place, block = [], b"", 7, 32 * 1024
    while place + 7 <= len(data):
        if block - place % block < 7:
            place += block - place % block
            continue
        _, length, kind = struct.unpack_from("<IHB", data, place)
        piece = data[place + 7 : place + 7 + length]
        if kind == 0 or len(piece) < length:
            break
        place += 7 + length
        pieces = piece if kind in (1, 2) else pieces + piece
        if kind in (1, 4):
            found.append(pieces)
    return found


if __name__ == "__main__":
    main({task.__name__: task for task in (log_metric, points, keys, kill, logged, files, tree)})
