"""Models whose folders were made to do harm: nothing of them is run unasked, nothing outside of them is read, and no look at them takes for ever."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LinearRegression
from tests.support.altered import describe
from tests.support.altered import folder as folder
from tests.support.answers import answers as answers

import runstone
from runstone.errors import CorruptData, Forbidden, InvalidParameter, WrongAnswer
from runstone.models.fetching import fetch
from runstone.models.requirements import get_model_dependencies, infer_pip_requirements, update_model_requirements
from runstone.safety import held, remembered
from runstone.safety.source import Budget
from runstone.safety.trust import Trust

EVIL = "open({canary!r}, 'w').close()\n"


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file that is there when something was run that should not have been."""
    return tmp_path / "canary"


def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From here on, nothing was made on this machine."""
    monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "another"))


def test_code_behind_a_link_to_a_folder_is_not_run_unasked(folder: Path, canary: Path) -> None:
    hidden = folder / "data" / "skops"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text(EVIL.format(canary=str(canary)))
    (folder / "code").mkdir()
    (folder / "code" / "skops").symlink_to(hidden)
    shutil.copy(folder / "model.skops", folder / "code" / "known")  # all files of it were made here
    describe(folder, sklearn={"code": "code"}, python_function={"code": "code"})
    for load in (runstone.load_model, runstone.pyfunc.load_model):
        with pytest.raises(Forbidden, match="brings Python code"):
            load(folder)
    assert not canary.exists()


@pytest.mark.parametrize("name", ["os.py", "numpy/__init__.py", "skops.zip"])
def test_code_that_hides_what_is_installed_is_asked_about(folder: Path, name: str) -> None:
    place = folder / "code" / name
    place.parent.mkdir(parents=True)
    place.write_text("raise SystemExit\n")
    describe(folder, sklearn={"code": "code" if name != "skops.zip" else "code/skops.zip"})
    with pytest.raises(Forbidden, match="brings Python code"):
        runstone.load_model(folder)


def test_a_folder_of_pickles_with_a_link_to_another_is_asked_about(tmp_path: Path) -> None:
    (tmp_path / "pickles").mkdir()
    (tmp_path / "pickles" / "plain.pkl").write_bytes(pickle.dumps([1]))
    foreign = Trust("the model", vouched=False)
    foreign.pickle(str(tmp_path / "pickles"))
    (tmp_path / "pickles" / "more").symlink_to(tmp_path)
    with pytest.raises(Forbidden, match=r"a link to a folder, 'more'"):
        foreign.pickle(str(tmp_path / "pickles"))
    report = runstone.safety.scan(tmp_path / "pickles")
    assert (report.verdict, report.files[-1].file) == ("unknown", "more")


def test_an_empty_folder_of_code_is_nobodys(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    with pytest.raises(Forbidden):
        Trust("the model", vouched=False).code(str(tmp_path / "code"))


def test_a_users_own_code_with_files_of_any_format_is_loaded(tmp_path: Path) -> None:
    package = tmp_path / "mine"
    package.mkdir()
    for name in ("__init__.py", "words.json", "notes.txt", "rows.parquet"):
        (package / name).write_text("")
    runstone.sklearn.save_model(LinearRegression(), tmp_path / "saved", code_paths=[str(package)])
    assert isinstance(runstone.load_model(tmp_path / "saved"), LinearRegression)


def test_a_note_beside_a_model_that_says_how_to_read_it_was_made_here_with_it(tmp_path: Path) -> None:
    (tmp_path / "reader.txt").write_text("mine")
    remembered.remember(str(tmp_path))
    Trust("the model", vouched=False).runs(str(tmp_path / "reader.txt"), "it is read by the module 'mine'")


def test_a_loader_is_not_given_data_that_was_not_saved_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_loader.py").write_text(
        "import pathlib\ndef _load_pyfunc(path):\n    raise KeyError(pathlib.Path(path).read_text())\n"
    )
    (tmp_path / "data.parquet").write_text("mine")
    monkeypatch.syspath_prepend(tmp_path)
    runstone.pyfunc.save_model(
        tmp_path / "saved", loader_module="own_loader", data_path=str(tmp_path / "data.parquet"), pip_requirements=[]
    )
    with pytest.raises(KeyError, match="mine"):
        runstone.pyfunc.load_model(tmp_path / "saved")
    (tmp_path / "saved" / "data" / "data.parquet").write_text("theirs")
    with pytest.raises(Forbidden, match="own_loader"):
        runstone.pyfunc.load_model(tmp_path / "saved")


@pytest.mark.parametrize("loader", ["", ".", "..os", "os path", "a/b"])
def test_a_loader_is_a_modules_name(folder: Path, loader: str) -> None:
    describe(folder, python_function={"loader_module": loader})
    with runstone.trusting(), pytest.raises(InvalidParameter, match="no module's name"):
        runstone.pyfunc.load_model(folder)


def test_what_was_only_brought_along_was_not_made_here(tmp_path: Path) -> None:
    downloaded = tmp_path / "downloaded.pkl"
    downloaded.write_bytes(pickle.dumps(os.getcwd))
    runstone.pyfunc.save_model(
        tmp_path / "saved", python_model=len, artifacts={"weights": str(downloaded)}, pip_requirements=[]
    )
    assert Path(runstone.pyfunc.load_model(tmp_path / "saved")._model_impl.context.artifacts["weights"]).is_file()
    with pytest.raises(Forbidden, match="getcwd"):
        Trust("the model", vouched=False).pickle(str(downloaded))


def test_another_file_under_the_same_name_is_not_what_is_loaded(
    folder: Path, canary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.support.malice import Bomb

    shutil.rmtree(folder)
    runstone.sklearn.save_model(LinearRegression(), folder, serialization_format="pickle")
    _elsewhere(monkeypatch, folder.parent)
    honest = Trust.pickle

    def swapped(self: Trust, file: Any) -> None:
        honest(self, file)
        (folder / "new").write_bytes(pickle.dumps(Bomb(str(canary))))
        os.replace(folder / "new", folder / "model.pkl")

    monkeypatch.setattr(Trust, "pickle", swapped)
    for most in (held.MOST_IN_MEMORY, 10):
        monkeypatch.setattr(held, "MOST_IN_MEMORY", most)
        before = (folder / "model.pkl").read_bytes()
        assert isinstance(runstone.load_model(folder), LinearRegression)
        (folder / "model.pkl").write_bytes(before)
    assert not canary.exists()


def test_digests_of_what_was_made_here_are_not_kept_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST_IN_A_FOLDER", 3)
    state = Path(os.environ["RUNSTONE_STATE"]) / "made" / "ab"
    digests = [f"ab{number:062x}" for number in range(4)]
    for age, digest in enumerate(digests[:3]):
        remembered._note(str(state / digest))
        os.utime(state / digest, (1e9 - age, 1e9 - age))
    assert remembered.made_here([digests[2]])  # used: it is not the oldest any more
    remembered._note(str(state / digests[3]))
    assert {path.name for path in state.iterdir()} == {digests[0], digests[2], digests[3]}
    assert not remembered.made_here([digests[1]])


def test_only_xgboosts_models_are_made_of_what_a_description_names(tmp_path: Path) -> None:
    import xgboost

    runstone.xgboost.save_model(xgboost.XGBRegressor(n_estimators=1).fit([[0.0], [1.0]], [1, 2]), tmp_path / "model")
    describe(tmp_path / "model", xgboost={"model_class": "xgboost.core.DMatrix"})
    with pytest.raises(InvalidParameter, match="none of XGBoost's models"):
        runstone.xgboost.load_model(tmp_path / "model")


def test_a_predict_method_is_one_of_the_models_own(folder: Path) -> None:
    describe(folder, python_function={"predict_fn": "__setstate__"})
    with pytest.raises(InvalidParameter, match="no such method"):
        runstone.pyfunc.load_model(folder)


def _saying(answers: Any, uri: str) -> None:
    """The store is a server that says, to whatever it is asked, that a version is made of this."""
    runstone.set_tracking_uri(
        answers(
            (200, {"Content-Type": "application/json"}, json.dumps({"artifact_uri": uri, "runstone": "1"}).encode())
        ).url
    )


def test_a_server_whose_versions_are_made_of_each_other_is_asked_no_further(answers: Any) -> None:
    _saying(answers, "models:/a/1")
    with pytest.raises(WrongAnswer, match="without end"):
        runstone.load_model("models:/a/1")


def test_a_folder_of_this_machine_that_a_server_names_is_nobodys_and_not_written_to(
    answers: Any, folder: Path, tmp_path: Path
) -> None:
    runstone.models.make_signing_key(tmp_path / "key")
    (folder / "code").mkdir()
    (folder / "code" / "more.py").write_text("raise SystemExit\n")
    describe(folder, sklearn={"code": "code"})
    _saying(answers, folder.as_uri())
    with pytest.raises(Forbidden, match="brings Python code"):
        runstone.load_model("models:/a/1")
    with pytest.raises(InvalidParameter, match="as its server says"):
        runstone.models.sign_model("models:/a/1", tmp_path / "key")
    assert not (folder / "runstone-signature.json").exists()


@pytest.mark.parametrize(
    "before",
    [b"N0" * 20_000, b"V" + b"x" * (2 << 20) + b"\n0", b"F" + b"1" * (2 << 20) + b"\n0"],
    ids=["steps", "text", "number"],
)
@pytest.mark.parametrize("name", ["model.bin", "model.pkl"])
def test_a_pickle_that_is_long_before_it_does_harm_is_not_loaded(
    folder: Path, canary: Path, name: str, before: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Budget.__init__, "__defaults__", (10_000, 64 << 20, 16 << 30))
    (folder / name).write_bytes(before + f"cos\nsystem\n(S'touch {canary}'\ntR.".encode())
    describe(folder, sklearn={"pickled_model": name, "serialization_format": "pickle"})
    with pytest.raises(Forbidden, match="too long"):
        runstone.sklearn.load_model(folder)
    assert runstone.safety.scan(folder).verdict != "harmless"
    assert not canary.exists()


def test_a_file_that_is_to_be_unpickled_is_a_pickle_whatever_its_name(folder: Path) -> None:
    (folder / "model.bin").write_bytes(b"(S'x'\ncodd-name\nrun me\ntR")
    describe(folder, sklearn={"pickled_model": "model.bin", "serialization_format": "pickle"})
    with pytest.raises(Forbidden, match="odd-name"):
        runstone.sklearn.load_model(folder)


def test_a_link_in_a_models_folder_is_not_written_through(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("as it was")
    for name in ("requirements.txt", "conda.yaml", "requirements.lock"):
        (folder / f"{name}.{os.getpid()}.tmp").symlink_to(tmp_path / "mine")
    update_model_requirements(folder, "add", ["left-pad==9"])
    assert (tmp_path / "mine").read_text() == "as it was"
    assert "left-pad==9" in (folder / "requirements.txt").read_text()


def test_requirements_that_are_none_are_said_to_be_so(folder: Path) -> None:
    (folder / "requirements.txt").write_text("???\n")
    for asked in (
        lambda: update_model_requirements(folder, "add", ["a"]),
        lambda: infer_pip_requirements(folder, "sklearn"),
    ):
        with pytest.raises(CorruptData, match="a line that is none"):
            asked()


def test_formats_that_may_hold_code_of_their_own_are_not_called_harmless(folder: Path) -> None:
    (folder / "model.keras").write_bytes(b"PK\5\6" + b"\0" * 18)
    assert runstone.safety.scan(folder).verdict == "unknown"


def test_a_text_that_stands_in_every_row_of_a_body_is_unpacked_once() -> None:
    import pyarrow
    import pyarrow.parquet

    from runstone.serving import tables

    rows, text = 500, "x" * 1_000_000
    column = pyarrow.DictionaryArray.from_arrays(
        pyarrow.array([0, None] * (rows // 2), pyarrow.int32()), pyarrow.array([text])
    )
    body = io.BytesIO()
    pyarrow.parquet.write_table(
        pyarrow.table({"a": column, "b": list(range(rows))}),
        body,
        dictionary_pagesize_limit=1 << 30,
        compression="zstd",
        store_schema=False,
    )
    assert len(body.getvalue()) < 2_000
    pool = pyarrow.system_memory_pool()
    before = pyarrow.default_memory_pool()
    pyarrow.set_memory_pool(pool)
    try:
        frame = tables.parquet(io.BytesIO(body.getvalue()))
    finally:
        pyarrow.set_memory_pool(before)
    assert pool.max_memory() < 50_000_000
    assert frame["a"].tolist()[:1] == [text]
    assert frame["a"].isna().tolist() == [False, True] * (rows // 2)
    assert frame["b"].tolist() == list(range(rows))


def test_a_digest_that_another_user_noted_is_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.pkl").write_bytes(b"cmine\nModel\n.")
    remembered.remember(str(tmp_path))
    with held.Held(str(tmp_path / "model.pkl")) as file:
        assert remembered.made_here([file.digest()])
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        assert not remembered.made_here([file.digest()])


def test_no_other_user_reads_or_writes_what_is_fetched() -> None:
    """CVE-2025-10279 and CVE-2026-4137 were folders of models that everybody could write."""
    info = runstone.sklearn.log_model(LinearRegression(), name="line")
    for place in (fetch(info.model_uri).path, os.path.dirname(get_model_dependencies(info.model_uri))):
        assert os.stat(place).st_mode & 0o077 == 0


def test_a_small_file_of_skops_that_unpacks_to_a_large_one_is_not_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runstone.flavors.estimators._MUCH", 1 << 20)
    with zipfile.ZipFile(folder / "model.skops", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("more.npy", b"\0" * (8 << 20))
    with pytest.raises(InvalidParameter, match="when it is unpacked"):
        runstone.load_model(folder)


def test_an_old_skops_is_not_trusted_with_a_foreign_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Before 0.15 it calls what a file names among its values (of numpy.random), which the file's types do not tell."""
    monkeypatch.setattr("skops.__version__", "0.14.0")
    assert runstone.load_model(folder).predict([[2.0]]).round() == [5.0]  # made here
    _elsewhere(monkeypatch, tmp_path)
    with pytest.raises(Forbidden, match=r"skops 0\.14\.0"):
        runstone.load_model(folder)
    monkeypatch.setattr("skops.__version__", "1.0.0.dev1")
    runstone.load_model(folder)
