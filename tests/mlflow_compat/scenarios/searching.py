
import mlflow
from mlflow.entities import ViewType

client = mlflow.MlflowClient()


def several(count=5):
    for number in range(count):
        with mlflow.start_run(run_name=f"run {number}", tags={"kind": f"k{number % 2}"}) as run:
            mlflow.log_param("p", number)
            if number:
                mlflow.log_metric("m", number / 2)
    return run


# %% frames
last = several(3)
mlflow.search_runs(order_by=["params.p"])
mlflow.search_runs("no such id")
mlflow.search_runs(filter_string="params.p = '9'")
mlflow.search_runs(filter_string="params.p = '1'")[["params.p", "metrics.m", "status"]]
len(mlflow.search_runs(max_results=2))
mlflow.search_runs(max_results=0)
mlflow.search_runs(max_results=-1)
mlflow.search_runs(output_format="nonsense")
mlflow.search_runs(experiment_ids=[])
mlflow.search_runs(experiment_names=["no such"])
mlflow.search_runs(experiment_names=[])
len(mlflow.search_runs([last.info.experiment_id]))
len(mlflow.search_runs([int(last.info.experiment_id)]))
mlflow.search_runs([last.info.experiment_id], experiment_names=["a"])
len(mlflow.search_runs(experiment_names=["searching: frames"]))
len(mlflow.search_runs(search_all_experiments=True, filter_string=f"run_id = '{last.info.run_id}'"))
mlflow.search_runs(["99999"])
mlflow.search_runs(["word"])
mlflow.search_runs(filter_string="nonsense")
mlflow.search_runs(order_by=["nonsense nonsense"])
mlflow.search_runs(run_view_type=7)  # differs: view types

# %% lists
several(3)
type(mlflow.search_runs(output_format="list")).__name__
[run.data.params["p"] for run in mlflow.search_runs(output_format="list", order_by=["params.p DESC"])]
mlflow.search_runs(output_format="list", filter_string="params.p = '1'")
mlflow.search_runs(output_format="list", filter_string="params.p = '9'")

# %% pages
last = several(5)
ids = [last.info.experiment_id]
page = client.search_runs(ids, order_by=["params.p"], max_results=2)
[run.data.params["p"] for run in page]
page = client.search_runs(ids, order_by=["params.p"], max_results=2, page_token=page.token)
page = client.search_runs(ids, order_by=["params.p"], max_results=2, page_token=page.token)
client.search_runs(ids, max_results=5).token
client.search_runs(ids, max_results=0)
client.search_runs(ids, max_results=-1)
client.search_runs(ids, max_results=50_001)
client.search_runs(ids, page_token="nonsense")
len(client.search_runs(ids[0]))
client.search_runs([])
client.search_runs("")
client.search_runs(None)
len(client.search_runs(ids, filter_string=None))
page.to_list() == list(page)

# %% active and deleted
last = several(3)
mlflow.delete_run(last.info.run_id)
ids = [last.info.experiment_id]
len(mlflow.search_runs())
len(mlflow.search_runs(run_view_type=ViewType.DELETED_ONLY))
len(mlflow.search_runs(run_view_type=ViewType.ALL))
len(client.search_runs(ids, run_view_type=ViewType.ACTIVE_ONLY))
len(client.search_runs(ids, run_view_type=ViewType.ALL))
client.search_runs(ids, run_view_type="ALL")  # differs: view types
client.search_runs(ids, run_view_type=None)  # differs: view types
