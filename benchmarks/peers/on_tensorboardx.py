"""tensorboardX's writer, as the benchmarks use it. It keeps scalars only: no files of a user's."""

from __future__ import annotations

import os
import struct
from typing import Any

from tasks import folder_bytes, log_until_killed, main, timed_calls, value_at, values, values_at, values_by_key, whole
from tensorboardX import SummaryWriter


def log_metric(folder: str, count: int) -> dict[str, Any]:
    with SummaryWriter(os.path.join(folder, "run")) as writer:
        return timed_calls(lambda step: writer.add_scalar("loss", 0.5, step), count, folder)


def points(folder: str, count: int) -> dict[str, Any]:
    def act() -> None:
        with SummaryWriter(os.path.join(folder, "run")) as writer:
            for step in range(count):
                writer.add_scalar("loss", value_at(step), step)

    return {**whole(act, lambda: values(count)), "bytes": folder_bytes(os.path.join(folder, "run"))}


def keys(folder: str, count: int) -> dict[str, Any]:
    def act() -> None:
        with SummaryWriter(os.path.join(folder, "run")) as writer:
            for step in range(count):
                for key, value in values_at(step).items():
                    writer.add_scalar(key, value, step)

    return whole(act, lambda: values_by_key(count))


def kill(folder: str, count: int) -> dict[str, Any]:
    writer = SummaryWriter(os.path.join(folder, "run"))
    return log_until_killed(lambda step: writer.add_scalar("loss", 0.5, step), folder, count)


def logged(folder: str, count: int) -> dict[str, Any]:
    """Whole records in the event files, less each file's first, which says its version. Every one of them is a point."""
    records = 0
    for name in os.listdir(os.path.join(folder, "run")):
        with open(os.path.join(folder, "run", name), "rb") as file:
            data = file.read()
        place, found = 0, 0
        while place + 12 <= len(data):
            place += 12 + struct.unpack_from("<Q", data, place)[0] + 4  # length and its check, the record, its check
            found += place <= len(data)
        records += max(0, found - 1)
    return {"kept": min(records, count)}


if __name__ == "__main__":
    main({task.__name__: task for task in (log_metric, points, keys, kill, logged)})
