"""What logging and loading a small model costs beside MLflow: each library in a process of its own, both after their imports.

Loading is of models that were not loaded before, on a store in a folder and through one server, runstone's, which both speak to.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.environments import clean
from benchmarks.measure import ROOT, Failed, interleaved
from benchmarks.table import Row, missing

if TYPE_CHECKING:
    from benchmarks.models import Course

# What MLflow's are to be divided by, so that runstone's is no more.
_LOGGING, _LOADING = 20, 5

_PLAYED = """
import json, logging, os, resource, sys, warnings
import numpy, sklearn.linear_model
import {library} as library, {library}.sklearn, {library}.pyfunc
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
os.chdir(sys.argv[1])
count = int(sys.argv[2])
library.set_tracking_uri({uri!r})
X = numpy.arange(40.0).reshape(10, 4)
model = sklearn.linear_model.LinearRegression().fit(X, X.sum(1))
def spent():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
def each(act, arguments):
    found = []
    for argument in arguments:
        before = spent()
        act(argument)
        found.append(spent() - before)
    return sorted(found)[len(found) // 2] if found else None
with library.start_run():
    # what MLflow infers in another process is told here: only loading is measured of these
    saved = [library.sklearn.log_model(model, name="m", pip_requirements=["scikit-learn"]).model_uri for _ in range(2 * count + 2)]
    logged = each(lambda _: library.sklearn.log_model(model, name="m"), range({logs}))
library.sklearn.load_model(saved.pop()), library.pyfunc.load_model(saved.pop())
print(json.dumps({{
    "logged": logged, "native": each(library.sklearn.load_model, saved[:count]), "generic": each(library.pyfunc.load_model, saved[count:]),
}}))
"""


def logged_models(course: Course) -> list[Row]:
    """CPU of `log_model` with default arguments, and of `load_model`, of a LinearRegression."""
    rows = _compared(course, "a folder", {"runstone": "store", "mlflow": "sqlite:///mlflow.db"}, logs=True)
    with _server(course) as url:
        return rows + _compared(course, "a server", {"runstone": url, "mlflow": url}, logs=False)


def _compared(course: Course, where: str, uris: dict[str, str], logs: bool) -> list[Row]:
    names = [name for name in ("runstone", "mlflow") if name in course.pythons]

    def script(name: str) -> str:
        # MLflow's takes ten seconds
        count = 0 if not logs else 1 if name == "mlflow" else 20
        return _PLAYED.format(library=name, uri=uris[name], logs=count)

    found = interleaved(
        {name: lambda name=name: course.perform(name, script(name)) for name in names}, 1 if course.quick else 5
    )
    taken: dict[tuple[str, str], float] = {}
    for name, samples in found.items():
        for key in ("logged", "native", "generic"):
            values = [sample.figures[key] for sample in samples if sample.figures.get(key) is not None]
            if values:
                taken[name, key] = statistics.median(values) * 1000
    figures = {
        "logged": (f"log_model of a LinearRegression, {where}, CPU", _LOGGING),
        "native": (f"load_model of it, {where}, CPU", _LOADING),
        "generic": (f"pyfunc.load_model of it, {where}, CPU", _LOADING),
    }
    rows = []
    for key, (figure, times) in figures.items():
        if key == "logged" and not logs:
            continue
        theirs = taken.get(("mlflow", key))
        for name in ("runstone", "mlflow"):
            if (name, key) not in taken:
                rows.append(missing(figure, name, "ms"))
                continue
            bar = theirs / times if name == "runstone" and theirs is not None else None
            rows.append(Row(figure, name, taken[name, key], "ms", bar))
    return rows


@contextmanager
def _server(course: Course) -> Iterator[str]:
    """A runstone server on a store of its own."""
    folder = os.path.join(course.folder, "server")
    os.makedirs(folder)
    command = [course.pythons["runstone"], "-m", "runstone", "--store", folder, "server", "--port", "0"]
    environment = clean(PYTHONPATH=os.path.join(ROOT, "src"), RUNSTONE_STATE=os.path.join(folder, "state"))
    process: Any = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=folder
    )
    try:
        words = (word for line in process.stdout for word in line.split())
        url = next((word for word in words if word.startswith("http://")), None)
        if url is None:
            raise Failed(f"{' '.join(command)} does not say where it listens.")
        url = url.rstrip(",.")
        _await(url)
        yield url
    finally:
        process.terminate()
        process.communicate()


def _await(url: str) -> None:
    for _ in range(500):
        try:
            urllib.request.urlopen(f"{url}/health", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise Failed(f"The server at {url} does not answer.")
