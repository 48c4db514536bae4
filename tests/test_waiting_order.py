"""Files that are logged without waiting, by several processes: of one path the last logged counts, and what is deleted stays so."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.scripts import start

import runstone
from runstone.cli import main
from runstone.client import Client, background, sending, spool
from runstone.errors import StorageFull
from runstone.repository import turns

pytestmark = pytest.mark.everywhere


EVERYTHING = "Nothing was left behind: all that was logged is in the store.\n"


def left() -> list[Path]:
    folder = Path(Client()._folder, spool.FOLDER_NAME)
    return list(folder.iterdir()) if folder.exists() else []


SENDER = """
import sys
from runstone.client import Client, sending, spool
client = Client(sys.argv[1])
run_id = sys.argv[2]
call = client._transport.call
def slowly(operation, request):
    if operation.name in ("commit_artifacts", "log_artifact_version"):
        print("sending", flush=True)
        sys.stdin.readline()
    return call(operation, request)
client._transport.call = slowly
spool.put(client._folder, run_id, [("x.txt", b"older")], synced=False)
sending.send(client, run_id)
print("sent", flush=True)
"""


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[tuple[Client, str, Any]]:
    """Another process that is storing an older x.txt just now, and goes on when it is written a line."""
    client = Client()
    run_id = client.create_run("0").info.run_id
    process = start(tmp_path, SENDER, runstone.get_tracking_uri(), run_id)
    assert process.stdout is not None
    assert process.stdout.readline() == "sending\n"
    yield client, run_id, process
    process.kill()
    process.communicate()


def beside(process: Any, monkeypatch: pytest.MonkeyPatch, call: Callable[[], object]) -> None:
    """Call; the other process goes on as soon as it is waited for, or else when the call has returned."""
    wait = turns._wait

    def told(*given: Any) -> None:
        process.stdin.write("\n")
        process.stdin.flush()
        wait(*given)

    monkeypatch.setattr(turns, "_wait", told)
    call()
    assert process.communicate("\n")[0] == "sent\n"


def test_what_is_logged_while_another_process_stores_an_older_file_of_its_path_counts(
    sender: tuple[Client, str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, run_id, process = sender
    beside(process, monkeypatch, lambda: client.log_text(run_id, "newer", "x.txt"))
    assert client.read_artifact(run_id, "x.txt") == b"newer"


def test_what_is_logged_without_waiting_then_counts_too_and_a_reader_does_not_send_it_first(
    sender: tuple[Client, str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, run_id, process = sender
    spool.put(client._folder, run_id, [("x.txt", b"newer")], synced=False)
    assert client.list_artifacts(run_id) == []  # neither waited for nor overtaken
    beside(process, monkeypatch, lambda: background.finish(client, run_id) or sending.send(client, run_id, wait=True))
    assert client.read_artifact(run_id, "x.txt") == b"newer"
    assert left() == []


def test_sync_waits_for_another_process_that_sends_and_other_readers_do_not(
    sender: tuple[Client, str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client, run_id, process = sender
    spool.put(client._folder, run_id, [("y.txt", b"y")])
    assert client.settle() == []
    assert client.list_artifacts(run_id) == []

    def sync() -> None:
        monkeypatch.setattr(sys, "argv", ["runstone", "--store", client.tracking_uri, "sync"])
        main()  # raises SystemExit where something is left
        assert capsys.readouterr().err == EVERYTHING

    beside(process, monkeypatch, sync)
    assert [file.path for file in client.list_artifacts(run_id)] == ["x.txt", "y.txt"]
    assert left() == []


def test_what_is_deleted_while_another_process_stores_it_does_not_come_back(
    sender: tuple[Client, str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, run_id, process = sender
    beside(process, monkeypatch, lambda: client.delete_artifact(run_id, "x.txt"))
    assert client.list_artifacts(run_id) == []
    assert left() == []


@pytest.mark.folder
def test_what_waits_and_cannot_be_stored_is_not_deleted_either_and_stops_no_other_deletion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = Client()
    run_id = client.create_run("0").info.run_id
    client.log_text(run_id, "x", "folder/x.txt")
    client.log_text(run_id, "y", "y.txt")
    spool.put(client._folder, run_id, [("folder/x.txt", b"newer")])

    def full(*given: Any, **named: Any) -> None:
        raise StorageFull("no room")

    with monkeypatch.context() as patched:
        patched.setattr(client._repository, "store", full)
        client.delete_artifact(run_id, "y.txt")
        for path in ("folder/x.txt", "folder"):
            with pytest.raises(StorageFull):
                client.delete_artifact(run_id, path)
    client.delete_artifact(run_id, "folder")
    assert client.list_artifacts(run_id) == []
