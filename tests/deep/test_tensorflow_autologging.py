"""Trainings record themselves as under MLflow's `tensorflow`: params, metrics, checkpoints, early ends, the model."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import keras
import mlflow
import numpy
import pytest
import tensorflow

import runstone
from runstone.autologging import switches
from runstone.client import Client
from runstone.errors import Forbidden, InvalidParameter, NotFound

pytestmark = pytest.mark.filterwarnings("ignore")

X = numpy.random.RandomState(0).rand(20, 4).astype("float32")
Y = X[:, :1]


def _model() -> Any:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1, name="sgd"), loss="mse", metrics=["mae"])
    return model


def _train(**more: Any) -> Any:
    return _model().fit(X, Y, epochs=3, batch_size=5, verbose=0, validation_data=(X[:5], Y[:5]), **more)


def _ended_early() -> Any:
    ending = keras.callbacks.EarlyStopping("val_mae", patience=1, min_delta=10.0, restore_best_weights=True)
    return _train(callbacks=[ending])


TRAININGS = {
    "plain": (_train, {}),
    "ended early": (_ended_early, {}),
    "the worst": (_train, {"checkpoint_mode": "max", "log_models": True}),
    "each epoch's weights": (_train, {"checkpoint_save_best_only": False, "checkpoint_save_weights_only": True}),
    "steps": (_train, {"log_every_epoch": False, "log_every_n_steps": 3, "checkpoint_save_best_only": False, "checkpoint_save_freq": 5}),
    "of a dataset": (lambda: _model().fit(tensorflow.data.Dataset.from_tensor_slices((X, Y)).batch(4), verbose=0), {"log_datasets": False}),
}  # fmt: skip


def _files(client: Any, run_id: str, folder: str | None = None) -> list[str]:
    found = []
    for file in client.list_artifacts(run_id, folder):
        found += _files(client, run_id, file.path) if file.is_dir else [file.path]
    # MLflow keeps logs for TensorBoard unasked, and whole checkpoints in the older form
    return sorted(name.replace("checkpoint.h5", "checkpoint.keras") for name in found if "tensorboard" not in name)


def _when(client: Any, run_id: str, files: list[str]) -> dict[str, Any]:
    """Of which epoch and step each checkpoint is."""
    found = {}
    for name in files:
        if name.endswith("checkpoint_metrics.json"):
            with open(client.download_artifacts(run_id, name), encoding="utf-8") as file:
                about = json.load(file)
            found[name] = (about["epoch"], about["global_step"])
    return found


def _described(client: Any, run: Any) -> dict[str, Any]:
    (made,) = run.outputs.model_outputs
    model, run_id = client.get_logged_model(made.model_id), run.info.run_id
    tags = run.data.tags
    return {
        "status": run.info.status,
        "params": dict(run.data.params),
        "metrics": {
            key: [(point.step, float(f"{point.value:.4g}")) for point in client.get_metric_history(run_id, key)]
            for key in run.data.metrics
        },
        "files": _files(client, run_id),
        "checkpoints": _when(client, run_id, _files(client, run_id)),
        "inputs": sorted(used.dataset.profile for used in run.inputs.dataset_inputs),
        "model": (model.name, str(model.status)),
        "kind": tags["mlflow.autologging"],
        "latest": tags.get("mlflow.latest_checkpoint_artifact", "").replace("checkpoint.h5", "checkpoint.keras"),
    }


@pytest.fixture(autouse=True)
def switched_off() -> Any:
    switches._by_itself.clear()
    yield
    for module in (runstone.tensorflow, runstone.keras, mlflow.tensorflow):
        module.autolog(disable=True)
    runstone.autolog(disable=True)
    switches._by_itself.clear()


@pytest.mark.parametrize("name", TRAININGS)
def test_a_training_records_what_it_does_under_mlflow(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, given = TRAININGS[name]
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.setattr(mlflow.models, "infer_pip_requirements", lambda uri, flavor, fallback=None, **more: fallback)
    mlflow.tensorflow.autolog(**given)
    train()
    mlflow.tensorflow.autolog(disable=True)
    client = mlflow.MlflowClient()
    real = _described(client, client.get_run(mlflow.last_active_run().info.run_id))
    signature = mlflow.models.get_model_info(client.search_logged_models(["0"])[0].model_uri).signature
    runstone.set_tracking_uri(str(tmp_path / "ours"))
    runstone.tensorflow.autolog(**given)
    train()
    (run,) = runstone.search_runs(output_format="list")
    assert _described(Client(), run) == real
    loaded = runstone.models.get_model_info(f"models:/{run.outputs.model_outputs[0].model_id}")
    assert set(loaded.flavors) == {"tensorflow", "python_function"}
    assert loaded.signature.to_dict() == signature.to_dict()


def test_checkpoints_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    runstone.tensorflow.autolog(checkpoint_save_best_only=False, log_models=False)
    trained = _train().model
    (run,) = runstone.search_runs(output_format="list")
    monkeypatch.setenv("RUNSTONE_PICKLE", "refuse")
    latest = runstone.tensorflow.load_checkpoint(run_id=run.info.run_id)
    assert numpy.allclose(latest.predict(X, verbose=0), trained.predict(X, verbose=0), atol=1e-6)
    first = runstone.tensorflow.load_checkpoint(run_id=run.info.run_id, epoch=0)
    assert not numpy.allclose(first.predict(X, verbose=0), trained.predict(X, verbose=0), atol=1e-6)
    with pytest.raises(NotFound):
        runstone.tensorflow.load_checkpoint(run_id=run.info.run_id, epoch=9)


def test_weights_are_put_into_a_model() -> None:
    with runstone.start_run() as run:
        keeps = runstone.tensorflow.MlflowModelCheckpointCallback(save_weights_only=True)
        trained = _train(callbacks=[keeps]).model
        with pytest.raises(InvalidParameter, match="weights alone"):
            runstone.tensorflow.load_checkpoint()
        loaded = runstone.tensorflow.load_checkpoint(_model())
    assert numpy.allclose(loaded.predict(X, verbose=0), trained.predict(X, verbose=0), atol=1e-6)
    assert Client().get_run(run.info.run_id).data.params == {}  # nothing is patched


def test_a_checkpoint_that_is_more_than_layers_is_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x * 2), keras.layers.Dense(1)])
    model.compile("sgd", loss="mse")
    with runstone.start_run():
        keeps = runstone.tensorflow.MlflowModelCheckpointCallback(save_best_only=False)
        model.fit(X, Y, verbose=0, callbacks=[keeps])
        monkeypatch.setenv("RUNSTONE_PICKLE", "refuse")
        with pytest.raises(Forbidden, match=r"Lambda|lambda"):
            runstone.tensorflow.load_checkpoint()


def test_tensorflows_counts_before_keras_and_is_only_on_by_its_name(tmp_path: Path) -> None:
    board = keras.callbacks.TensorBoard(str(tmp_path / "logs"))
    runstone.autolog(log_models=False)
    _train()
    runstone.tensorflow.autolog(log_models=False)
    _train(callbacks=[board])
    runstone.tensorflow.autolog(disable=True)
    _train()
    runs = runstone.search_runs(output_format="list", order_by=["attributes.start_time ASC"])
    assert [run.data.tags["mlflow.autologging"] for run in runs] == ["keras", "tensorflow", "keras"]
    assert ["opt_learning_rate" in run.data.params for run in runs] == [False, True, False]
    kept = [Client().list_artifacts(run.info.run_id, "tensorboard_logs") for run in runs]
    assert [bool(files) for files in kept] == [False, True, False]


def test_a_failure_of_ours_does_not_reach_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(*args: Any, **kwargs: Any) -> Any:
        raise OSError(28, "No space left on device")

    runstone.tensorflow.autolog()
    for step in ("log_batch", "log_inputs", "log_files", "create_logged_model", "set_tag"):
        monkeypatch.setattr(Client, step, breaking)
    _ended_early()
    assert runstone.active_run() is None


def test_they_take_mlflows_arguments() -> None:
    for name in ("autolog", "load_checkpoint", "MlflowModelCheckpointCallback", "MlflowCallback"):
        ours, real = (
            [
                (one.name, one.default)
                for one in inspect.signature(getattr(library.tensorflow, name)).parameters.values()
            ]
            for library in (runstone, mlflow)
        )
        assert ours[: len(real)] == real, name
