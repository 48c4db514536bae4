"""What an installation brings: the packages that a distribution needs, and their size on disk, numpy counted apart; and peak memory."""

from __future__ import annotations

import json
import subprocess

from benchmarks.course import Course
from benchmarks.environments import DISTRIBUTIONS, PEERS, clean
from benchmarks.table import Row, missing

# Runs in the contender's environment: walks the requirements from one distribution (no extras) and adds up installed files.
_WALK = """
import importlib.metadata as metadata, json, os, re, sys
from pip._vendor.packaging.requirements import Requirement
plain = lambda name: re.sub("[-_.]+", "-", name).lower()
wanted, found = [(sys.argv[1], frozenset())], {}
while wanted:
    name, extras = wanted.pop()
    if plain(name) in found and extras <= found[plain(name)][1]:
        continue
    distribution = metadata.distribution(name)
    had = found.get(plain(name), (0, frozenset()))[1]
    size = sum(os.path.getsize(p) for p in {os.path.realpath(f.locate()) for f in distribution.files or ()} if os.path.isfile(p))
    found[plain(name)] = (size, had | extras)
    for text in distribution.requires or ():
        need = Requirement(text)
        if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in {"", *extras}):
            wanted.append((need.name, frozenset(need.extras)))
print(json.dumps({name: size for name, (size, _) in found.items()}))
"""


def installed(course: Course) -> list[Row]:
    """Packages (numpy counted), and MB beside numpy, with bytecode as pip compiles it."""
    packages, sizes = [], []
    for name in ("runstone", *PEERS):
        if name not in course.pythons:
            packages.append(missing("packages installed", name, ""))
            sizes.append(missing("MB installed, beside numpy", name, "MB"))
            continue
        walked = subprocess.run(
            [course.pythons[name], "-c", _WALK, DISTRIBUTIONS[name]], capture_output=True, env=clean(), check=True
        )
        found: dict[str, int] = json.loads(walked.stdout)
        own = name == "runstone"
        numpy = found.get("numpy", 0)
        largest = sorted(((size, package) for package, size in found.items() if package != "numpy"), reverse=True)[:3]
        note = ", ".join(f"{package} {size / 1e6:.1f}" for size, package in largest)
        note += f"; numpy {numpy / 1e6:.0f} MB" if numpy else "; no numpy"
        packages.append(Row("packages installed", name, len(found), "", 22.0 if own else None))
        megabytes = (sum(found.values()) - numpy) / 1e6
        sizes.append(Row("MB installed, beside numpy", name, megabytes, "MB", 45.0 if own else None, None, note))
    return packages + sizes


def peaks(course: Course) -> list[Row]:
    """The largest RSS of runstone's process in each task of this course, less bare Python's. Comes last: others' samples feed it."""
    found = {task: peak for task, peak in course.peaks.items() if task not in ("import", "fill")}
    if not found:
        return []
    largest = max(found, key=lambda task: found[task])
    note = ", ".join(f"{task} {peak / 1e6:.0f}" for task, peak in sorted(found.items(), key=lambda item: -item[1]))
    return [Row("peak memory over bare Python", "runstone", found[largest] / 1e6, "MB", 64.0, None, note)]
