"""What a process pays for having a tracker at all: its import, and the five-line script."""

from __future__ import annotations

import os
import subprocess

from benchmarks.course import Course
from benchmarks.environments import DISTRIBUTIONS, MODULES, PEERS, clean
from benchmarks.measure import Sample, interleaved, median, run
from benchmarks.table import Row, missing

_OWN = """
import json, joblib, numpy
model = {"weights": numpy.arange(1000.0), "bias": 0.5}
with open("metrics.json", "w") as file:
    json.dump({"accuracy": 0.9}, file)
"""
_BARE = _OWN + "joblib.dump(model, 'model.joblib')\n"
_SCRIPT = """
with {module}.start_run():
    {module}.log_artifact('metrics.json')
    joblib.dump(model, 'model.joblib')
    {module}.log_artifact('model.joblib')
"""
_MLFLOW_PLACE = "import os, importlib.util\nif importlib.util.find_spec('sqlalchemy') is None:\n    os.environ['MLFLOW_ALLOW_FILE_STORE'] = 'true'; os.environ['MLFLOW_TRACKING_URI'] = 'file:./mlruns'\n"
SCRIPTS = {
    "runstone": "import runstone" + _OWN + _SCRIPT.format(module="runstone"),
    "mlflow": _MLFLOW_PLACE + "import mlflow" + _OWN + _SCRIPT.format(module="mlflow"),
    "mlflow-skinny": _MLFLOW_PLACE + "import mlflow" + _OWN + _SCRIPT.format(module="mlflow"),
    "trackio": "import os\nos.environ['TRACKIO_DIR'] = os.path.abspath('trackio')\nimport trackio"
    + _OWN
    + """
trackio.init(project="bench", embed=False)
trackio.log_artifact('metrics.json', name='metrics', type='file')
joblib.dump(model, 'model.joblib')
trackio.log_artifact('model.joblib', name='model', type='model')
trackio.finish()
""",
    "wandb": "import os\nos.environ.update(WANDB_MODE='offline', WANDB_SILENT='true')\nimport wandb"
    + _OWN
    + """
with wandb.init(project="bench") as run:
    run.log_artifact('metrics.json', name='metrics', type='file')
    joblib.dump(model, 'model.joblib')
    run.log_artifact('model.joblib', name='model', type='model')
""",
    "tensorboardx": "import tensorboardX"
    + _OWN
    + """
with tensorboardX.SummaryWriter("runs"):
    joblib.dump(model, 'model.joblib')
""",
}


def imports(course: Course) -> list[Row]:
    """CPU of `import X` over the same Python with nothing to do."""
    figure, bar = "import, CPU over bare Python", 40.0
    lines = {name: f"import {MODULES[name]}" for name in ("runstone", *PEERS)}
    found = _over_bare(course, lines, dict.fromkeys(lines, "pass"), course.size(7, 3))
    return _rows(
        course,
        figure,
        "ms",
        bar,
        {name: ([cpu * 1000 for cpu in pairs], sample) for name, (pairs, sample) in found.items()},
    )


def five_lines(course: Course) -> list[Row]:
    """CPU of the whole script over the same Python doing what the script itself does."""
    figure, bar = "five-line script, CPU over its own imports", 0.2
    found = _over_bare(course, SCRIPTS, dict.fromkeys(SCRIPTS, _BARE), course.size(5, 2))
    rows = _rows(course, figure, "s", bar, found)
    rows += _shares(rows)
    return [
        row._replace(note="keeps no files: only its writer opened and closed")
        if row.contender == "tensorboardx" and row.value is not None
        else row
        for row in rows
    ]


def _shares(rows: list[Row]) -> list[Row]:
    """runstone's share of MLflow's cost, and of the best peer's that keeps files."""
    values = {row.contender: row.value for row in rows if row.value is not None}
    own = values.pop("runstone", None)
    values.pop("tensorboardx", None)
    if own is None or not values:
        return []
    best = min(values, key=lambda name: values[name])
    shares = [Row("five-line script, share of the best peer's", "runstone", own / values[best], "", 1 / 8, note=best)]
    if "mlflow" in values:
        shares.append(Row("five-line script, share of MLflow's", "runstone", own / values["mlflow"], "", 1 / 40))
    return shares


def _over_bare(
    course: Course, lines: dict[str, str], bare: dict[str, str], repeats: int
) -> dict[str, tuple[list[float], Sample]]:
    contenders = {}
    for name, text in lines.items():
        if name in course.pythons:
            contenders[f"{name} bare"] = lambda n=name: _run(course, n, bare[n])
            contenders[name] = lambda n=name, t=text: _run(course, n, t)
    samples = interleaved(contenders, repeats + 1)
    ours = {name: act for name, act in contenders.items() if name.split()[0] == "runstone"}
    for name, more in interleaved(ours, 3 * repeats).items():  # the one with a bar is to be known best
        samples[name] += more
    found = {}
    for name in lines:
        own, base = samples.get(name, [])[1:], samples.get(f"{name} bare", [])[1:]  # the first round warms caches
        if own and base:
            # Neighbours in time are compared, pair by pair. Not least less least: the imports of a bare script differ by
            # more from run to run than a small tracker costs, and such a difference came out as 0.7 ms once, of some 70.
            pairs = sorted(one.cpu - other.cpu for one, other in zip(own, base, strict=True))
            found[name] = (pairs, own[-1])
            if name == "runstone":
                course.peaks["five lines, over its own imports" if "joblib" in lines[name] else "import"] = max(
                    sample.peak - plain.peak for sample, plain in zip(own, base, strict=True)
                )
    return found


def _run(course: Course, name: str, text: str) -> Sample:
    folder = course.place()
    script = os.path.join(folder, "script.py")
    with open(script, "w") as file:
        file.write(text)
    if "joblib" in text:  # a script has a history, as a rule; trackers that look at it shall find one
        git = "git init -q . && git add . && git -c user.name=b -c user.email=b@example.org commit -q -m one"
        subprocess.run(git, shell=True, cwd=folder, check=True, env=clean(HOME=folder))
    sample = run([course.pythons[name], script], folder, clean(HOME=folder))
    course.clear(folder)
    return sample


def _rows(
    course: Course, figure: str, unit: str, bar: float, found: dict[str, tuple[list[float], Sample]]
) -> list[Row]:
    rows = []
    for name in ("runstone", *PEERS):
        if name in found:
            pairs, sample = found[name]
            value = median(pairs)
            low, high = pairs[len(pairs) // 4], pairs[len(pairs) * 3 // 4]
            note = f"quartiles {low:.3g} to {high:.3g} of {len(pairs)}; wall {sample.wall:.2f} s, peak {sample.peak / 1e6:.0f} MB"
            rows.append(Row(figure, name, value, unit, bar if name == "runstone" else None, sample.cpu, note))
        else:
            why = "failed" if name in course.pythons else f"{DISTRIBUTIONS[name]} is left out or not installed"
            rows.append(missing(figure, name, unit, why))
    return rows
