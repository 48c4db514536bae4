"""Whatever fails in recording, the training returns what it would have returned, and raises what it would have raised."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lightgbm
import numpy
import pytest
import xgboost
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from tests.support import disks
from tests.support.within import ServerWithin

import runstone
from runstone.autologging import plots, recording
from runstone.client import Client
from runstone.entities import Run
from runstone.fluent import session
from runstone.journal import Journal
from runstone.models import logging

X = numpy.arange(60.0).reshape(20, 3) % 7
Y = X.sum(axis=1)
KINDS = (Y.mean() < Y).astype(int)


def _fit() -> Any:
    return LinearRegression().fit(X, Y).coef_.tolist()


def _search() -> Any:
    return GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(X, KINDS).predict(X).tolist()


def _boost() -> Any:
    data = xgboost.DMatrix(X, Y)
    booster = xgboost.train({"seed": 1}, data, 3, evals=[(data, "train")], early_stopping_rounds=2, verbose_eval=False)
    return booster.predict(data).tolist()


def _grow() -> Any:
    data = lightgbm.Dataset(X, Y)
    params = {"verbose": -1, "min_data_in_leaf": 1, "deterministic": True, "num_threads": 1}
    return lightgbm.train(params, data, 3, valid_sets=[data]).predict(X).tolist()


def _estimator() -> Any:
    return xgboost.XGBRegressor(n_estimators=2).fit(X, Y).predict(X).tolist()


TRAININGS = {each.__name__[1:]: each for each in (_fit, _search, _boost, _grow, _estimator)}


def _autolog(**options: Any) -> None:
    runstone.autolog(**options)


def _runs() -> list[Run]:
    return list(runstone.search_runs(output_format="list"))


@pytest.fixture
def told() -> Iterator[list[str]]:
    """What was warned of autologging."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield texts
        texts.extend(str(each.message) for each in caught if "Autologging" in str(each.message))


def _breaking(*args: Any, **kwargs: Any) -> Any:
    raise OSError(28, "No space left on device")


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take most of the time, and fail in a test of their own."""
    monkeypatch.setattr(recording, "has", lambda library: False)


def test_pictures_that_cannot_be_drawn_leave_the_training_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = _search()
    _autolog(log_models=False)
    monkeypatch.setattr(recording, "has", lambda library: True)
    monkeypatch.setattr(plots, "_drawn", _breaking)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert _search() == expected
    assert any("training_confusion_matrix.png could not be recorded" in str(each.message) for each in caught)


STEPS = [
    (session, "start_run"),
    (session, "end_run"),
    (Client, "log_batch"),
    (Client, "log_inputs"),
    (Client, "log_files"),
    (Client, "create_run"),
    (Client, "create_logged_model"),
    (Client, "finalize_logged_model"),
    (logging, "log"),
    (Journal, "append_many"),
]


@pytest.mark.parametrize(
    ("place", "step", "name"),
    [
        (place, step, name)
        for place, step in STEPS
        for name in TRAININGS
        if name in ("fit", "boost") or step in ("log_batch", "log_files", "create_run", "create_logged_model", "log")
    ],
)
def test_a_step_that_fails_leaves_the_training_alone(
    place: Any, step: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNSTONE_PROVENANCE", "0")
    expected = TRAININGS[name]()
    _autolog()
    monkeypatch.setattr(place, step, _breaking)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert TRAININGS[name]() == expected
        first = [str(each.message) for each in caught if "Autologging" in str(each.message)]
        assert TRAININGS[name]() == expected
        again = [str(each.message) for each in caught if "Autologging" in str(each.message)]
    assert len(set(again)) == len(again), "told twice"
    assert again == first
    monkeypatch.undo()
    assert runstone.active_run() is None, "a run was left in the way of the next"
    assert all("The training goes on." in text for text in first)


@pytest.mark.parametrize("name", ["fit", "boost"])
def test_silent_is_silent(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _autolog(silent=True)
    for place, step in ((Client, "log_batch"), (logging, "log"), (Journal, "append_many")):
        monkeypatch.setattr(place, step, _breaking)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TRAININGS[name]()
    assert capsys.readouterr() == ("", "")


def test_where_warnings_are_errors_ours_are_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _autolog()
    monkeypatch.setattr(Client, "log_batch", _breaking)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _fit() == pytest.approx([1.0, 1.0, 1.0])
    assert "No space left" in capsys.readouterr().err


@pytest.mark.parametrize(
    "failing",
    [
        lambda: LogisticRegression(C=-1).fit(X, KINDS),
        lambda: GridSearchCV(LogisticRegression(C=-1), {"tol": [0.1]}, cv=2).fit(X, KINDS),
        lambda: xgboost.train({"objective": "reg:nothing"}, xgboost.DMatrix(X, Y), 1),
        lambda: lightgbm.train({"verbose": -1, "objective": "nothing"}, lightgbm.Dataset(X, Y), 1),
        lambda: LinearRegression().fit(X),
    ],
    ids=["fit", "search", "boost", "grow", "call"],
)
@pytest.mark.filterwarnings("ignore")
def test_a_training_that_fails_raises_its_own_error_and_its_run_has_failed(failing: Callable[[], Any]) -> None:
    with pytest.raises(Exception) as plain:
        failing()
    _autolog()
    with pytest.raises(type(plain.value)) as recorded:
        failing()
    # a search's error holds the traceback of a fit, which goes through us
    assert str(recorded.value).splitlines()[-1] == str(plain.value).splitlines()[-1]
    (run,) = _runs()
    assert run.info.status == "FAILED"
    assert runstone.active_run() is None
    assert {model.status for model in runstone.search_logged_models(output_format="list")} <= {"FAILED"}


def test_ctrl_c_in_a_training_ends_its_run() -> None:
    class Interrupted(LinearRegression):
        def _decision_function(self, data: Any) -> Any: ...

        def __sklearn_tags__(self) -> Any:
            raise KeyboardInterrupt

    _autolog()
    with pytest.raises(KeyboardInterrupt):
        Interrupted().fit(X, Y)
    assert [run.info.status for run in _runs()] == ["KILLED"]
    assert runstone.active_run() is None


def test_an_estimator_that_cannot_be_measured_or_kept_is_trained_all_the_same(told: list[str]) -> None:
    import threading

    class Odd(LinearRegression):
        def fit(self, X: Any, y: Any) -> Any:
            self.lock_ = threading.Lock()
            return super().fit(X, y)

        def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
            raise RuntimeError("no score")

        def __repr__(self, N_CHAR_MAX: int = 700) -> str:
            raise RuntimeError("no text")

    _autolog()
    model = Odd().fit(X, Y)
    assert model.coef_ == pytest.approx([1.0, 1.0, 1.0])
    (run,) = _runs()
    assert run.info.status == "FINISHED"
    assert "training_r2_score" in run.data.metrics
    assert "training_score" not in run.data.metrics


def test_a_metric_that_cannot_be_logged_is_given_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn import metrics

    _autolog(log_models=False)
    model = LinearRegression().fit(X, Y)
    monkeypatch.setattr(Client, "log_metric", _breaking)
    with pytest.warns(UserWarning, match="Autologging of sklearn: a metric could"):
        assert metrics.r2_score(Y, model.predict(X)) == pytest.approx(1.0)
    with pytest.warns(UserWarning, match="Autologging of sklearn: a model's score could"):
        assert model.score(X, Y) == pytest.approx(1.0)


@pytest.mark.skipif(disks.can_mount() is not None, reason=str(disks.can_mount()))
def test_on_a_full_disk_trainings_go_on(tmp_path: Path, told: list[str]) -> None:
    disk = disks.Disk(tmp_path / "disk", 6)
    try:
        runstone.set_tracking_uri(str(disk.path / "store"))
        _autolog()
        expected = _fit()
        disk.fill()
        assert _fit() == expected
        assert runstone.active_run() is None
        disk.free()
        assert _fit() == expected
        assert _runs()[0].info.status == "FINISHED"
    finally:
        disk.take_away()


def test_with_the_server_away_trainings_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[str]) -> None:
    for name, value in (("OFFLINE_AFTER", "60"), ("END_TIMEOUT", "0"), ("HTTP_RETRIES", "0"), ("CONSOLE", "0")):
        monkeypatch.setenv(f"RUNSTONE_{name}", value)
    server = ServerWithin(tmp_path / "served")
    runstone.set_tracking_uri(server.url)
    _autolog()
    expected = _fit()
    (run,) = _runs()
    assert (run.info.status, len(run.outputs.model_outputs), len(run.inputs.dataset_inputs)) == ("FINISHED", 1, 1)
    server.stop()
    assert _fit() == expected
    assert _boost() == _boost()
    assert runstone.active_run() is None
