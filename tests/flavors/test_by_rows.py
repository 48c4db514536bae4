"""Estimators that are said to go by rows do: a row's answer is the same alone, among others, and (where so said) without names."""

from __future__ import annotations

import warnings
from typing import Any

import numpy
import pandas
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from tests.flavors import fitted

import runstone
from runstone.flavors.by_rows import goes_by_rows, unnamed

METHODS = ("predict", "predict_proba", "decision_function", "transform", "score_samples")
FRAME = pandas.DataFrame(fitted.X, columns=list("abcd"))
GROUPS = 4


@pytest.mark.parametrize("group", range(GROUPS))
@pytest.mark.filterwarnings("ignore")
def test_every_estimator_that_is_said_to_says_the_same_to_rows_alone_and_without_names(group: int) -> None:
    said = 0
    for name in fitted.NAMES[group::GROUPS]:
        if name in fitted._ODD:
            continue
        model = fitted.estimator(name, FRAME)
        for method in METHODS:
            if not hasattr(model, method) or not goes_by_rows(model, method):
                continue
            whole = getattr(model, method)(FRAME)
            if len(numpy.shape(whole)) and numpy.shape(whole)[0] == len(FRAME) and not hasattr(whole, "toarray"):
                parts = [getattr(model, method)(part) for part in (FRAME.iloc[:1], FRAME.iloc[1:])]
                assert _close(numpy.concatenate(parts), whole), (name, method)
            bare = unnamed(model, method, list("abcd"))
            if bare is not None:
                said += 1
                with warnings.catch_warnings():
                    warnings.filterwarnings("error", message=".*feature names")
                    assert fitted.same(bare(fitted.X), whole), (name, method)
    assert said > 5


def _close(one: Any, other: Any) -> bool:
    if one.dtype.kind == "f":
        return bool(numpy.allclose(one, other, rtol=1e-6, atol=1e-8, equal_nan=True))
    return bool((one == other).all())


def test_pipelines_are_what_their_steps_are() -> None:
    target = fitted.Y
    simple = make_pipeline(StandardScaler(), LogisticRegression()).fit(FRAME, target)
    bare = unnamed(simple, "predict_proba", list("abcd"))
    assert bare is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fitted.same(bare(fitted.X), simple.predict_proba(FRAME))
    assert list(simple.feature_names_in_) == list("abcd")
    assert unnamed(simple, "predict", list("abdc")) is None
    by_name = make_pipeline(make_column_transformer((StandardScaler(), ["b"])), LogisticRegression()).fit(FRAME, target)
    assert (goes_by_rows(by_name), unnamed(by_name, "predict", list("abcd"))) == (True, None)
    framed = make_pipeline(StandardScaler().set_output(transform="pandas"), LogisticRegression()).fit(FRAME, target)
    assert unnamed(framed, "predict", list("abcd")) is None


class Mine(LinearRegression):
    """Of this file: nobody knows what it does."""


def test_what_is_the_users_own_is_not_known_to_go_by_rows() -> None:
    centred = make_pipeline(FunctionTransformer(lambda x: x - x.mean()), LogisticRegression()).fit(FRAME, fitted.Y)
    kernel = SVC(kernel=lambda one, other: one @ other.T).fit(fitted.X, fitted.Y)
    assert not any(map(goes_by_rows, (centred, kernel, Mine().fit(FRAME, fitted.Y))))
    assert not goes_by_rows(LinearRegression(), "fit_predict")


def test_a_loaded_model_tells_it(tmp_path: Any) -> None:
    forest = RandomForestClassifier(3, random_state=0).fit(FRAME, fitted.Y)
    signature = runstone.models.infer_signature(FRAME, forest.predict(FRAME))
    runstone.sklearn.save_model(
        forest, tmp_path / "m", signature=signature, pip_requirements=[], pyfunc_predict_fn="predict_proba"
    )
    loaded = runstone.pyfunc.load_model(tmp_path / "m")
    ask = loaded.unnamed()
    assert loaded.goes_by_rows
    assert ask is not None
    assert fitted.same(ask(fitted.X, None), loaded.predict(FRAME))
