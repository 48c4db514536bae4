"""A large file through the artifact proxy, up and down, with MLflow's own client on both servers."""

from __future__ import annotations

import collections
import os

from benchmarks.copying import write_random
from benchmarks.environments import perform
from benchmarks.measure import Sample, interleaved, median
from benchmarks.server import processes
from benchmarks.server.serving import Servers
from benchmarks.table import Row, missing


def transfers(servers: Servers) -> list[Row]:
    """PUT and GET of 1 GiB: wall of the client's call, the server's CPU and largest memory. FastTrackML has no proxy for files on disk."""
    course = servers.course
    names = [name for name in servers.names() if name in ("runstone", "mlflow")]
    if "mlflow" not in names:
        course.say("  MLflow's client is not here")
        return [missing(f"artifact {way}", "runstone", "s") for way in ("up", "down")]
    size, rounds = course.size(1 << 30, 1 << 25), course.size(3, 1)
    places = {name: [course.place() for _ in range(rounds)] for name in names}
    for first, *others in zip(*places.values(), strict=True):  # new bytes each time: none of them is known to a server
        write_random(os.path.join(first, "big"), size)
        for other in others:
            os.link(os.path.join(first, "big"), os.path.join(other, "big"))
    turns: collections.Counter[tuple[str, str]] = collections.Counter()

    def task(name: str, way: str) -> Sample:
        server = servers[name]
        here = places[name][turns[name, way]]
        turns[name, way] += 1
        processes.forget_peak(server.process.pid)
        before = server.cpu()
        sample = perform(course.pythons, "mlflow", way, here, size, MLFLOW_TRACKING_URI=server.url)
        return Sample(sample.figures["wall"], server.cpu() - before, processes.peak(server.process.pid), sample.figures)

    rows, peak = [], 0
    for way, title in (("upload", "up"), ("download", "down")):
        found = interleaved({name: lambda n=name, w=way: task(n, w) for name in names}, rounds)
        figure = f"artifact of {size >> 20:,} MiB {title}, MLflow's client"
        walls = {}
        for name in names:
            samples = found[name]
            if not samples:
                rows.append(missing(figure, name, "s"))
                continue
            walls[name] = median([sample.wall for sample in samples]) or 0.0
            spent = median([sample.cpu for sample in samples]) or 0.0
            largest = max(sample.peak for sample in samples)
            peak = max(peak, largest) if name == "runstone" else peak
            note = (
                f"{size / walls[name] / 1e6:,.0f} MB/s; server's CPU {spent:.2f} s, peak memory {largest / 1e6:.0f} MB"
            )
            rows.append(Row(figure, name, walls[name], "s", None, spent, note))
        if len(walls) == 2:
            share = walls["runstone"] / walls["mlflow"]
            rows.append(Row(f"artifact {title}, share of mlflow's wall", "runstone", share, "", 1 / 3))
    if peak:
        rows.append(Row("artifacts up and down: server's peak memory", "runstone", peak / 1e6, "MB", 200.0))
    for folders in places.values():
        for folder in folders:
            course.clear(folder)
    return rows
