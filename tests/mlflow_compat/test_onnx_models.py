"""ONNX's graphs go both ways: what runstone saves, the real MLflow loads and predicts the same with, and the reverse."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy
import pandas
import pytest
from tests.flavors import graphs
from tests.mlflow_compat.real import ask

import runstone

pytestmark = [pytest.mark.compat, pytest.mark.filterwarnings("ignore::UserWarning")]

X = numpy.random.RandomState(1).rand(5, 4).astype(numpy.float32)
OPTIONS = {"intra_op_num_threads": 1, "execution_mode": "sequential"}
PREDICT = """
import mlflow, numpy, pandas
X = numpy.array(given["X"], "float32")
def predicted(path):
    model = mlflow.pyfunc.load_model(path)
    frame = model.predict(pandas.DataFrame(X)) if path.endswith("line") else None
    return [model.predict(X)["y"].tolist(), None if frame is None else frame["y"].tolist(), mlflow.onnx.load_model(path).graph.name]
"""


def _same(found: dict[str, list[object]], folder: Path) -> None:
    assert set(found) == {"line", "wide"}
    for name, (array, column, graph) in found.items():
        ours = runstone.pyfunc.load_model(folder / name)
        assert numpy.array_equal(array, ours.predict(X)["y"]), name
        assert column is None or column == ours.predict(pandas.DataFrame(X))["y"].tolist()
        assert graph == runstone.load_model(folder / name).graph.name


def test_the_real_mlflow_loads_graphs_that_runstone_saved(tmp_path: Path) -> None:
    runstone.onnx.save_model(graphs.line(), tmp_path / "line", onnx_session_options=OPTIONS, input_example=X)
    runstone.onnx.save_model(graphs.line(300), tmp_path / "wide")
    assert (tmp_path / "wide" / "model.onnx.data").exists()
    _same(
        ask(f"{PREDICT}\nanswer = {{name: predicted(name) for name in ('line', 'wide')}}", {"X": X.tolist()}, tmp_path),
        tmp_path,
    )


def test_runstone_loads_graphs_that_the_real_mlflow_saved(tmp_path: Path) -> None:
    source = (
        PREDICT
        + """
import base64, onnx
answer = {}
for name, graph in given["graphs"].items():
    made = onnx.load_model_from_string(base64.b64decode(graph))
    mlflow.onnx.save_model(made, name, onnx_session_options=given["options"], input_example=X, pip_requirements=["onnx"])
    answer[name] = predicted(name)
"""
    )
    made = {"line": graphs.line(), "wide": graphs.line(300)}
    sent = {name: base64.b64encode(graph.SerializeToString()).decode() for name, graph in made.items()}
    _same(ask(source, {"X": X.tolist(), "graphs": sent, "options": OPTIONS}, tmp_path), tmp_path)
