"""Every estimator of scikit-learn's, fitted to a little data that it takes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy
from sklearn.utils import all_estimators
from sklearn.utils._tags import get_tags
from sklearn.utils._test_common.instance_generator import _construct_instances

_RANDOM = numpy.random.RandomState(0)
X = numpy.abs(_RANDOM.rand(60, 4))
Y = (X[:, 0] > 0.5).astype(int)
TEXTS = ["first second third", "second third fourth fifth"]
NAMES = [name for name, _ in all_estimators()]
# What `fit` is called with where it is not with a table and a target.
_ODD: dict[str, tuple[Any, ...]] = {
    "CountVectorizer": (TEXTS,),
    "DictVectorizer": ([{"a": 1.0}, {"a": 2.0, "b": "x"}],),
    "FeatureHasher": ([{"a": 1.0}],),
    "FrozenEstimator": (X, Y),
    "GammaRegressor": (X, Y + 1.0),
    "HashingVectorizer": (TEXTS,),
    "IsotonicRegression": (X[:, 0], Y),
    "KernelCenterer": (X @ X.T,),
    "LabelBinarizer": (Y,),
    "LabelEncoder": (Y,),
    "MissingIndicator": (numpy.where(X < 0.1, numpy.nan, X),),
    "MultiLabelBinarizer": ([("a", "b"), ("b",)],),
    "PatchExtractor": (_RANDOM.rand(2, 12, 12),),
    "SparseCoder": (X, Y),
    "TfidfTransformer": (X,),
    "TfidfVectorizer": (TEXTS,),
}


def estimator(name: str, data: Any = X) -> Any:
    """An estimator by its class's name, fitted; `data` is what it is fitted to, where that is a table."""
    from sklearn.frozen import FrozenEstimator
    from sklearn.linear_model import LinearRegression

    kind = dict(all_estimators())[name]
    if kind is FrozenEstimator:
        return FrozenEstimator(LinearRegression().fit(X, Y))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = next(iter(_construct_instances(kind)))
        if "random_state" in made.get_params():
            made.set_params(random_state=0)
        if name == "SparseCoder":
            return kind(X[:4]).fit(X)
        if name in _ODD:
            return made.fit(*_ODD[name])
        tags = get_tags(made).target_tags
        return made.fit(data, numpy.c_[Y, Y] if tags.multi_output and not tags.single_output else Y)


def said(model: Any, name: str) -> dict[str, Any]:
    """What a fitted estimator says to its own data, by method."""
    data = _ODD.get(name, (X,))[0]
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for method in ("predict", "predict_proba", "decision_function", "transform", "score_samples"):
            if hasattr(model, method):
                found[method] = getattr(model, method)(data)
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two answers are the same, but for what BLAS makes of the places of arrays in memory."""
    if hasattr(one, "toarray"):
        one, other = one.toarray(), other.toarray()
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    one, other = numpy.asarray(one), numpy.asarray(other)
    if one.dtype.kind in "fc":
        return bool(numpy.allclose(one, other, rtol=1e-12, atol=1e-14, equal_nan=True))
    return bool((one == other).all())
