"""`python -m benchmarks.models`: what saving and loading a model costs beside MLflow, both in environments with the same scikit-learn, as one table; and a large registry."""

from __future__ import annotations

import os
import statistics
import sys

from benchmarks.autologging import autologging
from benchmarks.command import chosen, conduct, options, place
from benchmarks.environments import FOLDER, clean, prepare
from benchmarks.logged_models import logged_models
from benchmarks.measure import ROOT, Sample, interleaved, run
from benchmarks.registry import registry
from benchmarks.scoring import scoring
from benchmarks.table import Row, missing

_MODEL = """
import json, os, resource, sys, time
import sklearn.ensemble
folder, repeats = sys.argv[1], int(sys.argv[2])
model = sklearn.ensemble.RandomForestRegressor(n_estimators=3).fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
def spent():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
"""
_OURS = (
    _MODEL
    + """
def write(number):
    os.makedirs(os.path.join(folder, str(number)))
    began = time.process_time()
    from runstone.environments import files
    files.write(os.path.join(folder, str(number)), ("scikit-learn",), ("sklearn.ensemble._forest", "numpy", "scipy.sparse"))
    return time.process_time() - began
print(json.dumps({"first": write(0), "again": sorted(write(number + 1) for number in range(repeats))[repeats // 2]}))
"""
)
_MLFLOWS = (
    _MODEL
    + """
import mlflow.models, mlflow.sklearn
path = os.path.join(folder, "model")
mlflow.sklearn.save_model(model, path, serialization_format="cloudpickle", pip_requirements=["scikit-learn"])
began = spent()
mlflow.models.infer_pip_requirements(path, "sklearn")
print(json.dumps({"first": spent() - began}))
"""
)


class Course:
    """Who takes part, by the Python of each; where; how large.

    Args:
        pythons: by name. runstone's is the tests' own, which has the libraries whose models are saved.
        folder: to work in.
        quick: few repeats.
    """

    def __init__(self, pythons: dict[str, str], folder: str, quick: bool) -> None:
        self.pythons, self.folder, self.quick = pythons, folder, quick
        self._used = 0

    def perform(self, name: str, script: str) -> Sample:
        """Run a script in a contender's Python, in a new folder. Raises Failed."""
        self._used += 1
        where = os.path.join(self.folder, str(self._used))
        os.makedirs(where)
        more = {"PYTHONPATH": os.path.join(ROOT, "src")} if name == "runstone" else {}
        return run([self.pythons[name], "-c", script, where, "5" if self.quick else "50"], where, clean(**more))


def environment(course: Course) -> list[Row]:
    """CPU of finding what a model needs and writing the files that say it: the first time in a process, and again."""
    scripts = {name: script for name, script in (("runstone", _OURS), ("mlflow", _MLFLOWS)) if name in course.pythons}
    found = interleaved(
        {name: lambda name=name: course.perform(name, scripts[name]) for name in scripts}, 1 if course.quick else 5
    )
    first, again = "environment of a model, first in a process, CPU", "environment of a model, again, CPU"
    rows = []
    for name in ("runstone", "mlflow"):
        samples = [sample.figures for sample in found.get(name, [])]
        if not samples:
            rows.append(missing(first, name, "ms"))
            continue
        bar = {first: 100.0, again: 10.0} if name == "runstone" else {}
        for figure, key in ((first, "first"), (again, "again")):
            values = [sample[key] * 1000 for sample in samples if key in sample]
            if values:
                rows.append(Row(figure, name, statistics.median(values), "ms", bar.get(figure)))
    return sorted(rows, key=lambda row: row.figure == again)


BENCHMARKS = {
    "environment": environment,
    "logged": logged_models,
    "scoring": scoring,
    "autologging": autologging,
    "registry": registry,
}


def main() -> int:
    """0 when every bar that was measured is met, 1 when one is missed."""
    given = options("python -m benchmarks.models", __doc__, BENCHMARKS)
    peers = {}
    python = os.path.join(FOLDER, "mlflow", "bin", "python")
    if os.path.exists(python):
        peers["mlflow"] = python
    elif not given.no_install:
        peers = {name: path for name, path in prepare(peers=("mlflow",)).items() if name == "mlflow"}
    pythons = chosen({"runstone": sys.executable, **peers}, given)
    with place(given) as folder:
        course = Course(pythons, folder, given.quick)
        return conduct(BENCHMARKS, course, given, lambda text: print(text, file=sys.stderr, flush=True))


if __name__ == "__main__":
    sys.exit(main())
