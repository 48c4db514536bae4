"""Trainings of Keras's models record themselves, as under MLflow's."""

from __future__ import annotations

import inspect
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import mlflow
import numpy
import pytest

import runstone
from runstone.client import Client

pytestmark = pytest.mark.filterwarnings("ignore")

X = numpy.random.RandomState(0).rand(20, 4).astype("float32")
Y = X[:, :1]


def _train() -> None:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", loss="mse", metrics=["mae"])
    model.fit(X, Y, epochs=3, batch_size=5, verbose=0, callbacks=[], validation_data=(X[:5], Y[:5]))


def _described(client: Any, run: Any) -> dict[str, Any]:
    (made,) = run.outputs.model_outputs
    model = client.get_logged_model(made.model_id)
    return {
        "status": run.info.status,
        "params": dict(run.data.params),
        "metrics": {
            key: [
                (point.step, float(f"{point.value:.4g}")) for point in client.get_metric_history(run.info.run_id, key)
            ]
            for key in run.data.metrics
        },
        "files": sorted(file.path for file in client.list_artifacts(run.info.run_id)),
        "inputs": sorted(
            (used.dataset.schema, used.dataset.profile, tag.value)
            for used in run.inputs.dataset_inputs
            for tag in used.tags
        ),
        "model": (model.name, str(model.status), sorted({metric.key for metric in model.metrics or []})),
        "kind": run.data.tags["mlflow.autologging"],
    }


@pytest.fixture(autouse=True)
def switched_off() -> Any:
    yield
    runstone.keras.autolog(disable=True)


def test_a_training_records_what_it_does_under_mlflow(tmp_path: Path) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.models.infer_pip_requirements = lambda uri, flavor, fallback=None, **more: fallback
    mlflow.keras.autolog()
    _train()
    mlflow.keras.autolog(disable=True)
    client = mlflow.MlflowClient()
    real = _described(client, client.get_run(mlflow.last_active_run().info.run_id))
    signature = mlflow.models.get_model_info(client.search_logged_models(["0"])[0].model_uri).signature
    runstone.set_tracking_uri(str(tmp_path / "ours"))
    runstone.keras.autolog()
    _train()
    (run,) = runstone.search_runs(output_format="list")
    ours = _described(Client(), run)
    for each in (ours, real):
        assert each["params"].pop("optimizer_name").startswith("sgd")  # numbered through the process
    # without TensorFlow, MLflow fails to log what it was validated on
    used, found = real.pop("inputs"), ours.pop("inputs")
    assert set(used) <= set(found)
    assert len(used) == (2 if find_spec("tensorflow") else 1)
    assert sorted(use for *_, use in found) == ["eval", "train"]
    assert ours == real
    folder = Client().download_artifacts(run.outputs.model_outputs[0].model_id, "")
    assert runstone.models.Model.load(folder).signature.to_dict() == signature.to_dict()


def test_it_takes_mlflows_arguments() -> None:
    for ours, real in (
        (runstone.keras.autolog, mlflow.keras.autolog),
        (runstone.keras.MlflowCallback.__init__, mlflow.keras.MlflowCallback.__init__),
    ):
        arguments = [
            [(one.name, one.default) for one in inspect.signature(each).parameters.values()] for each in (ours, real)
        ]
        assert arguments[0] == arguments[1]


def test_a_failure_of_ours_does_not_reach_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(*args: Any, **kwargs: Any) -> Any:
        raise OSError(28, "No space left on device")

    runstone.keras.autolog()
    for step in ("log_batch", "log_inputs", "log_files", "create_logged_model"):
        monkeypatch.setattr(Client, step, breaking)
    _train()
    assert runstone.active_run() is None


def test_a_training_that_fails_has_failed() -> None:
    runstone.keras.autolog()
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", loss="mse")
    with pytest.raises(ValueError):
        model.fit(X[:, :2], Y, verbose=0)
    (run,) = runstone.search_runs(output_format="list")
    assert run.info.status == "FAILED"
    assert [model.status for model in runstone.search_logged_models(output_format="list")] == ["FAILED"]


def test_the_callback_logs_steps_to_the_active_run_and_patches_nothing() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", loss="mse")
    callback = runstone.keras.MlflowCallback(log_every_epoch=False, log_every_n_steps=2)
    with runstone.start_run() as run:
        model.fit(X, Y, epochs=1, batch_size=5, verbose=0, callbacks=[callback])
    points = Client().get_metric_history(run.info.run_id, "loss")
    assert [point.step for point in points] == [2, 4]
    assert Client().get_run(run.info.run_id).data.params["optimizer_nesterov"] == "False"
    with pytest.raises(runstone.MlflowException):
        runstone.keras.MlflowCallback(log_every_epoch=True, log_every_n_steps=2)
