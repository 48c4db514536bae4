"""Which store is meant: the address given, the environment, the nearest .runstone/ above."""

from __future__ import annotations

import os
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import pytest
from tests.support.answers import answers  # noqa: F401
from tests.support.descriptors import needs_proc, open_files
from tests.support.points import until

import runstone
from runstone.errors import InvalidParameter, NotServed, StorageDenied, StoreMismatch
from runstone.transport import discovery
from runstone.transport.discovery import open_transport, resolve, servers_waited_for
from runstone.transport.http import HttpTransport


def test_without_an_address_the_store_is_made_in_the_working_folder(tmp_path: Path) -> None:
    with runstone.start_run():
        pass
    assert (tmp_path / ".runstone" / "runstone.db").exists()
    assert runstone.get_tracking_uri() == f"file://{tmp_path}/.runstone"


def test_git_does_not_take_the_store_in(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    with runstone.start_run():
        runstone.log_text("a", "a.txt")
    assert not subprocess.run(["git", "status", "--short"], cwd=tmp_path, check=True, capture_output=True).stdout
    # A folder that was there holds other things, too: what of it is git's is not ours to say.
    (tmp_path / "mine").mkdir()
    runstone.set_tracking_uri(tmp_path / "mine")
    with runstone.start_run():
        pass
    assert not (tmp_path / "mine" / ".gitignore").exists()


def test_from_a_folder_below_the_store_above_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with runstone.start_run() as run:
        pass
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert runstone.get_run(run.info.run_id).info.run_id == run.info.run_id
    assert not (below / ".runstone").exists()


def test_our_variable_goes_before_mlflows_and_a_call_before_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(tmp_path / "mlflows"))
    assert runstone.get_tracking_uri().endswith("/mlflows")
    monkeypatch.setenv("RUNSTONE_URI", (tmp_path / "ours").as_uri())
    assert runstone.get_tracking_uri().endswith("/ours")
    runstone.set_tracking_uri(tmp_path / "called")
    assert runstone.get_tracking_uri().endswith("/called")
    assert os.environ["RUNSTONE_URI"].endswith("/called"), "processes that this one starts must go there too"


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("sqlite:///mlflow.db", NotServed),
        ("databricks", NotServed),
        ("ftp://host/x", InvalidParameter),
        ("file://otherhost/x", InvalidParameter),
        ("a\0b", InvalidParameter),
    ],
)
def test_an_address_that_cannot_be_served_is_refused_with_what_to_do(uri: str, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="folder"):
        resolve(uri)


def test_a_foreign_database_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    (tmp_path / "store").mkdir()
    other = sqlite3.connect(tmp_path / "store" / "runstone.db")
    other.execute("CREATE TABLE theirs (x)")
    other.commit()
    other.close()
    before = (tmp_path / "store" / "runstone.db").read_bytes()
    with pytest.raises(StoreMismatch, match="another program"):
        runstone.Client(tmp_path / "store")
    assert (tmp_path / "store" / "runstone.db").read_bytes() == before


def test_a_store_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    import sqlite3

    from runstone.transport.local import LocalTransport

    LocalTransport(str(tmp_path / "store")).close()
    newer = sqlite3.connect(tmp_path / "store" / "runstone.db")
    newer.execute("PRAGMA user_version=999")
    newer.close()
    with pytest.raises(StoreMismatch, match=r"newer runstone.*pip install -U"):
        runstone.Client(tmp_path / "store")


@pytest.mark.parametrize(
    "content",
    [b"not a database at all, but long enough to be read as one" * 100, b"SQLite format 3\0" + b"\xff" * 4096],
)
def test_a_corrupt_database_is_named_and_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "store").mkdir()
    path = tmp_path / "store" / "runstone.db"
    path.write_bytes(content)
    with pytest.raises(runstone.RunstoneError, match=r"runstone\.db"):
        runstone.Client(tmp_path / "store")
    assert path.read_bytes() == content


def test_a_store_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises((StorageDenied, OSError), match="file"):
        runstone.Client(tmp_path / "file" / "store")


@pytest.mark.parametrize("text", ["soon", "nan", "inf", "-1"])
def test_a_setting_in_seconds_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("RUNSTONE_BUSY_TIMEOUT", text)
    with pytest.raises(InvalidParameter, match="RUNSTONE_BUSY_TIMEOUT"):
        runstone.Client().search_experiments()


def test_a_child_follows_set_experiment_and_not_what_its_parent_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "inherited")
    experiment = runstone.set_experiment("chosen")
    code = "import runstone\nwith runstone.start_run() as run: print(run.info.experiment_id)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == f"{experiment.experiment_id}\n"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("http://localhost:5000/", "http://localhost:5000"),
        ("HTTP://Tracking.Example:80", "http://tracking.example"),
        ("https://tracking.example:443/team/a/", "https://tracking.example/team/a"),
        ("http://[::1]:5000", "http://[::1]:5000"),
    ],
)
def test_a_servers_address_is_known_in_one_form(given: str, meant: str) -> None:
    assert resolve(given) == meant


@pytest.mark.parametrize("uri", ["http://", "http://host:port", "http://host?x=1", "http://host/#part", "http://a b/"])
def test_an_address_that_no_server_can_have_is_refused(uri: str) -> None:
    with pytest.raises(InvalidParameter, match="address"):
        resolve(uri)


def test_what_is_on_its_way_to_a_server_lies_in_a_folder_of_its_own_that_only_we_can_read(tmp_path: Path) -> None:
    one, other = runstone.Client("http://a.example:5000/x"), runstone.Client("http://a.example:5000/y")
    assert one._folder != other._folder
    for client in (one, other):
        folder = Path(client._folder)
        assert folder.parent == tmp_path / "state"
        assert folder.name.startswith("a.example-5000-")
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "address").read_text() == client.tracking_uri + "\n"


def test_a_password_in_a_servers_address_is_shown_to_nobody(tmp_path: Path) -> None:
    client = runstone.Client("http://me:secret@a.example")
    assert client.tracking_uri == "http://a.example"
    assert "secret" not in repr(client)
    assert all("secret" not in path.name for path in (tmp_path / "state").iterdir())


@pytest.mark.parametrize("left", ["", None], ids=["an empty one", "none"])
def test_a_server_whose_address_was_not_written_to_its_end_is_found_once_it_is_spoken_to(left: str | None) -> None:
    address = "http://127.0.0.1:9"
    path = Path(HttpTransport(address).folder) / "address"
    path.unlink()
    if left is not None:
        path.write_text(left)
    assert servers_waited_for() == []
    HttpTransport(address)
    assert servers_waited_for() == [address]
    assert [file.name for file in path.parent.iterdir()] == ["address"]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many stores and servers that nobody holds this process keeps open."""
    for opened in (discovery._opened, discovery._servers):
        monkeypatch.setattr(opened, "_most", 3)
    return 3


@needs_proc
def test_a_process_that_speaks_to_one_store_after_the_other_keeps_few_files_open(tmp_path: Path, few: int) -> None:
    for number in range(few):
        open_transport(tmp_path / f"first{number}")
    before = open_files(str(tmp_path))
    assert before
    for number in range(2 * few):
        open_transport(tmp_path / f"more{number}")
    assert open_files(str(tmp_path)) <= before
    assert open_transport(tmp_path / "first0").folder == str(tmp_path / "first0"), "it is opened again"


@needs_proc
def test_a_process_that_speaks_to_one_server_after_the_other_keeps_few_connections_open(answers: Any, few: int) -> None:
    there = answers((200, {}, b"{}"))

    def ask(count: int, path: str) -> None:
        for number in range(count):
            open_transport(f"{there.url}/{path}{number}").http.connection.request("GET", "/")  # type: ignore[attr-defined]

    ask(few, "first")
    before = open_files("socket:")
    ask(4 * few, "more")
    until(
        lambda: open_files("socket:") <= before + 2
    )  # the other ends are this process's too, and close when they hear of it


def test_a_store_that_somebody_holds_stays_open_however_many_others_are_opened(tmp_path: Path, few: int) -> None:
    held = runstone.Client(tmp_path / "held")
    run_id = held.create_run("0").info.run_id
    transport = weakref.ref(open_transport(tmp_path / "held"))
    for number in range(2 * few):
        open_transport(tmp_path / f"more{number}")
    assert open_transport(tmp_path / "held") is transport()
    held.log_metric(run_id, "loss", 0.5)
    assert runstone.Client(tmp_path / "held").get_run(run_id).data.metrics == {"loss": 0.5}
