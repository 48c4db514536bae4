"""What a server costs before anybody asks it anything: CPU until its first answer, and memory when idle."""

from __future__ import annotations

import time

from benchmarks.measure import Sample, interleaved, median
from benchmarks.server import processes
from benchmarks.server.serving import Servers, Serving
from benchmarks.table import Row, missing


def standing(servers: Servers) -> list[Row]:
    """CPU from the start to the first answer on an empty store, and memory of all processes after it."""
    course = servers.course
    found = interleaved({name: lambda n=name: _start(servers, n) for name in servers.names()}, course.size(3, 1))
    starts: list[Row] = []
    idle: list[Row] = []
    for name in ("runstone", "mlflow", "fasttrackml"):
        samples = found.get(name, [])
        for rows, figure, unit, bar in (
            (starts, "server: CPU until its first answer", "s", 1.0),
            (idle, "server: memory when idle", "MB", 80.0),
        ):
            if not samples:
                rows.append(missing(figure, name, unit))
                continue
            bar_of = bar if name == "runstone" else None
            if unit == "s":
                value, note = (
                    median([sample.cpu for sample in samples]),
                    f"wall {median([s.wall for s in samples]):.1f} s",
                )
            else:
                value = (median([sample.figures["memory"] for sample in samples]) or 0.0) / 1e6
                note = f"{samples[-1].figures['processes']} processes; a page that several share counts once"
            rows.append(Row(figure, name, value, unit, bar_of, None, note))
    return starts + idle


def _start(servers: Servers, name: str) -> Sample:
    began = time.perf_counter()
    server = Serving(servers.course, name, servers.course.place())
    wall, spent = time.perf_counter() - began, server.cpu()
    leader = server.process.pid
    figures = {"memory": processes.memory(leader), "processes": len(processes.members(leader))}
    server.stop()
    servers.course.clear(server.folder)
    return Sample(wall, spent, 0, figures)
