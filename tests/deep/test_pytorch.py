"""PyTorch's modules: saved and loaded as they were or as a graph, predicting without being changed, and read without anything running."""

from __future__ import annotations

import importlib
import json
import os
import pickle
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import torch
from tests.deep import networks
from tests.deep.networks import X
from tests.support import malice
from torch import nn

import runstone
from runstone import safety
from runstone.errors import Forbidden, InvalidParameter, MissingFile, NotFound
from runstone.flavors import torch_archives, torch_graphs
from runstone.models import Model, infer_signature

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.filterwarnings("error::runstone.safety.PickleWarning"),
]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """From here on, nothing was made on this machine."""
    return lambda: monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "another"))


def _files(path: Path) -> list[str]:
    return sorted(os.listdir(path / "data"))


def _said(module: Any, data: Any = X) -> Any:
    module.eval()
    with torch.no_grad():
        return module(data.double() if next(module.parameters(), X).dtype == torch.float64 else data).numpy()


@pytest.mark.parametrize("kind", networks.MODULES)
def test_each_kind_is_logged_and_loaded_as_it_was(kind: str) -> None:
    module = networks.MODULES[kind]()
    info = runstone.log_model(module, name="m")
    assert set(info.flavors) == {"pytorch", "python_function"}
    loaded = runstone.load_model(info.model_uri)
    assert type(loaded) is type(module)
    assert not loaded.training
    assert numpy.array_equal(_said(loaded), _said(module))
    assert numpy.allclose(runstone.pyfunc.load_model(info.model_uri).predict(X), _said(module))


def test_the_graph_is_kept_where_there_is_an_example_and_the_class_is_ones_own(tmp_path: Path, elsewhere: Any) -> None:
    module = networks.Own()
    runstone.pytorch.save_model(module, tmp_path / "m", input_example=X.numpy())
    assert _files(tmp_path / "m") == ["model.pt2"]
    elsewhere()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RUNSTONE_PICKLE", "refuse")  # nothing in it could run
        loaded = runstone.load_model(tmp_path / "m")
        predicts = runstone.pyfunc.load_model(tmp_path / "m")
    assert loaded.eval() is loaded
    for rows in (X, X[:1], torch.cat([X, X])):
        assert numpy.allclose(predicts.predict(rows.numpy()), _said(module, rows), atol=1e-6)
        assert numpy.allclose(loaded(rows).detach(), _said(module, rows), atol=1e-6)


def test_a_graph_is_as_free_as_the_module_or_the_module_is_kept(tmp_path: Path) -> None:
    runstone.pytorch.save_model(
        networks.Pictures(), tmp_path / "p", input_example=torch.rand(1, 3, 8, 8), signature=False
    )
    assert _files(tmp_path / "p") == ["model.pt2"]
    assert runstone.pyfunc.load_model(tmp_path / "p").predict(torch.rand(2, 3, 12, 9)).shape == (2, 4)
    words = torch.tensor([[1, 2, 3]])
    with pytest.warns(UserWarning, match="kept as an object, for its graph cannot be made"):
        runstone.pytorch.save_model(networks.Words(), tmp_path / "w", input_example=words, signature=False)
    assert runstone.pyfunc.load_model(tmp_path / "w").predict(torch.tensor([[1, 2, 3, 4], [5, 6, 7, 8]])).shape == (
        2,
        4,
    )
    runstone.pytorch.save_model(networks.Words(), tmp_path / "asked", input_example=words, serialization_format="pt2")
    assert _files(tmp_path / "asked") == ["model.pt2"]
    with pytest.warns(UserWarning, match="kept as an object"):
        runstone.pytorch.save_model(networks.Branches(), tmp_path / "b", input_example=X)
    assert "model.pth" in _files(tmp_path / "b")


def test_what_is_asked_for_is_done_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runstone.pytorch.save_model(networks.Own(), tmp_path / "o", input_example=X, serialization_format="pickle")
    assert _files(tmp_path / "o") == ["model.pth", "pickle_module_info.txt"]
    assert (tmp_path / "o" / "data" / "pickle_module_info.txt").read_text() == "mlflow.pytorch.pickle_module"
    runstone.pytorch.save_model(networks.plain(), tmp_path / "plain", input_example=X, export_model=True)
    assert _files(tmp_path / "plain") == ["model.pt2"]
    runstone.pytorch.save_model(networks.Own(), tmp_path / "pickled", pickle_module=pickle)
    assert type(runstone.load_model(tmp_path / "pickled")) is networks.Own
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "my_pickles.py").write_text("from pickle import *")
    runstone.pytorch.save_model(networks.Own(), tmp_path / "mine", pickle_module=importlib.import_module("my_pickles"))
    assert type(runstone.load_model(tmp_path / "mine")) is networks.Own
    for module, options, why in (
        (networks.Own(), {"serialization_format": "pt2"}, "input_example"),
        (networks.Branches(), {"serialization_format": "pt2", "input_example": X}, "graph cannot be made"),
        (torch.jit.script(networks.Own()), {"serialization_format": "pt2", "input_example": X}, "scripted"),
        (networks.Own(), {"serialization_format": "onnx"}, "Write one of pickle, pt2"),
        (networks.Own(), {"serialization_format": "pickle", "export_model": True}, "opposite"),
        (networks.Own().state_dict(), {}, "save_state_dict"),
        (nn.utils.parametrizations.weight_norm(nn.Linear(4, 4)), {}, "cannot pickle this ParametrizedLinear"),
    ):
        with pytest.raises(InvalidParameter, match=why):
            runstone.pytorch.save_model(module, tmp_path / "x", **options)
        assert not (tmp_path / "x").exists()


def test_saving_and_predicting_leave_a_module_as_it_is(tmp_path: Path) -> None:
    module = networks.Own()
    module.one.eval()
    for number, options in enumerate(
        ({}, {"input_example": X}, {"input_example": X, "serialization_format": "pickle"})
    ):
        runstone.pytorch.save_model(module, tmp_path / str(number), **options)
        assert [part.training for part in module.modules()] == [True, False, True, True]
        assert all(weight.grad is None and weight.requires_grad for weight in module.parameters())
    first, second = (runstone.pyfunc.load_model(tmp_path / "2").predict(X) for _ in range(2))
    assert numpy.array_equal(first, second)


def test_it_predicts_on_whatever_people_hold(tmp_path: Path) -> None:
    module = networks.Own()
    runstone.pytorch.save_model(module, tmp_path / "m")
    model = runstone.pyfunc.load_model(tmp_path / "m")
    wanted = _said(module)
    for data in (X, X.numpy(), X.double().numpy(), X.tolist(), {"x": X}, (X,)):
        assert numpy.allclose(model.predict(data), wanted, atol=1e-6), type(data)
    frame = pandas.DataFrame(X.numpy(), index=list("abcde"))
    found = model.predict(frame)
    assert numpy.allclose(found, wanted, atol=1e-6)
    assert found.index.tolist() == list("abcde")
    whole = pandas.DataFrame([[1, 2, 3, 4]])
    assert numpy.allclose(model.predict(whole), _said(module, torch.tensor([[1.0, 2, 3, 4]])), atol=1e-6)
    with pytest.raises(InvalidParameter, match="takes numbers"):
        model.predict(["a"])
    with pytest.raises(InvalidParameter, match="model_config"):
        model.predict(X, params={"device": "cpu"})
    assert numpy.allclose(runstone.pyfunc.load_model(tmp_path / "m", model_config={"device": "cpu"}).predict(X), wanted)


@pytest.mark.parametrize("form", ["pickle", "pt2"])
def test_several_inputs_and_outputs_have_names_or_places(form: str, tmp_path: Path) -> None:
    module, a, b = networks.Two(), X, X[:, :3]
    runstone.pytorch.save_model(module, tmp_path / "named", input_example={"a": a, "b": b}, serialization_format=form)
    signature = Model.load(tmp_path / "named").signature
    assert signature is not None
    assert (signature.inputs.input_names(), signature.outputs.input_names()) == (["a", "b"], ["sum", "a"])
    found = runstone.pyfunc.load_model(tmp_path / "named").predict({"b": b.numpy(), "a": a.numpy()})
    assert numpy.allclose(found["sum"], module(a, b)["sum"].detach())
    runstone.pytorch.save_model(module, tmp_path / "placed", input_example=(a, b), serialization_format=form)
    assert Model.load(tmp_path / "placed").signature is None
    assert numpy.allclose(runstone.pyfunc.load_model(tmp_path / "placed").predict((a, b))["a"], a)


def test_an_example_of_tensors_is_kept_and_tells_the_signature(tmp_path: Path) -> None:
    runstone.pytorch.save_model(networks.Own(), tmp_path / "m", input_example=X)
    model = Model.load(tmp_path / "m")
    assert numpy.allclose(model.load_input_example(str(tmp_path / "m")), X)
    assert model.signature == infer_signature(X.numpy(), numpy.zeros((5, 2), "float32"))


def test_reading_what_is_harmless_asks_nobody_and_anything_else_does(tmp_path: Path, elsewhere: Any) -> None:
    for name in ("plain", "double", "averaged", "own", "quantised", "scripted", "lightning"):
        runstone.pytorch.save_model(networks.MODULES[name](), tmp_path / name)
    elsewhere()
    for name in ("plain", "double", "averaged"):
        assert safety.scan(tmp_path / name).verdict == "harmless"
        runstone.load_model(tmp_path / name)
    for name, why in (
        ("own", r"networks\.Own"), ("quantised", r"torch\.ScriptObject"), ("scripted", "TorchScript"), ("lightning", r"networks\.Lit"),
    ):  # fmt: skip
        with pytest.raises(Forbidden, match=why):
            runstone.load_model(tmp_path / name)
        with safety.trusting():
            runstone.load_model(tmp_path / name)


class Canary:
    def __reduce__(self) -> Any:
        return (os.mkdir, ("ran",))


def test_an_archive_that_readers_see_differently_is_not_read(tmp_path: Path, elsewhere: Any) -> None:
    """PyTorch's reader finds another directory in it than Python's, with which it was looked at."""
    runstone.pytorch.save_model(networks.plain(), tmp_path / "m")
    path = tmp_path / "m" / "data" / "model.pth"
    parts = {"archive/data.pkl": pickle.dumps(Canary(), 2), "archive/version": b"3\n", "archive/byteorder": b"little"}
    path.write_bytes(malice.two_directories({**parts, "archive/data.pkl": pickle.dumps(1, 2)}, parts))
    elsewhere()
    assert torch._C.PyTorchFileReader(str(path)).get_record("data.pkl") == parts["archive/data.pkl"]
    with pytest.raises(Forbidden, match="different members"):
        runstone.load_model(tmp_path / "m")
    assert torch_archives.beside_a_graph(str(path)) == "is an archive in which readers find different members"
    assert not Path("ran").exists()


def test_nothing_of_a_foreign_file_runs(tmp_path: Path) -> None:
    runstone.pytorch.save_model(networks.plain(), tmp_path / "m")
    torch.save({"a": Canary()}, tmp_path / "m" / "data" / "model.pth")
    with pytest.raises(Forbidden, match=r"mkdir"):
        runstone.load_model(tmp_path / "m")
    module = networks.plain()
    module.hidden = Canary()
    torch.save(module, tmp_path / "m" / "data" / "model.pth")
    with pytest.raises(Forbidden, match=r"mkdir"):
        runstone.pyfunc.load_model(tmp_path / "m")
    (tmp_path / "m" / "data" / "pickle_module_info.txt").write_text("this")
    with pytest.raises(Forbidden, match="read by the module 'this'"):
        runstone.load_model(tmp_path / "m")
    assert not Path("ran").exists()


def _rewritten(path: Path, change: Any, add: dict[str, bytes] | None = None) -> None:
    """Change the description of a graph's file."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    described = json.loads(members["model/models/model.json"])
    change(described)
    members["model/models/model.json"] = json.dumps(described).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**members, **(add or {})}.items():
            archive.writestr(name, content)


def _sizes(described: Any) -> list[Any]:
    text = json.dumps(described)
    assert "expr_str" in text
    return [
        value
        for one in described["graph_module"]["graph"]["tensor_values"].values()
        for value in one["sizes"]
        if "as_expr" in value
    ]


HOSTILE: dict[str, tuple[Any, dict[str, bytes], str]] = {
    "a size": (
        lambda one: _sizes(one)[0]["as_expr"].update(expr_str="__import__('os').mkdir('ran') or 1"), {}, "__import__",
    ),
    "a size by attributes": (lambda one: _sizes(one)[0]["as_expr"].update(expr_str="Max.floor(1)"), {}, r"Max\.floor"),
    "a size by another name": (lambda one: _sizes(one)[0]["as_expr"].update(expr_str="exec(1)"), {}, "exec"),
    "a guard": (lambda one: one.update(guards_code=["__import__('os').mkdir('ran') is None"]), {}, "__import__"),
    "a guard with an input": (lambda one: one.update(guards_code=["L['x'].numpy() > 1"]), {}, "numpy"),
    "an operator": (
        lambda one: one["graph_module"]["graph"]["nodes"][0].update(target="torch.os.system"), {}, "torch.os.system",
    ),
    "an operator that writes": (
        lambda one: one["graph_module"]["graph"]["nodes"][0].update(target="torch.ops.aten.save.default"), {}, "aten.save",
    ),
    "an enumeration": (lambda one: one.update(more={"__enum__": True, "fqn": "this:x"}), {}, "enumeration"),
    "compiled code": (lambda one: None, {"model/data/aotinductor/model/x.so": b"\x7fELF"}, "aotinductor"),
    "a pickle for a tensor": (
        lambda one: None, {"model/data/weights/x_config.json": b'{"config": {"w": {"use_pickle": true}}}'}, "a pickle",
    ),
    "an object": (lambda one: None, {"model/data/constants/custom_obj_0": b"x"}, "custom_obj"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_of_a_foreign_graph_runs(kind: str, tmp_path: Path) -> None:
    runstone.pytorch.save_model(networks.Own(), tmp_path / "m", input_example=X)
    change, add, why = HOSTILE[kind]
    _rewritten(tmp_path / "m" / "data" / "model.pt2", change, add)
    with pytest.raises(Forbidden, match=why):
        runstone.load_model(tmp_path / "m")
    assert not Path("ran").exists()


def test_graphs_of_many_kinds_hold_nothing_strange(tmp_path: Path) -> None:
    cases: dict[str, tuple[nn.Module, Any]] = {
        "pictures": (networks.Pictures(), torch.rand(2, 3, 8, 8)),
        "two": (networks.Two(), (X, X[:, :3])),
        "attention": (
            nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), 2),
            torch.rand(2, 3, 4),
        ),
        "lstm": (networks.Words(), torch.tensor([[1, 2, 3]])),
        "lightning": (networks.Lit(), X),
    }
    for name, (module, example) in cases.items():
        torch_graphs.write(module, example, str(tmp_path / f"{name}.pt2"), as_free=False)
        assert torch_archives.beside_a_graph(str(tmp_path / f"{name}.pt2")) is None, name
        assert safety.scan(tmp_path / f"{name}.pt2").verdict == "harmless"


def test_weights_that_begin_like_a_pickle_are_weights(tmp_path: Path) -> None:
    start = torch.frombuffer(bytearray(b"\x80\x02cos\nsystem\n." + bytes(50)), dtype=torch.uint8)
    torch.save({"a": torch.frombuffer(bytearray(b"\x80\x04\x8e" + bytes(61)), dtype=torch.uint8)}, tmp_path / "a.pth")
    assert safety.scan(tmp_path / "a.pth").verdict == "harmless"
    torch.save({"a": start}, tmp_path / "b.pth")  # a whole pickle: whoever reads it as one is warned
    assert safety.scan(tmp_path / "b.pth").verdict == "dangerous"


def test_a_model_without_its_files_says_so(tmp_path: Path) -> None:
    runstone.pytorch.save_model(networks.plain(), tmp_path / "m")
    shutil.rmtree(tmp_path / "m" / "data")
    (tmp_path / "m" / "data").mkdir()
    with pytest.raises(MissingFile, match=r"neither model\.pth nor model\.pt2"):
        runstone.load_model(tmp_path / "m")


CHECKPOINT = {"model": {"w": X}, "epoch": 3, "loss": numpy.float64(0.5), "names": ["a"], "array": numpy.arange(3)}


@pytest.mark.parametrize("form", ["pickle", "safetensors"])
def test_a_state_dict_comes_back(form: str, tmp_path: Path) -> None:
    module = networks.Own()
    module.two.weight = nn.Parameter(module.one.weight[:2].repeat(1, 2))
    state = {**module.state_dict(), "view": X[1:], "whole": X}
    runstone.pytorch.save_state_dict(state, tmp_path / "s", serialization_format=form)
    assert os.listdir(tmp_path / "s") == ["state_dict.pth" if form == "pickle" else "state_dict.safetensors"]
    with runstone.start_run() as run:
        runstone.pytorch.log_state_dict(state, "state", serialization_format=form)
    for place in (str(tmp_path / "s"), f"file://{tmp_path / 's'}", f"runs:/{run.info.run_id}/state"):
        found = runstone.pytorch.load_state_dict(place, map_location="cpu")
        assert found.keys() == state.keys()
        assert all(torch.equal(found[name], state[name]) for name in state)


def test_a_checkpoint_is_a_state_dict_too_and_what_is_more_is_named(tmp_path: Path) -> None:
    runstone.pytorch.save_state_dict(CHECKPOINT, tmp_path / "c")
    found = runstone.pytorch.load_state_dict(str(tmp_path / "c"))
    assert (found["epoch"], found["loss"], found["array"].tolist()) == (3, 0.5, [0, 1, 2])
    with pytest.raises(InvalidParameter, match="'epoch' is none"):
        runstone.pytorch.save_state_dict({"epoch": 3}, tmp_path / "x", serialization_format="safetensors")
    with pytest.raises(InvalidParameter, match="got a Own"):
        runstone.pytorch.save_state_dict(networks.Own(), tmp_path / "x")
    runstone.pytorch.save_state_dict({"a": Canary()}, tmp_path / "bad")
    with pytest.raises(InvalidParameter, match=r"holds more than tensors and plain values: \w+\.mkdir"):
        runstone.pytorch.load_state_dict(str(tmp_path / "bad"))
    with pytest.raises(Forbidden, match="mkdir"):
        runstone.pytorch.load_state_dict(str(tmp_path / "bad"), weights_only=False)
    assert not Path("ran").exists()
    with pytest.raises(MissingFile, match=r"no state_dict\.pth"):
        runstone.pytorch.load_state_dict(str(tmp_path))


def test_a_checkpoint_of_autologging_is_loaded_by_its_epoch(tmp_path: Path) -> None:
    module, trainer = networks.trained()
    with runstone.start_run() as run:
        with pytest.raises(NotFound, match="no checkpoint"):
            runstone.pytorch.load_checkpoint(networks.Lit)
        for epoch in range(2):
            with torch.no_grad():
                module.line.weight.fill_(epoch)
            trainer.save_checkpoint(tmp_path / "model.ckpt")
            runstone.log_artifact(tmp_path / "model.ckpt", f"checkpoints/epoch_{epoch}")
        runstone.set_tag("mlflow.latest_checkpoint_artifact", "checkpoints/epoch_1/model.ckpt")
        assert runstone.pytorch.load_checkpoint(networks.Lit).line.weight.mean() == 1
    assert runstone.pytorch.load_checkpoint(networks.Lit, run.info.run_id, epoch=0).line.weight.mean() == 0
    with pytest.raises(InvalidParameter, match="one of the two"):
        runstone.pytorch.load_checkpoint(networks.Lit, run.info.run_id, 1, 1)
