"""What autologging adds to a small fit, as a run of its own with its model, beside MLflow: each library in a process of its own, after its imports."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from benchmarks.measure import interleaved
from benchmarks.table import Row, missing

if TYPE_CHECKING:
    from benchmarks.models import Course

_PLAYED = """
import json, logging, os, resource, sys, warnings
import numpy, sklearn.linear_model
import {library} as library
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
os.chdir(sys.argv[1])
library.set_tracking_uri({uri!r})
X = numpy.arange(400.0).reshape(100, 4) % 7
Y = X.sum(1)
KINDS = (Y > Y.mean()).astype(int)
def spent():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
def each(act, count):
    found = []
    for _ in range(count):
        before = spent()
        act()
        found.append(spent() - before)
    return sorted(found)[len(found) // 2]
acts = {{
    "regression": lambda: sklearn.linear_model.LinearRegression().fit(X, Y),
    "classifier": lambda: sklearn.linear_model.LogisticRegression().fit(X, KINDS),
}}
plain = {{name: each(act, 10) for name, act in acts.items()}}
library.autolog()
if {warm}:
    [act() for act in acts.values()]
print(json.dumps({{name: each(act, {count}) - plain[name] for name, act in acts.items()}}))
"""
# What is fitted, and what MLflow's cost is to be divided by, so that runstone's is no more. A classifier has three pictures.
_FIGURES = {
    "regression": ("autologging a LinearRegression, CPU over the fit's", 100),
    "classifier": ("autologging a LogisticRegression of two classes, CPU over the fit's", 10),
}


def autologging(course: Course) -> list[Row]:
    """CPU that a fit takes more under autolog: run, params, metrics, dataset, pictures, model with its environment."""

    def script(name: str) -> str:
        # MLflow's takes ten seconds, the second time as well
        many = name == "runstone"
        uri = "store" if many else "sqlite:///mlflow.db"
        return _PLAYED.format(library=name, uri=uri, warm=many, count=20 if many else 1)

    names = [name for name in ("runstone", "mlflow") if name in course.pythons]
    found = interleaved(
        {name: lambda name=name: course.perform(name, script(name)) for name in names}, 1 if course.quick else 3
    )
    rows = []
    for key, (figure, times) in _FIGURES.items():
        taken = {
            name: statistics.median(sample.figures[key] for sample in samples) * 1000
            for name, samples in found.items()
            if samples
        }
        for name in ("runstone", "mlflow"):
            if name not in taken:
                rows.append(missing(figure, name, "ms"))
                continue
            bar = taken["mlflow"] / times if name == "runstone" and "mlflow" in taken else None
            rows.append(Row(figure, name, taken[name], "ms", bar))
    return rows
