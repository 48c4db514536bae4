"""Searches for the best params: what came out, a table of all trials, and the best ones as runs of their own."""

from __future__ import annotations

import csv
import io
import time
from typing import TYPE_CHECKING, Any

from runstone.autologging import recording
from runstone.autologging.guard import attempt
from runstone.autologging.training import AUTOLOGGING_TAG
from runstone.client.runs import PARENT_TAG
from runstone.entities import Metric, Param
from runstone.fluent.recorder import facts

if TYPE_CHECKING:
    from runstone.autologging.training import Training
    from runstone.data import Dataset


def is_search(estimator: Any) -> bool:
    """Whether it is a search for params, of scikit-learn's two."""
    import sys

    module = sys.modules.get("sklearn.model_selection")
    return module is not None and isinstance(estimator, module.GridSearchCV | module.RandomizedSearchCV)


def best_params(estimator: Any) -> dict[str, Any]:
    """The best params that a search has found, as params of its run; none for what is no search."""
    return {f"best_{name}": value for name, value in getattr(estimator, "best_params_", {}).items()}


def record(
    training: Training, search: Any, model_id: str | None, best_model_id: str | None, dataset: Dataset | None
) -> None:
    """Log what a search came to.

    Args:
        training: the training.
        search: what was fitted.
        model_id: of the search, as a logged model.
        best_model_id: of the best estimator.
        dataset: what it was fitted on.
    """
    options = training.options
    with attempt(options, "the best params of a search"):
        recording.params(training, best_params(search))
        if hasattr(search, "best_score_"):
            recording.metrics(training, {"best_cv_score": search.best_score_}, model_id=model_id, dataset=dataset)
    if hasattr(search, "cv_results_"):
        with attempt(options, "the trials of a search as runs"):
            _trials(training, search, best_model_id, dataset)
        with attempt(options, "cv_results.csv"):
            recording.files(training, {"cv_results.csv": _table(search.cv_results_)})


def _trials(training: Training, search: Any, best_model_id: str | None, dataset: Dataset | None) -> None:
    from runstone.autologging.sklearn import tags_of

    store, seed = training.store, search.estimator
    results, now = search.cv_results_, time.time_ns() // 1_000_000
    tags = {**facts(), AUTOLOGGING_TAG: training.options.flavor, PARENT_TAG: training.run_id, **tags_of(seed)}
    shared = seed.get_params(deep=not is_search(seed))
    best = search.best_estimator_.get_params(deep=True) if best_model_id is not None else {}
    entity = None if dataset is None else (dataset.name, dataset.digest)
    for index in _chosen(results, training.options.own["max_tuning_runs"]):
        params = results["params"][index]
        run_id = store.create_run(training.run.info.experiment_id, training.run.info.start_time, tags).info.run_id
        mine = best_model_id if best_model_id is not None and params.items() <= best.items() else None
        points = [
            Metric(name, float(values[index]), now, 0, mine, *(entity or (None, None)))
            for name, values in results.items()
            if not name.startswith(("param", "split")) and recording.is_number(values[index])
        ]
        texts = [Param(str(name), str(value)) for name, value in {**shared, **params}.items()]
        store.log_batch(run_id, points, texts)
        if dataset is not None:
            recording.datasets(store, run_id, [(dataset, "train")])
        store.set_terminated(run_id, end_time=now)


def _chosen(results: dict[str, Any], most: int | None) -> list[int]:
    """Which trials are to be runs: all, or the best ones."""
    count = len(results["params"])
    ranks = results.get("rank_test_score")
    if ranks is None:  # several scorers, none of which is the search's own: the first one's
        ranks = next((values for name, values in results.items() if name.startswith("rank_test_")), range(count))
    order = sorted(range(count), key=lambda index: int(ranks[index]))
    return list(range(count)) if most is None else order[:most]


def _table(results: dict[str, Any]) -> str:
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(results)
    columns = [[_cell(values[index]) for index in range(len(results["params"]))] for values in results.values()]
    rows.writerows(zip(*columns, strict=True))
    return file.getvalue()


def _cell(value: Any) -> str:
    import numpy

    missing = value is numpy.ma.masked or (isinstance(value, float) and value != value)
    return "" if missing or value is None else str(value)
