"""One large file, and what people do with it: logged, logged again, copied, changed in place, made longer at its front."""

from __future__ import annotations

import os
import shutil

from benchmarks.artifacts.contenders import Contenders, note_of
from benchmarks.copying import write_random
from benchmarks.measure import Sample, act, drop_caches_of, interleaved, median
from benchmarks.table import Row, missing

_INSERTED = 1 << 20
_STRETCHES = 8
# The name that sorts a file, what it is, and its bars: a multiple of cp's wall, and a share of the file that may be added.
_FILES: dict[str, tuple[str, float | None, float | None]] = {
    "1-new": ("{} of random bytes", 1.25, None),
    "again": ("the same file again", 0.6, 0.0),
    "2-copy": ("the same bytes in another file", 0.6, 0.0),
    "3-changed": ("1% changed in place", None, 0.03),
    "4-inserted": ("1 MiB inserted at the front", None, 0.01),
}


def versions(contenders: Contenders) -> list[Row]:
    """Wall of `log_artifact`, beside `cp` and fsync in turn, and the bytes that each adds to what is stored."""
    course = contenders.course
    size = course.size(1 << 30, 64 << 20)
    sources = course.place()
    _make(sources, size)
    first, copy = os.path.join(sources, "1-new"), os.path.join(course.place(), "copy")
    turns = {"cp + fsync": lambda: act(lambda: _copy(first, copy))}
    for name in contenders.names():
        turns[name] = lambda n=name: contenders.perform(n, "files", sources)
    samples = interleaved(turns, course.size(3, 1))
    course.clear(sources)
    limit = median([sample.wall for sample in samples["cp + fsync"]]) or 0.0
    rows = []
    for key, (title, share, added) in _FILES.items():
        figure = title.format(f"{size >> 20:,} MiB")
        rows += _walls(figure, key, contenders, samples, share * limit if share else None)
        rows.append(Row(figure, "cp + fsync", limit, "s", None, median([s.cpu for s in samples["cp + fsync"]])))
        if added is not None:
            rows += _added(f"{figure}: bytes added", key, contenders, samples, size, added)
    return rows


def sparse(contenders: Contenders) -> list[Row]:
    """A sparse file of 50 GiB with a few random stretches: CPU, wall and memory of logging it, and what is stored."""
    course = contenders.course
    size, sources = course.size(50 << 30, 1 << 30), course.place()
    with open(os.path.join(sources, "sparse"), "wb") as file:
        file.truncate(size)
        for place in range(4):
            file.seek(size // 4 * place)
            file.write(os.urandom(1 << 20))
    sample = contenders.perform("runstone", "files", sources)
    course.clear(sources)
    found, title = sample.figures["sparse"], f"sparse file of {size >> 30:,} GiB"
    note = f"{found['added'] / 1e6:.1f} MB stored, peak memory {sample.peak / 1e6:.0f} MB; again {sample.figures['again']['wall']:.1f} s"
    return [
        Row(title, "runstone", found["wall"], "s", None, found["cpu"], note),
        Row(f"{title}: peak memory", "runstone", sample.peak / 1e6, "MB", 128.0),
    ]


def _make(folder: str, size: int) -> None:
    first = os.path.join(folder, "1-new")
    write_random(first, size)
    for name in ("2-copy", "3-changed"):
        shutil.copyfile(first, os.path.join(folder, name))
    with open(os.path.join(folder, "3-changed"), "r+b") as file:
        for stretch in range(_STRETCHES):
            file.seek(size // _STRETCHES * stretch + size // _STRETCHES // 3)
            file.write(os.urandom(size // 100 // _STRETCHES))
    with open(os.path.join(folder, "4-inserted"), "wb") as file, open(first, "rb") as whole:
        file.write(os.urandom(_INSERTED))
        shutil.copyfileobj(whole, file, 1 << 22)
    for name in os.listdir(folder):
        drop_caches_of(os.path.join(folder, name))


def _copy(source: str, target: str) -> None:
    import subprocess

    subprocess.run(["cp", source, target], check=True)
    drop_caches_of(target)
    os.unlink(target)


def _walls(
    figure: str, key: str, contenders: Contenders, samples: dict[str, list[Sample]], bar: float | None
) -> list[Row]:
    rows = []
    for name in contenders.names():
        found = [sample.figures[key] for sample in samples[name]]
        wall, cpu = median([one["wall"] for one in found]), median([one["cpu"] for one in found])
        if wall is None:
            rows.append(missing(figure, name, "s"))
        else:
            rows.append(
                Row(figure, name, wall, "s", bar if name == "runstone" else None, cpu, note_of(name, samples[name]))
            )
    return rows


def _added(
    figure: str, key: str, contenders: Contenders, samples: dict[str, list[Sample]], size: int, bar: float
) -> list[Row]:
    rows = []
    for name in contenders.names():
        added = median([sample.figures[key]["added"] for sample in samples[name]])
        if added is not None:
            rows.append(Row(figure, name, 100 * added / size, "%", 100 * bar if name == "runstone" else None))
    return rows
