"""What trainings of XGBoost and LightGBM record."""

from __future__ import annotations

import warnings

import lightgbm
import numpy
import pytest
import xgboost
from sklearn.model_selection import GridSearchCV

import runstone
from runstone.autologging import recording
from runstone.entities import Run

X = numpy.arange(60.0).reshape(20, 3) % 7
Y = X.sum(axis=1)


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "has", lambda library: False)


def _run() -> Run:
    (run,) = runstone.search_runs(output_format="list")
    found: Run = run
    return found


def test_a_training_that_a_callback_of_the_users_ends_has_its_last_iteration_recorded() -> None:
    runstone.xgboost.autolog(log_models=False)
    data = xgboost.DMatrix(X, Y)
    ends = [xgboost.callback.EarlyStopping(rounds=1, min_delta=1000.0)]
    given = list(ends)
    results: dict[str, dict[str, list[float]]] = {}
    xgboost.train({}, data, 9, evals=[(data, "train")], callbacks=ends, evals_result=results, verbose_eval=False)
    points = runstone.Client().get_metric_history(_run().info.run_id, "train-rmse")
    assert [point.value for point in points] == results["train"]["rmse"]
    assert ends == given, "the caller's list was changed"


def test_what_an_estimator_measures_at_each_iteration_is_its_models() -> None:
    runstone.xgboost.autolog()
    model = xgboost.XGBRegressor(n_estimators=3).fit(X, Y, eval_set=[(X, Y)], verbose=False)
    (made,) = _run().outputs.model_outputs
    logged = runstone.get_logged_model(made.model_id)
    assert {metric.key for metric in logged.metrics or []} == {"validation_0-rmse"}
    assert logged.params["num_boost_round"] == "3"
    assert runstone.load_model(f"models:/{made.model_id}").predict(X) == pytest.approx(model.predict(X))


def test_the_fits_of_a_search_are_not_recorded_again() -> None:
    runstone.autolog(log_models=False)
    GridSearchCV(xgboost.XGBRegressor(n_estimators=2), {"max_depth": [1, 2]}, cv=2).fit(X, Y)
    parents = [run for run in runstone.search_runs(output_format="list") if "mlflow.parentRunId" not in run.data.tags]
    assert [run.data.tags["estimator_name"] for run in parents] == ["GridSearchCV"]


def test_an_estimator_of_lightgbms_is_logged_once_and_one_set_to_evaluate_on_needs_no_list() -> None:
    runstone.lightgbm.autolog()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lightgbm.LGBMRegressor(n_estimators=2, min_child_samples=2, verbose=-1).fit(X, Y)
        assert len(_run().outputs.model_outputs) == 1
        data = lightgbm.Dataset(X, Y)
        with runstone.start_run() as run:
            lightgbm.train({"verbose": -1, "min_data_in_leaf": 2}, data, 2, valid_sets=lightgbm.Dataset(X, Y))
    used = runstone.get_run(run.info.run_id).inputs.dataset_inputs
    assert sorted(tag.value for each in used for tag in each.tags) == ["eval", "train"]
    assert runstone.artifacts.load_dict(f"runs:/{run.info.run_id}/feature_importance_gain.json").keys() == {
        "Column_0", "Column_1", "Column_2",
    }  # fmt: skip
