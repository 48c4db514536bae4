import math

import mlflow
import numpy
from mlflow.entities import Metric, Param, RunTag

client = mlflow.MlflowClient()


class Tensor:
    def __init__(self, *values):
        self.values = values

    def item(self):
        (value,) = self.values
        return value

    def __float__(self):
        return float(self.item())


def history(key):
    run_id = mlflow.active_run().info.run_id
    return [(point.value, point.step, point.timestamp) for point in client.get_metric_history(run_id, key)]


def latest():
    return client.get_run(mlflow.active_run().info.run_id).data.metrics


# %% values that are numbers
mlflow.start_run()
mlflow.log_metric("integer", 1)
mlflow.log_metric("float", 0.1)
mlflow.log_metric("true", True)
mlflow.log_metric("text", "1.5")
mlflow.log_metric("text exponent", "1e-3")
mlflow.log_metric("text with space", " 2 ")
mlflow.log_metric("numpy float32", numpy.float32(0.5))
mlflow.log_metric("numpy float64", numpy.float64(0.25))
mlflow.log_metric("numpy int64", numpy.int64(7))
mlflow.log_metric("numpy bool", numpy.bool_(True))
mlflow.log_metric("array of one", numpy.array([3.0]))
mlflow.log_metric("array of none dimensions", numpy.array(4.0))
mlflow.log_metric("tensor", Tensor(5.0))
mlflow.log_metric("big integer", 2**63)
mlflow.log_metric("negative", -3)
mlflow.log_metric("tiny", 5e-324)
mlflow.log_metric("large", 1.7e308)
mlflow.log_metric("zero", -0.0)
latest()

# %% values that are not
mlflow.start_run()
mlflow.log_metric("word", "much")
mlflow.log_metric("empty", "")
mlflow.log_metric("none", None)
mlflow.log_metric("list", [1.0])
mlflow.log_metric("dict", {})
mlflow.log_metric("complex", 1j)
mlflow.log_metric("array of two", numpy.array([1.0, 2.0]))
mlflow.log_metric("array of nothing", numpy.array([]))
mlflow.log_metric("tensor of two", Tensor(1, 2))
mlflow.log_metric("object", object())
mlflow.log_metric("too large", 10**400)
latest()

# %% not a number and infinities
mlflow.start_run()
mlflow.log_metric("nan", math.nan)
mlflow.log_metric("nan text", "nan")
mlflow.log_metric("inf", math.inf)
mlflow.log_metric("minus inf", -math.inf)
mlflow.log_metric("inf text", "inf")
latest()  # differs: infinities
history("nan")
history("inf")  # differs: infinities

# %% steps
mlflow.start_run()
mlflow.log_metric("a", 1, step=0, timestamp=1)
mlflow.log_metric("a", 2, step=10, timestamp=2)
mlflow.log_metric("a", 3, step=5, timestamp=3)
mlflow.log_metric("b", 1, step=-4)
mlflow.log_metric("c", 1, step=2.9)
mlflow.log_metric("d", 1, step=numpy.int64(6))
mlflow.log_metric("e", 1, step="7")
mlflow.log_metric("f", 1, step="x")
mlflow.log_metric("g", 1, step=2**62)
mlflow.log_metric("h", 1, step=2**63)
mlflow.log_metric("i", 1, step=True)
mlflow.log_metric("j", 1, step=math.nan)
mlflow.log_metric("k", 1, step=[1])
mlflow.log_metric("l", 1, step=-(2**63))
mlflow.log_metric("m", 1, 3)
mlflow.log_metric("n", 1, step=2**53 + 1)
latest()
[[step for _, step, _ in history(key)] for key in "abegilmn"]
history("c")[0][1]  # differs: steps
history("d")[0][1]  # differs: steps

# %% timestamps
mlflow.start_run()
mlflow.log_metric("a", 1, timestamp=1_000)
mlflow.log_metric("a", 2, timestamp=2_000)
mlflow.log_metric("a", 3, timestamp=500)
mlflow.log_metric("b", 1, timestamp=0)
mlflow.log_metric("c", 1, timestamp=-1)
mlflow.log_metric("d", 1, timestamp=12.7)
mlflow.log_metric("e", 1, timestamp="12")
mlflow.log_metric("f", 1)
history("a")
history("b")  # differs: times
history("d")  # differs: times
history("e")
history("f")
latest()

# %% which point is the latest
mlflow.start_run()
mlflow.log_metric("a", 1, step=1, timestamp=10)
mlflow.log_metric("a", 2, step=0, timestamp=20)
mlflow.log_metric("b", 1, step=1, timestamp=10)
mlflow.log_metric("b", 2, step=1, timestamp=5)
mlflow.log_metric("c", 2, step=1, timestamp=10)
mlflow.log_metric("c", 1, step=1, timestamp=10)
latest()
mlflow.log_metric("d", 1, step=0, timestamp=10)
mlflow.log_metric("d", 1, step=0, timestamp=10)
mlflow.log_metric("d", 1, step=0, timestamp=11)
history("d")

# %% keys
mlflow.start_run()
mlflow.log_metric("plain", 1)
mlflow.log_metric("with space", 1)
mlflow.log_metric("with/slash", 1)
mlflow.log_metric("dots.and-dashes_", 1)
mlflow.log_metric("colon:s", 1)
mlflow.log_metric("größe", 1)
mlflow.log_metric("", 1)
mlflow.log_metric("percent%", 1)
mlflow.log_metric("paren(s)", 1)
mlflow.log_metric("/leading", 1)
mlflow.log_metric("trailing/", 1)
mlflow.log_metric("a//b", 1)
mlflow.log_metric("../up", 1)
mlflow.log_metric("a/../b", 1)
mlflow.log_metric(".", 1)
mlflow.log_metric("..", 1)
mlflow.log_metric("new\nline", 1)
mlflow.log_metric("k" * 250, 1)
mlflow.log_metric("k" * 251, 1)
mlflow.log_metric(None, 1)
mlflow.log_metric(5, 1)
mlflow.log_metric("@at", 1)
sorted(latest())

# %% many at once
mlflow.start_run()
mlflow.log_metrics({"a": 1, "b": 2.5}, step=3)
mlflow.log_metrics({})
mlflow.log_metrics({"a": 2, "c": "x"}, step=4)
mlflow.log_metrics({"a": 3, "": 1}, step=5)
mlflow.log_metrics({"t": 1}, timestamp=1_000)
mlflow.log_metrics(None)
mlflow.log_metrics([("a", 1)])
mlflow.log_metrics({f"key {number}": number for number in range(1500)})
len(latest())
latest()["a"]
history("a")
history("t")

# %% what comes back
mlflow.start_run()
mlflow.log_metric("a", 1)
mlflow.log_metric("a", 1, synchronous=True)
operation = mlflow.log_metric("a", 2, step=1, synchronous=False)
operation.wait()
mlflow.log_metrics({"b": 1}, synchronous=False).wait()
mlflow.log_metrics({"b": 1}, synchronous=True)
mlflow.flush_async_logging()
latest()

# %% another run than the active one
other = client.create_run(mlflow.set_experiment("elsewhere").experiment_id)
mlflow.start_run()
mlflow.log_metric("a", 1, run_id=other.info.run_id)
mlflow.log_metrics({"b": 1, "c": 2}, run_id=other.info.run_id)
latest()
client.get_run(other.info.run_id).data.metrics
mlflow.log_metric("a", 1, run_id="0" * 32)
mlflow.log_metric("a", 1, run_id="no/id")
mlflow.log_metrics({"a": 1}, run_id="0" * 32)

# %% models and datasets of a point
mlflow.start_run()
run_id = mlflow.active_run().info.run_id
client.log_metric(run_id, "b", 1, dataset_name="d", dataset_digest="123")
client.log_metric(run_id, "c", 1, dataset_name="d")
client.get_metric_history(run_id, "b")  # differs: points and datasets
client.get_metric_history(run_id, "c")
client.get_run(run_id).data.metrics

# %% the client's points
run_id = client.create_run(mlflow.set_experiment("points").experiment_id).info.run_id
client.log_metric(run_id, "a", 1)
client.log_metric(run_id, "a", 2, 1_000, 5)
client.log_metric(run_id, "a", "3", timestamp=2_000, step=6)
client.log_metric(run_id, "a", "x")
client.log_metric(run_id, "a", None)
client.log_metric(run_id, "a", 1, step=1.5)
client.log_metric(run_id, "", 1)
client.log_metric("", "a", 1)  # differs: no id
client.log_metric(None, "a", 1)  # differs: no id
client.log_metric("0" * 32, "a", 1)
client.get_metric_history(run_id, "a")  # differs: steps
client.get_metric_history(run_id, "none")
client.get_metric_history("0" * 32, "a")  # differs: missing runs
client.get_metric_history(run_id, "")
client.get_run(run_id).data._metric_objs

# %% batches
run_id = client.create_run(mlflow.set_experiment("batches").experiment_id).info.run_id
client.log_batch(run_id)
client.log_batch(run_id, [Metric("a", 1.0, 1_000, 0)], [Param("p", "1")], [RunTag("t", "x")])
client.log_batch(run_id, metrics=[Metric("a", 2.0, 2_000, 1), Metric("a", 2.0, 2_000, 1)])
client.log_batch(run_id, params=[Param("p", "1")])
client.log_batch(run_id, params=[Param("p", "2")])
client.log_batch(run_id, params=[Param("q", "1"), Param("q", "1")])
client.log_batch(run_id, params=[Param("r", "1"), Param("r", "2")])
client.log_batch(run_id, metrics=[Metric("a", "x", 1, 0)])
client.log_batch(run_id, metrics=[Metric("a", None, 1, 0)])
client.log_batch(run_id, metrics=[Metric("a", 1.0, None, 0)])
client.log_batch(run_id, metrics=[Metric("a", 1.0, -5, 0)])
client.log_batch(run_id, metrics=[Metric("a", 1.0, 1, None)])
client.log_batch(run_id, metrics=[Metric("", 1.0, 1, 0)])
client.log_batch(run_id, tags=[RunTag("t", "y"), RunTag("u", None)])
client.log_batch(run_id, params=[Param("none", None), Param("number", 5)])
client.log_batch(run_id, params=[Param("", "1")])
client.log_batch(run_id, metrics=[{"key": "a"}])
client.log_batch(run_id, params={"a": 1})
client.log_batch(run_id, params=[Param(f"p{number}", str(number)) for number in range(250)])
client.log_batch(run_id, tags=[RunTag(f"t{number}", str(number)) for number in range(250)])
client.log_batch(run_id, metrics=[Metric("many", float(number), number, number) for number in range(2500)])
client.log_batch(run_id, synchronous=True)
client.log_batch(run_id, [Metric("s", 1.0, 1, 0)], synchronous=False).wait()
client.log_batch("0" * 32, [Metric("a", 1.0, 1, 0)])
client.log_batch(None, [Metric("a", 1.0, 1, 0)])
client.get_metric_history(run_id, "a")
len(client.get_metric_history(run_id, "many"))
client.get_run(run_id).data
