"""Mistakes on the command line: each is a sentence that says the way out, and no store is made or meant by one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.terminals import Command

import runstone


@pytest.fixture
def store() -> None:
    """A store with a run."""
    with runstone.start_run(run_name="fast"):
        pass


def test_another_store_is_named_before_the_command_or_behind_it(command: Command, store: None, tmp_path: Path) -> None:
    assert command("--store", str(tmp_path / "nowhere"), "runs").code == 1
    assert "nowhere" in command("--store", str(tmp_path / "nowhere"), "verify").err
    other = runstone.Client(tmp_path / "other")
    other.create_run("0", run_name="theirs")
    place = str(tmp_path / "other")
    for arguments in (
        ["--store", place, "runs"],
        ["runs", "--store", place],
        ["runs", "--store", place, "--limit", "3"],
        ["runs", "--limit", "3", f"--store={place}"],
        ["runs", "--store", place, "list"],
        ["runs", "list", "--store", place],
    ):
        titles, *lines = (line.split("\t") for line in command(*arguments).out.splitlines())
        assert [line[titles.index("name")] for line in lines] == ["theirs"], arguments
    assert command("runs", "--store", place, "show", "theirs").code == 0
    assert command("--store", place, "runs", "--store", place).code == 0
    assert command("runs", "show", "fast", "--store", place).code == 1


def test_a_second_store_or_none_is_no_store(command: Command, store: None) -> None:
    for arguments in (
        ["--store", "a", "runs", "--store", "b"],
        ["runs", "--store", "a", "--store", "b"],
        ["--store", "a", "server", "--store", "b"],
        ["--store", "a", "ui", "--backend-store-uri", "b"],
    ):
        ended = command(*arguments)
        assert (ended.code, "'a', 'b'" in ended.err) == (2, True)
    ended = command("runs", "--store", "")
    assert (ended.code, ended.out, "empty" in ended.err) == (2, "", True)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["exprs"], "runstone experiments`"),
        (["vesions"], "runstone versions`"),
        (["runs", "ls"], "runstone runs list`"),
        (["versions", "list"], "runstone versions ls`"),
        (["artifacts", "gett"], "runstone artifacts get`"),
        (["models", "lst"], "runstone models ls`"),
        (["nothing-like-it"], "runstone --help` lists the commands"),
        (["runs", "--stroe", "x"], "--store"),
    ],
)
def test_a_slip_is_answered_with_what_is_nearly_it(command: Command, typed: list[str], meant: str) -> None:
    ended = command(*typed)
    assert (ended.code, ended.out) == (2, "")
    assert meant in ended.err


@pytest.mark.parametrize("arguments", [("runs",), ("experiments",), ("verify",), ("doctor",), ("sync",)])
def test_a_command_that_reads_makes_no_store_of_a_folder_that_is_none(
    command: Command, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    command("--store", str(other), *arguments)
    assert list(other.iterdir()) == []


def test_a_mistake_is_one_sentence_or_one_json_object_on_stderr(command: Command) -> None:
    ended = command("runs")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("runstone: There is no store at ")
    as_json = json.loads(command("runs", "--json").err)
    assert as_json["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    wrong = command("runs", "--nonsense", "--json")
    assert wrong.code == 2
    assert "--nonsense" in json.loads(wrong.err)["message"]
    assert command("nonsense").code == 2


def test_an_interrupt_ends_with_its_code(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("runstone.diagnosis.report", interrupt)
    ended = command("doctor")
    assert ended.code == 130
    assert "Traceback" not in ended.err
