import threading
import time

import mlflow
from mlflow.entities import LifecycleStage, RunStatus

client = mlflow.MlflowClient()


def status(run):
    found = client.get_run(run.info.run_id)
    return found.info.status, found.info.end_time is not None


def fail(*arguments, **named):
    with mlflow.start_run(*arguments, **named) as run:
        raise ValueError(run.info.run_id)


# %% a run from start to end
mlflow.active_run()
run = mlflow.start_run()
mlflow.active_run()
mlflow.active_run().info.run_id == run.info.run_id
status(run)
mlflow.end_run()
mlflow.active_run()
status(run)
mlflow.last_active_run().info.run_id == run.info.run_id
mlflow.last_active_run().info.status
mlflow.get_run(run.info.run_id)
mlflow.end_run()
run.to_dictionary()["info"].keys()

# %% with
with mlflow.start_run() as run:
    mlflow.log_param("a", 1)
status(run)
mlflow.active_run()
try:
    with mlflow.start_run() as run:
        raise ValueError("stop")
except ValueError:
    pass
status(run)
mlflow.active_run()
with mlflow.start_run() as run:
    mlflow.end_run("KILLED")
status(run)
with mlflow.start_run() as run:
    mlflow.end_run()
    mlflow.start_run()
mlflow.active_run() is None
mlflow.end_run()
fail()
mlflow.active_run()

# %% statuses
run = mlflow.start_run()
mlflow.end_run("FAILED")
status(run)
run = mlflow.start_run()
mlflow.end_run("BAD")
mlflow.active_run() is None  # differs: a wrong status
mlflow.end_run()
mlflow.end_run(RunStatus.to_string(RunStatus.KILLED))
run = mlflow.start_run()
mlflow.end_run("RUNNING")
status(run)
run = mlflow.start_run()
mlflow.end_run("SCHEDULED")
status(run)
RunStatus.to_string(9)
RunStatus.from_string("FINISHED")
RunStatus.from_string("x")
RunStatus.is_terminated(RunStatus.FAILED)
RunStatus.all_status()

# %% names, tags and notes
mlflow.start_run(run_name="named").info.run_name
mlflow.active_run().data.tags["mlflow.runName"]
mlflow.end_run()
run = mlflow.start_run(run_name="", tags={"a": 1, "b": None}, description="a note")
mlflow.end_run()
mlflow.start_run(tags={"mlflow.runName": "by tag"}).info.run_name
mlflow.end_run()
mlflow.start_run(run_name="x", tags={"mlflow.runName": "y"})
mlflow.end_run()
mlflow.start_run(run_name="x", tags={"mlflow.runName": "x"}).info.run_name
mlflow.end_run()
mlflow.start_run(description="a", tags={"mlflow.note.content": "b"})
mlflow.end_run()
mlflow.start_run(tags={"mlflow.user": "somebody"}).data.tags["mlflow.user"]
mlflow.active_run().info.user_id == "somebody"
mlflow.end_run()
mlflow.start_run(tags={"": "x"})  # differs: keys of a new run's tags
mlflow.end_run()
mlflow.start_run(tags={"bad%": "x"})  # differs: keys of a new run's tags
mlflow.end_run()
mlflow.start_run(run_name="n" * 600).info.run_name
mlflow.end_run()
mlflow.start_run(tags={"mlflow.source.name": "mine"}).data.tags["mlflow.source.name"]
mlflow.end_run()

# %% one at a time
first = mlflow.start_run()
mlflow.start_run()
mlflow.start_run(run_id=first.info.run_id)
mlflow.active_run().info.run_id == first.info.run_id
mlflow.end_run()

# %% nested
with mlflow.start_run() as parent, mlflow.start_run(nested=True) as child:
    with mlflow.start_run(nested=True) as grandchild:
        mlflow.log_param("depth", 2)
    mlflow.log_param("depth", 1)
child.data.tags["mlflow.parentRunId"] == parent.info.run_id
grandchild.data.tags["mlflow.parentRunId"] == child.info.run_id
[client.get_run(run.info.run_id).data.params for run in (parent, child, grandchild)]
mlflow.get_parent_run(child.info.run_id).info.run_id == parent.info.run_id
mlflow.get_parent_run(parent.info.run_id)
client.get_parent_run(grandchild.info.run_id).info.run_id == child.info.run_id
mlflow.get_parent_run("0" * 32)
with mlflow.start_run(nested=True) as alone:
    pass
"mlflow.parentRunId" in alone.data.tags
first = mlflow.start_run()
second = mlflow.start_run(nested=True)
mlflow.end_run()
mlflow.active_run().info.run_id == first.info.run_id
mlflow.end_run()
[status(run) for run in (first, second)]

# %% a parent by its id
with mlflow.start_run() as parent:
    pass
with mlflow.start_run(parent_run_id=parent.info.run_id) as child:
    pass
child.data.tags["mlflow.parentRunId"] == parent.info.run_id
mlflow.start_run(parent_run_id="0" * 32)
mlflow.end_run()
mlflow.delete_run(parent.info.run_id)
mlflow.start_run(parent_run_id=parent.info.run_id)
mlflow.end_run()
with mlflow.start_run() as other, mlflow.start_run(nested=True, parent_run_id=child.info.run_id) as grandchild:
    pass
grandchild.data.tags["mlflow.parentRunId"] == child.info.run_id
with mlflow.start_run() as other:
    mlflow.start_run(nested=True, parent_run_id=None)
    mlflow.end_run()

# %% resumed
with mlflow.start_run(run_name="first name") as run:
    mlflow.log_param("a", 1)
ended = client.get_run(run.info.run_id).info.end_time
again = mlflow.start_run(run_id=run.info.run_id)  # differs: running again
again.info.run_id == run.info.run_id
again.info.status
again.data.params
client.get_run(run.info.run_id).info.end_time == ended  # differs: running again
mlflow.end_run()
status(run)
with mlflow.start_run(run_id=run.info.run_id, run_name="second name", tags={"b": 2}, description="note") as again:
    mlflow.log_param("c", 3)
client.get_run(run.info.run_id).info.run_name
client.get_run(run.info.run_id).data.tags
client.get_run(run.info.run_id).data.params
mlflow.start_run("0" * 32)
mlflow.start_run("not an id")
mlflow.start_run(
    run_id=run.info.run_id, experiment_id=mlflow.create_experiment("another")
)  # differs: another experiment
mlflow.end_run()
mlflow.start_run(run_id="").info.run_id == run.info.run_id
mlflow.end_run()
mlflow.delete_run(run.info.run_id)
mlflow.start_run(run_id=run.info.run_id)
mlflow.active_run()

# %% where a run goes
there = mlflow.create_experiment("there")
with mlflow.start_run(experiment_id=there) as run:
    pass
run.info.experiment_id == there
mlflow.start_run(experiment_id="99999")
mlflow.start_run(experiment_id="word")
mlflow.active_run()
with mlflow.start_run(experiment_id=int(there)) as run:
    pass
run.info.experiment_id == there
mlflow.delete_experiment(there)
mlflow.start_run(experiment_id=there)
mlflow.active_run()

# %% started by the first thing logged
mlflow.log_param("a", 1)
mlflow.active_run().data.params
run = mlflow.active_run()
mlflow.get_run(run.info.run_id).data.params
mlflow.end_run()
mlflow.log_metric("a", 1)
mlflow.end_run()
mlflow.set_tag("a", 1)
mlflow.end_run()
mlflow.get_artifact_uri()
mlflow.active_run() is not None
mlflow.end_run()
mlflow.log_metrics({"a": 1}, run_id=run.info.run_id)
mlflow.active_run()

# %% deleted and restored
with mlflow.start_run() as run:
    mlflow.log_param("a", 1)
    mlflow.set_tag("t", "x")
mlflow.delete_run(run.info.run_id)
mlflow.get_run(run.info.run_id).info.lifecycle_stage == LifecycleStage.DELETED
mlflow.delete_run(run.info.run_id)
client.log_param(run.info.run_id, "b", 1)
client.log_metric(run.info.run_id, "b", 1)
client.set_tag(run.info.run_id, "b", 1)
client.delete_tag(run.info.run_id, "t")
client.log_batch(run.info.run_id)
client.update_run(run.info.run_id, "FAILED")
client.set_terminated(run.info.run_id)
client.log_text(run.info.run_id, "text", "a.txt")  # differs: files of deleted runs
client.list_artifacts(run.info.run_id)  # differs: files of deleted runs
mlflow.restore_run(run.info.run_id)
mlflow.restore_run(run.info.run_id)
client.log_param(run.info.run_id, "b", 1)
mlflow.get_run(run.info.run_id).data.params
mlflow.delete_run("0" * 32)
mlflow.restore_run("0" * 32)
mlflow.get_run("0" * 32)
mlflow.get_run("")
mlflow.get_run(None)
mlflow.get_run("a/b")
mlflow.get_run(5)
mlflow.delete_run(None)  # differs: no id

# %% logged after the end
with mlflow.start_run() as run:
    pass
client.log_param(run.info.run_id, "a", 1)
client.log_metric(run.info.run_id, "m", 1)
client.set_tag(run.info.run_id, "t", 1)
client.log_text(run.info.run_id, "x", "a.txt")
mlflow.log_metric("n", 2, run_id=run.info.run_id)
mlflow.active_run()
client.get_run(run.info.run_id).data.metrics
client.get_run(run.info.run_id).data.params
status(run)

# %% the client's runs
experiment = mlflow.create_experiment("client's")
run = client.create_run(experiment)
sorted(run.data.tags)
run.info.user_id
client.create_run(experiment, start_time=1_000).info.start_time
client.create_run(experiment, start_time=0).info.start_time
client.create_run(experiment, tags={"a": 1}, run_name="n").data.tags
client.create_run(experiment, run_name="n", tags={"mlflow.runName": "m"})
client.create_run(experiment, tags={"mlflow.user": "me"}).info.user_id
client.create_run(int(experiment)).info.experiment_id == experiment
client.create_run("99999")
client.create_run("x")
client.create_run(None)  # differs: no id
client.create_run("")
client.update_run(run.info.run_id, status="SCHEDULED")
status(run)
client.update_run(run.info.run_id, name="new name")
client.get_run(run.info.run_id).info.run_name
client.get_run(run.info.run_id).data.tags["mlflow.runName"]
client.get_run(run.info.run_id).info.status
client.update_run(run.info.run_id, status="BAD")
client.update_run(run.info.run_id)
client.update_run("0" * 32, status="FAILED")
client.set_tag(run.info.run_id, "mlflow.runName", "by tag")
client.get_run(run.info.run_id).info.run_name
client.set_terminated(run.info.run_id)
status(run)
client.set_terminated(run.info.run_id, "FAILED", 5_000)
client.get_run(run.info.run_id).info.end_time
client.get_run(run.info.run_id).info.status
client.set_terminated(run.info.run_id, "BAD")
client.set_terminated("0" * 32)
client.update_run(run.info.run_id, status="RUNNING")
client.get_run(run.info.run_id).info.status
client.get_run("0" * 32)
client.delete_run("0" * 32)
client.restore_run("0" * 32)

# %% threads have runs of their own
seen = []


def work(number):
    with mlflow.start_run(run_name=f"thread {number}") as own:
        mlflow.log_metric("number", number)
        time.sleep(0)
        seen.append((number, mlflow.active_run().info.run_id == own.info.run_id, own.info.run_name))


outer = mlflow.start_run()
threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
[thread.start() for thread in threads] and None
[thread.join() for thread in threads] and None
sorted(seen)
mlflow.active_run().info.run_id == outer.info.run_id
mlflow.end_run()
sorted(run.data.metrics["number"] for run in mlflow.search_runs(output_format="list") if run.data.metrics)
{run.info.status for run in mlflow.search_runs(output_format="list")}

# %% a thread without a run
run = mlflow.start_run()
others = []
thread = threading.Thread(target=lambda: others.append(mlflow.active_run()))
thread.start()
thread.join()
[other is None for other in others]  # differs: threads
