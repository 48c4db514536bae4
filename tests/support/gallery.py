"""A store that is worth looking at: a sweep of small networks that really are trained on scikit-learn's digits, and a larger generated one beside it."""

from __future__ import annotations

import json
import math
import random
import time
from typing import Any

from tests.support.pages import Seen

import runstone
import runstone.sklearn
from runstone.client import Client
from runstone.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

_NOTE = """## What is tried

Small networks on **scikit-learn's digits**, 1,797 pictures of 8 x 8.

- the width of the hidden layer
- the learning rate, and the weight decay
- three seeds of each

| width | best accuracy |
|---|---|
| 8 | 0.88 |
| 96 | 0.96 |
"""
# What is swept over: each width with each rate, once more for each seed. Weight decay goes its own way.
_WIDTHS, _RATES, _DECAYS = (8, 24, 96), (0.001, 0.004, 0.016), (1e-5, 1e-1, 1e-3, 1e-4, 1e-2)
# Runs that log files, the last ones: drawing a figure takes as long as training a network.
_WITH_FILES = 4


def fill(uri: str, runs: int = 27, points: int = 30, sweep: int = 0) -> Seen:
    """Train `runs` networks for `points` epochs each, through a server (27 of 30 epochs: 6 s of CPU); and make `sweep` generated runs."""
    client = Client(uri)
    runstone.set_tracking_uri(uri)
    digits = client.create_experiment(
        "digits", tags={"mlflow.note.content": _NOTE, "team": "vision", "stage": "research"}
    )
    from threadpoolctl import threadpool_limits

    # Threads that wait for each other take three times as long as one for matrices of this size.
    with threadpool_limits(1):
        trained = [_trained(client, digits, number, points, runs - number) for number in range(runs)]
    runstone.set_tracking_uri(None)
    logged, registered = _registered(client, trained)
    if sweep:
        _swept(client, sweep)
        note = "Nightly, on *new* data. See [the plan](https://example.org)."
        for days, (name, text) in enumerate(
            (
                ("forecast/nightly", note),
                ("ablation: augmentations", ""),
                ("llm-finetune", "LoRA of a 1B model."),
            ),
            2,
        ):
            one = client.create_experiment(name, tags={"mlflow.note.content": text, "team": "speech"})
            began = int(time.time() * 1_000) - days * 90_000_000
            client.set_terminated(client.create_run(one, began, run_name="first").info.run_id, end_time=began + 60_000)
    files = client.list_artifacts(trained[-1])
    return Seen(digits, trained[::-1], tuple(one.path for one in files if not one.is_dir), registered, logged)


def _trained(client: Client, experiment: str, number: int, epochs: int, left: int) -> str:
    """A network that is trained, and what a training leaves: params, curves, system metrics, its data; of the last ones (`left` are to come) also pictures,
    tables, a model."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier

    pictures, classes = load_digits(return_X_y=True)
    seen, kept, told, true = train_test_split(pictures / 16, classes, train_size=600, test_size=400, random_state=0)
    seed, place = divmod(number, len(_WIDTHS) * len(_RATES))
    width, rate, decay = _WIDTHS[place // len(_RATES)], _RATES[place % len(_RATES)], _DECAYS[number % len(_DECAYS)]
    began = int(time.time() * 1_000) - (left + 1) * 2_400_000
    pace = 11_000 + 310 * width + 900 * (number % 4)  # milliseconds of an epoch
    run = client.create_run(experiment, began, {
        "mlflow.user": "ada", "mlflow.source.name": "train.py", "mlflow.source.type": "LOCAL", "mlflow.source.git.branch": "main",
        "mlflow.source.git.commit": "9f2c1d7a4be05c3382d1f7700aa91c5be2f0d613", "mlflow.note.content": f"Width **{width}**, one of three seeds.",
    }, f"mlp-{width}-lr{rate}-s{seed}").info.run_id  # fmt: skip
    params = {
        "model.kind": "mlp", "model.hidden": width, "model.activation": "relu", "optimizer.name": "adam", "optimizer.lr": rate,
        "optimizer.decay": decay, "optimizer.betas": "(0.9, 0.999)", "data.name": "digits", "data.test_size": 400, "seed": seed, "epochs": epochs, "batch_size": 64,
    }  # fmt: skip
    network = MLPClassifier((width,), learning_rate_init=rate, alpha=decay, batch_size=64, random_state=number)
    points: list[Metric] = []
    for epoch in range(epochs):
        network.partial_fit(seen, told, classes=range(10))
        at = began + epoch * pace
        values = {
            **_measured(network, seen, told, "train"), **_measured(network, kept, true, "val"),
            "system/cpu_utilization_percentage": 62 + 25 * math.sin(epoch / 5) + number % 8, "system/system_memory_usage_megabytes": 2_100 + 12 * epoch,
        }  # fmt: skip
        points += [Metric(key, float(value), at, epoch) for key, value in values.items()]
    for start in range(0, len(points), 900):
        client.log_batch(run, points[start : start + 900])
    client.log_batch(
        run,
        [],
        [Param(key, str(value)) for key, value in params.items()],
        [RunTag("team", "vision"), RunTag("gpu", "none")],
    )
    if left <= _WITH_FILES:
        _files(client, run, network, kept, true)
    schema = json.dumps({"mlflow_colspec": [{"type": "double", "name": "pixel", "required": True}]})
    data = Dataset(
        "digits",
        "5f8d9a2c",
        "local",
        '{"uri": "sklearn.datasets.load_digits"}',
        schema,
        '{"num_rows": 1797, "num_elements": 115008}',
    )
    client.log_inputs(run, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
    if left <= 2:
        with runstone.start_run(run_id=run):
            runstone.sklearn.log_model(
                network, name="network", input_example=kept[:2], step=epochs - 1, params={"hidden": width}
            )
    client.set_terminated(run, "FAILED" if number == 3 else "FINISHED", began + epochs * pace)
    return run


def _measured(network: Any, pictures: Any, classes: Any, of: str) -> dict[str, float]:
    """Loss and accuracy, of one prediction: scikit-learn's own functions check what they are given for longer than a network of this size is trained."""
    import numpy

    told = network.predict_proba(pictures)
    likely = told[range(len(classes)), classes].clip(1e-12)
    return {
        f"{of}/loss": -float(numpy.log(likely).mean()),
        f"{of}/accuracy": float((told.argmax(1) == classes).mean()),
    }


def _files(client: Client, run: str, network: Any, kept: Any, true: Any) -> None:
    from matplotlib.figure import Figure
    from sklearn.metrics import confusion_matrix

    figure = Figure(figsize=(4, 4))
    axes = figure.add_subplot()
    axes.imshow(confusion_matrix(true, network.predict(kept)), cmap="Blues")
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    client.log_figure(run, figure, "confusion.png")
    client.log_text(run, _NOTE, "report.md")
    client.log_dict(run, {"layers": [layer.shape for layer in network.coefs_]}, "network.json")
    rows = [
        f"{number},{label},{guess}"
        for number, (label, guess) in enumerate(zip(true, network.predict(kept), strict=True))
    ]
    client.log_text(run, "\n".join(["row,true,predicted", *rows]), "predictions.csv")


def _registered(client: Client, runs: list[str]) -> tuple[str, str]:
    """The models of the last two runs as versions of a registered one; the id of the newest, and the registered model's name."""
    client.create_registered_model("digits", {"team": "vision"}, "Reads handwritten digits of **8 x 8** pixels.")
    newest = ""
    for place, run in enumerate(runs[-2:]):
        newest = client.get_run(run).outputs.model_outputs[0].model_id
        said = f"The {('first', 'second')[place]} try."
        client.create_model_version("digits", f"models:/{newest}", run, {"checked": "yes"}, description=said)
    client.set_registered_model_alias("digits", "champion", "2")
    client.set_registered_model_alias("digits", "challenger", "1")
    return newest, "digits"


def _swept(client: Client, count: int) -> None:
    """Generated runs of a search over hyperparameters, with curves."""
    dice = random.Random(1)
    experiment = client.create_experiment(
        "sweep: learning rate x width", tags={"mlflow.note.content": "A random search, 200 trials.", "team": "vision"}
    )
    now = int(time.time() * 1_000)
    for number in range(count):
        began = now - (count - number) * 240_000
        run = client.create_run(
            experiment, began, {"mlflow.user": dice.choice(("ada", "grace"))}, f"trial-{number:03d}"
        ).info.run_id
        rate, width, dropout = 10 ** dice.uniform(-5, -1), dice.choice((64, 128, 256, 512)), dice.random() * 0.5
        best = 0.1 + abs(math.log10(rate) + 3) * 0.15 + dropout * 0.2 + 20 / width + dice.random() * 0.05
        points = []
        for step in range(40):
            loss = best + 2 * math.exp(-step / 8) + dice.gauss(0, 0.02)
            values = {
                "train/loss": loss,
                "val/loss": loss * 1.08 + dice.gauss(0, 0.02),
                "val/accuracy": max(0.0, 1 - loss / 2.5),
            }
            points += [Metric(key, value, began + step * 4_000, step) for key, value in values.items()]
        params = {
            "lr": f"{rate:.2e}",
            "width": width,
            "dropout": f"{dropout:.2f}",
            "optimizer": dice.choice(("adam", "sgd", "lion")),
            "seed": number % 4,
        }
        client.log_batch(run, points, [Param(key, str(value)) for key, value in params.items()])
        client.set_terminated(run, dice.choice(("FINISHED",) * 9 + ("FAILED",)), began + 160_000)
