import os
import threading

import mlflow
from mlflow.entities import Dataset, LoggedModelOutput, Metric

client = mlflow.MlflowClient()
mlflow.clear_active_model()


def points(model_id):
    found = mlflow.get_logged_model(model_id).metrics
    return [(point.key, point.value, point.timestamp, point.step, point.dataset_name, point.dataset_digest) for point in found]


def inputs(run_id):
    used = client.get_run(run_id).inputs
    return len(used.model_inputs), [(use.dataset.name, use.dataset.digest, use.tags) for use in used.dataset_inputs]


def in_a_thread(what):
    found = []
    thread = threading.Thread(target=lambda: found.append(what()))
    thread.start()
    thread.join()
    return found[0]


# %% which one it is
mlflow.get_active_model_id()
mlflow.set_active_model()
mlflow.set_active_model(name="a/b")
mlflow.set_active_model(model_id="m-none")
mlflow.get_active_model_id()
model = mlflow.set_active_model(name="champion")
(model.name, model.status, model.tags["mlflow.model.isExternal"], isinstance(model, mlflow.entities.LoggedModel))
mlflow.get_active_model_id() == model.model_id
mlflow.set_active_model(name="champion").model_id == model.model_id
mlflow.set_active_model(model_id=model.model_id).name
mlflow.set_active_model(model_id=model.model_id, name="champion").name
mlflow.set_active_model(model_id=model.model_id, name="other")
newer = mlflow.create_external_model("champion")
mlflow.set_active_model(name="champion").model_id == newer.model_id
mlflow.clear_active_model()
mlflow.get_active_model_id()

# %% for as long as it is
outer = mlflow.set_active_model(name="outer")
with mlflow.set_active_model(name="inner") as inner:
    within = mlflow.get_active_model_id() == inner.model_id
within
mlflow.get_active_model_id() == outer.model_id
in_a_thread(mlflow.get_active_model_id)
mlflow.clear_active_model()
with mlflow.set_active_model(name="inner"):
    pass
mlflow.get_active_model_id()
in_a_thread(lambda: mlflow.set_active_model(name="inner").name)
mlflow.get_active_model_id()

# %% as the environment says
os.environ["MLFLOW_ACTIVE_MODEL_ID"] = "m-said"
mlflow.get_active_model_id()
in_a_thread(mlflow.get_active_model_id)
mlflow.clear_active_model()
mlflow.get_active_model_id()
in_a_thread(mlflow.get_active_model_id)
os.environ.get("MLFLOW_ACTIVE_MODEL_ID")

# %% what it measures
with mlflow.start_run() as run:
    model = mlflow.set_active_model(name="measured")
    mlflow.log_metric("a", 1, step=3, timestamp=10)
    mlflow.log_metrics({"b": 2, "c": 3}, step=4, timestamp=20)
    client.log_metric(run.info.run_id, "d", 4, 30)
    client.log_batch(run.info.run_id, [Metric("e", 5.0, 40, 0)])
    mlflow.log_param("p", 1)
    mlflow.log_model_params({"q": "2"})
    with mlflow.start_run(nested=True) as nested:
        mlflow.log_metric("f", 6, timestamp=50)
    other = mlflow.create_external_model("other")
    mlflow.log_metric("g", 7, timestamp=60, model_id=other.model_id)
    mlflow.clear_active_model()
    mlflow.log_metric("h", 8, timestamp=70)
points(model.model_id)
points(other.model_id)
mlflow.get_logged_model(model.model_id).params
client.get_run(run.info.run_id).data.metrics
inputs(run.info.run_id)
inputs(nested.info.run_id)

# %% datasets of points
data = Dataset("train", "123", "local", "here")
model = mlflow.create_external_model("of data")
with mlflow.start_run() as run:
    mlflow.log_metric("rmse", 0.5, timestamp=10, model_id=model.model_id, dataset=data)
    mlflow.log_metric("rmse", 0.25, step=1, timestamp=20, model_id=model.model_id, dataset=data)
    mlflow.log_metrics({"mae": 0.125}, timestamp=30, dataset=Dataset("test", "456", "local", "there"))
points(model.model_id)
inputs(run.info.run_id)
on = [{"dataset_name": "train", "dataset_digest": "123"}]
[found.name for found in mlflow.search_logged_models(filter_string="metrics.rmse < 0.3", datasets=on, output_format="list")]
[found.name for found in mlflow.search_logged_models(filter_string="metrics.rmse > 0.6", datasets=on, output_format="list")]
[found.name for found in mlflow.search_logged_models(filter_string="metrics.mae > 0", output_format="list")]
client.get_run(run.info.run_id).data.metrics

# %% models of a step
run_id = mlflow.start_run().info.run_id
mlflow.end_run()
model = mlflow.create_external_model("of a step")
client.log_outputs(run_id, [LoggedModelOutput(model.model_id, 5)])
with mlflow.start_run(run_id=run_id):
    mlflow.log_metric("a", 1, step=5, timestamp=10)
    mlflow.log_metric("a", 2, step=6, timestamp=20)
    mlflow.log_metrics({"b": 3, "c": 4}, step=5, timestamp=30)
mlflow.log_metric("d", 5, step=5, timestamp=40, run_id=run_id)
mlflow.log_metrics({"e": 6}, step=5, timestamp=50, run_id=run_id)
points(model.model_id)
inputs(run_id)
client.get_run(run_id).data.metrics
[(point.value, point.step) for point in client.get_metric_history(run_id, "a")]
