"""Autologging is switched on before and after a library is imported, and off; what is patched looks as it did."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest
from sklearn import metrics
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import runstone
from runstone.entities import Run

X = numpy.arange(40.0).reshape(20, 2)
Y = X.sum(axis=1)


def _runs() -> list[Run]:
    return list(runstone.search_runs(output_format="list"))


def _play(script: str, folder: Path) -> str:
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_no_library_is_imported_for_it(tmp_path: Path) -> None:
    script = (
        "import sys, runstone; runstone.autolog(); import json\n"
        "print([name for name in ('sklearn', 'xgboost', 'lightgbm', 'pandas', 'matplotlib', 'torch', 'keras', 'statsmodels') if name in sys.modules])"
    )
    assert _play(script, tmp_path) == "[]"


def test_a_library_that_is_imported_later_is_patched_then(tmp_path: Path) -> None:
    script = (
        "import runstone; runstone.sklearn.autolog(log_models=False)\n"
        "from sklearn.metrics import mean_squared_error\n"
        "from sklearn.linear_model import LinearRegression\n"
        "model = LinearRegression().fit([[1.0], [2.0], [4.0]], [1.0, 2.0, 4.0])\n"
        "mean_squared_error([1.0], model.predict([[1.0]]))\n"
        "(run,) = runstone.search_runs(output_format='list')\n"
        "print(run.data.tags['estimator_name'], sorted(run.data.metrics)[0])"
    )
    assert _play(script, tmp_path).splitlines()[-1] == "LinearRegression mean_squared_error_unknown_dataset"


def test_under_mlflows_name(tmp_path: Path) -> None:
    script = (
        "import runstone; runstone.install_as_mlflow()\n"
        "import mlflow, mlflow.sklearn; mlflow.autolog(log_models=False, exclude_flavors=['xgboost'])\n"
        "from sklearn.linear_model import LinearRegression\n"
        "LinearRegression().fit([[1.0], [2.0], [4.0]], [1.0, 2.0, 4.0])\n"
        "print(mlflow.last_active_run().data.tags['mlflow.autologging'])"
    )
    assert _play(script, tmp_path) == "sklearn"


def test_switched_off_nothing_is_recorded_and_all_is_as_it_was() -> None:
    def standing() -> list[object]:
        return [
            vars(LinearRegression)["fit"],
            vars(Pipeline)["fit_transform"],
            vars(Pipeline)["predict"],
            vars(GridSearchCV).get("fit"),
            metrics.accuracy_score,
            vars(PCA)["fit"],
        ]

    before = standing()
    runstone.sklearn.autolog()
    assert all(now is not then for now, then in zip(standing(), before, strict=True) if then is not None)
    runstone.sklearn.autolog(disable=True)
    assert all(now is then for now, then in zip(standing(), before, strict=True))
    LinearRegression().fit(X, Y)
    assert _runs() == []


def test_what_somebody_else_has_patched_since_stays() -> None:
    before = LinearRegression.fit
    runstone.sklearn.autolog()
    ours, called = LinearRegression.fit, []

    def theirs(self: Any, *args: Any, **kwargs: Any) -> Any:
        called.append(self)
        return ours(self, *args, **kwargs)

    LinearRegression.fit = theirs
    try:
        runstone.sklearn.autolog(disable=True)
        LinearRegression().fit(X, Y)
        assert len(called) == 1
        assert _runs() == []
    finally:
        LinearRegression.fit = before


def test_what_is_patched_keeps_its_signature_its_text_and_its_pickle() -> None:
    before = [
        (inspect.signature(each), each.__doc__)
        for each in (LogisticRegression.fit, PCA.fit_transform, metrics.f1_score, Pipeline.fit)
    ]
    runstone.sklearn.autolog()
    patched = (LogisticRegression.fit, PCA.fit_transform, metrics.f1_score, Pipeline.fit)
    assert [(inspect.signature(each), each.__doc__) for each in patched] == before
    for each in patched:
        assert pickle.loads(pickle.dumps(each)) is each
    fitted = make_pipeline(StandardScaler(), LinearRegression())
    assert pickle.loads(pickle.dumps(fitted)).fit(X, Y).predict(X) == pytest.approx(Y)
    scorer = metrics.get_scorer("neg_mean_squared_error")
    assert pickle.loads(pickle.dumps(scorer))(fitted.fit(X, Y), X, Y) == pytest.approx(0.0)


def test_a_patched_model_leaves_no_trace_in_its_pickle() -> None:
    plain = pickle.dumps(LinearRegression().fit(X, Y))
    runstone.sklearn.autolog(log_models=False)
    assert pickle.dumps(LinearRegression().fit(X, Y)) == plain


def test_an_estimator_that_is_defined_later_records_itself_if_it_is_derived_from_one_that_does() -> None:
    runstone.sklearn.autolog(log_models=False)

    class Mine(LinearRegression):
        pass

    Mine().fit(X, Y)
    (run,) = _runs()
    assert run.data.tags["estimator_name"] == "Mine"


def test_the_latest_arguments_count_and_one_that_was_said_for_a_library_outlasts_one_for_all() -> None:
    runstone.sklearn.autolog(log_models=False, extra_tags={"whose": "its own"})
    runstone.autolog(extra_tags={"whose": "everyone's"})
    LinearRegression().fit(X, Y)
    runstone.sklearn.autolog(log_models=False, extra_tags={"whose": "the latest"})
    LinearRegression().fit(X, Y)
    assert [run.data.tags["whose"] for run in reversed(_runs())] == ["its own", "the latest"]


def test_what_was_said_for_all_is_put_back_for_all() -> None:
    runstone.autolog(log_models=False)
    runstone.autolog(disable=True)
    LinearRegression().fit(X, Y)
    assert _runs() == []


def test_what_is_said_for_all_switches_none_that_was_switched_by_itself() -> None:
    runstone.sklearn.autolog(log_models=False)
    runstone.autolog(disable=True)
    LinearRegression().fit(X, Y)
    assert len(_runs()) == 1
    runstone.sklearn.autolog(disable=True)
    runstone.autolog(log_models=False)
    LinearRegression().fit(X, Y)
    assert len(_runs()) == 1


def test_a_version_that_is_not_known_is_left_alone_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from runstone.autologging import switches

    monkeypatch.setitem(switches.SUPPORTED, "sklearn", (("scikit-learn",), (99, 0), (100,)))
    runstone.sklearn.autolog(disable_for_unsupported_versions=True)
    LinearRegression().fit(X, Y)
    assert _runs() == []


def test_a_negative_number_of_runs_is_refused() -> None:
    with pytest.raises(runstone.MlflowException, match="max_tuning_runs"):
        runstone.sklearn.autolog(max_tuning_runs=-1)
