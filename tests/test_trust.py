"""Who vouches for a model decides whether it is loaded, loaded with a word of warning, or not: by where its bytes came from, and the setting."""

from __future__ import annotations

import math
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import FunctionTransformer
from tests.support.malice import Bomb

import runstone
from runstone.errors import Forbidden, InvalidParameter
from runstone.safety import PickleWarning, scan
from runstone.safety.remembered import remember
from runstone.safety.trust import Trust


@pytest.fixture
def another_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """From here on, nothing was made on this machine."""

    def moved() -> None:
        monkeypatch.setattr("runstone.safety.trust._warned", set())
        monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "another"))

    return moved


def test_what_was_saved_here_is_loaded_and_nothing_is_said(tmp_path: Path) -> None:
    runstone.sklearn.save_model(FunctionTransformer(math.sqrt), tmp_path / "saved", serialization_format="pickle")
    assert runstone.load_model(tmp_path / "saved").func is math.sqrt
    shutil.copytree(tmp_path / "saved", tmp_path / "copied")
    assert runstone.load_model(tmp_path / "copied").func is math.sqrt


def test_a_foreign_folder_is_refused_by_what_it_would_import(tmp_path: Path, another_machine: Any) -> None:
    runstone.sklearn.save_model(FunctionTransformer(math.sqrt), tmp_path / "saved", serialization_format="pickle")
    another_machine()
    with pytest.raises(Forbidden, match=r"(?s)'model\.pkl' imports math\.sqrt\.\n.*runstone\.trusting"):
        runstone.load_model(tmp_path / "saved")


def test_a_foreign_folder_whose_imports_are_harmless_is_loaded(tmp_path: Path, another_machine: Any) -> None:
    runstone.sklearn.save_model(LinearRegression(), tmp_path / "saved")
    another_machine()
    assert isinstance(runstone.load_model(tmp_path / "saved"), LinearRegression)


def test_one_changed_byte_makes_it_foreign(tmp_path: Path) -> None:
    runstone.sklearn.save_model(FunctionTransformer(math.sqrt), tmp_path / "saved", serialization_format="pickle")
    pickled = tmp_path / "saved" / "model.pkl"
    pickled.write_bytes(pickled.read_bytes().replace(b"sqrt", b"cbrt"))
    with pytest.raises(Forbidden, match=r"math\.cbrt"):
        runstone.load_model(tmp_path / "saved")


def test_what_the_store_has_is_warned_of_once(another_machine: Any) -> None:
    uri = runstone.sklearn.log_model(
        FunctionTransformer(math.sqrt), name="root", serialization_format="pickle"
    ).model_uri
    assert runstone.load_model(uri).func is math.sqrt
    another_machine()
    with pytest.warns(PickleWarning, match=r"imports math\.sqrt"):
        assert runstone.load_model(uri).func is math.sqrt
    assert runstone.load_model(uri).func is math.sqrt


def test_trusting_lets_anything_be_loaded_within(tmp_path: Path, another_machine: Any) -> None:
    runstone.sklearn.save_model(FunctionTransformer(math.sqrt), tmp_path / "saved", serialization_format="pickle")
    another_machine()
    with runstone.trusting():
        assert runstone.load_model(tmp_path / "saved").func is math.sqrt
    with pytest.raises(Forbidden):
        runstone.load_model(tmp_path / "saved")


@pytest.mark.parametrize(
    ("name", "text", "is_loaded"),
    [
        ("RUNSTONE_PICKLE", "allow", True),
        ("RUNSTONE_PICKLE", "refuse", False),
        ("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false", False),
        ("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true", True),
    ],
)
def test_the_setting_decides(name: str, text: str, is_loaded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = runstone.sklearn.log_model(
        FunctionTransformer(math.sqrt), name="root", serialization_format="pickle"
    ).model_uri
    monkeypatch.setenv(name, text)
    if is_loaded:
        assert runstone.load_model(uri).func is math.sqrt
    else:
        with pytest.raises(Forbidden, match="refuse"), runstone.trusting():
            runstone.load_model(uri)


def test_a_setting_of_warn_lets_foreign_folders_be_loaded(
    tmp_path: Path, another_machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    runstone.sklearn.save_model(FunctionTransformer(math.sqrt), tmp_path / "saved", serialization_format="pickle")
    another_machine()
    monkeypatch.setenv("RUNSTONE_PICKLE", "warn")
    with pytest.warns(PickleWarning):
        runstone.load_model(tmp_path / "saved")
    monkeypatch.setenv("RUNSTONE_PICKLE", "perhaps")
    with pytest.raises(InvalidParameter, match="allow, warn or refuse"):
        runstone.load_model(tmp_path / "saved")


def test_types_are_judged_by_their_names(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    path.write_bytes(b"x")
    foreign = Trust("the model", vouched=False)
    foreign.types(["sklearn.linear_model._base.LinearRegression"], str(path))
    with pytest.raises(Forbidden, match=r"mine\.Model"):
        foreign.types(["mine.Model"], str(path))
    with pytest.warns(PickleWarning, match=r"mine\.Model"):
        Trust("the model", vouched=True).types(["mine.Model"], str(path))


def test_code_is_run_if_the_store_has_it_or_it_was_made_here(tmp_path: Path, another_machine: Any) -> None:
    (tmp_path / "helper.py").write_text("x = 1\n")
    runstone.sklearn.save_model(LinearRegression(), tmp_path / "saved", code_paths=[str(tmp_path / "helper.py")])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Trust("the model", vouched=False).code(str(tmp_path / "saved" / "code"))
    another_machine()
    Trust("the model", vouched=True).code(str(tmp_path / "saved" / "code"))
    with pytest.raises(Forbidden, match="Python code"):
        Trust("the model", vouched=False).code(str(tmp_path / "saved" / "code"))
    (tmp_path / "saved" / "code" / "more.py").write_text("y = 2\n")


def test_a_loader_that_the_file_names_is_asked_about(tmp_path: Path, another_machine: Any) -> None:
    (tmp_path / "data").write_text("x")
    runstone.pyfunc.save_model(
        tmp_path / "saved", loader_module="missing_loader", data_path=str(tmp_path / "data"), pip_requirements=[]
    )
    with pytest.raises(InvalidParameter, match="not here"):
        runstone.pyfunc.load_model(tmp_path / "saved")
    another_machine()
    with pytest.raises(Forbidden, match="loaded by the module 'missing_loader'"):
        runstone.pyfunc.load_model(tmp_path / "saved")


def test_a_state_folder_that_cannot_be_written_does_not_stop_saving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "file"))
    runstone.sklearn.save_model(LinearRegression(), tmp_path / "saved")
    assert isinstance(runstone.load_model(tmp_path / "saved"), LinearRegression)


def test_a_function_of_somebody_else_is_refused_in_two_lines_that_say_what_to_do(
    tmp_path: Path, another_machine: Any
) -> None:
    def doubled(model_input: Any) -> Any:
        return [2 * one for one in model_input]

    runstone.pyfunc.save_model(tmp_path / "saved", python_model=doubled, pip_requirements=[])
    another_machine()
    with pytest.raises(Forbidden) as refused:
        runstone.pyfunc.load_model(tmp_path / "saved")
    why, way_out = str(refused.value).splitlines()
    assert "'python_model.pkl' holds Python code of its own (cloudpickle)" in why
    assert "_make_function" not in why
    assert "computed" not in why
    assert "runstone.trusting()" in way_out
    with runstone.trusting():
        assert runstone.pyfunc.load_model(tmp_path / "saved").predict([1, 2]) == [2, 4]


def test_what_calls_what_it_computed_is_told_of_where_no_code_is_brought(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"cfunctools\npartial\n)R)R.")
    with pytest.raises(Forbidden, match="calls what it computed"):
        Trust("the model", vouched=False).pickle(str(tmp_path / "model.pkl"))


@pytest.mark.parametrize("setting", ["allow", "warn", "refuse", None])
@pytest.mark.parametrize("by", ["this machine", "the store", "nobody"])
@pytest.mark.parametrize("what", ["pickle", "types", "code", "loader", "runs"])
def test_every_question_has_its_answer(
    what: str, by: str, setting: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "model.pkl"
    path.write_bytes(b"cmine\nModel\n.")
    if by == "this machine":
        remember(str(folder))
    if setting is not None:
        monkeypatch.setenv("RUNSTONE_PICKLE", setting)
    monkeypatch.setattr("runstone.safety.trust._warned", set())
    trust = Trust("the model", vouched=by == "the store")
    ask = {
        "pickle": lambda: trust.pickle(str(path)),
        "types": lambda: trust.types(["mine.Model"], str(path)),
        "code": lambda: trust.code(str(path)),
        "loader": lambda: trust.code(str(path), "mine", str(path)),
        "runs": lambda: trust.runs(str(path), "it is a graph"),
    }[what]
    code = what in ("code", "loader")
    if setting == "refuse":
        expected = "refused"
    elif setting == "allow" or by == "this machine" or (code and by == "the store" and setting is None):
        expected = "silent"
    else:
        expected = "warned" if setting == "warn" or by == "the store" else "refused"
    if expected == "refused":
        with pytest.raises(Forbidden):
            ask()
    elif expected == "warned":
        with pytest.warns(PickleWarning):
            ask()
        ask()  # once
    else:
        ask()


def test_a_class_of_a_script_is_unknown_and_what_runs_commands_beside_it_is_not(tmp_path: Path) -> None:
    import cloudpickle

    class Mistake(ValueError):
        pass

    class Mine:
        error = Mistake

        @property
        def name(self) -> str:
            return "mine"

        @staticmethod
        def twice(value: int) -> int:
            return 2 * value

        @classmethod
        def make(cls) -> object:
            return cls()

    (tmp_path / "mine.pkl").write_bytes(cloudpickle.dumps(Mine()))
    assert scan(tmp_path / "mine.pkl").verdict == "unknown"
    (tmp_path / "mine.pkl").write_bytes(cloudpickle.dumps((Mine(), Bomb(str(tmp_path / "canary")))))
    report = scan(tmp_path / "mine.pkl")
    assert report.verdict == "dangerous"
    assert [one.name for one in report.files[0].imports if one.verdict == "dangerous"] == ["posix.system"]
