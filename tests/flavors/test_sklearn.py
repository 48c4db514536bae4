"""scikit-learn's models: every estimator is saved and loaded as it was; in skops' format, which runs no code, wherever that can be."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from tests.flavors import fitted

import runstone
from runstone.errors import InvalidParameter
from runstone.models import Model

# What skops has no form for.
PICKLED = {"Birch"}
GROUPS = 8


@pytest.mark.parametrize("group", range(GROUPS))
@pytest.mark.filterwarnings("ignore::FutureWarning")  # of classes that scikit-learn is about to give up
def test_every_estimator_is_saved_and_loaded_as_it_was(group: int, tmp_path: Path) -> None:
    for name in fitted.NAMES[group::GROUPS]:
        model = fitted.estimator(name)
        runstone.sklearn.save_model(model, tmp_path / name)
        block = Model.load(tmp_path / name).flavors["sklearn"]
        assert block["serialization_format"] == ("cloudpickle" if name in PICKLED else "skops"), name
        loaded = runstone.load_model(tmp_path / name)
        assert type(loaded) is type(model)
        before, after = fitted.said(model, name), fitted.said(loaded, name)
        assert before.keys() == after.keys(), name
        assert [method for method in before if not fitted.same(before[method], after[method])] == [], name


class Doubling(FunctionTransformer):
    """A class of this file."""


def test_what_skops_has_no_form_for_is_pickled_and_works(tmp_path: Path) -> None:
    pipeline = make_pipeline(FunctionTransformer(lambda x: x * 2), SVC().fit(fitted.X, fitted.Y))
    runstone.sklearn.save_model(pipeline, tmp_path / "p")
    assert Model.load(tmp_path / "p").flavors["sklearn"]["serialization_format"] == "cloudpickle"
    assert sorted(os.listdir(tmp_path / "p"))[:1] == ["MLmodel"]
    with pytest.raises(InvalidParameter, match="skops cannot write this Pipeline"):
        runstone.sklearn.save_model(pipeline, tmp_path / "q", serialization_format="skops")
    assert not (tmp_path / "q").exists()
    with pytest.raises(InvalidParameter, match="Write one of skops, cloudpickle, pickle"):
        runstone.sklearn.save_model(pipeline, tmp_path / "q", serialization_format="joblib")


def test_without_skops_a_model_is_pickled_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "skops"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "skops", None)  # type: ignore[arg-type]  # as Python has it: not to be found
    model = SVC().fit(fitted.X, fitted.Y)
    with pytest.warns(UserWarning, match="skops is not installed, so the model is kept as a pickle"):
        info = runstone.log_model(model, name="svc")
    assert info.flavors["sklearn"]["serialization_format"] == "cloudpickle"
    assert fitted.same(runstone.load_model(info.model_uri).predict(fitted.X), model.predict(fitted.X))
    assert "skops" not in Path(runstone.pyfunc.get_model_dependencies(info.model_uri)).read_text()
    runstone.sklearn.save_model(
        model, tmp_path / "said", serialization_format="cloudpickle"
    )  # no warning: they are errors here
    with pytest.raises(ImportError, match="pip install skops"):
        runstone.sklearn.save_model(model, tmp_path / "asked", serialization_format="skops")


def test_a_plain_forest_just_works(tmp_path: Path) -> None:
    forest = RandomForestRegressor(3, random_state=0).fit(fitted.X, fitted.Y)
    with runstone.start_run():
        info = runstone.sklearn.log_model(make_pipeline(StandardScaler(), forest), name="forest")
    block = info.flavors["sklearn"]
    assert (block["serialization_format"], "sklearn.tree._tree.Tree" in block["skops_trusted_types"]) == ("skops", True)
    loaded = runstone.sklearn.load_model(info.model_uri)
    assert fitted.same(loaded[-1].predict(fitted.X), forest.predict(fitted.X))


def test_what_does_not_predict_says_so_and_is_loaded_as_an_object(tmp_path: Path) -> None:
    runstone.sklearn.save_model(StandardScaler().fit(fitted.X), tmp_path / "s")
    assert list(Model.load(tmp_path / "s").flavors) == ["sklearn"]
    assert runstone.load_model(tmp_path / "s").n_features_in_ == 4


def test_another_method_may_predict(tmp_path: Path) -> None:
    model = SVC().fit(fitted.X, fitted.Y)
    runstone.sklearn.save_model(model, tmp_path / "s", pyfunc_predict_fn="decision_function")
    assert Model.load(tmp_path / "s").flavors["python_function"]["predict_fn"] == "decision_function"
