"""Who takes part: runstone, MLflow's local store, MLflow's store behind its server, W&B offline. Knows nothing of what is measured."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from benchmarks.course import Course
from benchmarks.environments import perform
from benchmarks.measure import Sample
from benchmarks.server.serving import Servers, Serving

PROXIED = "mlflow, proxied"
# Seconds that a server gets at the most until all of its workers have started, and the CPU it takes in a second when they have: MLflow's
# is never quite idle.
_STARTING, _IDLE = 60, 0.3


class Contenders:
    """They and their servers, which are started when first used.

    Args:
        course: the course.
    """

    def __init__(self, course: Course) -> None:
        self.course = course
        self.servers = Servers(course)
        self._settled: set[str] = set()
        self.client_peak = 0  # the largest RSS of a process of runstone's that logged or fetched
        self.server_peak = 0

    def names(self) -> list[str]:
        """Those that are here, runstone first."""
        here = self.course.pythons
        every = {"runstone": "runstone", "mlflow": "mlflow", PROXIED: "mlflow", "wandb": "wandb"}
        return [name for name, needed in every.items() if needed in here]

    def perform(self, name: str, task: str, sources: str, size: int = 1, folder: str | None = None) -> Sample:
        """Have a contender do a task with the files of a folder, in a new place unless given one. Raises Failed."""
        where = folder or self.course.place()
        more = {"BENCH_SOURCES": sources}
        if name == PROXIED:
            server = self.server("mlflow")
            more.update(BENCH_URI=server.url, BENCH_STORED=os.path.join(server.folder, "files"))
            before = server.cpu()
            sample = perform(self.course.pythons, "mlflow", task, where, size, **more)
            sample = sample._replace(cpu=sample.cpu + server.cpu() - before)
        else:
            sample = perform(self.course.pythons, name, task, where, size, **more)
        if name == "runstone":
            self.client_peak = max(self.client_peak, sample.peak)
        if folder is None:
            self.course.clear(where)
        return sample

    def server(self, name: str) -> Serving:
        """A contender's server, started: all of its workers, which go on with that when the first one answers already."""
        server, spent = self.servers[name], 0.0
        for _ in range(0 if name in self._settled else _STARTING):
            time.sleep(1.0)
            before, spent = spent, server.cpu()
            if spent - before < _IDLE:
                break
        self._settled.add(name)
        return server

    def stop(self) -> None:
        """End the servers."""
        self.servers.stop()


def note_of(name: str, samples: Sequence[Sample]) -> str:
    """What must be known of a contender's figures."""
    return {
        "mlflow": "no fsync, no digest",
        PROXIED: "no fsync, no digest; CPU of the client alone",
        "wandb": "MD5, no fsync; stays here until it is synced",
    }.get(name, "") * bool(samples)
