"""The scanner: nothing that a pickle would import is missed, however it is wrapped; nothing is run; real models are harmless."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import pickle
import pickletools
import pkgutil
import re
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import malice

from runstone.errors import MissingFile
from runstone.safety import names, scan
from runstone.safety.names import verdict
from runstone.safety.source import Budget, Source
from runstone.safety.walking import Seen, walk


def test_no_malicious_pickle_is_harmless_and_none_is_run(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    corpus = [(f"{name}.pkl", content) for name, content in malice.by_opcodes(str(canary))]
    corpus += list(malice.by_wrappings(str(canary)))
    assert len(corpus) > 70
    for name, content in corpus:
        path = tmp_path / name
        path.write_bytes(content)
        assert scan(path).verdict != "harmless", name
    folder = scan(tmp_path)
    assert {one.file for one in folder.files} == {name for name, _ in corpus}
    assert not canary.exists()


@pytest.mark.parametrize(
    "name",
    [
        "global",
        "inst",
        "obj",
        "stack_global",
        "memoised",
        "put_and_get",
        "long_binput",
        "overwritten_memo",
        "doubled",
        "behind_marks",
        "quoted",
        "escaped",
        "second",
        "truncated",
        "broken_after",
        "underflow_after",
        "in_bytes",
        "odd_frame",
        "wrong_frame",
        "missing_memo",
        "protocol_0",
        "optimised_5",
    ],
)
def test_the_import_that_is_hidden_is_named(name: str, tmp_path: Path) -> None:
    content = dict(malice.by_opcodes(str(tmp_path / "canary")))[name]
    (tmp_path / "it.pkl").write_bytes(content)
    found = scan(tmp_path / "it.pkl").files[0]
    assert {one.name for one in found.imports} & {"os.system", "posix.system"}
    assert found.verdict == "dangerous"


@pytest.mark.parametrize("name", ["truncated", "no_stop", "broken_after", "underflow_after"])
def test_a_broken_pickle_is_called_so(name: str, tmp_path: Path) -> None:
    (tmp_path / "it.pkl").write_bytes(dict(malice.by_opcodes(str(tmp_path / "canary")))[name])
    assert any("broken" in problem for problem in scan(tmp_path / "it.pkl").files[0].problems)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("array_made_otherwise.joblib", "its arrays are made in no way of joblib's"),
        ("altered_class.pkl", "it alters what it imports"),
        ("called_result.pkl", "it calls what it computed"),
        ("computed.pkl", "it computes the names of what it imports"),
    ],
)
def test_what_names_do_not_tell_is_a_problem(name: str, problem: str, tmp_path: Path) -> None:
    corpus = {f"{name}.pkl": content for name, content in malice.by_opcodes("canary")}
    (tmp_path / name).write_bytes({**corpus, **dict(malice.by_wrappings("canary"))}[name])
    assert problem in scan(tmp_path / name).files[0].problems


def test_nothing_ends_the_scan_but_its_end(tmp_path: Path) -> None:
    corpus = [*malice.by_opcodes("canary"), *malice.by_wrappings("canary")]
    for index, (_, content) in enumerate(corpus):
        for cut in range(0, len(content), max(1, len(content) // 12)):
            path = tmp_path / f"{index}.pkl"
            path.write_bytes(content[:cut])
            scan(path)


class Recording(pickle._Unpickler):  # type: ignore[misc, name-defined]
    """Python's own unpickler, which tells what it was asked to import."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))
        self.asked: set[tuple[str, str]] = set()

    def find_class(self, module: str, name: str) -> Any:
        self.asked.add((module, name))
        return super().find_class(module, name)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers() | st.dates()
    | st.timedeltas() | st.decimals() | st.fractions() | st.uuids() | st.binary().map(bytearray)
    | st.sampled_from([len, int, OSError, os.path.join, Path, verdict, Seen]),
    lambda inner: st.lists(inner) | st.tuples(inner, inner, inner) | st.dictionaries(st.text(), inner)
    | st.frozensets(st.integers()) | st.sets(st.text()),
)  # fmt: skip


@given(value=_VALUES, protocol=st.integers(0, 5), short=st.booleans())
def test_the_names_are_those_that_an_unpickler_asks_for(value: Any, protocol: int, short: bool) -> None:
    content = pickle.dumps(value, protocol)
    content = pickletools.optimize(content) if short else content
    recording, seen = Recording(content), Seen()
    recording.load()
    assert walk(Source(io.BytesIO(content), Budget()), seen)[0]
    if protocol >= 3:
        assert {(one.module, one.name) for one in seen.names} >= recording.asked
    assert len(seen.names) >= len(recording.asked)
    assert not seen.problems


@given(content=st.binary(max_size=60))
def test_any_bytes_are_walked(content: bytes) -> None:
    walk(Source(io.BytesIO(content), Budget()), Seen(), arrays=True)


def test_what_unpacks_to_more_than_anybody_reads_is_not_harmless(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Budget.__init__, "__defaults__", (20_000_000, 64 << 20, 1 << 20))
    bomb = zlib.compress(b"\x80\x04\x8e" + (1 << 24).to_bytes(8, "little") + b"\0" * (1 << 24) + b".")
    (tmp_path / "bomb.joblib").write_bytes(bomb)
    found = scan(tmp_path / "bomb.joblib").files[0]
    assert (found.verdict, found.problems) == ("unknown", ("it is too long to be looked at",))


@pytest.mark.parametrize("what", ["members", "seeks", "lines", "steps", "inner"])
def test_many_small_bombs_are_one(what: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Budget.__init__, "__defaults__", (20_000, 64 << 20, 1 << 20))
    skipping = b"\x80\x04\x8e" + (900_000).to_bytes(8, "little") + b"\0" * 900_000 + b"."
    contents = {
        "members": [skipping] * 3,
        "seeks": [b"\0" * 600_000] * 2,
        "lines": [b"\x80\x04" + b"F" + b"1" * 500_000 + b"\n0" + b"F" + b"2" * 600_000 + b"\n."],
        "steps": [b"\x80\x04" + b"N0" * 4_000 + b"N."] * 3,
        "inner": [b"\x80\x04" + (b"C\xf4\x80\x04" + b"N0" * 120 + b"N.0") * 200 + b"N."],
    }[what]
    with zipfile.ZipFile(tmp_path / "bombs.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}.bin", content)
    assert "it is too long to be looked at" in scan(tmp_path / "bombs.zip").files[0].problems


def test_arrays_of_every_kind_are_passed_over(tmp_path: Path) -> None:
    import joblib
    import numpy as np

    arrays = {
        "f": np.arange(100.0), "b": np.array([True]), "u": np.array(["a", "bcd"]), "s": np.array([b"ab"]), "t": np.array(["2020"], "M8[D]"),
        "r": np.zeros(3, [("a", "f8"), ("b", "U3")]), "o": np.array([1, "a", None], object), "e": np.zeros((0, 3)), "big": np.arange(3, dtype=">i4"),
    }  # fmt: skip
    for compress in (0, 3, ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)):
        for protocol in (0, 2, 5):
            joblib.dump(arrays, tmp_path / "arrays.joblib", compress=compress, protocol=protocol)
            found = scan(tmp_path / "arrays.joblib").files[0]
            assert (found.verdict, found.problems) == ("harmless", ()), (compress, protocol)
    np.savez(tmp_path / "arrays.npz", **{name: array for name, array in arrays.items() if name != "o"})
    assert scan(tmp_path / "arrays.npz").verdict == "harmless"


def test_frames_are_harmless(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame(
        {"a": [1, 2], "s": ["x", "y"], "t": pd.to_datetime(["2020", "2021"]), "c": pd.Categorical(["a", "b"])}
    )
    frame["i"] = pd.array([1, None], "Int64")
    for value in (
        frame,
        frame.set_index(["a", "s"]),
        pd.period_range("2020", periods=3, freq="M"),
        pd.Timestamp("2020"),
        pd.NaT,
    ):
        pd.to_pickle(value, tmp_path / "it.pkl")
        assert scan(tmp_path / "it.pkl").verdict == "harmless", scan(tmp_path / "it.pkl").files[0].imports


@pytest.mark.filterwarnings(
    "ignore::FutureWarning", "ignore::DeprecationWarning"
)  # scikit-learn's own, of old estimators
def test_every_estimator_of_scikit_learn_is_harmless(tmp_path: Path) -> None:
    """As it is made; fitted ones of each kind of state beside."""
    from sklearn.ensemble import (
        GradientBoostingClassifier,
        HistGradientBoostingRegressor,
        IsolationForest,
        RandomForestClassifier,
    )
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.isotonic import IsotonicRegression
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    from sklearn.model_selection import GridSearchCV
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC
    from sklearn.utils import all_estimators

    x, y = [[float(i), float(i % 3)] for i in range(20)], [0, 1] * 10
    fitted = [
        kind().fit(x, y)
        for kind in (
            RandomForestClassifier, GradientBoostingClassifier, HistGradientBoostingRegressor, IsolationForest, GaussianProcessRegressor,
            LogisticRegression, SGDClassifier, KNeighborsClassifier, SVC,
        )
    ]  # fmt: skip
    fitted += [IsotonicRegression().fit([0.0, 1.0], [0.0, 1.0]), MLPClassifier(max_iter=300, tol=1.0).fit(x, y)]
    fitted.append(make_pipeline(StandardScaler(), SVC()).fit(x, y))
    for _, kind in all_estimators():
        try:
            fitted.append(kind())
        except TypeError:
            fitted.append(
                kind(LogisticRegression()) if kind is not GridSearchCV and "Search" not in kind.__name__ else SVC()
            )
    assert len(fitted) > 190
    for model in fitted:
        for protocol in (0, 2, 5):
            (tmp_path / "it.pkl").write_bytes(pickle.dumps(model, protocol))
            found = scan(tmp_path / "it.pkl").files[0]
            unknown = [one.name for one in found.imports if one.verdict != "harmless"]
            assert (unknown, found.problems) == ([], ()), type(model)


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


def test_a_report_is_json_and_what_is_missing_is_said(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(malice.Bomb("canary")))
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / "code.py").write_text("pass")
    report = msgspec.json.decode(msgspec.json.encode(scan(tmp_path)))
    assert [(one["file"], one["kind"], one["verdict"]) for one in report["files"]] == [
        ("code.py", "code", "unknown"),
        ("model.pkl", "pickle", "dangerous"),
    ]
    assert report["files"][1]["imports"] == [{"name": f"{os.system.__module__}.system", "verdict": "dangerous"}]
    with pytest.raises(MissingFile):
        scan(tmp_path / "missing")


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


def test_nothing_that_runs_what_it_holds_is_reached_through_a_module_that_imports_it() -> None:
    found = set()
    for package in ["pandas.core", *(f"sklearn.{name}" for name in names._SKLEARN.split())]:
        within = getattr(importlib.import_module(package), "__path__", [])
        for module in pkgutil.iter_modules(within, f"{package}."):
            if not re.search(r"\.(tests|conftest|__main__)\b", module.name):
                with contextlib.suppress(ImportError):
                    importlib.import_module(module.name)
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


def test_what_a_file_of_skops_would_make_is_judged(tmp_path: Path) -> None:
    import skops.io
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import make_scorer, mean_absolute_error
    from sklearn.model_selection import GridSearchCV
    from sklearn.preprocessing import FunctionTransformer

    search = GridSearchCV(RandomForestClassifier(2), {"max_depth": [1]}, scoring=make_scorer(mean_absolute_error), cv=2)
    search.fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1])
    for name, model, expected in (
        ("search", search, "harmless"),
        ("command", FunctionTransformer(os.system), "dangerous"),
        ("method", FunctionTransformer(io.StringIO("x").write), "unknown"),
    ):
        try:
            skops.io.dump(model, tmp_path / f"{name}.skops")
        except Exception:
            assert name == "method"
            continue
        report = scan(tmp_path / f"{name}.skops")
        assert (report.verdict, report.files[0].kind) == (expected, "skops"), report.files[0].imports
    with zipfile.ZipFile(tmp_path / "broken.skops", "w") as archive:
        archive.writestr("schema.json", "[" * 200_000)
    assert "schema.json" in scan(tmp_path / "broken.skops").files[0].problems[0]
