"""Folders of very many files: named in groups, so that no more of them are held than one group has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import runstone
from runstone.client import artifacts
from runstone.repository.folders import walk, walk_in_groups


def made(folder: Path, count: int) -> Path:
    """A folder of so many files, some of them empty, ten to a folder."""
    for number in range(count):
        if number % 10 == 0:
            (folder / f"{number // 10}").mkdir(parents=True)
        (folder / f"{number // 10}" / f"{number}").write_text("" if number % 7 == 0 else f"file {number}")
    return folder


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 35])
def test_groups_are_full_but_the_last_and_have_every_file_once(tmp_path: Path, count: int) -> None:
    folder = made(tmp_path / "folder", count)
    folder.mkdir(exist_ok=True)
    groups = list(walk_in_groups(str(folder), 10))
    assert [len(group) for group in groups[:-1]] == [10] * (len(groups) - 1)
    assert len(groups) == max(1, -(-count // 10))
    assert all(group == sorted(group) for group in groups)
    assert sorted(file for group in groups for file in group) == walk(str(folder))


def test_a_folder_of_more_files_than_a_transaction_takes_is_logged_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "MOST_AT_ONCE", 10)
    folder = made(tmp_path / "folder", 45)
    client = runstone.Client(tmp_path / "store")
    run_id = client.create_run("0").info.run_id
    client.log_artifact(run_id, folder)
    target = Path(client.download_artifacts(run_id, "folder", str(tmp_path / "out")))
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    assert len(names) == 45
    assert {name: (target / name).read_bytes() for name in names} == {
        name: (folder / name).read_bytes() for name in names
    }
    assert client.verify() == []


def test_an_error_in_a_later_group_leaves_the_earlier_ones_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "MOST_AT_ONCE", 10)
    folder = made(tmp_path / "folder", 25)
    os.mkfifo(folder / "0" / "pipe")  # no file: it is refused when it is come to
    client = runstone.Client(tmp_path / "store")
    run_id = client.create_run("0").info.run_id
    with pytest.raises(runstone.errors.WrongFileKind, match="pipe"):
        client.log_artifact(run_id, folder)
    found = {
        name.path for sub in client.list_artifacts(run_id, "folder") for name in client.list_artifacts(run_id, sub.path)
    }
    assert len(found) in (0, 10, 20)
    (folder / "0" / "pipe").unlink()
    client.log_artifact(run_id, folder)
    found = {
        name.path for sub in client.list_artifacts(run_id, "folder") for name in client.list_artifacts(run_id, sub.path)
    }
    assert len(found) == 25


MANY = """
import sys
import runstone
client = runstone.Client(sys.argv[1])
run_id = client.create_run("0").info.run_id
client.log_artifact(run_id, sys.argv[2])
# not ru_maxrss: that begins with what the process which started this one had
print(next(int(line.split()[1]) >> 10 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.soak
def test_a_hundred_thousand_files_take_no_more_memory_than_a_few(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(100_000):
        (folder / f"{number}").write_bytes(b"%d" % number)
    store = tmp_path / "store"
    ended = subprocess.run(
        [sys.executable, "-c", MANY, str(store), str(folder)], capture_output=True, text=True, check=True
    )
    assert int(ended.stdout) < 128
    client = runstone.Client(store)
    (run,) = client.search_runs(["0"])
    assert len(client.list_artifacts(run.info.run_id, "folder")) == 100_000
