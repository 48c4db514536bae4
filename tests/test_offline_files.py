"""Files that are logged while the server is away: safe on this machine before they count, on the server later, once."""

from __future__ import annotations

import io
import os
import random
from pathlib import Path

import pytest
from tests.support.away import ended, hasty, ours, proxy, server, sync, synced  # noqa: F401
from tests.support.points import until
from tests.support.unreliable import CUT, LOSE, PASS, Proxy

import runstone
from runstone.client import Client, spool
from runstone.errors import FileChanged, InvalidParameter, MissingFile, WrongFileKind
from runstone.journal import rejected


def test_files_that_are_logged_while_the_server_is_away_are_sent_later(proxy: Proxy, tmp_path: Path) -> None:
    big = random.Random(1).randbytes(2_000_000)
    with runstone.start_run() as run:
        runstone.log_text("before", "notes.txt")
        proxy.down()
        Path("file.bin").write_bytes(big)
        runstone.log_artifact("file.bin", "model")
        Path("file.bin").write_bytes(b"changed after it was logged")
        runstone.log_text("first", "notes.txt")
        runstone.log_text("second", "notes.txt")
        Client().log_bytes(run.info.run_id, bytearray(b"bytes"), "bytes.bin")
        stream = io.BytesIO(b"head and the rest")
        stream.seek(5)
        runstone.log_stream(stream, "stream.bin")
        with pytest.raises(MissingFile):
            runstone.log_artifact("nowhere.bin")
        with pytest.raises(InvalidParameter):
            runstone.log_text("x", "../up.txt")
    waiting = sync(proxy.url)
    assert (waiting.returncode, "files of 1 runs still wait" in waiting.stderr) == (1, True)
    proxy.up()
    until(lambda: synced(proxy.url))
    client = Client(proxy.url)
    assert client.read_artifact(run.info.run_id, "model/file.bin") == big
    assert client.read_artifact(run.info.run_id, "notes.txt") == b"second"
    assert client.read_artifact(run.info.run_id, "bytes.bin") == b"bytes"
    assert client.read_artifact(run.info.run_id, "stream.bin") == b"and the rest"
    assert list(Path(client._folder, "files").iterdir()) == []


def test_a_file_does_not_pass_an_older_one_of_its_path_that_still_waits(proxy: Proxy) -> None:
    with runstone.start_run() as run:
        spool.put(Client()._folder, run.info.run_id, [("last.txt", b"old")])  # as if logged while the server was away
        runstone.log_text("new", "last.txt")
    client = Client()
    assert client.read_artifact(run.info.run_id, "last.txt") == b"new"
    assert not spool.has_files(client._folder, run.info.run_id)


def test_a_file_that_changes_while_it_is_kept_is_no_file_to_keep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changing(source: int, target: int, at: int) -> None:
        os.utime("source", ns=(0, os.stat("source").st_mtime_ns + 1))

    monkeypatch.setattr(spool, "clone", lambda *given: False)
    monkeypatch.setattr(spool, "copy", changing)
    Path("source").write_bytes(b"some")
    with pytest.raises(FileChanged):
        spool.put(str(tmp_path), "r" * 32, [("a.txt", "source")])
    assert spool.runs_with_files(str(tmp_path)) == set()


def test_a_pipe_is_no_file_to_keep_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo("pipe")
    with pytest.raises(WrongFileKind):
        spool.put(str(tmp_path), "r" * 32, [("a.txt", "pipe")])
    assert spool.runs_with_files(str(tmp_path)) == set()


def test_what_was_being_kept_when_its_process_died_is_swept_away(tmp_path: Path) -> None:
    place = tmp_path / spool.FOLDER_NAME
    place.mkdir()
    for name in ("old.new", "old.turn", "fresh.new", "fresh.turn"):
        (place / name).write_bytes(b"")
        if name.startswith("old"):
            os.utime(place / name, (1, 1))
    spool.put(str(tmp_path), "r" * 32, [("a.txt", b"a")])
    left = sorted(path.name for path in place.iterdir() if path.name.startswith(("old", "fresh")))
    assert left == ["fresh.new", "fresh.turn"]
    assert spool.runs_with_files(str(tmp_path)) == {"r" * 32}


def test_a_file_whose_answer_is_lost_or_whose_way_is_cut_is_there_once(proxy: Proxy) -> None:
    data = random.Random(2).randbytes(1_000_000)
    with runstone.start_run() as run:
        for number, mood in enumerate((LOSE, CUT, (503, {}), LOSE)):
            proxy.say(mood)
            runstone.log_text(str(number), f"{number}.txt")
            runstone.log_stream(io.BytesIO(data), "data.bin")
        proxy.say(PASS)
    client = Client()
    until(lambda: ended(client, run.info.run_id))
    assert {file.path for file in client.list_artifacts(run.info.run_id)} == {
        "data.bin",
        *(f"{n}.txt" for n in range(4)),
    }
    assert client.read_artifact(run.info.run_id, "data.bin") == data


@pytest.mark.parametrize(
    "server", ["ours"], indirect=True
)  # MLflow's answers 500, which is no refusal: it is tried again
def test_a_file_that_the_server_refuses_later_is_kept_and_told(
    proxy: Proxy, capsys: pytest.CaptureFixture[str]
) -> None:
    with runstone.start_run() as run:
        runstone.log_text("a file", "name")
        proxy.down()
        runstone.log_text("below it", "name/inner.txt")
        runstone.log_text("fine", "fine.txt")
        proxy.up()
    client = Client()
    until(lambda: ended(client, run.info.run_id))
    until(lambda: client.settle() == [] and rejected(client._folder) != [])
    until(lambda: not spool.has_files(client._folder, run.info.run_id))  # another thread may be sending just now
    (refused,) = rejected(client._folder)
    assert refused.operation == "log_artifact"
    assert Path(refused.request["kept"]).read_bytes().endswith(b"\nbelow it")
    assert client.read_artifact(run.info.run_id, "fine.txt") == b"fine"
