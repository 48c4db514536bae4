"""statsmodels' fits record themselves; what they record is compared with MLflow's in tests/mlflow_compat/test_autologging.py."""

from __future__ import annotations

from typing import Any

import numpy
import pandas
import pytest
import statsmodels.api
import statsmodels.formula.api
from statsmodels.regression.linear_model import OLS, RegressionModel, RegressionResults

import runstone
from runstone.client import Client

X = numpy.random.RandomState(0).rand(20, 2)
Y = X @ [1.0, 2.0] + X[:, 0] ** 2


def _runs() -> list[Any]:
    return list(runstone.search_runs(output_format="list"))


def test_a_fit_is_a_run_whose_model_predicts() -> None:
    runstone.statsmodels.autolog()
    frame = pandas.DataFrame(X, columns=["a", "b"]).assign(y=Y)
    fitted = statsmodels.formula.api.ols("y ~ a + b", frame).fit()
    (run,) = _runs()
    assert run.data.metrics["rsquared"] == fitted.rsquared
    assert "OLS Regression Results" in runstone.artifacts.load_text(f"runs:/{run.info.run_id}/model_summary.txt")
    (made,) = run.outputs.model_outputs
    model = runstone.get_logged_model(made.model_id)
    assert {metric.key: metric.value for metric in model.metrics}["aic"] == fitted.aic
    assert model.params["method"] == "pinv"
    predicts = runstone.pyfunc.load_model(f"models:/{made.model_id}")
    assert numpy.allclose(predicts.predict(frame), fitted.predict(frame))


def test_a_fit_within_a_fit_is_not_recorded_and_a_class_of_ones_own_is_once() -> None:
    runstone.statsmodels.autolog(log_models=False)

    class Own(OLS):  # type: ignore[misc]
        def fit(self, **kwargs: Any) -> Any:
            return super().fit(**kwargs)

    Own(Y, X).fit(method="qr")
    (run,) = _runs()
    assert run.data.params["method"] == "qr"
    statsmodels.api.Poisson(numpy.round(Y), X).fit(disp=0)  # its fit calls those of the classes above it
    assert len(_runs()) == 2


def test_switched_off_all_is_as_it_was() -> None:
    before = vars(RegressionModel)["fit"]
    runstone.autolog()
    assert vars(RegressionModel)["fit"] is not before
    runstone.autolog(disable=True)
    assert vars(RegressionModel)["fit"] is before
    OLS(Y, X).fit()
    assert _runs() == []


def test_a_failure_of_ours_does_not_reach_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(*args: Any, **kwargs: Any) -> Any:
        raise OSError(28, "No space left on device")

    runstone.statsmodels.autolog(silent=True)
    monkeypatch.setattr(RegressionResults, "aic", property(breaking))
    monkeypatch.setattr(RegressionResults, "summary", breaking)
    assert OLS(Y, X).fit().rsquared > 0.9
    (run,) = _runs()
    assert "aic" not in run.data.metrics
    assert run.data.metrics["df_model"] == 2
    for step in ("log_batch", "log_files", "create_logged_model"):
        monkeypatch.setattr(Client, step, breaking)
    assert OLS(Y, X).fit().rsquared > 0.9
    assert runstone.active_run() is None
