"""Callbacks log the metrics of each iteration, and patch nothing."""

from __future__ import annotations

import pickle

import lightgbm
import numpy
import pytest
import xgboost

import runstone

X = numpy.arange(60.0).reshape(20, 3) % 7
Y = X.sum(axis=1)


def test_xgboosts_logs_each_iteration_to_the_active_run() -> None:
    data = xgboost.DMatrix(X, Y)
    results: dict[str, dict[str, list[float]]] = {}
    callback = runstone.xgboost.RunstoneCallback()
    with runstone.start_run() as run:
        xgboost.train(
            {}, data, 4, evals=[(data, "train")], evals_result=results, verbose_eval=False, callbacks=[callback]
        )
    points = runstone.Client().get_metric_history(run.info.run_id, "train-rmse")
    assert [(point.step, point.value) for point in points] == list(enumerate(results["train"]["rmse"]))
    assert isinstance(pickle.loads(pickle.dumps(callback)), runstone.xgboost.RunstoneCallback)


def test_lightgbms_logs_one_iteration_in_so_many_to_the_run_that_it_is_told() -> None:
    data = lightgbm.Dataset(X, Y)
    with runstone.start_run() as run:
        pass
    callback = runstone.lightgbm.RunstoneCallback(every=2, run_id=run.info.run_id)
    params = {"verbose": -1, "min_data_in_leaf": 1, "metric": ["l2"]}
    lightgbm.train(params, data, 4, valid_sets=[data], valid_names=["train"], callbacks=[callback])
    points = runstone.Client().get_metric_history(run.info.run_id, "train-l2")
    assert [point.step for point in points] == [0, 2]


def test_an_error_of_theirs_is_the_callers() -> None:
    data = xgboost.DMatrix(X, Y)
    callback = runstone.xgboost.RunstoneCallback(run_id="0" * 32)
    with pytest.raises(runstone.MlflowException):
        xgboost.train({}, data, 1, evals=[(data, "train")], verbose_eval=False, callbacks=[callback])
