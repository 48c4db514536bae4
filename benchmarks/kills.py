"""Points that were acknowledged and are not found after `kill -9` at a random moment."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import struct
import subprocess
import time

from benchmarks.course import Course
from benchmarks.environments import clean, command
from benchmarks.measure import Failed
from benchmarks.table import Row, missing

_MOST = 2_000_000
_START_LIMIT = 60.0  # seconds until a contender must have logged its first point


def lost_points(course: Course) -> list[Row]:
    """Points lost over N kills: ours 100 in the full course, each peer's a few."""
    figure = "points lost to kill -9"
    rows = []
    chance = random.Random(20261123)
    contenders = [
        ("runstone", "runstone", "kill", course.size(100, 3)),
        ("mlflow", "mlflow", "kill", course.size(3, 1)),
        ("mlflow, async", "mlflow", "kill_async", course.size(3, 1)),
        ("trackio", "trackio", "kill", course.size(3, 1)),
        ("wandb", "wandb", "kill", course.size(3, 1)),
        ("tensorboardx", "tensorboardx", "kill", course.size(3, 1)),
    ]
    for title, name, task, kills in contenders:
        if name not in course.pythons:
            rows.append(missing(figure, title, "points"))
            continue
        course.say(f"  {title}: {kills} kills")
        try:
            found = [_once(course, name, task, chance.uniform(0.0, 1.5)) for _ in range(kills)]
        except Failed as error:
            course.say(f"  {error}")
            rows.append(missing(figure, title, "points", "failed"))
            continue
        lost, said = sum(lost for lost, _ in found), sum(said for _, said in found)
        note = f"of {said:,} acknowledged, {kills} kills"
        rows.append(Row(figure, title, lost, "points", 0.0 if name == "runstone" else None, None, note))
    return rows


def _once(course: Course, name: str, task: str, after: float) -> tuple[int, int]:
    """Kill one process `after` seconds from its first point: how many points are gone, of how many that were said to be kept."""
    folder = course.place()
    path = os.path.join(folder, "acknowledged")
    child = subprocess.Popen(
        command(course.pythons, name, task, folder, _MOST),
        cwd=folder,
        env=clean(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    limit = time.monotonic() + _START_LIMIT
    while _acknowledged(path) == 0:
        if child.poll() is not None or time.monotonic() > limit:
            child.kill()
            raise Failed(f"{name} {task}: it ended, or logged nothing for {_START_LIMIT:.0f} s")
        time.sleep(0.001)
    time.sleep(after)
    child.kill()
    child.wait()
    said = _acknowledged(path)
    kept = int(course.perform(name, "logged", said, folder, "reading after a kill").figures["kept"])
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)  # helpers that outlived it
    course.clear(folder)
    return max(0, said - kept), said


def _acknowledged(path: str) -> int:
    try:
        with open(path, "rb") as file:
            data = file.read(8)
    except FileNotFoundError:
        return 0
    return int(struct.unpack("<q", data)[0]) if len(data) == 8 else 0
