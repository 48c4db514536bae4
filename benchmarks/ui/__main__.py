"""`python -m benchmarks.ui`: how quick the page is in Debian's chromium, beside the page of `mlflow server` on the same data where it has one."""

from __future__ import annotations

import sys

from benchmarks.command import held
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
    return held("python -m benchmarks.ui", __doc__, BENCHMARKS, ("mlflow",), Servers)


if __name__ == "__main__":
    sys.exit(main())
