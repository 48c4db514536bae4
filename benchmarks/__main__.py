"""`python -m benchmarks`: all benchmarks in one interleaved course, printed as one table with ratios and bars."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile

from benchmarks import copying, finding, footprint, kills, points, starting
from benchmarks.course import Course
from benchmarks.environments import prepare
from benchmarks.measure import ROOT, Failed
from benchmarks.table import lines, markdown, plain

BENCHMARKS = {
    "import": starting.imports,
    "script": starting.five_lines,
    "log_metric": points.one_call,
    "million": points.million,
    "keys": points.many_keys,
    "array": points.as_array,
    "kill": kills.lost_points,
    "search": finding.search,
    "artifact": copying.log_artifact,
    "install": footprint.installed,
    "memory": footprint.peaks,
}


def main() -> int:
    """0 when every bar that was measured is met, 1 when one is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which ones; all unless given: {', '.join(BENCHMARKS)}")
    parser.add_argument(
        "--quick", action="store_true", help="small sizes: shows that all runs, the figures mean little"
    )
    parser.add_argument("--only", action="append", metavar="WHO", help="leave other peers out (can be repeated)")
    parser.add_argument("--no-install", action="store_true", help="leave out peers that are not installed yet")
    parser.add_argument(
        "--folder", help="work on the disk of this folder; a temporary one in this checkout unless given"
    )
    parser.add_argument("--json", metavar="FILE", help="write the rows there too")
    parser.add_argument("--markdown", action="store_true", help="print the table as docs/performance.md has it")
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")

    pythons = prepare(install=not options.no_install)
    if options.only:
        pythons = {name: python for name, python in pythons.items() if name in ("runstone", *options.only)}
    results = os.path.join(ROOT, "benchmarks", "results")
    os.makedirs(results, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="course-", dir=options.folder or results)
    course = Course(pythons, folder, options.quick)
    rows = []
    try:
        for name, benchmark in BENCHMARKS.items():
            if options.names and name not in options.names:
                continue
            course.say(f"{name} ...")
            try:
                rows += benchmark(course)
            except Failed as error:
                course.say(str(error))
            if options.json:  # after each, so that a course that is broken off has not been for nothing
                with open(options.json, "w") as file:
                    json.dump(plain(rows), file, indent=1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(
        f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )
    print("\n".join((markdown if options.markdown else lines)(rows)))
    missed = [row for row in rows if row.verdict == "MISSED"]
    print(f"{len([row for row in rows if row.verdict == 'met'])} bars met, {len(missed)} missed.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
