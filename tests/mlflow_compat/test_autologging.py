"""Trainings under autolog record what they record under MLflow's; where not, it is said in docs/differences.md ("Autologging")."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.mlflow_compat.real import ENVIRONMENT, PYTHON, ROOT, require_mlflow

pytestmark = pytest.mark.compat

SCRIPT = Path(__file__).with_name("autologged.py")
# Measured anew by every fit.
TIMES = ("mean_fit_time", "std_fit_time", "mean_score_time", "std_score_time")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    require_mlflow()
    ours = {**ENVIRONMENT, "PYTHONPATH": str(ROOT / "src"), "RUNSTONE_QUIET": "1"}

    def play(python: str, side: str, environment: dict[str, str]) -> Any:
        folder = tmp_path_factory.mktemp(side)
        command = [python, "-W", "ignore", str(SCRIPT), side]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    with ThreadPoolExecutor() as both:
        real = both.submit(play, str(PYTHON), "real", ENVIRONMENT)
        return real.result(), both.submit(play, sys.executable, "ours", ours).result()


def test_trainings_record_the_same(played: tuple[Any, Any]) -> None:
    real, ours = played
    assert list(ours) == list(real)
    for name in real:
        assert ours[name]["error"] == real[name]["error"], name
        assert len(ours[name]["runs"]) == len(real[name]["runs"]), name
        for run, theirs in zip(ours[name]["runs"], real[name]["runs"], strict=True):
            _compare(name, run, theirs)


def _compare(name: str, run: Any, theirs: Any) -> None:
    for field in ("status", "params", "tags", "child", "files", "inputs", "calls", "table"):
        if (name, field) == ("lists", "inputs"):  # rows in lists are data, too
            assert (len(run[field]), theirs[field]) == (1, [])
            continue
        assert run[field] == theirs[field], (name, field)
    assert set(run["metrics"]) == set(theirs["metrics"]), name
    for key in set(run["metrics"]) - set(TIMES):
        points, their_points = run["metrics"][key], theirs["metrics"][key]
        assert [step for step, _ in points] == [step for step, _ in their_points], (name, key)
        values = [value for _, value in their_points]
        assert [value for _, value in points] == pytest.approx(values, nan_ok=True), (name, key)
    assert [model["name"] for model in run["models"]] == [model["name"] for model in theirs["models"]], name
    for model, their in zip(run["models"], theirs["models"], strict=True):
        for field in ("status", "signature", "flavors", "example", "metrics"):
            if (name, field) == ("lists", "metrics"):  # they are of that dataset
                assert [metric for metric, _ in model[field]] == [metric for metric, _ in their[field]]
                continue
            assert model[field] == their[field], (name, field)
        if model["name"] == "model":
            # one that is made before its training has none in MLflow
            assert their["params"].items() <= model["params"].items(), name
        else:
            # a search's best estimator has its own, and in MLflow the search's too
            assert set(model["params"]) <= set(their["params"]), name
