"""PyTorch's modules go both ways: what runstone saves, the real MLflow loads and predicts the same with, and the reverse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import numpy
import pandas
import pytest
import torch
from tests.deep import networks
from tests.deep.networks import X

import runstone

pytestmark = pytest.mark.filterwarnings("ignore")

FRAME = pandas.DataFrame(X.numpy())
# The module, and how it is saved.
SAVED: dict[str, dict[str, Any]] = {
    "own": {"serialization_format": "pickle"},
    "own graph": {"serialization_format": "pt2", "input_example": X.numpy()},
    "own with an example": {"input_example": X.numpy()},
    "plain": {},
    "plain with an example": {"input_example": X.numpy()},
    "lightning": {},
    "branches": {},
    "scripted": {},
    "quantised": {},
    "averaged": {},
}


@pytest.mark.parametrize("case", SAVED)
def test_the_real_mlflow_loads_modules_that_runstone_saved(case: str, tmp_path: Path) -> None:
    module = networks.MODULES[case.split()[0]]()
    runstone.pytorch.save_model(module, tmp_path / "m", **SAVED[case])
    wanted = module.eval()(X).detach().numpy()
    assert numpy.allclose(mlflow.pytorch.load_model(str(tmp_path / "m"))(X).detach(), wanted, atol=1e-6)
    predicts = mlflow.pyfunc.load_model(str(tmp_path / "m"))
    assert numpy.allclose(predicts.predict(X.numpy()), wanted, atol=1e-6)
    if "example" not in case and "graph" not in case:
        ours = runstone.pyfunc.load_model(tmp_path / "m").predict(FRAME)
        pandas.testing.assert_frame_equal(predicts.predict(FRAME), ours)


@pytest.mark.parametrize("case", [case for case in SAVED if case != "own with an example"])
def test_runstone_loads_modules_that_the_real_mlflow_saved(case: str, tmp_path: Path) -> None:
    module = networks.MODULES[case.split()[0]]().eval()
    options = {"serialization_format": "pickle", **SAVED[case]}
    mlflow.pytorch.save_model(module, str(tmp_path / "m"), pip_requirements=["torch"], **options)
    wanted = module(X).detach().numpy()
    with runstone.trusting():
        assert numpy.allclose(runstone.load_model(tmp_path / "m")(X).detach(), wanted, atol=1e-6)
        assert numpy.allclose(runstone.pyfunc.load_model(tmp_path / "m").predict(X.numpy()), wanted, atol=1e-6)


def test_a_graph_that_the_real_mlflow_saved_is_read_without_being_asked_about(tmp_path: Path) -> None:
    mlflow.pytorch.save_model(networks.Own(), str(tmp_path / "m"), pip_requirements=["torch"], input_example=X.numpy())
    assert runstone.pyfunc.load_model(tmp_path / "m").predict(X.numpy()).shape == (5, 2)


def test_state_dicts_go_both_ways(tmp_path: Path) -> None:
    state = {"model": networks.Own().state_dict(), "epoch": 3}
    runstone.pytorch.save_state_dict(state, tmp_path / "ours")
    mlflow.pytorch.save_state_dict(state, str(tmp_path / "theirs"))
    for found in (
        mlflow.pytorch.load_state_dict(str(tmp_path / "ours")), runstone.pytorch.load_state_dict(str(tmp_path / "theirs")),
    ):  # fmt: skip
        assert found["epoch"] == 3
        assert all(torch.equal(found["model"][name], value) for name, value in state["model"].items())
