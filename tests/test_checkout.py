"""`runstone artifacts get`: which words mean files and which the folder, and what is fetched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.terminals import runstone

from runstone.client import Client


@pytest.fixture
def run_id(tmp_path: Path) -> str:
    client = Client()
    run_id: str = client.create_run("0").info.run_id
    client.log_files(run_id, {"notes/a.txt": b"hello\n", "b.txt": b"[/red] :smile:"})
    return run_id


def test_a_whole_run_is_fetched_into_a_folder_and_again_only_what_is_missing(tmp_path: Path, run_id: str) -> None:
    ended = runstone(tmp_path, "artifacts", "get", run_id, "checkout")
    assert (ended.code, ended.out) == (0, f"{tmp_path}/checkout\n")
    assert (tmp_path / "checkout/notes/a.txt").read_text() == "hello\n"
    assert "2 files: 20 B from the store" in ended.err
    (tmp_path / "checkout/b.txt").unlink()
    fetched = json.loads(runstone(tmp_path, "artifacts", "get", run_id, "checkout", "--json").out)
    assert fetched["bytes"] == {"store": 14, "cache": 0, "resumed": 0, "present": 6}


def test_the_last_that_is_none_of_the_runs_files_is_the_folder(tmp_path: Path, run_id: str) -> None:
    assert runstone(tmp_path, "artifacts", "get", run_id, "notes/a.txt", "b.txt", "./new").code == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["a.txt", "b.txt"]
    assert runstone(tmp_path, "artifacts", "get", run_id, "b.txt").out == f"{tmp_path}/b.txt\n"
    slip = runstone(tmp_path, "artifacts", "get", run_id, "b.tx")
    assert slip.code == 1
    assert "Is 'b.txt' meant?" in slip.err
    assert not (tmp_path / "b.tx").exists()
    missing = runstone(tmp_path, "artifacts", "get", run_id, "nowhere", "./new")
    assert missing.code == 1
    assert "No artifact 'nowhere'" in missing.err
    assert runstone(tmp_path, "artifacts", "get", run_id, "nowhere", "-o", "new").code == 1
    twice = runstone(tmp_path, "artifacts", "get", run_id, "b.txt", "b.txt", "new")
    assert "would have one name" in twice.err


def test_patterns_on_the_command_line_choose_files(tmp_path: Path, run_id: str) -> None:
    assert runstone(tmp_path, "artifacts", "get", run_id, "one", "--include", "*.txt", "--exclude", "notes/").code == 0
    assert [str(path.relative_to(tmp_path / "one")) for path in (tmp_path / "one").rglob("*")] == ["b.txt"]
    assert runstone(tmp_path, "artifacts", "get", run_id, "two", "--include", "*.csv").code == 1
