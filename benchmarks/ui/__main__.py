"""`python -m benchmarks.ui`: how quick the page is in Debian's chromium, beside the page of `mlflow server` on the same data where it has one."""

from __future__ import annotations

import sys

from benchmarks.command import chosen, conduct, options, place
from benchmarks.course import Course
from benchmarks.environments import prepare
from benchmarks.server.serving import Servers
from benchmarks.ui import charts, opening, scrolling

BENCHMARKS = {
    "opening": opening.opening,
    "scrolling": scrolling.scrolling,
    "charts": charts.many_points,
    "live": charts.live,
    "metrics": charts.many_metrics,
}


def main() -> int:
    """0 when every bar that was measured is met, 1 when one is missed."""
    given = options("python -m benchmarks.ui", __doc__, BENCHMARKS)
    pythons = chosen(prepare(install=not given.no_install, peers=("mlflow",)), given)
    with place(given) as folder:
        course = Course(pythons, folder, given.quick)
        servers = Servers(course)
        try:
            return conduct(BENCHMARKS, servers, given, course.say)
        finally:
            servers.stop()


if __name__ == "__main__":
    sys.exit(main())
