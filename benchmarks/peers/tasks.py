"""What every contender's script does alike: choose the task, time the calls, print one JSON line. Runs in each contender's environment.

A contender is a module of functions named for tasks; each takes the folder to work in and the size, and returns figures.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import resource
import statistics
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

Task = Callable[[str, int], dict[str, Any]]


def main(tasks: dict[str, Task]) -> None:
    """`script.py TASK FOLDER SIZE`: do it, print its figures."""
    name, folder, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
    os.makedirs(folder, exist_ok=True)
    print("\n" + json.dumps(tasks[name](folder, size)), flush=True)


def value_at(step: int) -> float:
    """A metric's value: a curve whose every bit counts, so that no contender's compression is flattered."""
    return math.sin(step * 0.7) / (1.0 + step * 0.001)


def timed_calls(call: Callable[[int], object], count: int, folder: str) -> dict[str, Any]:
    """Microseconds of each of `count` calls and, in turn with them (blocks of 1,000), of a bare 32-byte os.write."""
    record, block = bytes(32), min(1000, count)
    target = os.open(os.path.join(folder, "bare"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    clock, calls, writes = time.perf_counter_ns, [], []
    began = cpu_spent()
    for first in range(0, count, block):
        for _ in range(block):
            start = clock()
            os.write(target, record)
            writes.append(clock() - start)
        for step in range(first, first + block):
            start = clock()
            call(step)
            calls.append(clock() - start)
    os.close(target)
    ordered = sorted(calls)
    return {
        "median": statistics.median(calls) / 1000,
        "mean": statistics.fmean(calls) / 1000,
        "p99": ordered[int(len(ordered) * 0.99)] / 1000,
        "most": ordered[-1] / 1000,
        "write": statistics.median(writes) / 1000,
        "cpu": cpu_spent() - began,
    }


def whole(act: Callable[[], object], inputs: Callable[[], object] | None = None) -> dict[str, Any]:
    """Wall and CPU seconds of an act, children that were waited for included, less those of making its inputs alone."""
    wall, cpu = _timed(act)
    if inputs is not None:
        wall, cpu = wall - (less := _timed(inputs))[0], cpu - less[1]
    return {"wall": wall, "cpu": cpu}


def _timed(act: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), cpu_spent()
    act()
    return time.perf_counter() - wall, cpu_spent() - cpu


def values(count: int) -> None:
    """The inputs of `points`, made and thrown away: what the loop costs without a tracker."""
    for step in range(count):
        value_at(step)


def values_by_key(count: int) -> None:
    """The inputs of `keys`, made and thrown away."""
    for step in range(count):
        values_at(step)


def values_at(step: int) -> dict[str, float]:
    """A value of each of 1,000 metrics."""
    return {f"layer/{key}": value_at(step + key) for key in range(1000)}


def repeatedly(act: Callable[[], object], times: int) -> dict[str, Any]:
    """An act done warm: once unmeasured, then the median wall and the mean CPU seconds of `times` of it."""
    act()
    walls, cpu = [], cpu_spent()
    for _ in range(times):
        began = time.perf_counter()
        act()
        walls.append(time.perf_counter() - began)
    return {"wall": statistics.median(walls), "cpu": (cpu_spent() - cpu) / times}


def sources() -> str:
    """The folder with the files that are to be logged."""
    return os.environ["BENCH_SOURCES"]


def each_file(log: Callable[[str], object], stored: str) -> dict[str, Any]:
    """Log every file of the sources, by name, and the first one twice: wall and CPU of each, and the bytes that it adds to what is stored.

    Args:
        log: logs a file, in a run of its own.
        stored: the folder of which the bytes are counted; BENCH_STORED names another, a server's.
    """
    found, folder = {}, os.environ.get("BENCH_STORED", stored)
    first, *others = sorted(os.listdir(sources()))
    for title, name in ((first, first), ("again", first), *((name, name) for name in others)):
        before, path = folder_bytes(folder), os.path.join(sources(), name)
        figures = whole(lambda path=path: log(path))
        found[title] = {**figures, "added": folder_bytes(folder) - before}
    return found


def cpu_spent() -> float:
    """User and system seconds of this process and its finished children."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


class Acknowledged:
    """How many calls have returned, in a file that outlives `kill -9` (mapped: the page is the operating system's)."""

    def __init__(self, folder: str) -> None:
        with open(os.path.join(folder, "acknowledged"), "w+b") as file:
            file.write(bytes(8))
            file.flush()
            self.map = mmap.mmap(file.fileno(), 8)

    def say(self, count: int) -> None:
        """`count` calls have returned."""
        struct.pack_into("<q", self.map, 0, count)


def log_until_killed(call: Callable[[int], object], folder: str, most: int) -> dict[str, Any]:
    """Log points until killed or `most` are logged; what returned is said in `folder`/acknowledged."""
    acknowledged = Acknowledged(folder)
    for step in range(most):
        call(step)
        acknowledged.say(step + 1)
    time.sleep(60)  # the killer is late: wait for it, with the run still open
    return {}


def folder_bytes(folder: str) -> int:
    """All files under a folder, by length."""
    return sum(os.path.getsize(os.path.join(parent, name)) for parent, _, names in os.walk(folder) for name in names)
