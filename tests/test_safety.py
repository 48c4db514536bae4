"""The scanner: nothing that a pickle would import is missed, however it is wrapped; nothing is run; real models are harmless."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
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
from runstone.safety import scan
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
        ("altered_mapping.pkl", "it alters what it imports"),
        ("altered_list.pkl", "it alters what it imports"),
        ("two_directories.pt", "its archive is written so that readers find different members in it"),
        ("cut.gz", "it is compressed, and broken"),
        ("called_result.pkl", "it calls what it computed"),
        ("computed.pkl", "it computes the names of what it imports"),
    ],
)
def test_what_names_do_not_tell_is_a_problem(name: str, problem: str, tmp_path: Path) -> None:
    corpus = {f"{name}.pkl": content for name, content in malice.by_opcodes("canary")}
    (tmp_path / name).write_bytes({**corpus, **dict(malice.by_wrappings("canary"))}[name])
    assert problem in scan(tmp_path / name).files[0].problems


def test_a_compressed_file_that_is_a_pickle_itself_is_read_as_both(tmp_path: Path) -> None:
    malice.in_a_bz2_file(str(tmp_path / "it.pkl"), "canary")
    found = scan(tmp_path / "it.pkl").files[0]
    assert (found.verdict, found.kind) == ("dangerous", "pickle (bz2)+pickle")


def test_what_libraries_write_is_in_one_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zips of numpy, of 64 bits and of 32, and joblib's files in each compression."""
    import joblib
    import numpy as np

    np.savez_compressed(tmp_path / "it.npz", a=np.arange(9.0), b=np.array(["x"]), c=np.array([1], "M8[s]"))
    with zipfile.ZipFile(tmp_path / "large.zip", "w") as archive, archive.open("a.txt", "w", force_zip64=True) as file:
        file.write(b"text")
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 0)  # as of 65,536 members, and as PyTorch writes always
    (tmp_path / "many.zip").write_bytes(malice.zipped({"a.txt": b"text"}))
    for compress in (3, ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)):
        joblib.dump([np.random.default_rng(1).bytes(99_999), np.arange(9.0)], tmp_path / f"{compress}.bin", compress)
    found = scan(tmp_path)
    assert [(one.file, one.problems) for one in found.files if one.verdict != "harmless"] == []
    assert len(found.files) == 8


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


def test_what_a_file_of_skops_would_make_is_judged(tmp_path: Path) -> None:
    import numpy as np
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
    content = skops.io.dumps(np.random.default_rng(1))
    for name, expected in (("PCG64", "harmless"), ("seed", "unknown")):
        schema = zipfile.ZipFile(io.BytesIO(content)).read("schema.json").replace(b"PCG64", name.encode())
        (tmp_path / "random.skops").write_bytes(malice.zipped({"schema.json": schema}))
        assert scan(tmp_path / "random.skops").verdict == expected
    with zipfile.ZipFile(tmp_path / "broken.skops", "w") as archive:
        archive.writestr("schema.json", "[" * 200_000)
    assert "schema.json" in scan(tmp_path / "broken.skops").files[0].problems[0]
