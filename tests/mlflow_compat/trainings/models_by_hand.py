"""Logged models of 3.x by hand: checkpoints of one run with metrics on datasets, searched, tagged, finished, deleted."""

import tempfile
from pathlib import Path

import mlflow
import pandas
import reading
from mlflow import MlflowClient
from mlflow.entities import LoggedModelInput, LoggedModelOutput

client = MlflowClient()
experiment = mlflow.set_experiment("logged models")
data = mlflow.data.from_pandas(pandas.DataFrame({"x": [1.0, 2.0], "y": [0.0, 1.0]}), name="train set")
held_out = mlflow.data.from_pandas(pandas.DataFrame({"x": [3.0], "y": [1.0]}), name="held out")
folder = Path(tempfile.mkdtemp())
(folder / "weights.txt").write_text("1 2 3")
(folder / "nested").mkdir()
(folder / "nested" / "more.txt").write_text("4 5 6")

checkpoints = []
with mlflow.start_run() as run:
    for step in range(3):
        model = mlflow.initialize_logged_model(
            name="checkpoint",
            params={"step": str(step), "rate": "0.1"},
            tags={"kind": "checkpoint"},
            model_type="network",
        )
        client.log_model_artifact(model.model_id, str(folder / "weights.txt"))
        client.log_model_artifacts(model.model_id, str(folder))
        mlflow.log_metric("accuracy", 0.5 + step / 10, step=step, model_id=model.model_id, dataset=data)
        mlflow.log_metric("accuracy", 0.4 + step / 10, step=step, model_id=model.model_id, dataset=held_out)
        mlflow.log_metrics({"loss": 1 / (step + 1)}, step=step, model_id=model.model_id)
        mlflow.log_outputs([LoggedModelOutput(model.model_id, step)])
        mlflow.finalize_logged_model(model.model_id, "READY" if step else "FAILED")
        checkpoints.append(model.model_id)

with mlflow.start_run() as evaluation:
    mlflow.log_input(model=LoggedModelInput(checkpoints[2]), dataset=held_out, context="evaluation")

mlflow.set_logged_model_tags(checkpoints[1], {"verdict": "good", "other": "x"})
mlflow.delete_logged_model_tag(checkpoints[1], "other")
mlflow.log_model_params({"depth": "3"}, model_id=checkpoints[1])
outside = mlflow.create_external_model(name="outside", params={"where": "elsewhere"})

EXPERIMENTS = [experiment.experiment_id]


def found(**arguments):
    """Steps of the checkpoints that a search finds, in its order."""
    models = mlflow.search_logged_models(EXPERIMENTS, output_format="list", **arguments)
    return [model.params.get("step", model.name) for model in models]


by_metric = found(
    filter_string="metrics.accuracy >= 0.5",
    datasets=[{"dataset_name": "held out", "dataset_digest": held_out.digest}],
    order_by=[
        {
            "field_name": "metrics.accuracy",
            "ascending": False,
            "dataset_name": "held out",
            "dataset_digest": held_out.digest,
        }
    ],
)
by_param = found(filter_string="params.step = '1' and name = 'checkpoint'")
by_tag = found(filter_string="tags.verdict = 'good'")
by_time = found(order_by=[{"field_name": "creation_timestamp", "ascending": True}])
pages = []
token = None
while True:
    page = client.search_logged_models(EXPERIMENTS, max_results=3, page_token=token)
    pages.append(len(page))
    token = page.token
    if not token:
        break
second = mlflow.get_logged_model(checkpoints[1])
downloaded = reading.digests(Path(mlflow.artifacts.download_artifacts(f"models:/{checkpoints[1]}")))
names = sorted(each.path for each in client.list_logged_model_artifacts(checkpoints[1]))
client.delete_logged_model(checkpoints[0])
left = found(order_by=[{"field_name": "creation_timestamp", "ascending": True}])

reading.say(
    written={
        "second": [
            "checkpoint",
            "READY",
            "network",
            run.info.run_id,
            {"step": "1", "rate": "0.1", "depth": "3"},
            {"kind": "checkpoint", "verdict": "good"},
        ],
        "metrics": [
            ["accuracy", 0.5, 1, "held out", held_out.digest],
            ["accuracy", 0.6, 1, "train set", data.digest],
            ["loss", 0.5, 1, None, None],
        ],
        "states": ["FAILED", "READY", "READY"],
        "files": reading.digests(folder),
        "names": ["nested", "weights.txt"],
        "outputs": [[model_id, step] for step, model_id in enumerate(checkpoints)],
        "inputs": [checkpoints[2]],
        "searches": [["2", "1"], ["1"], ["1"], ["0", "1", "2", "outside"]],
        "pages": [3, 1],
        "left": ["1", "2", "outside"],
        "outside": ["READY", {"where": "elsewhere"}],
        "run's metrics": {"accuracy": True, "loss": True},
    },
    read={
        "second": [
            second.name,
            str(second.status),
            second.model_type,
            second.source_run_id,
            second.params,
            {key: value for key, value in second.tags.items() if not key.startswith("mlflow.")},
        ],
        "metrics": sorted(
            ([each.key, each.value, each.step, each.dataset_name, each.dataset_digest] for each in second.metrics),
            key=repr,
        ),
        "states": [
            str(
                mlflow.search_logged_models(EXPERIMENTS, filter_string=f"params.step = '{step}'", output_format="list")[
                    0
                ].status
            )
            if step
            else "FAILED"
            for step in range(3)
        ],
        "files": downloaded,
        "names": names,
        "outputs": sorted(
            ([each.model_id, each.step] for each in client.get_run(run.info.run_id).outputs.model_outputs),
            key=lambda each: each[1],
        ),
        "inputs": [each.model_id for each in client.get_run(evaluation.info.run_id).inputs.model_inputs],
        "searches": [by_metric, by_param, by_tag, by_time],
        "pages": pages,
        "left": left,
        "outside": [str(outside.status), client.get_logged_model(outside.model_id).params],
        "run's metrics": dict.fromkeys(client.get_run(run.info.run_id).data.metrics, True),
    },
)
