"""What an estimator holds is there again when it is loaded: what skops would lose, or not read, is pickled."""

from __future__ import annotations

import collections
import datetime
import decimal
import functools
import operator
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import scipy.stats
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import FunctionTransformer

import runstone
from runstone.errors import InvalidParameter
from runstone.flavors.likeness import difference
from runstone.models import Model


class Odd:
    """Made again by its own function."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __reduce__(self) -> Any:
        return Odd, (self.value,)


@pytest.mark.parametrize(
    ("function", "text"),
    [(str.upper, "ab"), (functools.partial(re.sub, "a", "c"), "a"), (operator.itemgetter(slice(1)), "ab")],
)
def test_what_skops_writes_and_cannot_read_is_pickled(
    function: Callable[[str], str], text: str, tmp_path: Path
) -> None:
    """Methods of built-in types, say: tokenisers and preprocessors of texts."""
    model = FunctionTransformer(function)
    runstone.sklearn.save_model(model, tmp_path / "m")
    assert runstone.load_model(tmp_path / "m").transform(text) == model.transform(text)


@pytest.mark.parametrize(
    ("value", "kept_as"),
    [
        (collections.deque([1, 2]), "cloudpickle"),  # of which skops keeps that it was one
        (collections.Counter("aab"), "skops"), (collections.OrderedDict(b=1, a=2), "skops"), (decimal.Decimal("1.5"), "skops"),
        (np.array([[1, "a"], [None, 2.5]], object), "skops"), (np.array([(1, 2.5)], "i4,f8"), "skops"), (float("nan"), "skops"),
        (scipy.sparse.coo_array([[1, 0]]), "skops"), (np.random.RandomState(3), "skops"), (scipy.stats.loguniform(1, 9), "skops"),
        (pd.Categorical(["a"]), "cloudpickle"), (datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), "skops"), (Odd(1), "skops"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:The model holds objects of tests")
def test_what_an_estimator_holds_is_read_back_as_it_was(value: Any, kept_as: str, tmp_path: Path) -> None:
    model = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])
    model.extra_ = value
    runstone.sklearn.save_model(model, tmp_path / "m")
    assert Model.load(tmp_path / "m").flavors["sklearn"]["serialization_format"] == kept_as
    assert difference(model, runstone.load_model(tmp_path / "m")) is None


def test_what_skops_would_lose_is_said_where_it_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameter, match=r"has not the same collections\.deque"):
        runstone.sklearn.save_model(
            FunctionTransformer(kw_args={"a": collections.deque([1])}), tmp_path / "m", serialization_format="skops"
        )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0), ([1], [2]), ({"a": 1}, {"b": 1}), ({1: "a"}, {"1": "a"}), ((1,), (1, 2)), (np.zeros(2), np.zeros(3)), (int, float),
        (np.zeros(2), np.array([0.0, 1.0])), (np.zeros(1, "f4"), np.zeros(1)), (np.array([None]), np.array([1], object)), (Odd(1), Odd(2)),
        (np.zeros(1, "i4,i4"), np.ones(1, "i4,i4")), (collections.deque([1]), collections.deque([2])),
        (scipy.sparse.coo_array([[1, 0]]), scipy.sparse.coo_array([[0, 1]])), (np.random.RandomState(3), np.random.RandomState(4)),
    ],
)  # fmt: skip
def test_what_is_not_the_same_differs(one: Any, other: Any) -> None:
    assert difference(one, one) is None
    assert difference([one], [other]) is not None
