"""XGBoost's, LightGBM's and statsmodels' models: each kind is saved and loaded as it was, without code where the library can."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm
import numpy
import pandas
import pytest
import statsmodels.api
import xgboost
from tests.flavors.fitted import X, Y

import runstone
from runstone.errors import InvalidParameter
from runstone.models import Model

TARGET = X.sum(axis=1)
QUIET = {"n_estimators": 4, "verbose": -1}


def _matrix(data: Any) -> Any:
    return xgboost.DMatrix(data)


MODELS: dict[str, tuple[str, Callable[[], Any], Callable[[Any], Any]]] = {
    "Booster": ("xgboost", lambda: xgboost.train({"max_depth": 2}, xgboost.DMatrix(X, TARGET), 4), _matrix),
    "XGBRegressor": ("xgboost", lambda: xgboost.XGBRegressor(n_estimators=4).fit(X, TARGET), numpy.asarray),
    "XGBClassifier": ("xgboost", lambda: xgboost.XGBClassifier(n_estimators=4).fit(X, Y), numpy.asarray),
    "lightgbm.Booster": (
        "lightgbm",
        lambda: lightgbm.train({"verbose": -1}, lightgbm.Dataset(X, TARGET), 4),
        numpy.asarray,
    ),
    "LGBMRegressor": ("lightgbm", lambda: lightgbm.LGBMRegressor(**QUIET).fit(X, TARGET), numpy.asarray),
    "LGBMClassifier": (
        "lightgbm",
        lambda: lightgbm.LGBMClassifier(**QUIET).fit(X, numpy.array(["no", "yes"])[Y]),
        numpy.asarray,
    ),
    "OLS": ("statsmodels", lambda: statsmodels.api.OLS(TARGET, X).fit(), numpy.asarray),
    "GLM": ("statsmodels", lambda: statsmodels.api.GLM(TARGET, X).fit(), numpy.asarray),
}


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.filterwarnings("ignore::UserWarning")  # LightGBM's, on feature names
def test_each_kind_is_logged_and_loaded_as_it_was(kind: str) -> None:
    flavor, make, given = MODELS[kind]
    model = make()
    with runstone.start_run():
        info = runstone.log_model(model, name="m")
    assert set(info.flavors) == {flavor, "python_function"}
    loaded = runstone.load_model(info.model_uri)
    assert type(loaded) is type(model)
    assert numpy.array_equal(loaded.predict(given(X)), model.predict(given(X)))
    assert type(getattr(runstone, flavor).load_model(info.model_uri)) is type(model)


def test_xgboosts_other_formats_are_taken_and_what_is_none_is_not(tmp_path: Path) -> None:
    booster = MODELS["Booster"][1]()
    runstone.xgboost.save_model(booster, tmp_path / "json", model_format="json")
    assert (tmp_path / "json" / "model.json").read_bytes()[:1] == b"{"
    assert runstone.load_model(tmp_path / "json").num_boosted_rounds() == 4
    with pytest.raises(InvalidParameter, match="'ubj' and 'json'"):
        runstone.xgboost.save_model(booster, tmp_path / "x", model_format="text")


@pytest.mark.parametrize("named", ["os.system", "subprocess.Popen", "xgboost.none", "xgboost", "", None, 3])
def test_a_class_that_a_description_names_is_one_of_the_librarys_own(named: Any, tmp_path: Path) -> None:
    runstone.xgboost.save_model(MODELS["Booster"][1](), tmp_path / "x")
    described = Model.load(tmp_path / "x")
    described.flavors["xgboost"]["model_class"] = named
    described.save(tmp_path / "x" / "MLmodel")
    with pytest.raises(InvalidParameter, match="class"):
        runstone.load_model(tmp_path / "x")


def test_a_description_of_before_classes_were_named_is_a_boosters(tmp_path: Path) -> None:
    for flavor, kind in (("xgboost", "Booster"), ("lightgbm", "lightgbm.Booster")):
        model = MODELS[kind][1]()
        getattr(runstone, flavor).save_model(model, tmp_path / flavor)
        described = Model.load(tmp_path / flavor)
        del described.flavors[flavor]["model_class"]
        described.save(tmp_path / flavor / "MLmodel")
        assert type(runstone.load_model(tmp_path / flavor)) is type(model)


class Mine(xgboost.XGBRegressor):
    """An estimator of the user's."""


def test_an_estimator_of_xgboost_keeps_what_its_file_lacks(tmp_path: Path) -> None:
    """By `missing` it predicts; the rest it would be fitted with again."""
    holes = numpy.where(numpy.median(X) < X, -999.0, X)
    model = xgboost.XGBRegressor(
        n_estimators=numpy.int64(4), missing=-999.0, early_stopping_rounds=2, device="cpu", eval_metric="mae"
    )
    model.fit(holes, TARGET, eval_set=[(holes, TARGET)], verbose=False)
    runstone.xgboost.save_model(model, tmp_path / "m")
    loaded = runstone.load_model(tmp_path / "m")
    assert numpy.array_equal(loaded.predict(holes), model.predict(holes))
    assert numpy.array_equal(runstone.pyfunc.load_model(tmp_path / "m").predict(holes), model.predict(holes))
    asked = ("n_estimators", "missing", "early_stopping_rounds", "eval_metric", "device")
    assert [loaded.get_params()[name] for name in asked] == [4, -999.0, 2, "mae", None]


def test_a_class_of_ones_own_is_loaded_as_xgboosts_which_is_said(tmp_path: Path) -> None:
    model = Mine(n_estimators=2).fit(X, TARGET)
    with pytest.warns(UserWarning, match="this Mine will be loaded as a XGBRegressor"):
        runstone.xgboost.save_model(model, tmp_path / "m")
    loaded = runstone.load_model(tmp_path / "m")
    assert type(loaded) is xgboost.XGBRegressor
    assert numpy.array_equal(loaded.predict(X), model.predict(X))


def test_a_booster_of_categories_predicts(tmp_path: Path) -> None:
    frame = pandas.DataFrame({"c": pandas.Categorical(["a", "b"] * 20), "x": numpy.arange(40.0)})
    matrix = xgboost.DMatrix(frame, frame["c"].cat.codes, enable_categorical=True)
    booster = xgboost.train({"max_depth": 2, "min_child_weight": 0}, matrix, 4)
    runstone.xgboost.save_model(booster, tmp_path / "m", input_example=frame.head(4))
    said = runstone.pyfunc.load_model(tmp_path / "m").predict(frame)
    assert numpy.array_equal(said, booster.predict(matrix))
    assert len(set(said.tolist())) > 1
