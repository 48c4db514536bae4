"""Everything that a script logs by hand: params, metrics, tags, files, figures, tables, datasets, nested runs; and finds it again."""

import json
import math
import os
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import mlflow
import numpy
import pandas
import reading
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType

client = MlflowClient()
folder = Path(tempfile.mkdtemp())
(folder / "reports" / "deep").mkdir(parents=True)
(folder / "reports" / "summary.json").write_text(json.dumps({"rows": 3}))
(folder / "reports" / "deep" / "größe mit Leerzeichen & 100%.txt").write_text("naïve\n")
(folder / "reports" / "empty").write_bytes(b"")
big = numpy.random.default_rng(0).bytes(3_000_000)
(folder / "weights.bin").write_bytes(big)

frame = pandas.DataFrame({"rooms": [1, 2, 3], "price": [0.5, 1.5, 2.5]})
data = mlflow.data.from_pandas(frame, name="houses", targets="price")

experiment = mlflow.set_experiment("by hand")
mlflow.set_experiment_tag("team", "forecast")
with mlflow.start_run(run_name="parent", description="what is logged by hand", tags={"kind": "demo"}) as parent:
    mlflow.log_param("depth", 3)
    mlflow.log_params({"rate": 0.1, "layers": [1, 2], "nothing": None, "text": "ü" * 500})
    for step in range(20):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_metrics({"accuracy": 0.75, "train/auc": 0.5}, step=7)
    mlflow.log_metric("odd", math.nan, step=0)
    mlflow.log_metric("odd", math.inf, step=1)
    mlflow.set_tags({"stage": "draft", "long": "x" * 3000})
    mlflow.set_tag("stage", "final")
    mlflow.delete_tag("long")
    mlflow.log_artifact(str(folder / "weights.bin"))
    mlflow.log_artifacts(str(folder / "reports"), artifact_path="reports")
    mlflow.log_text("# Notes\n", "notes/readme.md")
    mlflow.log_dict({"a": [1, 2]}, "config/a.json")
    mlflow.log_table({"question": ["why"], "answer": ["because"]}, "table.json")
    mlflow.log_table({"question": ["how"], "answer": ["so"]}, "table.json")
    mlflow.log_image(numpy.zeros((4, 6, 3), dtype=numpy.uint8), "black.png")
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    mlflow.log_figure(figure, "figure.png")
    mlflow.log_input(data, context="training", tags={"split": "all"})
    for number in range(3):
        with mlflow.start_run(run_name=f"child {number}", nested=True):
            mlflow.log_param("number", number)
            mlflow.log_metric("score", number / 2)

# in batches and without waiting, as loggers of frameworks do it
now = int(time.time() * 1000)
batch = client.create_run(experiment.experiment_id, run_name="batches", tags={"source": "a logger"})
batch_id = batch.info.run_id
client.log_batch(
    batch_id,
    metrics=[Metric("points", step**0.5, now + step, step) for step in range(1000)],
    params=[Param(f"p{number}", str(number)) for number in range(100)],
    tags=[RunTag(f"t{number}", str(number)) for number in range(100)],
)
waiting = [client.log_metric(batch_id, "later", step, step=step, synchronous=False) for step in range(50)]
for each in waiting:
    each.wait()
client.log_param(batch_id, "again", 1)
client.log_param(batch_id, "again", 1)
try:
    client.log_param(batch_id, "again", 2)
    conflict = "was taken"
except mlflow.MlflowException as error:
    conflict = error.error_code
client.set_terminated(batch_id, "FAILED")
client.update_run(batch_id, name="renamed")

client.delete_run(batch_id)
deleted = [run.info.run_id for run in client.search_runs([experiment.experiment_id], "", ViewType.DELETED_ONLY)]
client.restore_run(batch_id)

try:
    with mlflow.start_run(run_name="crashed") as crashed:
        raise KeyError("a bug")
except KeyError:
    pass

children = mlflow.search_runs(
    [experiment.experiment_id],
    filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}' and metrics.score >= 0.5 and params.number != '7'",
    order_by=["metrics.score DESC"],
)
pages, token = [], None
while True:
    page = client.search_runs(
        [experiment.experiment_id], max_results=2, order_by=["attributes.run_name ASC"], page_token=token
    )
    pages.append([run.info.run_name for run in page])
    token = page.token
    if not token:
        break

expected_files = {
    "weights.bin": reading.digest(big),
    "notes/readme.md": reading.digest(b"# Notes\n"),
    **{f"reports/{path}": name for path, name in reading.digests(folder / "reports").items()},
}
files = reading.files(parent.info.run_id)
os.makedirs(folder / "one")
one = mlflow.artifacts.download_artifacts(
    f"runs:/{parent.info.run_id}/reports/summary.json", dst_path=str(folder / "one")
)
table = mlflow.load_table("table.json", run_ids=[parent.info.run_id])
found = MlflowClient().get_experiment_by_name("by hand")
run = reading.run(parent.info.run_id)
del run["metrics"]["odd"]  # infinities are kept by one server and cut by the other: asked for below
bulk = reading.history(batch_id, "points")

reading.say(
    written={
        "experiment": ["by hand", {"team": "forecast"}, "active"],
        "run": {
            "name": "parent",
            "status": "FINISHED",
            "params": {"depth": "3", "rate": "0.1", "layers": "[1, 2]", "nothing": "None", "text": "ü" * 500},
            "metrics": {"loss": 0.05, "accuracy": 0.75, "train/auc": 0.5},
            "tags": {"kind": "demo", "stage": "final"},
            "inputs": [["houses", data.digest, "code", {"split": "all", "mlflow.data.context": "training"}]],
        },
        "description": "what is logged by hand",
        "history": [[step, 1 / (step + 1)] for step in range(20)],
        "odd": [[0, math.nan], [1, "large"]],
        "files": expected_files,
        "other files": ["black.png", "config/a.json", "figure.png", "table.json"],
        "listing of reports": sorted(
            [[f"reports/{each.name}", each.stat().st_size] for each in (folder / "reports").iterdir() if each.is_file()]
            + [["reports/deep"], ["reports/deep/größe mit Leerzeichen & 100%.txt", 7]]
        ),
        "one file": {"rows": 3},
        "table": [["why", "because"], ["how", "so"]],
        "dict": {"a": [1, 2]},
        "image": [6, 4],
        "children": [["child 2", 1.0, "2"], ["child 1", 0.5, "1"]],
        "pages": [["child 0", "child 1"], ["child 2", "crashed"], ["parent", "renamed"]],
        "batch": ["renamed", "FAILED", 101, 100, 999**0.5, 49.0],
        "points": [[step, step**0.5] for step in range(1000)],
        "later": [[step, float(step)] for step in range(50)],
        "conflict": "INVALID_PARAMETER_VALUE",
        "deleted": [batch_id],
        "crashed": "FAILED",
    },
    read={
        "experiment": [
            found.name,
            {key: value for key, value in found.tags.items() if not key.startswith("mlflow.")},
            found.lifecycle_stage,
        ],
        "run": run,
        "description": client.get_run(parent.info.run_id).data.tags["mlflow.note.content"],
        "history": reading.history(parent.info.run_id, "loss"),
        "odd": [
            [step, "large" if value > 1e308 else value] for step, value in reading.history(parent.info.run_id, "odd")
        ],
        "files": {path: files.get(path) for path in expected_files},
        "other files": sorted(files.keys() - expected_files.keys()),
        "listing of reports": sorted(reading.listed(parent.info.run_id, "reports")),
        "one file": json.loads(Path(one).read_text()),
        "table": table.values.tolist(),
        "dict": mlflow.artifacts.load_dict(f"{parent.info.artifact_uri}/config/a.json"),
        "image": list(mlflow.artifacts.load_image(f"runs:/{parent.info.run_id}/black.png").size),
        "children": children[["tags.mlflow.runName", "metrics.score", "params.number"]].values.tolist(),
        "pages": pages,
        "batch": [
            (again := client.get_run(batch_id)).info.run_name,
            again.info.status,
            len(again.data.params),
            len([key for key in again.data.tags if key.startswith("t")]),
            again.data.metrics["points"],
            again.data.metrics["later"],
        ],
        "points": bulk,
        "later": sorted(reading.history(batch_id, "later")),
        "conflict": conflict,
        "deleted": deleted,
        "crashed": client.get_run(crashed.info.run_id).info.status,
    },
)
