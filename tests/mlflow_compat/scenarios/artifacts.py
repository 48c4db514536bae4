import io
import os
from pathlib import Path

import mlflow
import mlflow.artifacts

client = mlflow.MlflowClient()
Path("a.txt").write_text("one")
Path("folder/deep").mkdir(parents=True)
Path("folder/b.txt").write_text("two")
Path("folder/deep/c.txt").write_text("three")
Path("empty").mkdir()
Path("empty.txt").write_text("")


def files(path=None, run=None):
    run_id = (run or mlflow.active_run()).info.run_id
    return [(file.path, file.is_dir, file.file_size) for file in client.list_artifacts(run_id, path)]


def tree(path=None):
    found = []
    for name, is_dir, _ in files(path):
        found += tree(name) if is_dir else [name]
    return found


# %% files and folders
mlflow.start_run()
mlflow.log_artifact("a.txt")
mlflow.log_artifact("a.txt", "sub")
mlflow.log_artifact("a.txt", "sub/deeper")
mlflow.log_artifact(Path("a.txt"), artifact_path="path")
mlflow.log_artifact(os.path.abspath("a.txt"), "absolute")
mlflow.log_artifact("folder")
mlflow.log_artifact("folder", "sub")
mlflow.log_artifact("folder/", "slash")
mlflow.log_artifact("empty.txt")
mlflow.log_artifacts("folder")
mlflow.log_artifacts("folder", "all")
mlflow.log_artifacts("empty", "none")
mlflow.log_artifact("empty")
tree()
files()  # differs: empty folders
files("sub")

# %% files that are not there
mlflow.start_run()
mlflow.log_artifact("missing.txt")
mlflow.log_artifacts("missing")  # differs: nothing to log
mlflow.log_artifact("")
mlflow.log_artifact(None)
mlflow.log_artifact(5)
mlflow.log_artifacts("a.txt")  # differs: nothing to log
mlflow.log_artifacts("")  # differs: nothing to log
mlflow.log_artifact("nul\0.txt")  # differs: paths
files()

# %% paths among the artifacts
mlflow.start_run()
mlflow.log_artifact("a.txt", "")
mlflow.log_artifact("a.txt", ".")
mlflow.log_artifact("a.txt", "..")
mlflow.log_artifact("a.txt", "../up")
mlflow.log_artifact("a.txt", "a/../b")
mlflow.log_artifact("a.txt", "/absolute")
mlflow.log_artifact("a.txt", "trailing/")  # differs: paths
mlflow.log_artifact("a.txt", "a//b")
mlflow.log_artifact("a.txt", "with space")
mlflow.log_artifact("a.txt", "größe ✓")
mlflow.log_artifact("a.txt", "per%2ecent")
mlflow.log_artifact("a.txt", "hash#mark?")
mlflow.log_artifact("a.txt", "back\\slash")  # differs: paths
mlflow.log_artifact("a.txt", "nul\0")
mlflow.log_artifact("a.txt", 5)
mlflow.log_artifacts("folder", "../up")
mlflow.log_artifacts("folder", "/absolute")
mlflow.log_text("x", "../up.txt")
mlflow.log_text("x", "/absolute.txt")
mlflow.log_text("x", "")
mlflow.log_text("x", "folder/")  # differs: paths
mlflow.log_text("x", ".")
mlflow.log_text("x", None)
tree()  # differs: paths

# %% written over
mlflow.start_run()
mlflow.log_text("first", "t.txt")
mlflow.log_text("second text", "t.txt")
files()
mlflow.artifacts.load_text(mlflow.get_artifact_uri("t.txt"))
mlflow.log_text("x", "t.txt/inside")
mlflow.log_text("x", "d/inside")
mlflow.log_text("x", "d")
tree()

# %% listing
mlflow.start_run()
mlflow.log_artifacts("folder", "top")
mlflow.log_text("z", "z.txt")
mlflow.log_text("hidden", ".hidden")
files()
files("top")
files("top/deep")
files("top/")
files("missing")
files("z.txt")
files("")
files(".")  # differs: paths
files("..")
files("/")
files("../..")
files("top/../top")  # differs: paths
run_id = mlflow.active_run().info.run_id
client.list_artifacts(run_id)
client.list_artifacts("0" * 32)
client.list_artifacts(None)
mlflow.artifacts.list_artifacts(run_id=run_id)
mlflow.artifacts.list_artifacts(run_id=run_id, artifact_path="top")
mlflow.artifacts.list_artifacts(f"runs:/{run_id}")  # differs: URIs
mlflow.artifacts.list_artifacts(f"runs:/{run_id}/top")
mlflow.artifacts.list_artifacts(f"runs:/{run_id}/missing")
mlflow.artifacts.list_artifacts(mlflow.get_artifact_uri())  # differs: URIs
mlflow.artifacts.list_artifacts(mlflow.get_artifact_uri("top"))
mlflow.artifacts.list_artifacts()
mlflow.artifacts.list_artifacts(f"runs:/{run_id}", run_id=run_id)
mlflow.artifacts.list_artifacts(f"runs:/{'0' * 32}")

# %% downloading
mlflow.start_run()
run_id = mlflow.active_run().info.run_id
mlflow.log_artifacts("folder", "top")
mlflow.log_text("größe", "t.txt")
Path("out").mkdir()
path = client.download_artifacts(run_id, "t.txt", "out")
Path(path).read_text()
Path(client.download_artifacts(run_id, "t.txt")).read_text()
sorted(os.listdir(client.download_artifacts(run_id, "top", "out")))
os.path.relpath(client.download_artifacts(run_id, "top/deep", "out"))
os.path.relpath(client.download_artifacts(run_id, "top/deep/c.txt", "out"))
sorted(os.listdir("out"))
sorted(os.listdir(client.download_artifacts(run_id, "")))
client.download_artifacts(run_id, "missing.txt")
client.download_artifacts(run_id, "missing.txt", "out")
client.download_artifacts(run_id, "t.txt", "no such folder")
client.download_artifacts(run_id, "../up")  # differs: paths
client.download_artifacts(run_id, "/absolute")
client.download_artifacts("0" * 32, "t.txt")
os.path.basename(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="t.txt"))
os.path.basename(mlflow.artifacts.download_artifacts(f"runs:/{run_id}/top/b.txt"))
os.path.basename(mlflow.artifacts.download_artifacts(artifact_uri=mlflow.get_artifact_uri("t.txt")))
sorted(os.listdir(mlflow.artifacts.download_artifacts(f"runs:/{run_id}/top")))
sorted(os.listdir(mlflow.artifacts.download_artifacts(f"runs:/{run_id}/")))
sorted(os.listdir(mlflow.artifacts.download_artifacts(run_id=run_id)))
os.path.relpath(mlflow.artifacts.download_artifacts(f"runs:/{run_id}/top/b.txt", dst_path="fresh"))
os.path.relpath(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="top/deep", dst_path="out"))
mlflow.artifacts.download_artifacts()
mlflow.artifacts.download_artifacts(f"runs:/{run_id}/t.txt", run_id=run_id)
mlflow.artifacts.download_artifacts(f"runs:/{run_id}/missing")
mlflow.artifacts.download_artifacts("runs:/")
mlflow.artifacts.download_artifacts(f"runs:/{run_id}/../t.txt")  # differs: paths
mlflow.artifacts.download_artifacts("runs:/" + "0" * 32 + "/t.txt")
mlflow.artifacts.download_artifacts(run_id="0" * 32, artifact_path="t.txt")
mlflow.artifacts.download_artifacts("nonsense:/a")

# %% loading
mlflow.start_run()
run_id = mlflow.active_run().info.run_id
mlflow.log_text("größe\n", "t.txt")
mlflow.log_dict({"a": [1, None, 2.5], "b": "ü"}, "d.json")
mlflow.log_dict({"a": 1}, "d.yaml")
mlflow.artifacts.load_text(f"runs:/{run_id}/t.txt")
mlflow.artifacts.load_dict(f"runs:/{run_id}/d.json")
mlflow.artifacts.load_dict(f"runs:/{run_id}/d.yaml")
mlflow.artifacts.load_dict(f"runs:/{run_id}/t.txt")
mlflow.artifacts.load_text(f"runs:/{run_id}/missing.txt")
mlflow.artifacts.load_image(f"runs:/{run_id}/t.txt")
mlflow.artifacts.load_text(mlflow.get_artifact_uri("t.txt"))

# %% URIs
run = mlflow.start_run()
mlflow.get_artifact_uri()
mlflow.get_artifact_uri("a/b.txt")
mlflow.get_artifact_uri("")
mlflow.get_artifact_uri("../up")  # differs: paths
mlflow.get_artifact_uri("/absolute")  # differs: paths
mlflow.get_artifact_uri() == run.info.artifact_uri
mlflow.get_artifact_uri("with space")

# %% texts
mlflow.start_run()
mlflow.log_text("größe ✓\r\n", "t.txt")
mlflow.log_text("", "empty.txt")
mlflow.log_text("<b>", "deep/er/t.html")
mlflow.log_text(5, "number.txt")
mlflow.log_text(None, "none.txt")
mlflow.log_text(b"bytes", "bytes.txt")
mlflow.log_text("\ud800", "surrogate.txt")
mlflow.artifacts.load_text(mlflow.get_artifact_uri("t.txt"))  # differs: line endings
tree()
files()

# %% dicts
mlflow.start_run()
mlflow.log_dict({"k": "v", "n": 1.5, "u": "ü"}, "d.json")
mlflow.log_dict({"k": "v", "n": 1.5, "u": "ü"}, "d.yml")
mlflow.log_dict({"k": "v"}, "d")
mlflow.log_dict({"k": "v"}, "d.txt")
mlflow.log_dict([1, 2], "list.json")
mlflow.log_dict([1, 2], "list.yaml")
mlflow.log_dict({}, "empty.json")
mlflow.log_dict({1: 2}, "number keys.json")
mlflow.log_dict({"b": 1, "a": 2}, "order.yaml")
mlflow.log_dict({"a": {1, 2}}, "set.json")
mlflow.log_dict({"a": object()}, "object.json")
mlflow.log_dict({"a": float("nan")}, "nan.json")
mlflow.log_dict("text", "text.json")
mlflow.log_dict(None, "none.json")
mlflow.log_dict({"a": (1, 2)}, "tuple.json")
mlflow.log_dict({"a": {"b": {"c": [1, {"d": None}]}}}, "deep.yaml")
import numpy

mlflow.log_dict({"a": numpy.int64(1), "b": numpy.float32(0.5), "c": numpy.array([1, 2])}, "numpy.json")
import datetime

mlflow.log_dict({"a": datetime.datetime(2020, 1, 2, 3)}, "time.json")
tree()
{name: mlflow.artifacts.load_text(mlflow.get_artifact_uri(name)) for name in tree()}  # differs: numbers in dicts

# %% streams
mlflow.start_run()
mlflow.log_stream(io.BytesIO(b"bytes"), "a.bin")
mlflow.log_stream(open("a.txt", "rb"), "deep/a.txt")
mlflow.log_stream(io.BytesIO(b""), "empty.bin")
mlflow.log_stream(io.StringIO("text"), "text.txt")
mlflow.log_stream("text", "text.txt")
mlflow.log_stream(None, "none.txt")
mlflow.log_stream(io.BytesIO(b"bytes"), "../up.bin")
files()
mlflow.artifacts.load_text(mlflow.get_artifact_uri("deep/a.txt"))

# %% another run than the active one
other = client.create_run(mlflow.set_experiment("elsewhere").experiment_id)
mlflow.log_artifact("a.txt", run_id=other.info.run_id)
mlflow.log_artifacts("folder", run_id=other.info.run_id)
mlflow.log_text("x", "t.txt", run_id=other.info.run_id)
mlflow.log_dict({"a": 1}, "d.json", run_id=other.info.run_id)
mlflow.log_stream(io.BytesIO(b"x"), "s.bin", run_id=other.info.run_id)
mlflow.active_run()
files(run=other)
mlflow.log_artifact("a.txt", run_id="0" * 32)
mlflow.log_text("x", "t.txt", run_id="0" * 32)

# %% the client's files
run_id = client.create_run(mlflow.set_experiment("client's").experiment_id).info.run_id
client.log_artifact(run_id, "a.txt")
client.log_artifact(run_id, "a.txt", "sub")
client.log_artifact(run_id, "folder")
client.log_artifacts(run_id, "folder", "all")
client.log_text(run_id, "x", "t.txt")
client.log_dict(run_id, {"a": 1}, "d.json")
client.log_stream(run_id, io.BytesIO(b"x"), "s.bin")
client.log_artifact(run_id, "missing")
client.log_artifact("0" * 32, "a.txt")
client.log_artifacts(run_id, "missing")  # differs: nothing to log
client.list_artifacts(run_id)
