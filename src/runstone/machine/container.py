"""What of the machine this process may use: the limits of its control group, and how much of them is in use.

In a container the machine's memory and processors are everybody's; what ends a training is its own limit. Where there is none, there is
nothing to tell.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from runstone.machine.linux import MEGA

if TYPE_CHECKING:
    from runstone.machine import Gauge


class _Files(NamedTuple):
    """Where a version of control groups says what: limit and use of memory, and what of it is cache that can be dropped."""

    limit: str
    use: str
    cache: bytes


_SECOND = _Files("memory.max", "memory.current", b"inactive_file")
_FIRST = _Files("memory.limit_in_bytes", "memory.usage_in_bytes", b"total_inactive_file")


def gauges(proc: str = "/proc", groups: str = "/sys/fs/cgroup") -> list[Gauge]:
    """Of memory and of processors, where they are limited below what the machine has."""
    try:
        return [*_memory(proc, groups), *_processors(proc, groups)]
    except (OSError, ValueError):
        return []  # no control groups here, or none that we know


class Memory:
    """A group's memory that is in use, and cannot be dropped when more is needed."""

    def __init__(self, folder: str, files: _Files, limit: int) -> None:
        self._folder, self._files, self._limit = folder, files, limit

    def __call__(self) -> dict[str, float]:
        """Of its limit."""
        used = _number(f"{self._folder}/{self._files.use}") or 0
        with open(f"{self._folder}/memory.stat", "rb") as file:
            for line in file:
                name, _, size = line.partition(b" ")
                if name == self._files.cache:
                    used = max(0, used - int(size))
                    break
        return {
            "container_memory_usage_megabytes": used / MEGA,
            "container_memory_usage_percentage": 100 * used / self._limit,
        }


class Processors:
    """How much of the time that a group may have of processors it had since it was asked last, in percent."""

    def __init__(self, path: str, unit: float, limit: float) -> None:
        self._path, self._unit, self._limit = path, unit, limit
        self._before = self._spent(), time.monotonic()

    def _spent(self) -> float:
        with open(self._path, "rb") as file:
            text = file.read()
        number = text.split(b"usage_usec", 1)[1] if b"usage_usec" in text else text
        return int(number.split()[0]) * self._unit

    def __call__(self) -> dict[str, float]:
        """Since it was asked last."""
        (spent, then), self._before = self._before, (self._spent(), time.monotonic())
        passed = self._before[1] - then
        share = (self._before[0] - spent) / (passed * self._limit) if passed > 0 else 0.0
        return {"container_cpu_utilization_percentage": 100 * share} if passed > 0 else {}


def _memory(proc: str, groups: str) -> Iterator[Memory]:
    with open(f"{proc}/meminfo", "rb") as file:
        whole = int(file.readline().split()[1]) * 1024  # MemTotal
    least = None
    for controller, files in (("", _SECOND), ("memory", _FIRST)):
        for folder in _above(proc, groups, controller):
            limit = _number(f"{folder}/{files.limit}")
            # A group has no more than the groups around it.
            if limit is not None and 0 < limit < whole and (least is None or limit < least[2]):
                least = folder, files, limit
    if least is not None:
        yield Memory(*least)


def _processors(proc: str, groups: str) -> Iterator[Processors]:
    least = None
    for folder in _above(proc, groups, ""):
        text = _text(f"{folder}/cpu.max").split()
        if len(text) == 2 and text[0] != "max":
            least = _less(least, (f"{folder}/cpu.stat", 1e-6, int(text[0]) / int(text[1])))
    for folder, account in zip(_above(proc, groups, "cpu"), _above(proc, groups, "cpuacct"), strict=False):
        quota, period = _number(f"{folder}/cpu.cfs_quota_us"), _number(f"{folder}/cpu.cfs_period_us")
        if quota is not None and period is not None and quota > 0 and period > 0:
            least = _less(least, (f"{account}/cpuacct.usage", 1e-9, quota / period))
    if least is not None and least[2] < (os.cpu_count() or 1) and os.path.exists(least[0]):
        yield Processors(*least)


def _less(one: tuple[str, float, float] | None, other: tuple[str, float, float]) -> tuple[str, float, float]:
    return other if one is None or other[2] < one[2] else one


def _above(proc: str, groups: str, controller: str) -> Iterator[str]:
    """The folder of our group of a controller ('' is the second version's only tree), and those above it."""
    for line in _text(f"{proc}/self/cgroup").splitlines():
        number, controllers, path = line.split(":", 2)
        if (controller in controllers.split(",")) if controller else number == "0":
            top = os.path.join(groups, controller)
            # Within a container the path may be that of the host, where we see only what is ours, at the top.
            while path not in ("", "/"):
                if os.path.isdir(top + path):
                    yield top + path
                path = os.path.dirname(path)
            yield top
            return


def _number(path: str) -> int | None:
    text = _text(path).strip()
    return int(text) if text.lstrip("-").isdigit() else None


def _text(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""
