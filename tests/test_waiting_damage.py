"""Copies of files that were logged without waiting, after a power failure: what is not what was logged is never stored as if it were."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import runstone
from runstone.cli import main
from runstone.client import Client, sending, spool, spool_notes
from runstone.errors import CorruptData, NotFound
from runstone.operations.artifact_versions import LogArtifactVersion

pytestmark = pytest.mark.everywhere

DATA = b"weights" * 2000


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> tuple[Client, str, Path]:
    """A client, a run, and the copy of its `a.bin` that nobody synced before the machine was started again."""
    client = Client()
    run_id = client.create_run("0").info.run_id
    spool.put(client._folder, run_id, [("a.bin", DATA)], synced=False)
    monkeypatch.setattr(spool_notes, "boot", lambda: "another start")
    (path,) = Path(client._folder, spool.FOLDER_NAME).iterdir()
    return client, run_id, path


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def zeros(path: Path) -> None:
    head, _ = path.read_bytes().split(b"\n", 1)
    path.write_bytes(head + b"\n" + bytes(len(DATA)))


def zeros_at_the_end(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"\0")


def head_lost(path: Path) -> None:
    _, data = path.read_bytes().split(b"\n", 1)
    path.write_bytes(bytes(4096) + data)


def all_lost(path: Path) -> None:
    path.write_bytes(b"")


DAMAGE = [cut, zeros, zeros_at_the_end, head_lost, all_lost]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_copy_is_refused_told_and_kept_and_the_rest_goes_on(
    waiting: tuple[Client, str, Path], damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    client, run_id, path = waiting
    damage(path)
    lies = path.read_bytes()
    spool.put(client._folder, run_id, [("b.bin", DATA)], synced=False)
    client.settle()
    kept = Path(f"{path}.rejected")
    assert [file.path for file in client.list_artifacts(run_id)] == ["b.bin"]
    assert kept.read_bytes() == lies
    assert str(kept) in capsys.readouterr().err
    assert not spool.has_files(client._folder, run_id)


def test_a_synced_copy_that_is_cut_all_the_same_is_refused_too(tmp_path: Path) -> None:
    client = Client()
    run_id = client.create_run("0").info.run_id
    spool.put(client._folder, run_id, [("a.bin", DATA)])
    (path,) = Path(client._folder, spool.FOLDER_NAME).iterdir()
    cut(path)
    assert [type(error) for error in sending.send(client, run_id)] == [CorruptData]
    assert client.list_artifacts(run_id) == []


def test_whole_copies_are_stored_whatever_the_start(waiting: tuple[Client, str, Path]) -> None:
    client, run_id, _ = waiting
    assert sending.send(client, run_id) == []
    assert client.read_artifact(run_id, "a.bin") == DATA


def test_a_copy_that_never_reached_the_folder_is_lost_and_stops_nobody(waiting: tuple[Client, str, Path]) -> None:
    client, run_id, path = waiting
    path.unlink()
    assert sending.send(client, run_id) == []
    assert client.list_artifacts(run_id) == []


@pytest.mark.parametrize("damage", DAMAGE)
def test_of_a_damaged_copy_no_version_is_made_though_an_older_file_is_there(
    waiting: tuple[Client, str, Path], damage: Callable[[Path], None]
) -> None:
    client, run_id, path = waiting
    damage(path)
    aside = path.rename(path.parent.parent / path.name)
    client.log_bytes(run_id, b"older", "a.bin")
    aside.rename(path)
    spool.put_version(client._folder, LogArtifactVersion(run_id, "model", "a.bin"), synced=False)
    assert [type(error) for error in sending.send(client, run_id)] == [CorruptData, CorruptData]
    with pytest.raises(NotFound):
        client.get_artifact_version("model")
    assert client.read_artifact(run_id, "a.bin") == b"older"


def test_within_one_start_of_the_machine_nothing_is_read_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool.put(str(tmp_path), "r" * 32, [("a.bin", DATA)], synced=False)
    spool.put(str(tmp_path), "s" * 32, [("a.bin", DATA)])

    def never(*given: object) -> str:
        raise AssertionError("read again")

    monkeypatch.setattr(spool_notes, "_digest", never)
    for path in (tmp_path / spool.FOLDER_NAME).iterdir():
        with path.open("rb") as stream:
            spool_notes.check(stream, spool_notes.read(stream))


def test_what_an_older_runstone_put_here_is_stored(tmp_path: Path) -> None:
    client = Client()
    run_id = client.create_run("0").info.run_id
    spool.put(client._folder, run_id, [("a.bin", DATA)])
    (path,) = Path(client._folder, spool.FOLDER_NAME).iterdir()
    head = f'{{"run_id":"{run_id}","path":"a.bin","version":null,"executable":false}}'.encode().ljust(4095)
    path.write_bytes(head + b"\n" + DATA)
    assert sending.send(client, run_id) == []
    assert client.read_artifact(run_id, "a.bin") == DATA


@pytest.mark.folder
@pytest.mark.parametrize("damage", [cut, head_lost])
def test_sync_and_doctor_name_what_was_refused_until_it_is_deleted(
    waiting: tuple[Client, str, Path],
    damage: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    client, run_id, path = waiting
    damage(path)
    spool.put_version(client._folder, LogArtifactVersion(run_id, "model", "a.bin"), synced=False)
    client.settle()
    kept = [path for path, _ in spool.refused(client._folder)]
    capsys.readouterr()
    monkeypatch.setattr(sys, "argv", ["runstone", "--store", client.tracking_uri, "sync"])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert (ended.value.code, len(kept), run_id in told, "'model'" in told) == (1, 2, True, True)
    assert all(f"kept in {path}." in told for path in kept)
    assert ("whose name is lost" in told) == (damage is head_lost)
    runstone.doctor()
    assert f"refused files: {', '.join(kept)}" in capsys.readouterr().out
    for name in kept:
        Path(name).unlink()
    main()
    assert "Nothing was left behind" in capsys.readouterr().err
    runstone.doctor()
    assert "refused files: none" in capsys.readouterr().out


@pytest.mark.folder
def test_a_run_whose_copy_is_damaged_can_be_deleted_from_and_read(waiting: tuple[Client, str, Path]) -> None:
    client, run_id, path = waiting
    client.log_text(run_id, "note", "b.txt")
    head_lost(path)
    client.delete_artifact(run_id, "b.txt")
    assert client.list_artifacts(run_id) == []
