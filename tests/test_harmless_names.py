"""What the scanner says of a name: harmless is only what a pickle cannot have run anything, wherever it is reached and however it is called."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import re
import sys

import pytest

from runstone.safety import names
from runstone.safety.names import verdict


@pytest.mark.parametrize(
    ("name", "is_found"),
    [
        ("sklearn.linear_model._base.LinearRegression", "harmless"), ("sklearn.linear_model._base.os.system", "unknown"),
        ("sklearn.datasets._openml.fetch_openml", "unknown"), ("sklearn.metrics._scorer._Scorer", "unknown"),
        ("numpy.ndarray", "harmless"), ("numpy.load", "dangerous"), ("builtins.eval", "dangerous"), ("mine.Model", "unknown"),
        ("os.path.join", "dangerous"), ("operator.attrgetter", "dangerous"), ("builtins.type", "unknown"), ("builtins.getattr", "dangerous"),
        ("builtins.exec", "dangerous"), ("builtins.ValueError", "unknown"), ("builtins.type.mro", "dangerous"), ("torch._utils._rebuild_tensor_v2", "harmless"),
    ],
)  # fmt: skip
def test_names_are_judged(name: str, is_found: str) -> None:
    module, _, last = name.rpartition(".")
    assert verdict(module, last) == is_found


def test_a_name_that_leads_through_a_harmless_module_is_not_harmless() -> None:
    assert verdict("sklearn.linear_model._base", "os.System") != "harmless"
    assert verdict("sklearn.linear_model", "_base.LinearRegression") != "harmless"


# Whose classes sklearn's and pandas' modules import from elsewhere, and that hold values only.
_VALUES = [
    "sklearn.base",
    "sklearn.exceptions",
    "sklearn.callback",
    "sklearn.utils._param_validation",
    "sklearn.utils._metadata_requests",
    "sklearn.utils._fast_dict",
    "sklearn.utils._seq_dataset",
    "sklearn.utils.metaestimators",
    "sklearn.utils._repr_html",
    "sklearn.utils._plotting",
    "sklearn.metrics._pairwise_distances_reduction",
    "pandas.api",
    "pandas.errors",
    "pandas.core",
    "pandas._libs",
    "numbers",
    "collections.abc",
    "numpy.linalg",
    "scipy.sparse",
    "_io",
]


def _import_all() -> None:
    for package in ["pandas.core", *(f"sklearn.{name}" for name in names._SKLEARN.split())]:
        within = getattr(importlib.import_module(package), "__path__", [])
        for module in pkgutil.iter_modules(within, f"{package}."):
            if not re.search(r"\.(tests|conftest|__main__)\b", module.name):
                with contextlib.suppress(ImportError):
                    importlib.import_module(module.name)


def test_nothing_that_runs_what_it_holds_is_reached_through_a_module_that_imports_it() -> None:
    found = set()
    _import_all()
    for place, held in list(sys.modules.items()):
        if not place.startswith(("sklearn.", "pandas.core.")) or ".tests" in place:
            continue
        for name, value in list(vars(held).items()):
            home = str(getattr(value, "__module__", type(value).__module__))
            if callable(value) and verdict(place, name) == "harmless" != verdict(
                home, getattr(value, "__qualname__", name)
            ):
                found.add(f"{home}.{getattr(value, '__qualname__', name)}")
    assert {name for name in found if not name.startswith(tuple(_VALUES))} <= {
        "typing.Union",
        "typing.Literal",
        "pandas.DateOffset",
        "pandas.Flags",
        "pandas.io.formats.printing.PrettyDict",
    }
    for name in (
        "sklearn.linear_model._stochastic_gradient._ValidationScoreCallback",
        "pandas._libs.tslibs.offsets.OffsetMeta",
        "sklearn.calibration.Parallel",
        "sklearn.model_selection._search._MultimetricScorer",
        "sklearn.cluster._bicluster.ABCMeta",
        "pandas.core.internals.ops.NamedTuple",
        "sklearn.metrics._ranking._average_binary_score",
    ):
        assert verdict(*name.rsplit(".", 1)) != "harmless"


def test_what_a_pickle_can_call_while_it_is_read_calls_nothing_by_name() -> None:
    """The harmless classes whose instances are callable: sums over arrays, all of them."""
    found = set()
    _import_all()
    for place, held in list(sys.modules.items()):
        for name, value in list(vars(held).items()) if place.startswith(("sklearn.", "pandas.", "scipy.")) else ():
            if isinstance(value, type) and ".tests" not in place and verdict(place, name) == "harmless":
                homes = [kind for kind in value.__mro__ if "__call__" in vars(kind)]
                found.update(f"{kind.__module__}.{kind.__name__}" for kind in homes[:1])
    assert {name.rpartition(".")[0] for name in found} <= {
        "numpy",
        "scipy.interpolate._bsplines",
        "scipy.interpolate._polyint",
        "scipy.sparse.linalg._interface",
        "sklearn._loss.loss",
        "sklearn.gaussian_process.kernels",
    }
    assert len(found) > 10
