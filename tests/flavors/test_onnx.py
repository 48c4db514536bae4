"""ONNX's graphs: saved and loaded as they were, run by onnxruntime on whatever people hold, and never led out of their folder."""

from __future__ import annotations

import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy
import onnx
import pandas
import polars
import pytest
from tests.flavors import graphs

import runstone
from runstone.errors import Forbidden, InvalidParameter
from runstone.models import Model

X = numpy.random.RandomState(1).rand(5, 4).astype(numpy.float32)


def _changed(path: Path, **keys: Any) -> Path:
    described = Model.load(path)
    described.flavors["onnx"].update(keys)
    described.save(path / "MLmodel")
    return path


def test_a_graph_is_logged_and_loaded_as_it_was(tmp_path: Path) -> None:
    graph = graphs.line(300)
    before = graph.SerializeToString()
    with runstone.start_run():
        info = runstone.log_model(graph, name="line", input_example=X)
    assert graph.SerializeToString() == before
    assert set(info.flavors) == {"onnx", "python_function"}
    loaded = runstone.load_model(info.model_uri)
    assert graphs.same(loaded, graph)
    said = runstone.pyfunc.load_model(info.model_uri).predict(X)
    assert numpy.allclose(said["y"], X @ graphs.WEIGHTS)
    signature = info.signature
    assert signature is not None
    assert signature.inputs.to_dict()[0]["tensor-spec"] == {"dtype": "float32", "shape": [-1, 4]}


@pytest.mark.parametrize("beside", [True, False])
def test_weights_lie_beside_the_graph_unless_that_is_not_wanted(beside: bool, tmp_path: Path) -> None:
    runstone.onnx.save_model(graphs.line(300), tmp_path / "m", save_as_external_data=beside)
    assert (tmp_path / "m" / "model.onnx.data").exists() is beside
    assert graphs.same(runstone.onnx.load_model(tmp_path / "m"), graphs.line(300))
    assert runstone.pyfunc.load_model(tmp_path / "m").predict(X)["y"].shape == (5, 300)


def test_it_predicts_on_whatever_people_hold(tmp_path: Path) -> None:
    runstone.onnx.save_model(graphs.line(), tmp_path / "m")
    model = runstone.pyfunc.load_model(tmp_path / "m")
    wanted = (X @ graphs.WEIGHTS[:, :1]).ravel()
    for data in (X, X.astype(float), X.tolist(), {"x": X}, {"x": X.tolist()}, polars.DataFrame(X)):
        assert numpy.allclose(model.predict(data)["y"].ravel(), wanted), type(data)
    frame = pandas.DataFrame(X, index=list("abcde"))
    found = model.predict(frame)
    assert numpy.allclose(found["y"], wanted)
    assert found.index.tolist() == list("abcde")
    mixed = pandas.DataFrame({"a": [1], "b": [2.0], "c": [True], "d": [0]})
    assert numpy.allclose(model.predict(mixed)["y"], [1, 2, 1, 0] @ graphs.WEIGHTS[:, 0])


def test_several_values_a_row_stay_one_row(tmp_path: Path) -> None:
    runstone.onnx.save_model(graphs.line(3), tmp_path / "m")
    found = runstone.pyfunc.load_model(tmp_path / "m").predict(pandas.DataFrame(X))
    assert found.shape == (5, 1)
    assert numpy.allclose(found["y"].tolist(), X @ graphs.WEIGHTS[:, :3])


def test_several_inputs_are_columns_or_arrays_by_name(tmp_path: Path) -> None:
    runstone.onnx.save_model(graphs.two(), tmp_path / "m")
    model = runstone.pyfunc.load_model(tmp_path / "m")
    for data in (
        pandas.DataFrame({"b": [1, 2], "a": [0.5, 1]}),
        {"a": [[0.5], [1]], "b": numpy.array([1, 2], "int32")},
    ):
        assert numpy.allclose(model.predict(data)["sum"], [1.5, 3])
    with pytest.raises(InvalidParameter, match="'b', which is missing"):
        model.predict({"a": X})
    with pytest.raises(InvalidParameter, match="a mapping of names"):
        model.predict(X)
    with pytest.raises(InvalidParameter, match=r"'b' is to be int64; the values are float64"):
        model.predict({"a": [[0.5]], "b": [1.5]})
    with pytest.raises(InvalidParameter, match="does not take this data"):
        model.predict({"a": [[[0.5]]], "b": [1]})


def test_texts_are_texts(tmp_path: Path) -> None:
    runstone.onnx.save_model(graphs.shout(), tmp_path / "m")
    model = runstone.pyfunc.load_model(tmp_path / "m")
    for data in (["a", "ü"], numpy.array(["a", "ü"], numpy.dtypes.StringDType()), pandas.Series(["a", "ü"])):
        assert list(model.predict(data)["said"]) == ["a", "ü"]
    with pytest.raises(InvalidParameter, match="'text' is to be object"):
        model.predict(numpy.array([1.0]))


def test_the_session_has_the_options_that_were_given(tmp_path: Path) -> None:
    options = {
        "intra_op_num_threads": 1, "inter_op_num_threads": 2, "execution_mode": "parallel", "graph_optimization_level": 1,
        "extra_session_config": {"session.intra_op.allow_spinning": "0"},
    }  # fmt: skip
    providers = [("CPUExecutionProvider", {"use_arena": "1"})]
    runstone.onnx.save_model(
        graphs.line(), tmp_path / "m", onnx_session_options=options, onnx_execution_providers=providers
    )
    session = runstone.pyfunc.load_model(tmp_path / "m").get_raw_model()
    found = session.get_session_options()
    assert (found.intra_op_num_threads, found.inter_op_num_threads) == (1, 2)
    assert (found.execution_mode.name, found.graph_optimization_level.name) == ("ORT_PARALLEL", "ORT_ENABLE_BASIC")
    assert found.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    for wrong in ({"intra_op_num_threads": "2"}, {"execution_mode": "fast"}, {"register": 1}, [1]):
        with pytest.raises(InvalidParameter, match="onnx_session_options"):
            runstone.onnx.save_model(graphs.line(), tmp_path / "x", onnx_session_options=wrong)


def test_a_provider_that_is_not_here_gives_way_to_one_that_is(tmp_path: Path) -> None:
    runstone.onnx.save_model(
        graphs.line(), tmp_path / "m", onnx_execution_providers=["ROCMExecutionProvider", "CPUExecutionProvider"]
    )
    with pytest.warns(UserWarning, match="ROCMExecutionProvider, which is not here"):
        model = runstone.pyfunc.load_model(tmp_path / "m")
    assert model.predict(X)["y"].shape == (5, 1)
    runstone.onnx.save_model(graphs.line(), tmp_path / "default")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        runstone.pyfunc.load_model(tmp_path / "default")
    for said in ([3], [["CPUExecutionProvider", "x"]], [None]):
        with pytest.raises(InvalidParameter, match="execution providers"):
            runstone.pyfunc.load_model(_changed(tmp_path / "default", providers=said))


@pytest.mark.parametrize("said", ["../secret", "/etc/hostname", "link", "*/_ORT_MEM_ADDR_/*", "none", ""])
def test_weights_lie_within_the_models_folder(said: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(4800))
    path = tmp_path / "m"
    runstone.onnx.save_model(graphs.line(300), path)
    os.symlink(tmp_path / "secret", path / "link")
    graph = onnx.load(path / "model.onnx", load_external_data=False)
    (weights,) = graph.graph.initializer
    next(one for one in weights.external_data if one.key == "location").value = said
    (path / "model.onnx").write_bytes(graph.SerializeToString())
    with pytest.raises(InvalidParameter, match=r"weight 'W'.*folder|weight 'W' is to be in"):
        runstone.load_model(path)
    with pytest.raises(InvalidParameter, match=r"weight 'W'.*folder|weight 'W' is to be in"):
        runstone.pyfunc.load_model(path)


def test_weights_within_graphs_within_graphs_are_looked_at_too(tmp_path: Path) -> None:
    runstone.onnx.save_model(graphs.line(), tmp_path / "m")
    graph = graphs.line()
    inner = graph.graph.node.add(op_type="If").attribute.add(name="then_branch").g
    inner.node.add(op_type="Constant").attribute.add(name="value").t.CopyFrom(
        onnx.TensorProto(name="deep", data_location=onnx.TensorProto.EXTERNAL)
    )
    deep = inner.node[0].attribute[0].t
    deep.external_data.add(key="location", value="../x")
    (tmp_path / "m" / "model.onnx").write_bytes(graph.SerializeToString())
    with pytest.raises(InvalidParameter, match="weight 'deep'"):
        runstone.load_model(tmp_path / "m")


def test_options_that_may_load_files_are_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dangerous = [["CPUExecutionProvider", {"backend_path": "/tmp/x.so"}]]
    path = tmp_path / "m"
    runstone.onnx.save_model(graphs.line(), path, onnx_execution_providers=dangerous)
    runstone.pyfunc.load_model(path)  # made here
    monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "another"))
    shutil.copytree(path, tmp_path / "copied")
    with pytest.raises(Forbidden, match="onnxruntime that may load files: backend_path"):
        runstone.pyfunc.load_model(tmp_path / "copied")
    _changed(path, providers=None, onnx_session_options={"extra_session_config": {"ep.context_file_path": "x"}})
    with pytest.raises(Forbidden, match=r"ep\.context_file_path"):
        runstone.pyfunc.load_model(path)
    with runstone.trusting():
        runstone.pyfunc.load_model(path)


def test_what_is_no_graph_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameter, match=r"onnx\.ModelProto"):
        runstone.onnx.save_model("model.onnx", tmp_path / "m")
    runstone.onnx.save_model(graphs.line(300), tmp_path / "m")
    bare = onnx.load(tmp_path / "m" / "model.onnx", load_external_data=False)
    with pytest.raises(InvalidParameter, match="weights are not with it"):
        runstone.onnx.save_model(bare, tmp_path / "n")
    (tmp_path / "m" / "model.onnx").write_bytes(b"\xff" * 40)
    with pytest.raises(InvalidParameter, match="no graph of ONNX's"):
        runstone.load_model(tmp_path / "m")
