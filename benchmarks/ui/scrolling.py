"""A table of 100,000 runs that is scrolled from its head to its foot. MLflow's page has no such table: it gives a hundred runs a press."""

from __future__ import annotations

from benchmarks.measure import median
from benchmarks.server.serving import Servers
from benchmarks.table import Row
from benchmarks.ui.stores import many_runs, served
from benchmarks.ui.windows import first_rows, longest_frame, window

# 240 frames: first by a screen a frame, as a wheel does, then by leaps through all of it, as who drags the bar does.
_SCROLL = """() => new Promise((done) => {
  const grid = document.querySelector('.grid');
  let frame = 0;
  const move = () => {
    frame += 1;
    grid.scrollTop += frame < 160 ? 400 : grid.scrollHeight / 80;
    if (frame < 240) requestAnimationFrame(move); else done();
  };
  requestAnimationFrame(move);
})"""


def scrolling(servers: Servers) -> list[Row]:
    """The longest frame in milliseconds."""
    course = servers.course
    count = course.size(100_000, 2_000)
    course.say(f"  filling a store with {count:,} runs")
    server = served(course, many_runs(count))
    try:
        times = []
        for _ in range(course.size(5, 1)):
            with window() as page:
                first_rows(page, f"{server.url}/#/experiments/0")
                page.wait_for_load_state("networkidle")
                times.append(longest_frame(page, _SCROLL))
    finally:
        server.stop()
    return [Row(f"longest frame while {count:,} runs are scrolled", "runstone", median(times), "ms", 50.0, None, f"of {len(times)} courses: worst {max(times):.0f} ms")]  # fmt: skip
