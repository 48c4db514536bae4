"""log_artifact of 1 GiB of random bytes, and of the same file again, beside `cp` and fsync, in turn."""

from __future__ import annotations

import os
import subprocess

from benchmarks.course import Course
from benchmarks.measure import Sample, act, drop_caches_of, interleaved, median
from benchmarks.table import Row, missing

_BLOCK = 16 * 1024 * 1024


def log_artifact(course: Course) -> list[Row]:
    """Wall seconds; the bar is a multiple of cp's in the same course."""
    size = course.size(1 << 30, 64 << 20)
    folder = course.place()
    source = os.path.join(folder, "source")
    write_random(source, size)
    contenders = {"cp": lambda: act(lambda: _copy(source, os.path.join(folder, "copy")))}
    for name in ("runstone", "mlflow"):
        if name in course.pythons:
            contenders[name] = lambda n=name: _logged(course, n, source)
    samples = interleaved(contenders, course.size(3, 1))
    course.clear(folder)
    limit = median([sample.wall for sample in samples["cp"]]) or 0.0
    rows = []
    for figure, part, share in (
        (f"log_artifact of {size >> 20:,} MiB", "first", 1.5),
        (f"the same {size >> 20:,} MiB again", "again", 1.0),
    ):
        for name in ("runstone", "mlflow"):
            found = [sample.figures[part] for sample in samples.get(name, [])]
            wall = median([figures["wall"] for figures in found])
            if wall is None:
                rows.append(missing(figure, name, "s"))
                continue
            cpu = median([figures["cpu"] for figures in found])
            note = "" if name == "runstone" else "no fsync, no digest"
            rows.append(Row(figure, name, wall, "s", share * limit if name == "runstone" else None, cpu, note))
        rows.append(Row(figure, "cp + fsync", limit, "s", None, median([sample.cpu for sample in samples["cp"]])))
    return rows


def write_random(path: str, size: int) -> None:
    """A file of random bytes, on the disk: what is measured next does not pay for its pages."""
    with open(path, "wb") as file:
        for _ in range(size // _BLOCK):
            file.write(os.urandom(_BLOCK))
    drop_caches_of(path)


def _copy(source: str, target: str) -> None:
    subprocess.run(["cp", source, target], check=True)
    drop_caches_of(target)
    os.unlink(target)


def _logged(course: Course, name: str, source: str) -> Sample:
    folder = course.place()
    os.link(source, os.path.join(folder, "big"))
    sample = course.perform(name, "artifact", 1, folder)
    course.clear(folder)
    return sample
