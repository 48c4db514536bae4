"""A large file to a server and back: our client and our server, MLflow's client and MLflow's server, in turn."""

from __future__ import annotations

import os

from benchmarks.artifacts.contenders import PROXIED, Contenders
from benchmarks.copying import write_random
from benchmarks.environments import perform
from benchmarks.measure import Sample, interleaved, median
from benchmarks.server import processes
from benchmarks.table import Row, missing


def transfers(contenders: Contenders) -> list[Row]:
    """1 GiB up and down: wall of the client's call, CPU of client and server together, and the memory of both at their peak."""
    course = contenders.course
    size, rounds = course.size(1 << 30, 1 << 26), course.size(3, 1)
    names = [name for name in ("runstone", "mlflow") if name in course.pythons]
    rows, folders = [], [course.place() for _ in range(rounds)]
    samples: dict[tuple[str, str], list[Sample]] = {(name, way): [] for name in names for way in ("upload", "download")}
    for folder in folders:  # new bytes each time: none of them is known to a server
        write_random(os.path.join(folder, "big"), size)
        for way in ("upload", "download"):
            turns = {name: lambda n=name, w=way, f=folder: _moved(contenders, n, w, f) for name in names}
            for name, found in interleaved(turns, 1).items():
                samples[name, way] += found
        course.clear(folder)
    for way, title in (("upload", "up"), ("download", "down")):
        figure = f"{size >> 20:,} MiB {title} through the server"
        walls: dict[str, float] = {}
        spents: dict[str, float] = {}
        for name in names:
            who, found = PROXIED if name == "mlflow" else name, samples[name, way]
            if not found:
                rows.append(missing(figure, who, "s"))
                continue
            walls[name] = median([sample.wall for sample in found]) or 0.0
            spents[name] = spent = median([sample.cpu for sample in found]) or 0.0
            note = f"{size / walls[name] / 1e6:,.0f} MB/s; the client's CPU {median([s.figures['cpu'] for s in found]):.2f} s"
            rows.append(Row(figure, who, walls[name], "s", None, spent, note))
        if "runstone" in spents:
            rows.append(Row(f"{figure}: CPU of both", "runstone", spents["runstone"], "s", 3.0 * size / (1 << 30)))
        if len(walls) == 2:
            share = walls["runstone"] / walls["mlflow"]
            rows.append(Row(f"{figure}: share of mlflow's wall", "runstone", share, "", 1 / 4))
    return rows


def _moved(contenders: Contenders, name: str, way: str, folder: str) -> Sample:
    """CPU is that of the call in the client and of the server meanwhile."""
    server = contenders.server(name)
    here = os.path.join(folder, name)
    if way == "upload":
        os.makedirs(here)
        os.link(os.path.join(folder, "big"), os.path.join(here, "big"))
    processes.forget_peak(server.process.pid)
    before = server.cpu()
    sample = perform(
        contenders.course.pythons, name, way, here, 1, BENCH_URI=server.url, MLFLOW_TRACKING_URI=server.url
    )
    if name == "runstone":
        contenders.client_peak = max(contenders.client_peak, sample.peak)
        contenders.server_peak = max(contenders.server_peak, processes.peak(server.process.pid))
    spent = server.cpu() - before + sample.figures["cpu"]
    return Sample(sample.figures["wall"], spent, sample.peak, sample.figures)
