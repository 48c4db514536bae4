"""Keras's models: saved and loaded as they were, both ways with the real MLflow, and read without anything running that was not asked about."""

from __future__ import annotations

import inspect
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import keras
import mlflow
import numpy
import pandas
import pytest

import runstone
from runstone.errors import Forbidden, MissingFile
from runstone.flavors import keras_files
from runstone.models import Model

pytestmark = pytest.mark.filterwarnings("ignore")

X = numpy.random.RandomState(0).rand(5, 4).astype("float32")


@keras.saving.register_keras_serializable(package="mine")
class Doubling(keras.layers.Layer):
    def call(self, inputs: Any) -> Any:
        return inputs * 2


def _line(*layers: Any) -> Any:
    return keras.Sequential(
        [keras.Input((4,)), *layers, keras.layers.Dense(2, activation="tanh", kernel_regularizer="l2")]
    )


def _functional() -> Any:
    given = keras.Input((4,), name="x")
    wide = keras.layers.Dense(8, activation=keras.activations.gelu)(given)
    model = keras.Model(
        given, keras.layers.Dense(2)(keras.layers.Concatenate()([keras.layers.Dropout(0.5)(wide), given]))
    )
    model.compile("adam", loss=keras.losses.MeanSquaredError(), metrics=["mae"])
    model.fit(X, X[:, :2], verbose=0)
    return model


MODELS: dict[str, Callable[[], Any]] = {
    "line": _line,
    "functional": _functional,
    "normed": lambda: _line(keras.layers.Normalization(mean=0.5, variance=2.0), keras.layers.BatchNormalization()),
}


@pytest.mark.parametrize("kind", MODELS)
def test_each_kind_is_logged_and_loaded_as_it_was(kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model = MODELS[kind]()
    info = runstone.log_model(model, name="m", input_example=X)
    assert set(info.flavors) == {"keras", "python_function"}  # with PyTorch below, it is a torch.nn.Module too
    monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "another"))
    monkeypatch.setenv("RUNSTONE_PICKLE", "refuse")
    loaded = runstone.load_model(info.model_uri)
    assert type(loaded) is type(model)
    wanted = model.predict(X, verbose=0)
    assert numpy.allclose(loaded.predict(X, verbose=0), wanted, atol=1e-6)
    predicts = runstone.pyfunc.load_model(info.model_uri)
    assert numpy.allclose(predicts.predict(X), wanted, atol=1e-6)
    runstone.keras.save_model(model, tmp_path / "bare")
    found = runstone.pyfunc.load_model(tmp_path / "bare").predict(pandas.DataFrame(X, index=list("abcde")))
    assert numpy.allclose(found, wanted, atol=1e-6)
    assert found.index.tolist() == list("abcde")


@pytest.mark.parametrize("kind", MODELS)
def test_models_go_both_ways_with_the_real_mlflow(kind: str, tmp_path: Path) -> None:
    model = MODELS[kind]()
    wanted = model.predict(X, verbose=0)
    runstone.keras.save_model(model, tmp_path / "ours", input_example=X)
    assert numpy.allclose(mlflow.keras.load_model(str(tmp_path / "ours")).predict(X, verbose=0), wanted, atol=1e-6)
    assert numpy.allclose(mlflow.pyfunc.load_model(str(tmp_path / "ours")).predict(X), wanted, atol=1e-6)
    mlflow.keras.save_model(model, str(tmp_path / "theirs"), pip_requirements=["keras"])
    assert numpy.allclose(runstone.load_model(tmp_path / "theirs").predict(X, verbose=0), wanted, atol=1e-6)
    assert numpy.allclose(runstone.pyfunc.load_model(tmp_path / "theirs").predict(X), wanted, atol=1e-6)


def test_layers_of_ones_own_are_asked_about(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    runstone.keras.save_model(_line(Doubling()), tmp_path / "own")
    runstone.keras.save_model(_line(keras.layers.Lambda(lambda x: x * 2)), tmp_path / "program")
    for name in ("own", "program"):
        assert runstone.load_model(tmp_path / name).predict(X, verbose=0).shape == (5, 2)
    monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "another"))
    for name, why in (("own", "Doubling"), ("program", "Lambda|lambda")):
        with pytest.raises(Forbidden, match=why):
            runstone.load_model(tmp_path / name)
        with runstone.trusting():
            runstone.pyfunc.load_model(tmp_path / name)
    assert runstone.keras.load_model(tmp_path / "own", custom_objects={"mine>Doubling": Doubling}).predict(
        X, verbose=0
    ).shape == (5, 2)


def _changed(path: Path, change: Callable[[Any], Any]) -> str | None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    change(config["config"]["layers"][1])
    made = path.with_name("changed.keras")
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in {**members, "config.json": json.dumps(config).encode()}.items():
            archive.writestr(name, content)
    return keras_files.beside_a_model(str(made))


@pytest.mark.parametrize(
    "change",
    [
        lambda layer: layer.update(module="os", class_name="system"),
        lambda layer: layer.update(module="keras_evil.layers"),
        lambda layer: layer.update(registered_name="mine>Dense"),
        lambda layer: layer.update(class_name="TorchModuleWrapper"),
        lambda layer: layer.update(class_name="TFSMLayer"),
        lambda layer: layer["config"].update(activation={"module": "keras.utils", "class_name": "function", "config": "get_file", "registered_name": "get_file"}),
        lambda layer: layer["config"].update(activation={"module": "builtins", "class_name": "function", "config": "mine>f", "registered_name": "function"}),
        lambda layer: layer["config"].update(activation={"class_name": "__lambda__", "config": {"value": ""}}),
        lambda layer: layer["config"].update(vocabulary="/etc/hostname"),
    ],
)  # fmt: skip
def test_whatever_is_more_than_keras_own_layers_is_found(change: Callable[[Any], Any], tmp_path: Path) -> None:
    _line().save(tmp_path / "m.keras")
    assert _changed(tmp_path / "m.keras", lambda layer: None) is None
    assert "is made by" in str(_changed(tmp_path / "m.keras", change))


def test_what_is_no_model_is_said(tmp_path: Path) -> None:
    runstone.keras.save_model(_line(), tmp_path / "m")
    file = tmp_path / "m" / "data" / "model.keras"
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("more.py", "")
    with pytest.raises(Forbidden, match=r"more\.py"):
        runstone.load_model(tmp_path / "m")
    file.write_bytes(b"no zip")
    with pytest.raises(Forbidden, match="no model of Keras's"):
        runstone.load_model(tmp_path / "m")
    file.unlink()
    with pytest.raises(MissingFile, match=r"no model\.keras"):
        runstone.load_model(tmp_path / "m")


def test_a_model_of_tensorflows_flavor_is_kept_and_read_without_tensorflow(tmp_path: Path) -> None:
    model = _line(Doubling())
    runstone.tensorflow.save_model(model, tmp_path / "m")
    with runstone.trusting():
        for load in (runstone.load_model, runstone.keras.load_model, runstone.tensorflow.load_model):
            wanted = model.predict(X, verbose=0)
            assert numpy.allclose(load(tmp_path / "m").predict(X, verbose=0), wanted, atol=1e-6)
        assert runstone.pyfunc.load_model(tmp_path / "m").predict(X).shape == (5, 2)


def test_what_mlflow_kept_as_a_model_of_tensorflow_is_read(tmp_path: Path) -> None:
    """The folder is as MLflow's `tensorflow` flavor writes it."""
    model = _line(Doubling())
    runstone.keras.save_model(model, tmp_path / "m")
    described = Model.load(tmp_path / "m")
    del described.flavors["keras"]
    described.add_flavor(
        "tensorflow", data="data", model_type="keras", keras_version="2.20.0", save_format="tf", code=None
    )
    described.flavors["python_function"].update(loader_module="mlflow.tensorflow", data="data")
    described.save(tmp_path / "m" / "MLmodel")
    kept = io.BytesIO()
    cloudpickle.dump({"mine>Doubling": Doubling}, kept)
    (tmp_path / "m" / "data" / "custom_objects.cloudpickle").write_bytes(kept.getvalue())
    with pytest.raises(Forbidden, match="Doubling"):
        runstone.load_model(tmp_path / "m")
    with runstone.trusting():
        assert runstone.load_model(tmp_path / "m").predict(X, verbose=0).shape == (5, 2)
        assert runstone.pyfunc.load_model(tmp_path / "m").predict(X).shape == (5, 2)


@pytest.mark.parametrize("name", ["save_model", "log_model", "load_model"])
def test_every_function_takes_mlflows_arguments(name: str) -> None:
    theirs, ours = (inspect.signature(getattr(library.keras, name)) for library in (mlflow, runstone))
    assert [(one.name, one.default) for one in ours.parameters.values()] == [
        (one.name, one.default) for one in theirs.parameters.values()
    ]
