import json
import os

import mlflow

client = mlflow.MlflowClient()

# %% the experiment by its name
forget_experiment()
os.environ["MLFLOW_EXPERIMENT_NAME"] = "from the environment"
run = mlflow.start_run()
mlflow.get_experiment(run.info.experiment_id).name
mlflow.end_run()
mlflow.set_experiment("said")
mlflow.get_experiment(mlflow.start_run().info.experiment_id).name
mlflow.end_run()

# %% the experiment by its id
forget_experiment()
os.environ["MLFLOW_EXPERIMENT_ID"] = mlflow.create_experiment("by id")
mlflow.get_experiment(mlflow.start_run().info.experiment_id).name
mlflow.end_run()
os.environ["MLFLOW_EXPERIMENT_ID"] = "99999"
mlflow.start_run()
mlflow.active_run()

# %% both
forget_experiment()
os.environ["MLFLOW_EXPERIMENT_ID"] = mlflow.create_experiment("by id too")
os.environ["MLFLOW_EXPERIMENT_NAME"] = "by name too"
mlflow.get_experiment(mlflow.start_run().info.experiment_id).name
mlflow.end_run()

# %% neither
forget_experiment()
mlflow.get_experiment(mlflow.start_run().info.experiment_id).name
mlflow.end_run()

# %% the run to resume
with mlflow.start_run() as first:
    pass
os.environ["MLFLOW_RUN_ID"] = first.info.run_id
mlflow.start_run().info.run_id == first.info.run_id
mlflow.end_run()
mlflow.start_run().info.run_id == first.info.run_id
mlflow.end_run()
os.environ["MLFLOW_RUN_ID"] = "0" * 32
mlflow.start_run()
mlflow.active_run()
mlflow.end_run()
os.environ["MLFLOW_RUN_ID"] = first.info.run_id
mlflow.log_param("a", 1)
mlflow.active_run().info.run_id == first.info.run_id
mlflow.end_run()
os.environ["MLFLOW_RUN_ID"] = first.info.run_id
forget_experiment()
mlflow.start_run().info.run_id == first.info.run_id
mlflow.end_run()

# %% tags for every run
os.environ["MLFLOW_RUN_CONTEXT"] = json.dumps({"team": "vision", "number": "5"})
run = mlflow.start_run(tags={"own": "1"})
run.data.tags["team"]
run.data.tags.get("number")
mlflow.end_run()
os.environ["MLFLOW_RUN_CONTEXT"] = "nonsense"
mlflow.start_run()  # differs: variables
mlflow.end_run()

# %% where the store is
mlflow.is_tracking_uri_set()
mlflow.get_tracking_uri() == client.tracking_uri
mlflow.get_registry_uri() == mlflow.get_tracking_uri()
mlflow.MlflowClient().tracking_uri == mlflow.get_tracking_uri()
mlflow.set_tracking_uri("nonsense://x")  # differs: addresses
mlflow.start_run()  # differs: addresses
mlflow.end_run()
mlflow.MlflowClient("nonsense://x")
mlflow.tracking.get_tracking_uri() == mlflow.get_tracking_uri()
mlflow.config.get_tracking_uri() == mlflow.get_tracking_uri()

# %% the store by the environment
os.environ["STORE"] = mlflow.get_tracking_uri()
mlflow.set_tracking_uri(None)
os.environ["MLFLOW_TRACKING_URI"] = os.environ["STORE"]
mlflow.get_tracking_uri() == os.environ["STORE"]
mlflow.is_tracking_uri_set()
mlflow.MlflowClient().tracking_uri == os.environ["STORE"]
with mlflow.start_run() as run:
    mlflow.log_param("a", 1)
mlflow.get_run(run.info.run_id).data.params
del os.environ["MLFLOW_TRACKING_URI"]
mlflow.is_tracking_uri_set()
mlflow.set_tracking_uri(os.environ["STORE"])
mlflow.is_tracking_uri_set()
mlflow.set_registry_uri(mlflow.get_tracking_uri())
mlflow.get_registry_uri() == mlflow.get_tracking_uri()

# %% switches
mlflow.config.enable_async_logging()
mlflow.start_run()
mlflow.log_metric("a", 1)
mlflow.log_param("p", 1)
mlflow.set_tag("t", 1)
mlflow.flush_async_logging()
client.get_run(mlflow.active_run().info.run_id).data.metrics
mlflow.config.enable_async_logging(False)
mlflow.end_run()
