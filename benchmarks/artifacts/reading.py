"""Reading what is there already: a file that is in the cache, the end of one that is too long to fetch."""

from __future__ import annotations

import os

from benchmarks.artifacts.contenders import Contenders
from benchmarks.copying import write_random
from benchmarks.environments import perform
from benchmarks.table import Row, missing


def cached(contenders: Contenders) -> list[Row]:
    """`download_artifacts` of 1 GiB from a server, which this machine fetched before; it takes no folder: what comes is the cached file."""
    course = contenders.course
    size, sources, folder = course.size(1 << 30, 64 << 20), course.place(), course.place()
    write_random(os.path.join(sources, "big"), size)
    url = contenders.server("runstone").url
    found = perform(course.pythons, "runstone", "cached", folder, size, BENCH_SOURCES=sources, BENCH_URI=url).figures
    course.clear(sources)
    course.clear(folder)
    figure = f"download of {size >> 20:,} MiB that are in the cache"
    if not found["cached"]:
        why = f"not cached: fetched again in {found['wall'] * 1000:.0f} ms"
        return [missing(figure, "runstone", "ms", why)]
    return [Row(figure, "runstone", found["wall"] * 1000, "ms", 50.0, found["cpu"])]


def tail(contenders: Contenders) -> list[Row]:
    """`open_artifact` and the last megabyte of 10 GiB: opened anew each time, the first time in a new process too."""
    course = contenders.course
    size, folder = course.size(10 << 30, 1 << 28), course.place()
    figure = f"1 MB at the end of an artifact of {size >> 30:,} GiB" if size >> 30 else "1 MB at the end of an artifact"
    try:
        contenders.course.perform("runstone", "long", size, folder, "long")
        found = contenders.perform("runstone", "tail", folder, folder=folder).figures
    finally:
        course.clear(folder)
    note = f"the first time in a process {found['first']['wall'] * 1000:.1f} ms"
    return [Row(figure, "runstone", found["wall"] * 1000, "ms", 20.0, found["cpu"], note)]
