"""The terminal on models' files: to the store and from it, looked at, signed."""

from __future__ import annotations

import json
import math
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import FunctionTransformer
from tests.support.malice import Bomb
from tests.support.terminals import Command, on_terminal

import runstone
from runstone.models import log_saved_model


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    runstone.sklearn.save_model(LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0]), tmp_path / "saved")
    return tmp_path / "saved"


def test_a_name_that_may_not_be_one_is_refused_before_anything_is_stored(saved: Path) -> None:
    with pytest.raises(runstone.errors.InvalidParameter, match=r"registered_model_name|a/b"):
        log_saved_model(saved, "line", registered_model_name="a/b")
    assert runstone.search_logged_models(output_format="list") == []


def test_a_saved_folder_is_logged_registered_and_fetched(command: Command, saved: Path) -> None:
    with runstone.start_run() as run:
        pass
    logged = command("models", "log", "saved", "--name", "line", "--run", run.info.run_id, "--register", "lines")
    assert (logged.code, logged.err) == (0, "Registered as lines/1.\n")
    uri = logged.out.strip()
    assert runstone.load_model(uri).predict([[2.0]])[0] == pytest.approx(5.0)
    assert runstone.load_model(f"runs:/{run.info.run_id}/line").coef_[0] == pytest.approx(2.0)
    assert command("models", "register", uri, "lines", "--alias", "champion").out == "lines/2: champion\n"
    assert command("models", "register", uri.removeprefix("models:/"), "others").out == "others/1\n"
    fetched = command("models", "get", "lines@champion", "out/model")
    assert fetched.code == 0
    assert {path.name: path.read_bytes() for path in Path("out/model").iterdir() if path.is_file()} == {
        path.name: path.read_bytes() for path in saved.iterdir()
    }
    again = json.loads(command("models", "get", "lines/2", "out/model", "--json").out)
    assert again["bytes"]["present"] == sum(path.stat().st_size for path in saved.iterdir())
    Path("out/model/MLmodel").write_text("mine")
    refused = command("models", "get", "lines/2", "out/model")
    assert (refused.code, Path("out/model/MLmodel").read_text()) == (1, "mine")


def test_a_models_folder_among_a_runs_files_is_fetched_as_that_folder(command: Command, saved: Path) -> None:
    with runstone.start_run() as run:
        runstone.log_artifacts(str(saved), "deep/line")
    assert command("models", "get", f"runs:/{run.info.run_id}/deep/line", "out").code == 0
    assert sorted(path.name for path in Path("out").iterdir()) == sorted(path.name for path in saved.iterdir())


def test_what_is_no_model_and_what_leads_elsewhere_is_not_logged(command: Command, saved: Path, tmp_path: Path) -> None:
    assert "MLmodel" in command("models", "log", ".").err
    assert command("models", "log", "missing").code == 1
    (tmp_path / "secret").write_text("of mine")
    (saved / "inner").symlink_to(tmp_path / "secret")
    refused = command("models", "log", "saved")
    assert (refused.code, "'inner'" in refused.err and "a link" in refused.err) == (1, True)
    (saved / "inner").unlink()
    os.mkfifo(saved / "inner")
    assert "a pipe" in command("models", "log", "saved").err
    assert runstone.search_logged_models(output_format="list") == []


def test_what_can_run_code_and_was_not_saved_here_is_logged_only_if_somebody_says_so(
    command: Command, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = tmp_path / "canary"
    (saved / "more.pkl").write_bytes(pickle.dumps(Bomb(str(canary))))
    refused = command("models", "log", "saved", "--register", "lines")
    assert (refused.code, "more.pkl: imports posix.system (dangerous)" in refused.err, "--yes" in refused.err) == (
        2,
        True,
        True,
    )
    assert runstone.search_logged_models(output_format="list") == []
    asked = on_terminal(tmp_path, "models", "log", "saved", typed="n\n")
    assert (asked.code, "posix.system" in asked.out + asked.err) == (1, True)
    assert runstone.search_logged_models(output_format="list") == []
    assert command("models", "log", "saved", "--yes").code == 0
    monkeypatch.setenv("RUNSTONE_PICKLE", "allow")
    assert command("models", "log", "saved").code == 0
    assert not canary.exists()


def test_what_was_saved_here_is_logged_without_a_question_though_it_runs_code(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts: dict[str, Any] = {"__name__": "__main__"}
    exec("class Mine:\n    def predict(self, model_input):\n        return model_input", scripts)
    runstone.pyfunc.save_model(tmp_path / "own", python_model=scripts["Mine"]())
    assert command("models", "log", "own").code == 0
    monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "another"))
    elsewhere = command("models", "log", "own")
    assert (elsewhere.code, "(cloudpickle)" in elsewhere.err) == (2, True)
    shown = command("models", "scan", "own")
    assert (shown.code, shown.out.splitlines()[1].split("\t")[0]) == (0, "unknown")


def test_a_logged_folder_is_the_active_runs(saved: Path) -> None:
    with runstone.start_run() as run:
        info = log_saved_model(saved, "line", params={"depth": 3}, tags={"by": "me"})
    assert info.run_id == run.info.run_id
    logged = runstone.get_logged_model(info.model_id)
    assert (logged.params, logged.tags["by"], str(logged.status)) == ({"depth": "3"}, "me", "READY")


def test_a_model_is_looked_at(command: Command, saved: Path, tmp_path: Path) -> None:
    harmless = command("models", "scan", "saved")
    assert (harmless.code, "harmless" in harmless.err) == (0, True)
    canary = tmp_path / "canary"
    Path("bomb.pkl").write_bytes(pickle.dumps(Bomb(str(canary))))
    dangerous = command("models", "scan", "bomb.pkl")
    assert dangerous.code == 1
    assert dangerous.out.splitlines()[1].split("\t") == ["dangerous", "bomb.pkl", "pickle", "posix.system", ""]
    assert "Do not" in dangerous.err
    report = json.loads(command("models", "scan", "./bomb.pkl", "--json").out)
    assert report["files"][0]["imports"] == [{"name": "posix.system", "verdict": "dangerous"}]
    runstone.sklearn.log_model(
        FunctionTransformer(math.sqrt), name="own", serialization_format="pickle", registered_model_name="own"
    )
    unknown = command("models", "scan", "own/1")
    assert (unknown.code, command("models", "scan", "own/1", "--strict").code) == (0, 1)
    assert not canary.exists()
    assert command("models", "scan", "missing").code == 1


def test_in_a_pipe_each_import_has_its_line(command: Command, saved: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    Path("both.pkl").write_bytes(pickle.dumps([LinearRegression(), Bomb(str(canary))]))
    titles, *lines = [line.split("\t") for line in command("models", "scan", "both.pkl").out.splitlines()]
    assert titles == ["verdict", "file", "kind", "import", "problem"]
    assert lines[0] == ["dangerous", "both.pkl", "pickle", "posix.system", ""]
    assert ["harmless", "both.pkl", "pickle", "sklearn.linear_model._base.LinearRegression", ""] in lines
    assert max(len(line[3].split()) for line in lines) == 1
    Path("broken.pkl").write_bytes(pickle.dumps(LinearRegression())[:-5])
    broken = [line.split("\t") for line in command("models", "scan", "broken.pkl").out.splitlines()[1:]]
    assert [line[0] for line in broken if line[4]] == [broken[-1][0]] != ["harmless"]
    Path("code.py").write_text("1")
    assert command("models", "scan", "code.py").out.splitlines()[1] == "unknown\tcode.py\tcode\t\t"


def test_on_a_terminal_harmless_imports_are_counted(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "plain.pkl").write_bytes(pickle.dumps(LinearRegression()))
    shown = on_terminal(tmp_path, "models", "scan", "plain.pkl", columns=120)
    assert (shown.code, "harmless" in shown.out and "LinearRegression" not in shown.out) == (0, True)


def test_a_word_that_may_be_both_is_refused(command: Command, saved: Path) -> None:
    runstone.sklearn.log_model(LinearRegression(), name="line", registered_model_name="lines")
    Path("lines").mkdir()
    Path("lines/1").mkdir()
    both = command("models", "scan", "lines/1")
    assert (both.code, "./lines/1" in both.err and "models:/lines/1" in both.err) == (2, True)
    assert command("models", "scan", "models:/lines/1").code == 0
    assert command("models", "scan", "./lines/1").code == 0
    here = command("models", "register", "saved", "lines")
    assert (here.code, "runstone models log saved --register lines" in here.err) == (2, True)
    assert "already" in command("models", "get", "saved", "out").err


def test_a_model_is_signed_and_checked(command: Command, saved: Path) -> None:
    made = command("models", "keygen", "key")
    assert (made.out, Path("key").stat().st_mode & 0o777) == ("key.pub\n", 0o600)
    assert command("models", "keygen", "key").code == 1
    runstone.sklearn.log_model(LinearRegression(), name="line", registered_model_name="lines")
    for model in ("saved", "lines/1"):
        assert command("models", "verify", model, "--key", "key.pub").code == 1
        assert command("models", "sign", model, "--key", "key").code == 0
        assert command("models", "verify", model, "--key", "key.pub").code == 0
    (saved / "more").write_text("x")
    changed = command("models", "verify", "saved", "--key", "key.pub")
    assert (changed.code, "more" in changed.err) == (1, True)
    assert command("models", "sign", "saved", "--key", "missing").code == 2


def test_a_folder_here_needs_no_store_and_makes_none(command: Command, saved: Path) -> None:
    command("models", "keygen", "key")
    for arguments in (("scan", "saved"), ("sign", "saved", "--key", "key"), ("verify", "saved", "--key", "key.pub")):
        assert command("models", *arguments).code == 0
    assert command("models", "scan", "lines/1").code == 1
    assert not Path(".runstone").exists()


def test_a_lock_that_has_its_hashes_is_kept(command: Command, saved: Path) -> None:
    (saved / "requirements.lock").write_text("one==1.0 \\\n    --hash=sha256:01 \\\n    --hash=sha256:02\n")
    assert command("models", "lock", "saved").out == "saved: 1 pinned, 2 hashes in requirements.lock\n"
    runstone.sklearn.log_model(LinearRegression(), name="line", registered_model_name="lines")
    refused = command("models", "lock", "lines/1", "--json")
    assert (refused.code, "stays as it was registered" in refused.err) == (1, True)
