"""A store's own files are left alone by whatever reads or writes a user's folder: SQLite's locks stay, and nothing takes their place."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import runstone
from runstone import Client, data
from runstone.errors import InvalidParameter, WrongFileKind
from runstone.repository.folders import walk
from runstone.transport.stock_files import _opened

# Whether somebody else holds a lock on each of these files.
_LOOK = """
import fcntl, sys
for name in sys.argv[1:]:
    with open(name, "r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print(name)
"""


def locked(store: Path) -> list[str]:
    """Those of a store's files that another process finds locked."""
    names = [str(store / "runstone.db"), str(store / "runstone.db-shm")]
    return subprocess.run(
        [sys.executable, "-SIc", _LOOK, *names], check=True, capture_output=True, text=True
    ).stdout.split()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a file and an open store in it."""
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    (place / "train.txt").write_text("a")
    runstone.start_run()
    os.link(place / ".runstone" / "runstone.db", place / "same")
    assert len(locked(place / ".runstone")) == 2
    return place


def files_of(run_id: str, path: str | None = None) -> set[str]:
    found = set()
    for file in Client().list_artifacts(run_id, path):
        found |= files_of(run_id, file.path) if file.is_dir else {file.path}
    return found


@pytest.mark.parametrize("wait", [True, False])
def test_the_working_folder_is_logged_without_the_store_in_it(place: Path, wait: bool) -> None:
    (place / "same").unlink()
    run = runstone.active_run()
    assert run is not None
    (place / "also").symlink_to(".runstone")
    (place / "deep").mkdir()
    Client(str(place / "deep" / "other")).create_experiment("another's store, under any name")
    Client().log_artifacts(run.info.run_id, ".", wait=wait)
    runstone.log_artifact(str(place), "again", wait=wait)
    runstone.flush_artifact_async_logging()
    assert files_of(run.info.run_id) == {"train.txt", "again/work/train.txt"}
    assert files_of(run.info.run_id, ".runstone") == set()
    assert len(locked(place / ".runstone")) == 2


def test_a_store_that_nobody_has_open_is_left_out_too(place: Path) -> None:
    code = "import runstone; runstone.Client('closed').create_experiment('a')"
    subprocess.run([sys.executable, "-c", code], check=True)
    (place / "theirs").mkdir()
    (place / "theirs" / "runstone.db").write_bytes(b"no database")
    assert [path for path, _ in walk(str(place))] == ["same", "theirs/runstone.db", "train.txt"]


WAYS: dict[str, Callable[[], object]] = {
    "its database, logged": lambda: runstone.log_artifact(".runstone/runstone.db"),
    "its log, logged": lambda: runstone.log_artifact(".runstone/runstone.db-wal"),
    "its index, logged": lambda: runstone.log_artifact(".runstone/runstone.db-shm"),
    "its database, logged by another name": lambda: runstone.log_artifact("same"),
    "its database, logged without waiting": lambda: runstone.log_artifact("same", wait=False),
    "its database, logged as a version": lambda: runstone.log_artifact("same", name="a"),
    "its database, logged in a folder by another name": lambda: runstone.log_artifacts("."),
    "its database, sent to MLflow's server": lambda: _opened("same"),
    "its folder, logged": lambda: runstone.log_artifact(".runstone"),
    "a file as a dataset": lambda: data.from_path(".runstone/runstone.db"),
    "the store as a dataset": lambda: data.from_path(".runstone"),
    "a file as a dataset's source": lambda: data.LocalArtifactDatasetSource("same").load("copies"),
    "a folder as a dataset's source": lambda: data.LocalArtifactDatasetSource(os.getcwd()).load("copies"),
    "the store as a dataset's source": lambda: data.LocalArtifactDatasetSource(".runstone").load("copies"),
    "repair from its database": lambda: Client().repair("same"),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_named_itself_is_refused_and_keeps_its_locks(place: Path, way: str) -> None:
    (place / "copies").mkdir()
    with pytest.raises((InvalidParameter, WrongFileKind), match="runstone store"):
        WAYS[way]()
    assert len(locked(place / ".runstone")) == 2


def test_a_dataset_of_the_working_folder_and_a_copy_of_it_are_without_the_store(place: Path, tmp_path: Path) -> None:
    (place / "same").unlink()
    assert data.from_path(".").profile == {"num_files": 1, "num_bytes": 1}
    (tmp_path / "copies").mkdir()
    copy = data.LocalArtifactDatasetSource(str(place)).load(str(tmp_path / "copies"))
    assert os.listdir(copy) == ["train.txt"]
    assert len(locked(place / ".runstone")) == 2


def test_a_store_is_repaired_from_the_folder_that_it_lies_in(place: Path) -> None:
    (place / "same").unlink()
    runstone.log_text("text " * 100_000, "text.txt")
    (place / "text.txt").write_text("text " * 100_000)
    (pack,) = (place / ".runstone" / "packs").rglob("*.pack")
    pack.unlink()
    assert Client().repair(str(place)).left == []
    assert Client().verify() == []
    assert len(locked(place / ".runstone")) == 2


def test_nothing_is_fetched_over_a_store(place: Path) -> None:
    run = runstone.active_run()
    assert run is not None
    client, run_id = Client(), run.info.run_id
    # What an older runstone logged of the folder that it lay in.
    data_of_it = (place / "train.txt").read_bytes() * os.path.getsize(place / ".runstone" / "runstone.db")
    client.log_bytes(run_id, data_of_it, "a/runstone.db")
    client.log_bytes(run_id, b"{}", "a/journal/b")
    client.log_bytes(run_id, b"a", "a/mine.txt")
    store = os.stat(".runstone/runstone.db")
    (place / "a").mkdir()
    for name in ("runstone.db", "runstone.db-shm", "runstone.db-wal"):
        os.link(place / ".runstone" / name, place / "a" / name)
    for path, folder in (("a/runstone.db", "a"), ("a/journal", "a"), ("a", ".")):
        with pytest.raises(InvalidParameter, match="among the files of the runstone store"):
            client.download_artifacts(run_id, path, folder)
    assert os.stat("a/runstone.db").st_ino == store.st_ino
    client.download_artifacts(run_id, "a/mine.txt", "a")
    assert (place / "a" / "mine.txt").read_bytes() == b"a"
    assert len(locked(place / ".runstone")) == 2
