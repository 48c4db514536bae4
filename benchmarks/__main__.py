"""`python -m benchmarks`: all benchmarks in one interleaved course, printed as one table with ratios and bars."""

from __future__ import annotations

import sys

from benchmarks import copying, finding, footprint, kills, points, starting
from benchmarks.command import chosen, conduct, options, place
from benchmarks.course import Course
from benchmarks.environments import prepare

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
    given = options("python -m benchmarks", __doc__, BENCHMARKS)
    pythons = chosen(prepare(install=not given.no_install), given)
    with place(given) as folder:
        course = Course(pythons, folder, given.quick)
        return conduct(BENCHMARKS, course, given, course.say)


if __name__ == "__main__":
    sys.exit(main())
