import json

import mlflow
import mlflow.artifacts
import numpy
import pandas
from PIL import Image

client = mlflow.MlflowClient()


def files(path=None):
    return [file.path for file in client.list_artifacts(mlflow.active_run().info.run_id, path)]


def back(name):
    return mlflow.artifacts.load_image(mlflow.get_artifact_uri(name))


def tag(name):
    return client.get_run(mlflow.active_run().info.run_id).data.tags.get(name)


def shape(name):
    """images/ entries without what is drawn at random."""
    import re

    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}", "<random>", name)


ramp = numpy.arange(48, dtype="uint8").reshape(4, 4, 3)

# %% images as files
mlflow.start_run()
mlflow.log_image(ramp, "rgb.png")
back("rgb.png")
mlflow.log_image(ramp[:, :, 0], "gray.png")
back("gray.png")
mlflow.log_image(ramp[:, :, :1], "one channel.png")
back("one channel.png")
mlflow.log_image(numpy.dstack([ramp, ramp[:, :, 0]]), "rgba.png")
back("rgba.png")
mlflow.log_image(ramp.astype("float64") / 255, "floats.png")
back("floats.png")
mlflow.log_image(ramp.astype("float32") / 50, "floats to one.png")
back("floats to one.png")
mlflow.log_image(ramp > 20, "bools.png")
back("bools.png")
mlflow.log_image(ramp.astype("int64"), "int64.png")
back("int64.png")
mlflow.log_image(ramp.astype("int64") - 5, "negative.png")
mlflow.log_image(ramp.astype("int64") * 100, "too large.png")
mlflow.log_image(ramp.astype("float64"), "large floats.png")
back("large floats.png")
mlflow.log_image(ramp.astype("float64") / 255 * numpy.nan, "nan.png")
mlflow.log_image(Image.fromarray(ramp), "pil.png")
back("pil.png")
mlflow.log_image(Image.fromarray(ramp).convert("L"), "pil gray.png")
back("pil gray.png")
mlflow.log_image(ramp, "deep/a.jpg")
back("deep/a.jpg").size
mlflow.log_image(ramp, "a.webp")
mlflow.log_image(ramp, "a.gif")
mlflow.log_image(ramp, "a.nonsense")
mlflow.log_image(ramp, "no ending")
mlflow.log_image(numpy.zeros((2, 2, 2)), "two channels.png")
mlflow.log_image(numpy.zeros((2, 2, 5)), "five channels.png")
mlflow.log_image(numpy.zeros(4), "flat.png")
mlflow.log_image(numpy.zeros((1, 2, 2, 3)), "batch.png")
mlflow.log_image(numpy.array([["a"]]), "texts.png")
mlflow.log_image([[1, 2], [3, 4]], "list.png")
mlflow.log_image("a.png", "text.png")
mlflow.log_image(None, "none.png")
files()

# %% images as a series
mlflow.start_run()
mlflow.log_image(ramp, key="k", step=3)
mlflow.log_image(ramp, key="k", step=4, timestamp=1_000)
mlflow.log_image(ramp, key="a/b", timestamp=5)
mlflow.log_image(ramp, key="plain")
mlflow.flush_artifact_async_logging()
sorted(shape(name) for name in files("images"))
tag("mlflow.loggedImages")
mlflow.log_image(ramp)
mlflow.log_image(ramp, "a.png", key="k")
mlflow.log_image(ramp, "a.png", step=1)
mlflow.log_image(ramp, key="k", step="x")
mlflow.log_image(ramp, key="k", step=1.5)
mlflow.log_image(ramp, key="bad%")
mlflow.log_image(ramp, key="")
mlflow.log_image(ramp, key="k", step=-1)
mlflow.log_image(ramp, key="k", timestamp="now")
mlflow.log_image(ramp, key="later", synchronous=False)
mlflow.flush_artifact_async_logging()
len(files("images"))
sorted({name.rpartition(".")[2] for name in files("images")})

# %% images of mlflow's own kind
image = mlflow.Image(ramp)
image.size
image.to_array().tolist() == ramp.tolist()
image.to_list()[:2]
image.to_pil()
image.resize((2, 3)).size
image.save("saved.png")
mlflow.Image("saved.png").to_array().tolist() == ramp.tolist()
mlflow.Image([[[1, 2, 3]]]).size
mlflow.Image(Image.fromarray(ramp)).size
mlflow.Image(5)
mlflow.start_run()
mlflow.log_image(image, "own.png")
back("own.png")

# %% figures
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(1, 1), dpi=50)
mlflow.start_run()
mlflow.log_figure(figure, "f.png")
back("f.png").size
mlflow.log_figure(figure, "deep/f.pdf")
mlflow.log_figure(figure, "f.svg")
mlflow.log_figure(figure, "wide.png", save_kwargs={"dpi": 100})
back("wide.png").size
mlflow.log_figure(figure, "f.nonsense")
mlflow.log_figure("text", "f.png")
mlflow.log_figure(None, "f.png")
mlflow.log_figure(figure, "../f.png")
import plotly.graph_objects

chart = plotly.graph_objects.Figure(data=[{"y": [1, 2]}])
mlflow.log_figure(chart, "p.html")
"plotly" in mlflow.artifacts.load_text(mlflow.get_artifact_uri("p.html"))
mlflow.log_figure(chart, "cdn.html", save_kwargs={"include_plotlyjs": "cdn"})
len(mlflow.artifacts.load_text(mlflow.get_artifact_uri("cdn.html"))) < 100_000
mlflow.log_figure(chart, "p.nonsense")
files()
plt.close(figure)

# %% tables
mlflow.start_run()
mlflow.log_table({"a": [1, 2], "b": ["x", "y"]}, "t.json")
mlflow.artifacts.load_text(mlflow.get_artifact_uri("t.json"))
mlflow.load_table("t.json")
mlflow.log_table({"a": [3], "b": ["z"]}, "t.json")
mlflow.load_table("t.json")
mlflow.log_table(pandas.DataFrame({"a": [4], "b": ["ü"]}), "t.json")
mlflow.load_table("t.json")
mlflow.log_table({"a": [5], "c": [None]}, "t.json")
mlflow.load_table("t.json")
mlflow.log_table({"a": 1, "b": "one row"}, "scalars.json")
mlflow.load_table("scalars.json")
mlflow.log_table({}, "empty.json")
mlflow.log_table(pandas.DataFrame(), "empty frame.json")
mlflow.log_table({"a": [1]}, "t.csv")
mlflow.log_table({"a": [1]}, "no ending")
mlflow.log_table([1, 2], "list.json")
mlflow.log_table(None, "none.json")
mlflow.log_table({"a": [1.5, 2]}, "deep/t.parquet")
mlflow.log_table({"a": [3.5]}, "deep/t.parquet")
mlflow.load_table("deep/t.parquet")
json.loads(tag("mlflow.loggedArtifacts"))
mlflow.log_table({"n": [[1, 2], {"k": "v"}]}, "nested.json")
mlflow.load_table("nested.json")
mlflow.log_table({"f": [0.1, float("nan")], "t": [True, False]}, "kinds.json")
mlflow.load_table("kinds.json")
mlflow.log_table({"d": pandas.to_datetime(["2020-01-02T03:04:05"])}, "times.json")
mlflow.load_table("times.json")
mlflow.log_table({"i": [Image.fromarray(ramp)], "j": [mlflow.Image(ramp)]}, "images.json")
[sorted(cell) for cell in mlflow.load_table("images.json").iloc[0]]
back(mlflow.load_table("images.json")["i"][0]["filepath"])
{shape(name) for name in files("table_images/images")}
files()

# %% tables that are uneven
mlflow.start_run()
mlflow.log_table({"a": [1, 2], "b": ["x"]}, "uneven.json")  # differs: uneven tables

# %% tables of several runs
runs = []
for number in range(3):
    with mlflow.start_run(run_name=f"run {number}", tags={"kind": f"k{number}"}) as run:
        mlflow.log_table({"a": [number]}, "t.json")
        mlflow.log_param("p", number)
        mlflow.log_metric("m", number)
    runs.append(run.info.run_id)
with mlflow.start_run() as run:
    mlflow.log_text("none", "other.txt")
sorted(mlflow.load_table("t.json")["a"])
mlflow.load_table("t.json", run_ids=[runs[1]])
list(mlflow.load_table("t.json", run_ids=runs)["a"])
mlflow.load_table("t.json", run_ids=runs[:2], extra_columns=["run_id"])
mlflow.load_table("t.json", run_ids=runs[:1], extra_columns=["run_name", "status", "kind"])
mlflow.load_table("t.json", run_ids=runs[:1], extra_columns=["start_time"]).columns.tolist()
mlflow.load_table("t.json", run_ids=runs[:1], extra_columns=["nonsense"])
mlflow.load_table("t.json", run_ids=runs[:1], extra_columns=["params.p", "tags.kind", "metrics.m", "run_id", "a"])
mlflow.load_table("t.json", run_ids=runs[:1], extra_columns=["p"])
mlflow.load_table("missing.json")
mlflow.load_table("t.json", run_ids=["0" * 32])
mlflow.load_table("t.json", run_ids=[run.info.run_id])
mlflow.load_table("t.json", run_ids=[])
client.load_table(run.info.experiment_id, "t.json", run_ids=[runs[2]])
len(client.load_table(run.info.experiment_id, "t.json"))

# %% the client's media
run_id = client.create_run(mlflow.set_experiment("client's").experiment_id).info.run_id
client.log_image(run_id, ramp, "a.png")
client.log_image(run_id, ramp, key="k", step=1)
client.log_image(run_id, ramp)
client.log_table(run_id, {"a": [1]}, "t.json")
client.log_figure(run_id, plotly.graph_objects.Figure(), "p.html") if "plotly" in globals() else None
client.log_table("0" * 32, {"a": [1]}, "t.json")
sorted(file.path for file in client.list_artifacts(run_id))
