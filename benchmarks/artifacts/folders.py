"""Folders of many small files."""

from __future__ import annotations

import os
import subprocess

from benchmarks.artifacts.contenders import Contenders, note_of
from benchmarks.measure import act, interleaved, median
from benchmarks.table import Row, missing

_SIZE = 4096


def small_files(contenders: Contenders) -> list[Row]:
    """10,000 files of 4 KB, beside `cp -r` and a sync of the file system."""
    course = contenders.course
    count, sources, copy = course.size(10_000, 500), course.place(), os.path.join(course.place(), "copy")
    _make(sources, count, _SIZE)
    turns = {"cp -r + sync": lambda: act(lambda: _copy(sources, copy))}
    for name in contenders.names():
        turns[name] = lambda n=name: contenders.perform(n, "tree", sources)
    samples = interleaved(turns, course.size(3, 1))
    course.clear(sources)
    figure = f"{count:,} files of 4 KB"
    limit = median([sample.wall for sample in samples["cp -r + sync"]]) or 0.0
    rows = []
    for name in contenders.names():
        wall = median([sample.figures["wall"] for sample in samples[name]])
        if wall is None:
            rows.append(missing(figure, name, "s"))
            continue
        cpu = median([sample.figures["cpu"] for sample in samples[name]])
        rows.append(
            Row(figure, name, wall, "s", limit if name == "runstone" else None, cpu, note_of(name, samples[name]))
        )
    spent = median([sample.cpu for sample in samples["cp -r + sync"]])
    return [*rows, Row(figure, "cp -r + sync", limit, "s", None, spent)]


def million(contenders: Contenders) -> list[Row]:
    """A folder of 1,000,000 files of some 40 bytes: wall, CPU and memory of logging it, and what the store weighs then."""
    course = contenders.course
    count, sources, folder = course.size(1_000_000, 10_000), course.place(), course.place()
    _make(sources, count, 40)
    sample = contenders.perform("runstone", "tree", sources, folder=folder)
    stored = sum(os.path.getsize(os.path.join(above, name)) for above, _, names in os.walk(folder) for name in names)
    course.clear(folder)
    course.clear(sources)
    figure = f"folder of {count:,} files"
    note = f"store {stored / 1e6:,.0f} MB, {stored / count:,.0f} bytes a file"
    return [
        Row(figure, "runstone", sample.figures["wall"], "s", None, sample.figures["cpu"], note),
        Row(f"{figure}: peak memory", "runstone", sample.peak / 1e6, "MB"),
    ]


def _make(folder: str, count: int, size: int) -> None:
    for number in range(count):
        if number % 1000 == 0:
            here = os.path.join(folder, f"{number // 1000:04}")
            os.mkdir(here)
        with open(os.path.join(here, f"{number:07}.bin"), "wb") as file:
            file.write(os.urandom(size))
    subprocess.run(["sync", "-f", folder], check=True)


def _copy(source: str, target: str) -> None:
    subprocess.run(["cp", "-r", source, target], check=True)
    subprocess.run(["sync", "-f", target], check=True)
    subprocess.run(["rm", "-r", target], check=True)
