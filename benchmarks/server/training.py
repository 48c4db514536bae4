"""Our client to our server: what one training loop pays for its points, and how fast they arrive."""

from __future__ import annotations

from benchmarks.environments import perform
from benchmarks.measure import Sample, interleaved
from benchmarks.server.serving import Servers
from benchmarks.table import Row, missing


def training(servers: Servers) -> list[Row]:
    """1,000,000 points of one metric until they are on the server's disk; and the median of a call, beside a bare write."""
    course, server = servers.course, servers["runstone"]
    count, calls = course.size(1_000_000, 20_000), course.size(100_000, 10_000)

    def task(name: str, size: int) -> Sample:
        folder = course.place()
        before = server.cpu()
        sample = perform(course.pythons, "runstone", name, folder, size, BENCH_URI=server.url)
        course.clear(folder)
        return Sample(sample.wall, server.cpu() - before, sample.peak, sample.figures)

    rows = []
    figure = "training loop to our server: a point, until all are there"
    found = interleaved({"points": lambda: task("points", count)}, course.size(3, 1))["points"]
    if found:
        middle = sorted(found, key=lambda sample: sample.figures["wall"])[len(found) // 2]
        wall = middle.figures["wall"] / count
        kept = task("logged", count).figures["kept"]
        note = (
            f"{1 / wall:,.0f} points/s; CPU of {count:,} points: {middle.figures['cpu']:.2f} s in the training, {middle.cpu:.2f} s in the server"
            + ("" if kept == count else f"; {count - kept} POINTS MISSING")
        )
        rows.append(Row(figure, "runstone", wall * 1e6, "us", 5.0, None, note))
    else:
        rows.append(missing(figure, "runstone", "us"))
    figure = "log_metric to our server, median of a call"
    found = interleaved({"calls": lambda: task("log_metric", calls)}, course.size(3, 1))["calls"]
    if not found:
        return [*rows, missing(figure, "runstone", "us")]
    figures = sorted(found, key=lambda sample: sample.figures["median"])[len(found) // 2].figures
    note = f"mean {figures['mean']:.1f}, p99 {figures['p99']:.1f}, most {figures['most']:,.0f} us; {calls:,} calls"
    rows.append(Row(figure, "runstone", figures["median"], "us", 2 * figures["write"], None, note))
    rows.append(Row(figure, "a bare 32-byte os.write", figures["write"], "us", note="in the same process, in turn"))
    return rows
