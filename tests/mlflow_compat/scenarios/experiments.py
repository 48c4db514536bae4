import os
import time

import mlflow
from mlflow.entities import ViewType

client = mlflow.MlflowClient()

# %% made and found
number = mlflow.create_experiment("made", tags={"a": "1"})
experiment = mlflow.get_experiment(number)
dict(experiment).keys() >= {"experiment_id", "name", "artifact_location", "tags"}
mlflow.get_experiment_by_name("made").experiment_id == number
mlflow.get_experiment_by_name("missing")
client.get_experiment_by_name("missing")
mlflow.get_experiment("99999")
mlflow.get_experiment("word")
mlflow.get_experiment("")  # differs: no id
mlflow.get_experiment(None)  # differs: no id
mlflow.get_experiment(int(number)).name
mlflow.get_experiment("-1")
mlflow.get_experiment("0").name
mlflow.get_experiment_by_name("Default").experiment_id == "0"
mlflow.get_experiment_by_name("")
mlflow.get_experiment_by_name(None)

# %% names
mlflow.create_experiment("made")
mlflow.create_experiment("")
mlflow.create_experiment(None)
mlflow.create_experiment(5)
mlflow.create_experiment(" ")
mlflow.create_experiment("with/slash") is not None
mlflow.create_experiment("größe ✓") is not None
mlflow.create_experiment("n" * 500) is not None
mlflow.create_experiment("n" * 501)
mlflow.create_experiment("tagged", tags={"": "x"})
mlflow.get_experiment_by_name("tagged")
mlflow.create_experiment("tagged", tags={"bad%": "x"})
mlflow.create_experiment("Made") is not None

# %% the active one
active = mlflow.set_experiment("active")
mlflow.start_run().info.experiment_id == active.experiment_id
mlflow.end_run()
mlflow.set_experiment("active").experiment_id == active.experiment_id
mlflow.set_experiment(experiment_id=active.experiment_id).name
mlflow.set_experiment(experiment_id=int(active.experiment_id)).name
mlflow.set_experiment(experiment_id="99999")
mlflow.set_experiment("a", experiment_id="0")
mlflow.set_experiment()
mlflow.set_experiment("")
mlflow.set_experiment(None)
mlflow.set_experiment(5)
mlflow.start_run().info.experiment_id == active.experiment_id
mlflow.end_run()
os.environ["MLFLOW_EXPERIMENT_ID"] == active.experiment_id  # differs: variables

# %% deleted and restored
number = mlflow.create_experiment("gone")
run = client.create_run(number)
mlflow.delete_experiment(number)
mlflow.get_experiment(number).lifecycle_stage
mlflow.get_experiment_by_name("gone").lifecycle_stage
client.get_run(run.info.run_id).info.lifecycle_stage
mlflow.set_experiment("gone")
mlflow.set_experiment(experiment_id=number)
mlflow.create_experiment("gone")
client.create_run(number)
client.rename_experiment(number, "renamed")
client.set_experiment_tag(number, "a", 1)
client.delete_experiment_tag(number, "a")
mlflow.delete_experiment(number)
mlflow.restore_experiment(number)
mlflow.get_experiment(number).lifecycle_stage
client.get_run(run.info.run_id).info.lifecycle_stage
mlflow.restore_experiment(number)
mlflow.delete_experiment("99999")
mlflow.restore_experiment("99999")
mlflow.delete_experiment("word")
mlflow.delete_experiment(None)
mlflow.delete_experiment("")

# %% a run deleted before its experiment was
number = mlflow.create_experiment("twice gone")
first, second = client.create_run(number), client.create_run(number)
client.delete_run(first.info.run_id)
mlflow.delete_experiment(number)
mlflow.restore_experiment(number)
[client.get_run(run.info.run_id).info.lifecycle_stage for run in (first, second)]

# %% renamed
number = mlflow.create_experiment("old name")
client.rename_experiment(number, "new name")
mlflow.get_experiment(number).name
mlflow.get_experiment_by_name("old name")
mlflow.create_experiment("taken") is not None
client.rename_experiment(number, "taken")
client.rename_experiment(number, "new name")
client.rename_experiment(number, "")
client.rename_experiment(number, None)
client.rename_experiment("99999", "x")
client.rename_experiment(number, "n" * 501)
mlflow.get_experiment(number).name

# %% tags
active = mlflow.set_experiment("tags")
mlflow.set_experiment_tag("a", 1)
mlflow.set_experiment_tag("a", 2)
mlflow.set_experiment_tags({"b": None, "c": True, "d": 1.5})
mlflow.get_experiment(active.experiment_id).tags
mlflow.delete_experiment_tag("a")
mlflow.delete_experiment_tag("a")
mlflow.set_experiment_tag("", 1)
mlflow.set_experiment_tag("bad%", 1)
mlflow.set_experiment_tag(None, 1)
mlflow.set_experiment_tag("k" * 251, 1)
mlflow.set_experiment_tag("long", "v" * 5_000)
mlflow.set_experiment_tag("longer", "v" * 5_001)
mlflow.set_experiment_tag("longest", "v" * 20_001)
client.set_experiment_tag("99999", "a", 1)
client.delete_experiment_tag("99999", "a")
client.set_experiment_tag("word", "a", 1)
{key: len(value) for key, value in mlflow.get_experiment(active.experiment_id).tags.items()}

# %% pages of experiments
def in_a_millisecond_of_its_own(name):
    last = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 == last:
        pass
    mlflow.create_experiment(name)


for number in range(5):
    in_a_millisecond_of_its_own(f"page {number}")
page = client.search_experiments(filter_string="name LIKE 'page %'", max_results=2)
page = client.search_experiments(filter_string="name LIKE 'page %'", max_results=2, page_token=page.token)
page = client.search_experiments(filter_string="name LIKE 'page %'", max_results=2, page_token=page.token)
client.search_experiments(filter_string="name LIKE 'page %'", max_results=5).token
[found.name for found in mlflow.search_experiments(filter_string="name LIKE 'page %'", order_by=["name ASC"])]
[found.name for found in mlflow.search_experiments(filter_string="name LIKE 'page %'", max_results=3)]
mlflow.search_experiments(max_results=0)
mlflow.search_experiments(max_results=-1)
client.search_experiments(max_results=0)
client.search_experiments(max_results=1_000_000)
client.search_experiments(page_token="nonsense")
mlflow.search_experiments(view_type=9)  # differs: view types
mlflow.search_experiments(filter_string="nonsense")
mlflow.search_experiments(order_by=["nonsense"])
mlflow.delete_experiment(mlflow.get_experiment_by_name("page 0").experiment_id)
[found.name for found in mlflow.search_experiments(ViewType.DELETED_ONLY, filter_string="name LIKE 'page %'")]
len(mlflow.search_experiments(ViewType.ALL, filter_string="name LIKE 'page %'"))
len(mlflow.search_experiments(filter_string="name LIKE 'page %'"))
type(mlflow.search_experiments()).__name__
