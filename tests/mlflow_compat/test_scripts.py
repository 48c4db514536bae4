"""Scripts as they are written for MLflow, unchanged, under `runstone run`; what they logged is read back."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import runstone
from runstone.entities import Run

pytestmark = pytest.mark.compat

QUICKSTART = """
    import json
    import mlflow
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score
    from sklearn.model_selection import train_test_split

    X, y = load_iris(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
    params = {"solver": "lbfgs", "max_iter": 1000, "random_state": 8888}
    model = LogisticRegression(**params).fit(X_train, y_train)
    accuracy = accuracy_score(y_test, model.predict(X_test))

    mlflow.set_experiment("MLflow Quickstart")
    with mlflow.start_run() as run:
        mlflow.log_params(params)
        mlflow.log_metric("accuracy", accuracy)
        mlflow.set_tag("Training Info", "Basic LR model for iris data")
        with open("report.json", "w") as file:
            json.dump({"accuracy": accuracy}, file)
        mlflow.log_artifact("report.json")
    print(run.info.run_id)
"""

CLIENT_ONLY = """
    from mlflow import MlflowClient
    from mlflow.entities import ViewType

    client = MlflowClient()
    experiment_id = client.create_experiment("Client only", tags={"project": "forecast"})
    run = client.create_run(experiment_id, tags={"engineering": "ML Platform"}, run_name="by hand")
    for step in range(5):
        client.log_metric(run.info.run_id, "loss", 1 / (step + 1), step=step)
    client.log_param(run.info.run_id, "depth", 3)
    with open("features.txt", "w") as file:
        file.write("rooms, zipcode")
    client.log_artifact(run.info.run_id, "features.txt", artifact_path="data")
    client.set_terminated(run.info.run_id)
    found = client.search_runs([experiment_id], "metrics.loss < 0.3", ViewType.ACTIVE_ONLY, order_by=["metrics.loss ASC"])
    assert [run.info.run_id for run in found] == [run.info.run_id], found
    assert [point.step for point in client.get_metric_history(run.info.run_id, "loss")] == [0, 1, 2, 3, 4]
    print(run.info.run_id)
"""

GRID = """
    import mlflow
    from sklearn.datasets import load_wine
    from sklearn.model_selection import GridSearchCV
    from sklearn.tree import DecisionTreeClassifier

    X, y = load_wine(return_X_y=True)
    search = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 4]}, cv=3).fit(X, y)
    mlflow.set_experiment("Grid search")
    with mlflow.start_run(run_name="grid") as parent:
        for params, score in zip(search.cv_results_["params"], search.cv_results_["mean_test_score"]):
            with mlflow.start_run(nested=True):
                mlflow.log_params(params)
                mlflow.log_metric("cv_score", score)
        mlflow.log_params({f"best_{name}": value for name, value in search.best_params_.items()})
        mlflow.log_metric("best_cv_score", search.best_score_)
    children = mlflow.search_runs(
        filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'", order_by=["metrics.cv_score DESC"]
    )
    assert len(children) == 3, children
    assert children.iloc[0]["metrics.cv_score"] == search.best_score_
    print(parent.info.run_id)
"""

# As optuna's MLflowCallback does it: each trial is a run, opened and named by a callback that knows no active run.
TRIALS = """
    import random
    import mlflow


    class Trial:
        def __init__(self, number):
            self.number, self.params = number, {"x": random.Random(number).uniform(-10, 10)}
            self.value = (self.params["x"] - 2) ** 2


    class MLflowCallback:
        def __init__(self, tracking_uri=None, metric_name="value", mlflow_kwargs=None):
            self.tracking_uri, self.metric_name, self.mlflow_kwargs = tracking_uri, metric_name, mlflow_kwargs or {}

        def __call__(self, study_name, trial):
            if self.tracking_uri is not None:
                mlflow.set_tracking_uri(self.tracking_uri)
            mlflow.set_experiment(study_name)
            with mlflow.start_run(run_name=str(trial.number), **self.mlflow_kwargs):
                mlflow.log_metrics({self.metric_name: trial.value})
                mlflow.log_params(trial.params)
                mlflow.set_tags({"number": str(trial.number), "state": "COMPLETE", "direction": ["MINIMIZE"]})


    callback = MLflowCallback()
    for number in range(4):
        callback("study", Trial(number))
    best = mlflow.search_runs(experiment_names=["study"], order_by=["metrics.value ASC"], output_format="list")[0]
    print(best.info.run_id)
"""

# As Lightning's MLFlowLogger does it: the client alone, tags from the context, points in batches of Metric entities.
LOGGER = """
    import os
    import re
    from argparse import Namespace
    from time import time

    import mlflow
    from mlflow.entities import Metric, Param
    from mlflow.tracking import MlflowClient, context
    from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME

    if hasattr(context, "resolve_tags"):
        from mlflow.tracking.context import resolve_tags
    else:
        from mlflow.tracking.context.registry import resolve_tags


    class MLFlowLogger:
        def __init__(self, experiment_name, run_name=None, tracking_uri=os.getenv("MLFLOW_TRACKING_URI"), tags=None):
            self.client = MlflowClient(tracking_uri)
            experiment = self.client.get_experiment_by_name(experiment_name)
            self.experiment_id = experiment.experiment_id if experiment else self.client.create_experiment(experiment_name)
            tags = {**(tags or {}), MLFLOW_RUN_NAME: run_name}
            self.run_id = self.client.create_run(experiment_id=self.experiment_id, tags=resolve_tags(tags)).info.run_id

        def log_hyperparams(self, params):
            params = [Param(key=key, value=str(value)[:250]) for key, value in vars(params).items()]
            for start in range(0, len(params), 100):
                self.client.log_batch(run_id=self.run_id, params=params[start : start + 100], synchronous=True)

        def log_metrics(self, metrics, step):
            now = int(time() * 1000)
            points = [
                Metric(key=re.sub("[^a-zA-Z0-9_/. -]+", "", key), value=value, timestamp=now, step=step or 0)
                for key, value in metrics.items()
            ]
            self.client.log_batch(run_id=self.run_id, metrics=points, synchronous=True)

        def finalize(self, status="success"):
            status = {"success": "FINISHED", "failed": "FAILED", "finished": "FINISHED"}[status]
            if self.client.get_run(self.run_id):
                self.client.set_terminated(self.run_id, status)


    logger = MLFlowLogger("lightning_logs", run_name="fit")
    logger.log_hyperparams(Namespace(**{f"layer_{number}": number for number in range(150)}))
    for step in range(20):
        logger.log_metrics({"train/loss": 1 / (step + 1), "lr@": 0.1}, step)
    logger.finalize()
    print(logger.run_id)
"""


def play(folder: Path, source: str) -> Run:
    """Run the script; the run whose id it printed last, from the store beside it."""
    (folder / "script.py").write_text(textwrap.dedent(source))
    done = subprocess.run(
        [sys.executable, "-m", "runstone", "run", "script.py"],
        cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "RUNSTONE_QUIET": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return runstone.Client(folder / ".runstone").get_run(done.stdout.split()[-1])


def test_the_quickstart(tmp_path: Path) -> None:
    run = play(tmp_path, QUICKSTART)
    assert run.info.status == "FINISHED"
    assert run.data.params == {"solver": "lbfgs", "max_iter": "1000", "random_state": "8888"}
    assert run.data.metrics["accuracy"] > 0.9
    assert run.data.tags["Training Info"] == "Basic LR model for iris data"
    report = runstone.artifacts.load_dict(f"runs:/{run.info.run_id}/report.json")
    assert report == {"accuracy": run.data.metrics["accuracy"]}


def test_a_script_with_the_client_only(tmp_path: Path) -> None:
    run = play(tmp_path, CLIENT_ONLY)
    assert (run.info.run_name, run.info.status) == ("by hand", "FINISHED")
    assert (run.data.metrics, run.data.params) == ({"loss": 0.2}, {"depth": "3"})
    assert runstone.artifacts.load_text(f"runs:/{run.info.run_id}/data/features.txt") == "rooms, zipcode"


def test_a_grid_search_with_nested_runs(tmp_path: Path) -> None:
    run = play(tmp_path, GRID)
    assert run.info.run_name == "grid"
    assert run.data.params.keys() == {"best_max_depth"}
    assert run.data.metrics["best_cv_score"] > 0.8


def test_trials_logged_by_a_callback(tmp_path: Path) -> None:
    best = play(tmp_path, TRIALS)
    runs = runstone.search_runs(experiment_names=["study"], output_format="list")
    assert len(runs) == 4
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert best.data.metrics["value"] == min(run.data.metrics["value"] for run in runs)
    assert best.data.tags["direction"] == "['MINIMIZE']"


def test_a_training_frameworks_logger(tmp_path: Path) -> None:
    run = play(tmp_path, LOGGER)
    assert (run.info.run_name, run.info.status) == ("fit", "FINISHED")
    assert len(run.data.params) == 150
    assert run.data.metrics == {"train/loss": 0.05, "lr": 0.1}
    assert run.data.tags["mlflow.source.type"] == "LOCAL"
    assert len(runstone.Client().get_metric_history(run.info.run_id, "train/loss")) == 20


@pytest.mark.parametrize(
    "first", ["import runstone as mlflow", "import runstone; runstone.install_as_mlflow(); import mlflow"]
)
def test_the_five_lines_with_another_first_line(first: str, tmp_path: Path) -> None:
    body = """
    import joblib
    with open("metrics.json", "w") as file:
        file.write("{}")
    with mlflow.start_run():
        mlflow.log_artifact("metrics.json")
        joblib.dump([1, 2], "model.joblib")
        mlflow.log_artifact("model.joblib")
    """
    (tmp_path / "script.py").write_text(f"{first}\n{textwrap.dedent(body)}")
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    (run,) = runstone.search_runs(output_format="list")
    assert [file.path for file in runstone.Client().list_artifacts(run.info.run_id)] == ["metrics.json", "model.joblib"]
