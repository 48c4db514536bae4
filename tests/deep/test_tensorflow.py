"""TensorFlow's models: Keras's and modules go both ways with the real MLflow; a SavedModel is a program, and asked about."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import mlflow
import numpy
import pandas
import pytest
import tensorflow

import runstone
from runstone.errors import Forbidden, InvalidParameter, MissingFile
from runstone.models import Model

pytestmark = pytest.mark.filterwarnings("ignore")

X = numpy.random.RandomState(0).rand(5, 4).astype("float32")


@keras.saving.register_keras_serializable(package="theirs")
class Tripling(keras.layers.Layer):
    def call(self, inputs: Any) -> Any:
        return inputs * 3


class Weighing(tensorflow.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.weights = tensorflow.Variable(numpy.arange(8, dtype="float32").reshape(4, 2))

    @tensorflow.function(input_signature=[tensorflow.TensorSpec([None, 4], tensorflow.float32)])  # type: ignore[untyped-decorator]
    def __call__(self, x: Any) -> Any:
        return tensorflow.matmul(x, self.weights)


class Naming(tensorflow.Module):  # type: ignore[misc]
    @tensorflow.function(  # type: ignore[untyped-decorator]
        input_signature=[{name: tensorflow.TensorSpec([None, 4], tensorflow.float32) for name in "ab"}]
    )
    def __call__(self, given: Any) -> Any:
        return {"sum": given["a"] + given["b"], "both": (given["a"], given["b"])}


def _network(*layers: Any) -> Any:
    model = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(2)])
    model.compile("sgd", loss=keras.losses.MeanSquaredError())
    model.fit(X, X[:, :2], verbose=0)
    return model


def _says(model: Any) -> Any:
    said = model.predict(X, verbose=0) if isinstance(model, keras.Model) else model(X)
    return numpy.asarray(said)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    """From then on, nothing was made on this machine."""
    return lambda: monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "another"))


@pytest.mark.parametrize(
    "make", [_network, lambda: _network(Tripling()), Weighing], ids=["keras", "registered", "module"]
)
def test_models_go_both_ways_with_the_real_mlflow(make: Callable[[], Any], tmp_path: Path) -> None:
    model = make()
    wanted = _says(model)
    mlflow.tensorflow.save_model(model, str(tmp_path / "theirs"), pip_requirements=["tensorflow"])
    runstone.tensorflow.save_model(model, tmp_path / "ours", input_example=X)
    for folder in ("ours", "theirs"):
        with runstone.trusting():
            for load in (runstone.load_model, runstone.tensorflow.load_model, mlflow.tensorflow.load_model):
                loaded = load(str(tmp_path / folder))
                assert numpy.allclose(_says(loaded), wanted, atol=1e-6), (folder, load)
            for pyfunc in (runstone.pyfunc, mlflow.pyfunc):
                loaded = pyfunc.load_model(str(tmp_path / folder))
                assert numpy.allclose(loaded.predict(X), wanted, atol=1e-6), (folder, pyfunc)
    ours, theirs = (Model.load(tmp_path / folder).flavors for folder in ("ours", "theirs"))
    assert ours["tensorflow"] == theirs["tensorflow"]
    assert {**theirs["python_function"], "python_version": 0} == {**ours["python_function"], "python_version": 0}
    assert "tensorflow" in (tmp_path / "ours" / "requirements.txt").read_text()


def test_a_model_of_keras_is_logged_and_read_without_a_word(monkeypatch: pytest.MonkeyPatch, elsewhere: Any) -> None:
    model = _network()
    info = runstone.tensorflow.log_model(model, name="m", input_example=X)
    assert set(info.flavors) == {"tensorflow", "python_function"}
    elsewhere()
    monkeypatch.setenv("RUNSTONE_PICKLE", "refuse")
    for load in (runstone.load_model, runstone.tensorflow.load_model, runstone.keras.load_model):
        assert numpy.allclose(_says(load(info.model_uri)), _says(model), atol=1e-6)
    assert numpy.allclose(runstone.pyfunc.load_model(info.model_uri).predict(X), _says(model), atol=1e-6)
    kept = runstone.log_model(model, name="other")  # Keras's own kind, which both read
    assert set(kept.flavors) == {"keras", "python_function"}
    assert numpy.allclose(_says(runstone.tensorflow.load_model(kept.model_uri)), _says(model), atol=1e-6)


def test_a_saved_model_is_read_only_where_somebody_vouches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, elsewhere: Any
) -> None:
    info = runstone.log_model(Weighing(), name="m", input_example=X)  # found by what it is
    assert set(info.flavors) == {"tensorflow", "python_function"}
    module = Weighing()
    (tmp_path / "words.onnx").write_bytes(b"whatever its name says")
    module.words = tensorflow.saved_model.Asset(str(tmp_path / "words.onnx"))
    runstone.tensorflow.save_model(module, tmp_path / "bare")
    runstone.keras.save_model(_network(), tmp_path / "exported", save_exported_model=True)
    places = [info.model_uri, str(tmp_path / "bare"), str(tmp_path / "exported")]
    monkeypatch.setenv("RUNSTONE_PICKLE", "refuse")
    for place in places:
        with pytest.raises(Forbidden, match="SavedModel"):
            runstone.load_model(place)
    monkeypatch.delenv("RUNSTONE_PICKLE")
    for place in places:
        runstone.load_model(place)  # made here
    elsewhere()
    for place in places[1:]:
        for load in (runstone.load_model, runstone.pyfunc.load_model):
            with pytest.raises(Forbidden, match=r"folder '(tf2model|data/model)' is a SavedModel"):
                load(place)
            with runstone.trusting():
                load(place)
    made = next((tmp_path / "bare" / "tf2model").rglob("*.pb"))
    monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "state"))
    made.write_bytes(made.read_bytes() + b"\0")
    with pytest.raises(Forbidden, match="SavedModel"):
        runstone.load_model(places[1])


def test_a_module_predicts_on_arrays_frames_and_by_name(tmp_path: Path) -> None:
    runstone.tensorflow.save_model(Weighing(), tmp_path / "m")
    frame = pandas.DataFrame(X, index=list("abcde"))
    said = runstone.pyfunc.load_model(tmp_path / "m").predict(frame)
    assert said.index.tolist() == list("abcde")
    assert numpy.allclose(said, _says(Weighing()))
    runstone.tensorflow.save_model(Naming(), tmp_path / "named")
    found = runstone.pyfunc.load_model(tmp_path / "named").predict({"a": X, "b": X})
    assert numpy.allclose(found["sum"], 2 * X)
    assert [type(part) for part in found["both"]] == [numpy.ndarray] * 2


def test_an_exported_model_of_keras_goes_both_ways(tmp_path: Path) -> None:
    model = _network()
    runstone.keras.save_model(model, tmp_path / "ours", save_exported_model=True, input_example=X)
    signature = mlflow.models.infer_signature(X, _says(model))
    mlflow.keras.save_model(model, str(tmp_path / "theirs"), save_exported_model=True, signature=signature, pip_requirements=["keras"])  # fmt: skip
    with runstone.trusting():
        for folder in ("ours", "theirs"):
            for pyfunc in (runstone.pyfunc, mlflow.pyfunc):
                said = pyfunc.load_model(str(tmp_path / folder)).predict(X)
                assert numpy.allclose(said, _says(model), atol=1e-6), (folder, pyfunc)
    ours, theirs = (Model.load(tmp_path / folder).flavors["keras"] for folder in ("ours", "theirs"))
    assert ours == {**theirs, "code": None}


def test_objects_of_ones_own_and_the_older_form_go_along(tmp_path: Path) -> None:
    def halved(x: Any) -> Any:
        return x / 2

    model = _network(keras.layers.Dense(3, activation=halved))
    runstone.tensorflow.save_model(model, tmp_path / "own", custom_objects={"halved": halved})
    older = {"save_format": "h5", "include_optimizer": False}
    runstone.tensorflow.save_model(model, tmp_path / "h5", custom_objects={"halved": halved}, keras_model_kwargs=older)
    assert (tmp_path / "h5" / "data" / "model.h5").is_file()
    with runstone.trusting():
        for name in ("own", "h5"):
            for load in (runstone.load_model, mlflow.tensorflow.load_model):
                assert numpy.allclose(_says(load(str(tmp_path / name))), _says(model), atol=1e-6), (name, load)


def test_what_is_no_model_of_tensorflows_is_said(tmp_path: Path) -> None:
    for strange in (object(), tensorflow.Module, tensorflow.constant(1)):
        with pytest.raises(InvalidParameter, match=r"no model of runstone\.tensorflow"):
            runstone.tensorflow.save_model(strange, tmp_path / "m")
    runstone.tensorflow.save_model(Weighing(), tmp_path / "m")
    with pytest.raises(MissingFile, match=r"runstone\.load_model"):
        runstone.keras.load_model(tmp_path / "m")
    described = Model.load(tmp_path / "m")
    described.flavors["tensorflow"]["model_type"] = "tf1-estimator"
    described.save(tmp_path / "m" / "MLmodel")
    with pytest.raises(InvalidParameter, match="TensorFlow 1"):
        runstone.load_model(tmp_path / "m")


@pytest.mark.parametrize("name", ["save_model", "log_model", "load_model"])
def test_every_function_takes_mlflows_arguments(name: str) -> None:
    theirs, ours = (inspect.signature(getattr(library.tensorflow, name)) for library in (mlflow, runstone))
    assert [(one.name, one.kind, one.default) for one in ours.parameters.values()] == [
        (one.name, one.kind, one.default) for one in theirs.parameters.values()
    ]
