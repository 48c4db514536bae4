"""Measuring: a process's wall, CPU and peak memory; contenders in turn; medians. Knows nothing of what is measured.

Used by every benchmark; a room's own benchmark uses `repeated` and `run` too, so that all figures mean the same.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Sample(NamedTuple):
    """What one measured act took. CPU is user + system, children that were waited for included; peak is the largest RSS."""

    wall: float  # seconds
    cpu: float  # seconds
    peak: int  # bytes; 0 where the act was no process of its own
    figures: dict[str, Any]  # what a process printed as its last line, a JSON object; or what a function returned


class Failed(Exception):
    """A measured process ended with an error; its own words are in the text."""


def run(command: Sequence[str], folder: str | None = None, environment: Mapping[str, str] | None = None) -> Sample:
    """Run a process to its end and measure it and its children. Raises Failed when its exit code is not 0."""
    import subprocess

    began = time.perf_counter()
    child = subprocess.Popen(
        list(command), cwd=folder, env=dict(environment or os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    # Both pipes are read to their end by threads of communicate(); wait4 must reap the child itself, as it gives the usage.
    output, complaint = _drained(child)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise Failed(f"{' '.join(command)}: exit code {child.returncode}\n{complaint[-2000:]}")
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _RSS_UNIT, _last_object(output))


_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


def _drained(child: Any) -> tuple[str, str]:
    import threading

    parts: dict[str, bytes] = {}
    readers = [
        threading.Thread(target=lambda n=name, s=stream: parts.__setitem__(n, s.read()), daemon=True)
        for name, stream in (("out", child.stdout), ("err", child.stderr))
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    child.stdout.close()
    child.stderr.close()
    return parts["out"].decode("utf-8", "replace"), parts["err"].decode("utf-8", "replace")


def _last_object(output: str) -> dict[str, Any]:
    for line in reversed(output.splitlines()):
        if line.startswith("{"):
            found: dict[str, Any] = json.loads(line)
            return found
    return {}


def act(function: Callable[[], object]) -> Sample:
    """Measure a function of this process: its wall and CPU time (and its children's). No peak: a process has just one."""
    before, began = _spent(), time.perf_counter()
    result = function()
    wall = time.perf_counter() - began
    return Sample(wall, _spent() - before, 0, result if isinstance(result, dict) else {})


def _spent() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def interleaved(contenders: Mapping[str, Callable[[], Sample]], repeats: int) -> dict[str, list[Sample]]:
    """Each contender in turn, `repeats` times over (A B C A B C ...), so that a noisy minute falls on all of them alike.

    One that fails is left out from then on, and what it said goes to stderr.
    """
    found: dict[str, list[Sample]] = {name: [] for name in contenders}
    broken: set[str] = set()
    for _ in range(repeats):
        for name, contender in contenders.items():
            if name in broken:
                continue
            try:
                found[name].append(contender())
            except Failed as error:
                broken.add(name)
                found[name].clear()
                print(f"  {name} failed: {error}", file=sys.stderr)
    return found


def median(values: Sequence[float]) -> float | None:
    """The median; None of nothing."""
    return statistics.median(values) if values else None


def drop_caches_of(path: str) -> None:
    """Write a file's pages out, so that the next measurement does not pay for them."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
