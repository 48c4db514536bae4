"""Models whose folders were made to do harm: nothing of them is run unasked, nothing outside of them is read, and no look at them takes for ever."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from sklearn.linear_model import LinearRegression

import runstone
from runstone.errors import Forbidden, InvalidParameter
from runstone.safety import held, remembered
from runstone.safety.trust import Trust

EVIL = "open({canary!r}, 'w').close()\n"


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file that is there when something was run that should not have been."""
    return tmp_path / "canary"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model that needs no trust, to be altered."""
    runstone.sklearn.save_model(LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0]), tmp_path / "model")
    return tmp_path / "model"


def _describe(folder: Path, **flavors: dict[str, Any]) -> None:
    """Say something else of a model's flavors."""
    described = yaml.safe_load((folder / "MLmodel").read_text())
    for name, block in flavors.items():
        described["flavors"].setdefault(name, {}).update(block)
    (folder / "MLmodel").write_text(yaml.safe_dump(described))


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
    _describe(folder, sklearn={"code": "code"}, python_function={"code": "code"})
    for load in (runstone.load_model, runstone.pyfunc.load_model):
        with pytest.raises(Forbidden, match="brings Python code"):
            load(folder)
    assert not canary.exists()


@pytest.mark.parametrize("name", ["os.py", "numpy/__init__.py", "skops.zip"])
def test_code_that_hides_what_is_installed_is_asked_about(folder: Path, name: str) -> None:
    place = folder / "code" / name
    place.parent.mkdir(parents=True)
    place.write_text("raise SystemExit\n")
    _describe(folder, sklearn={"code": "code" if name != "skops.zip" else "code/skops.zip"})
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
    for name in ("__init__.py", "words.json", "notes.txt", "settings.yaml"):
        (package / name).write_text("")
    runstone.sklearn.save_model(LinearRegression(), tmp_path / "saved", code_paths=[str(package)])
    assert isinstance(runstone.load_model(tmp_path / "saved"), LinearRegression)


def test_a_loader_is_not_given_data_that_was_not_saved_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_loader.py").write_text(
        "import pathlib\ndef _load_pyfunc(path):\n    raise KeyError(pathlib.Path(path).read_text())\n"
    )
    (tmp_path / "data.json").write_text("mine")
    monkeypatch.syspath_prepend(tmp_path)
    runstone.pyfunc.save_model(
        tmp_path / "saved", loader_module="own_loader", data_path=str(tmp_path / "data.json"), pip_requirements=[]
    )
    with pytest.raises(KeyError, match="mine"):
        runstone.pyfunc.load_model(tmp_path / "saved")
    (tmp_path / "saved" / "data" / "data.json").write_text("theirs")
    with pytest.raises(Forbidden, match="own_loader"):
        runstone.pyfunc.load_model(tmp_path / "saved")


@pytest.mark.parametrize("loader", ["", ".", "..os", "os path", "a/b"])
def test_a_loader_is_a_modules_name(folder: Path, loader: str) -> None:
    _describe(folder, python_function={"loader_module": loader})
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
