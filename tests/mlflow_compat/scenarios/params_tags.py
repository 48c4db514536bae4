import os

import mlflow
import numpy

client = mlflow.MlflowClient()


def data():
    return client.get_run(mlflow.active_run().info.run_id).data


def params():
    return data().params


def tags():
    return {key: value for key, value in data().tags.items() if not key.startswith(("mlflow.", "runstone."))}


# %% values of params
mlflow.start_run()
mlflow.log_param("text", "x")
mlflow.log_param("integer", 5)
mlflow.log_param("float", 1e-10)
mlflow.log_param("none", None)
mlflow.log_param("true", True)
mlflow.log_param("list", [1, "a"])
mlflow.log_param("dict", {"b": 1})
mlflow.log_param("empty", "")
mlflow.log_param("numpy", numpy.float64(0.5))
mlflow.log_param("array", numpy.array([1, 2]))
mlflow.log_param("unicode", "größe ✓ 日本")
mlflow.log_param("newline", "a\nb")
mlflow.log_param("nul", "a\0b")
mlflow.log_param("surrogate", "\ud800")
mlflow.log_param("object", KeyError)
params()

# %% a param given twice
mlflow.start_run()
mlflow.log_param("a", 1)
mlflow.log_param("a", 1)
mlflow.log_param("a", "1")
mlflow.log_param("a", 2)
mlflow.log_params({"a": 1, "b": 2})
mlflow.log_params({"b": 3, "c": 4})
mlflow.log_params({"c": 4, "a": 5})
params()

# %% long values
mlflow.start_run()
mlflow.log_param("fits", "v" * 6_000)
mlflow.log_param("long", "v" * 6_001)
mlflow.log_params({"longer": "v" * 10_000})
mlflow.set_tag("fits", "v" * 8_000)
mlflow.set_tag("long", "v" * 8_001)
mlflow.set_tags({"longer": "v" * 10_000})
mlflow.log_param("k" * 250, 1)
mlflow.log_param("k" * 251, 1)
mlflow.set_tag("k" * 250, 1)
mlflow.set_tag("k" * 251, 1)
{key[:9]: len(value) for key, value in params().items()}
{key[:9]: len(value) for key, value in tags().items()}
os.environ["MLFLOW_TRUNCATE_LONG_VALUES"] = "false"
mlflow.log_param("refused", "v" * 6_001)
mlflow.set_tag("refused", "v" * 8_001)
mlflow.log_params({"refused too": "v" * 6_001})
mlflow.set_tags({"refused too": "v" * 8_001})
"refused" in params()

# %% keys of params
mlflow.start_run()
mlflow.log_param("with space", 1)
mlflow.log_param("a/b", 1)
mlflow.log_param("a:b", 1)
mlflow.log_param("größe", 1)
mlflow.log_param("", 1)
mlflow.log_param(None, 1)
mlflow.log_param(5, 1)
mlflow.log_param("a%", 1)
mlflow.log_param("../a", 1)
mlflow.log_param("/a", 1)
mlflow.log_param("a/", 1)
mlflow.log_param(".", 1)
mlflow.log_params({5: 1})
sorted(params())

# %% many params
mlflow.start_run()
mlflow.log_params({})
mlflow.log_params({f"p{number}": number for number in range(250)})
mlflow.log_params(None)
mlflow.log_params("text")
mlflow.log_params([("a", 1)])
mlflow.log_params({"ok": 1, "": 2})
len(params())
"ok" in params()

# %% what comes back
mlflow.start_run()
mlflow.log_param("a", [1])
mlflow.log_param("b", 1, synchronous=True)
mlflow.log_param("c", 1, synchronous=False).wait()
mlflow.log_params({"d": 1})
mlflow.log_params({"e": 1}, synchronous=False).wait()
mlflow.set_tag("a", 1)
mlflow.set_tag("b", 1, synchronous=True)
mlflow.set_tag("c", 1, synchronous=False).wait()
mlflow.set_tags({"d": 1})
mlflow.set_tags({"e": 1}, synchronous=False).wait()
params()
tags()

# %% another run than the active one
other = client.create_run(mlflow.set_experiment("elsewhere").experiment_id)
mlflow.start_run()
mlflow.log_params({"a": 1}, run_id=other.info.run_id)
params()
client.get_run(other.info.run_id).data.params
mlflow.log_params({"a": 1}, run_id="0" * 32)

# %% tags set and taken away
mlflow.start_run()
mlflow.set_tag("a", 1)
mlflow.set_tag("a", 2)
mlflow.set_tag("none", None)
mlflow.set_tag("empty", "")
mlflow.set_tag("list", [1])
mlflow.set_tag("true", True)
mlflow.set_tag("unicode", "größe ✓")
mlflow.set_tag("", 1)
mlflow.set_tag(None, 1)
mlflow.set_tag(5, 1)
mlflow.set_tag("a%", 1)
mlflow.set_tags({"x": 1, "y": None})
mlflow.set_tags({})
mlflow.set_tags(None)
mlflow.set_tags({"ok": 1, "": 2})
mlflow.set_tags({f"t{number}": number for number in range(250)})
mlflow.delete_tag("a")
mlflow.delete_tag("a")
mlflow.delete_tag("")  # differs: no id
mlflow.delete_tag(None)  # differs: no id
len(tags())
{key: value for key, value in tags().items() if not key.startswith("t")}
mlflow.set_tag("mlflow.runName", "renamed")
mlflow.active_run().info.run_name == "renamed"
client.get_run(mlflow.active_run().info.run_id).info.run_name
mlflow.set_tag("mlflow.user", "somebody")
mlflow.set_tag("mlflow.note.content", "a note")
mlflow.set_tags({"mlflow.runName": "renamed again"})
client.get_run(mlflow.active_run().info.run_id).info.run_name
mlflow.delete_tag("mlflow.runName")
client.get_run(mlflow.active_run().info.run_id).info.run_name

# %% the client's params and tags
run_id = client.create_run(mlflow.set_experiment("client's").experiment_id).info.run_id
client.log_param(run_id, "a", 1)
client.log_param(run_id, "a", 2)
client.log_param(run_id, "", 2)
client.log_param("0" * 32, "a", 1)
client.log_param(None, "a", 1)  # differs: no id
client.log_param(run_id, "b", 1, synchronous=False).wait()
client.set_tag(run_id, "a", 1)
client.set_tag("0" * 32, "a", 1)
client.set_tag(run_id, "", 1)
client.set_tag(run_id, "c", 1, synchronous=False).wait()
client.delete_tag(run_id, "a")
client.delete_tag(run_id, "a")
client.delete_tag("0" * 32, "a")
client.get_run(run_id).data

# %% all or nothing
mlflow.start_run()
mlflow.log_params({"a": 1, "bad%": 2, "c": 3})
mlflow.set_tags({"a": 1, "bad%": 2, "c": 3})
mlflow.log_metrics({"a": 1, "bad%": 2, "c": 3})
data().params
tags()
data().metrics
