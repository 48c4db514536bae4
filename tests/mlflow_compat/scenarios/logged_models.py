import mlflow
from mlflow.entities import LoggedModelInput, LoggedModelOutput, LoggedModelParameter, LoggedModelStatus, LoggedModelTag

client = mlflow.MlflowClient()


def here():
    return mlflow.set_experiment("logged models").experiment_id


def points(model):
    found = client.get_logged_model(model.model_id).metrics or []
    return sorted((point.key, point.timestamp, point.step, point.value, point.dataset_name) for point in found)


# %% models
model = client.create_logged_model(here(), "n", tags={"a": 1}, params={"p": 2}, model_type="t")
client.get_logged_model(model.model_id)
client.create_logged_model(here()).name != client.create_logged_model(here()).name
client.create_logged_model(here(), source_run_id="0" * 32).source_run_id
client.create_logged_model("99999")
client.create_logged_model(None)
client.create_logged_model(here(), "a/b")
client.create_logged_model(here(), "a:b")
client.create_logged_model(here(), "a.b")
client.create_logged_model(here(), "a%b")
client.create_logged_model(here(), "")
client.get_logged_model("m-none")
client.get_logged_model("")
client.get_logged_model(None)
model.model_uri == f"models:/{model.model_id}"
sorted(model.to_dictionary())
model.to_dictionary()["status"]

# %% the end of a model
model = client.create_logged_model(here(), "n")
model.status
client.finalize_logged_model(model.model_id, "READY").status
client.finalize_logged_model(model.model_id, LoggedModelStatus.FAILED).status
client.finalize_logged_model(model.model_id, "PENDING")
client.finalize_logged_model(model.model_id, "nonsense")
client.finalize_logged_model("m-none", "READY")
LoggedModelStatus.is_finalized(LoggedModelStatus.READY)
LoggedModelStatus.from_int(2)
LoggedModelStatus.READY.to_int()
str(LoggedModelStatus.READY)
client.delete_logged_model(model.model_id)
client.get_logged_model(model.model_id)
client.delete_logged_model("m-none")

# %% labels of a model
model = client.create_logged_model(here(), "n", tags={"a": 1}, params={"p": 1})
client.set_logged_model_tags(model.model_id, {"a": 2, "b": None, "odd%": "x"})
client.get_logged_model(model.model_id).tags
client.delete_logged_model_tag(model.model_id, "a")
client.delete_logged_model_tag(model.model_id, "a")
client.delete_logged_model_tag("m-none", "a")
client.log_model_params(model.model_id, {"q": 2})
client.get_logged_model(model.model_id).params
client.log_model_params(model.model_id, {"q": 3})
client.log_model_params(model.model_id, {"q": "2"})  # differs: params of models
client.log_model_params("m-none", {"q": 2})  # differs: missing models
client.set_logged_model_tags("m-none", {"q": 2})  # differs: missing models
LoggedModelTag("a", "b").value
LoggedModelParameter("a", "b").key

# %% what was measured
model = client.create_logged_model(here(), "n")
run = client.create_run(here())
client.log_metric(run.info.run_id, "a", 0.5, 10, 0, model_id=model.model_id)
client.log_metric(run.info.run_id, "a", 0.25, 20, 1, model_id=model.model_id)
client.log_metric(run.info.run_id, "b", 1, 5, 0, dataset_name="d", dataset_digest="1", model_id=model.model_id)
client.log_metric(run.info.run_id, "a", 9, 30, 2)
points(model)
client.log_metric(run.info.run_id, "a", 1, 40, 3, model_id="m-none")  # differs: points of other models

# %% runs and their models
run = client.create_run(here())
model = client.create_logged_model(here(), "n", run.info.run_id)
client.log_inputs(run.info.run_id, models=[LoggedModelInput(model.model_id)])
client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, 3)])
client.get_run(run.info.run_id).inputs.model_inputs
client.get_run(run.info.run_id).outputs.model_outputs
client.log_inputs(run.info.run_id, models=[LoggedModelInput(model.model_id)])
client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, 3)])  # differs: outputs said again
client.log_outputs("0" * 32, [LoggedModelOutput(model.model_id, 3)])
len(client.get_run(run.info.run_id).inputs.model_inputs)

# %% the active run's models
with mlflow.start_run() as run:
    model = mlflow.initialize_logged_model("n", tags={"a": "b"}, params={"p": "q"}, model_type="t")
    mlflow.log_outputs([LoggedModelOutput(model.model_id, 1)])
    mlflow.log_input(model=LoggedModelInput(model.model_id))
model.source_run_id == run.info.run_id
model.experiment_id == run.info.experiment_id
mlflow.last_logged_model().model_id == model.model_id
mlflow.get_logged_model(model.model_id).status
mlflow.finalize_logged_model(model.model_id, "READY").status
mlflow.set_logged_model_tags(model.model_id, {"c": 1})
mlflow.delete_logged_model_tag(model.model_id, "a")
mlflow.get_logged_model(model.model_id).tags["c"]
mlflow.log_model_params({"x": "y"}, model.model_id)
mlflow.log_model_params({"x": "y"})
external = mlflow.create_external_model("elsewhere")
external.status, external.tags["mlflow.model.isExternal"]
mlflow.get_run(run.info.run_id).outputs.model_outputs
mlflow.log_outputs(None)
mlflow.active_run() and mlflow.end_run()

# %% searching models
[client.create_logged_model(here(), f"s{number}", params={"p": number % 2}, tags={"t": f"t{number}"}, model_type="found") and None for number in range(5)]
[model.name for model in client.search_logged_models([here()], "model_type = 'found'", order_by=[{"field_name": "name"}])]
[model.name for model in client.search_logged_models([here()], "model_type = 'found' AND params.p = '1'", order_by=[{"field_name": "name", "ascending": False}])]
[model.name for model in client.search_logged_models([here()], "tags.t IN ('t1', 't2') AND name != 's1'")]
[model.name for model in client.search_logged_models([here()], "name LIKE 's%' AND attributes.name ILIKE 'S3'")]
client.search_logged_models([here()], "metrics.none > 1")
page = client.search_logged_models([here()], "model_type = 'found'", max_results=2, order_by=[{"field_name": "name"}])
[model.name for model in client.search_logged_models([here()], "model_type = 'found'", max_results=4, order_by=[{"field_name": "name"}], page_token=page.token)]
sorted(mlflow.search_logged_models([here()], "model_type = 'found'", output_format="list")[0].to_dictionary())
sorted(mlflow.search_logged_models([here()], "model_type = 'found'").columns)
len(mlflow.search_logged_models([here()], "model_type = 'found'", max_results=3))
mlflow.search_logged_models([here()], output_format="nonsense")
client.search_logged_models([here()], "nonsense")
client.search_logged_models([here()], "color = 'red'")
client.search_logged_models([here()], "name = 's1' OR name = 's2'")  # differs: more in filters
client.search_logged_models([here()], order_by=[{"field_name": "color"}])
client.search_logged_models([here()], order_by=[{}])
client.search_logged_models([here()], datasets=[{"dataset_digest": "1"}])
client.search_logged_models([])
client.search_logged_models(None)
