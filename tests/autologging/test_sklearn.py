"""What fits of scikit-learn record, in which run, and how often."""

from __future__ import annotations

import json
import threading
from typing import Any

import numpy
import pandas
import pytest
from joblib import parallel_config
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.ensemble import BaggingRegressor, RandomForestClassifier, VotingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import runstone
from runstone.entities import Run

X = numpy.arange(60.0).reshape(20, 3) % 7
Y = X.sum(axis=1)
KINDS = (Y.mean() < Y).astype(int)


def _runs() -> list[Run]:
    return list(reversed(runstone.search_runs(output_format="list")))


def _run() -> Run:
    (run,) = _runs()
    return run


def _files(run: Run) -> list[str]:
    return [file.path for file in runstone.Client().list_artifacts(run.info.run_id)]


def test_a_fit_is_a_run_with_params_metrics_dataset_and_model() -> None:
    runstone.sklearn.autolog(log_input_examples=True, extra_tags={"team": "red"})
    frame = pandas.DataFrame(X, columns=["a", "b", "c"])
    model = LinearRegression().fit(frame, Y)
    run = _run()
    assert run.info.status == "FINISHED"
    assert run.data.params == {name: str(value) for name, value in model.get_params().items()}
    assert sorted(run.data.metrics) == [
        f"training_{name}"
        for name in ("mean_absolute_error", "mean_squared_error", "r2_score", "root_mean_squared_error", "score")
    ]
    assert run.data.tags["mlflow.autologging"] == "sklearn"
    assert run.data.tags["team"] == "red"
    assert run.data.tags["estimator_class"] == "sklearn.linear_model._base.LinearRegression"
    (used,) = run.inputs.dataset_inputs
    assert [(tag.key, tag.value) for tag in used.tags] == [("mlflow.data.context", "train")]
    assert _files(run) == ["estimator.html"]
    (made,) = run.outputs.model_outputs
    logged = runstone.get_logged_model(made.model_id)
    assert (logged.name, logged.status, logged.params) == ("model", "READY", run.data.params)
    assert {metric.key for metric in logged.metrics or []} == set(run.data.metrics)
    loaded = runstone.load_model(f"models:/{made.model_id}")
    assert loaded.predict(frame) == pytest.approx(model.predict(frame))


def test_lists_are_data_as_arrays_are() -> None:
    runstone.sklearn.autolog(log_models=False)
    LogisticRegression().fit(X.tolist(), ["yes" if kind else "no" for kind in KINDS])
    (used,) = _run().inputs.dataset_inputs
    profile = json.loads(used.dataset.profile or "")
    assert (profile["features_shape"], profile["targets_shape"]) == ([20, 3], [20])


def test_a_classifier_has_its_pictures() -> None:
    runstone.sklearn.autolog(log_models=False, pos_label=1)
    LogisticRegression().fit(X, KINDS)
    names = ("training_confusion_matrix.png", "training_precision_recall_curve.png", "training_roc_curve.png")
    assert _files(_run()) == ["estimator.html", *names]
    for name in names:
        data = runstone.Client().read_artifact(_run().info.run_id, name)
        assert data.startswith(b"\x89PNG")
    assert {"training_log_loss", "training_roc_auc", "training_f1_score"} < set(_run().data.metrics)


def test_what_is_fitted_within_a_fit_is_not_recorded_again() -> None:
    runstone.sklearn.autolog(log_models=False)
    make_pipeline(StandardScaler(), Ridge()).fit(X, Y)
    VotingRegressor([("a", Ridge()), ("b", LinearRegression())]).fit(X, Y)
    assert [run.data.tags["estimator_name"] for run in _runs()] == ["Pipeline", "VotingRegressor"]


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_workers_record_nothing(backend: str) -> None:
    runstone.sklearn.autolog(log_models=False, max_tuning_runs=0)
    with parallel_config(backend=backend, n_jobs=2):
        BaggingRegressor(Ridge(), n_estimators=4).fit(X, Y)
        GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=2).fit(X, Y)
    assert [run.data.tags["estimator_name"] for run in _runs()] == ["BaggingRegressor", "GridSearchCV"]


def test_in_the_users_run_it_is_recorded_there_and_the_run_goes_on() -> None:
    runstone.sklearn.autolog(log_models=False)
    with runstone.start_run(tags={"mine": "yes"}) as run:
        LinearRegression().fit(X, Y)
        assert runstone.active_run() is not None
    ended = runstone.get_run(run.info.run_id)
    assert ended.data.tags["mine"] == "yes"
    assert "mlflow.autologging" not in ended.data.tags
    assert "training_score" in ended.data.metrics


def test_exclusive_leaves_the_users_runs_alone() -> None:
    runstone.sklearn.autolog(log_models=False, exclusive=True)
    with runstone.start_run() as run:
        LinearRegression().fit(X, Y)
    assert runstone.get_run(run.info.run_id).data.params == {}
    LinearRegression().fit(X, Y)
    assert len(_runs()) == 2


def test_threads_have_runs_of_their_own() -> None:
    runstone.sklearn.autolog(log_models=False, log_datasets=False)
    inside, done = threading.Event(), threading.Event()

    def wait(data: Any) -> Any:
        inside.set()
        assert done.wait(60)
        return data

    slow = make_pipeline(FunctionTransformer(wait), Ridge())
    thread = threading.Thread(target=slow.fit, args=(X, Y))
    thread.start()
    assert inside.wait(60)
    LinearRegression().fit(X, Y)  # while the other one trains
    done.set()
    thread.join()
    assert {run.data.tags["estimator_name"] for run in _runs()} == {"Pipeline", "LinearRegression"}
    assert {run.info.status for run in _runs()} == {"FINISHED"}


def test_a_search_has_its_table_and_its_best_trials_as_runs() -> None:
    runstone.sklearn.autolog(max_tuning_runs=2)
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 1.0, 10.0]}, cv=2).fit(X, Y)
    parent = next(run for run in _runs() if "mlflow.parentRunId" not in run.data.tags)
    children = [run for run in _runs() if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert len(children) == 2
    assert {child.data.metrics["rank_test_score"] for child in children} == {1, 2}
    assert {child.info.status for child in children} == {"FINISHED"}
    assert parent.data.params["best_alpha"] == str(search.best_params_["alpha"])
    assert parent.data.metrics["best_cv_score"] == search.best_score_
    names = [runstone.get_logged_model(made.model_id).name for made in parent.outputs.model_outputs]
    assert sorted(names) == ["best_estimator", "model"]
    table = runstone.artifacts.load_text(f"runs:/{parent.info.run_id}/cv_results.csv")
    expected = pandas.DataFrame(search.cv_results_).to_csv(index=False)
    assert table == expected


def test_what_a_model_is_asked_later_goes_to_its_run() -> None:
    runstone.sklearn.autolog(log_models=False)
    X_test, y_test = X[:10].copy(), KINDS[:10]
    model = RandomForestClassifier(n_estimators=2, random_state=0).fit(X, KINDS)
    accuracy = metrics.accuracy_score(y_test, model.predict(X_test))
    metrics.accuracy_score(y_true=y_test, y_pred=model.predict(X_test), normalize=False)

    def scored(data: object) -> float:
        return float(model.score(data, y_test))

    score = scored(X_test)
    run = _run()
    assert run.data.metrics["accuracy_score_X_test"] == accuracy
    assert run.data.metrics["accuracy_score-2_X_test"] == accuracy * 10
    assert run.data.metrics["RandomForestClassifier_score_X_test"] == score
    told = json.loads(runstone.artifacts.load_text(f"runs:/{run.info.run_id}/metric_info.json"))
    assert told["RandomForestClassifier_score_X_test"] == "RandomForestClassifier.score(X=X_test, y=y_test)"
    assert told["accuracy_score_X_test"].startswith("accuracy_score(y_true=y_test, y_pred=<ndarray>")
    contexts = [tag.value for used in run.inputs.dataset_inputs for tag in used.tags]
    assert contexts == ["train", "eval"]


def test_metrics_of_anything_else_are_nobodys() -> None:
    runstone.sklearn.autolog(log_models=False, log_post_training_metrics=False)
    model = LinearRegression().fit(X, Y)
    metrics.r2_score(Y, model.predict(X))
    metrics.r2_score(Y, Y)
    assert all(name.startswith("training_") for name in _run().data.metrics)


def test_a_fit_that_may_overwrite_its_data_is_measured_on_what_it_was_given() -> None:
    runstone.sklearn.autolog(log_models=False)
    LinearRegression(copy_X=False).fit(numpy.asfortranarray(X.copy()), Y)
    assert _run().data.metrics["training_r2_score"] == pytest.approx(1.0)


def test_without_targets_there_are_no_metrics() -> None:
    runstone.sklearn.autolog(log_models=False)
    KMeans(2, n_init=1).fit_predict(X)
    assert _run().data.metrics == {}
    assert _run().data.params["n_clusters"] == "2"


def test_the_fits_of_a_cross_validation_are_not_recorded() -> None:
    runstone.sklearn.autolog(log_models=False, log_datasets=False)
    from sklearn.model_selection import cross_val_score  # by now that is the patched one

    assert len(cross_val_score(LinearRegression(), X, Y, cv=3)) == 3
    assert _runs() == []


def test_a_model_is_registered_where_that_was_asked_for() -> None:
    runstone.sklearn.autolog(registered_model_name="line", log_model_signatures=False)
    LinearRegression().fit(X, Y)
    (version,) = runstone.search_model_versions(filter_string="name = 'line'")
    assert version.run_id == _run().info.run_id


@pytest.mark.filterwarnings("ignore:Autologging")
def test_where_some_metrics_make_no_sense_the_others_are_there() -> None:
    runstone.sklearn.autolog(log_models=False)
    MultiOutputClassifier(LogisticRegression()).fit(X, numpy.column_stack([KINDS, 1 - KINDS]))
    assert "training_score" in _run().data.metrics
    assert "training_log_loss" not in _run().data.metrics
