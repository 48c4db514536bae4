"""Files that are logged without waiting: copied at once, stored by a thread, waited for by the run's end, lost by no kill."""

from __future__ import annotations

import io
import os
import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.scripts import run as run_script
from tests.support.scripts import start

import runstone
from runstone.client import Client, background, sending, spool
from runstone.errors import FileChanged, InvalidParameter, MissingFile, NotFound

pytestmark = pytest.mark.everywhere

DATA = random.Random(6).randbytes(3_000_000)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The thread that stores files stands still until the event is set."""
    go = threading.Event()
    send = sending.send

    def later(*given: Any, **named: Any) -> Any:
        if threading.current_thread().name == "runstone-files":
            go.wait()
        return send(*given, **named)

    monkeypatch.setattr(sending, "send", later)
    yield go
    go.set()


def read(run_id: str, path: str) -> bytes:
    data: bytes = runstone.Client().read_artifact(run_id, path)
    return data


def left() -> list[Path]:
    folder = Path(Client()._folder, spool.FOLDER_NAME)
    return list(folder.iterdir()) if folder.exists() else []


def test_a_file_is_what_it_was_when_it_was_logged_and_the_end_of_the_run_waits_for_it(held: threading.Event) -> None:
    with runstone.start_run() as run:
        Path("model.bin").write_bytes(DATA)
        runstone.log_artifact("model.bin", "models", wait=False)
        Path("model.bin").write_bytes(b"the next epoch")
        runstone.log_artifact(io.BytesIO(b"a stream"), "stream.bin", wait=False)
        os.makedirs("folder/inner")
        for number in range(300):
            Path(f"folder/inner/{number}").write_text(str(number))
        runstone.log_artifact("folder", wait=False)
        runstone.log_artifacts("folder", "more", wait=False)
        assert background.is_under_way(Client()._folder, run.info.run_id)
        held.set()
    assert left() == []
    assert read(run.info.run_id, "models/model.bin") == DATA
    assert read(run.info.run_id, "stream.bin") == b"a stream"
    for folder in ("folder", "more"):
        assert {
            file.path: read(run.info.run_id, file.path)
            for file in Client().list_artifacts(run.info.run_id, f"{folder}/inner")
        } == {f"{folder}/inner/{number}": str(number).encode() for number in range(300)}


def test_of_one_path_the_last_counts_waited_for_or_not() -> None:
    with runstone.start_run() as run:
        for number in range(20):
            runstone.log_artifact(io.BytesIO(b"%d" % number), "a.txt", wait=False)
            runstone.log_artifact(io.BytesIO(b"%d" % number), "b.txt", wait=number % 2 == 0)
            runstone.log_text(f"{number}", "c.txt") if number % 3 else runstone.log_artifact(
                io.BytesIO(b"%d" % number), "c.txt", wait=False
            )
    assert [read(run.info.run_id, name) for name in ("a.txt", "b.txt", "c.txt")] == [b"19"] * 3


def test_a_script_reads_and_deletes_what_it_logged() -> None:
    with runstone.start_run() as run:
        runstone.log_artifact(io.BytesIO(DATA), "data.bin", wait=False)
        assert [file.path for file in Client().list_artifacts(run.info.run_id)] == ["data.bin"]
        runstone.log_artifact(io.BytesIO(b"new"), "data.bin", wait=False)
        assert read(run.info.run_id, "data.bin") == b"new"
        runstone.log_artifact(io.BytesIO(b"newer"), "data.bin", wait=False)
        Client().delete_artifact(run.info.run_id, "data.bin")
    assert Client().list_artifacts(run.info.run_id) == []


def test_a_mistake_is_raised_at_once_where_it_can_be_seen_at_once() -> None:
    with runstone.start_run() as run:
        with pytest.raises(MissingFile):
            runstone.log_artifact("nowhere.bin", wait=False)
        with pytest.raises(InvalidParameter):
            runstone.log_artifact(io.BytesIO(b"x"), "../up", wait=False)
        with pytest.raises(InvalidParameter, match="StringIO"):
            runstone.log_artifact(io.StringIO("x"), "text", wait=False)
    assert left() == []
    assert Client().list_artifacts(run.info.run_id) == []


class Reader:
    """What has `read` and nothing else."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)

    def read(self, size: int = -1) -> bytes | None:
        return self.answers.pop(0) if self.answers else b""


@pytest.mark.parametrize("wait", [True, False])
def test_what_can_only_be_read_is_logged_and_what_is_not_ready_is_not_taken_for_its_end(wait: bool) -> None:
    with runstone.start_run() as run:
        runstone.log_artifact(Reader(b"one", b"two"), "whole.txt", wait=wait)  # type: ignore[arg-type]
        with pytest.raises(InvalidParameter, match="blocking"):
            runstone.log_artifact(Reader(b"half", None), "half.txt", wait=wait)  # type: ignore[arg-type]
        Client().log_bytes(run.info.run_id, bytearray(b"bytes"), "bytes.txt")
    assert read(run.info.run_id, "whole.txt") == b"onetwo"
    assert [file.path for file in Client().list_artifacts(run.info.run_id)] == ["bytes.txt", "whole.txt"]
    assert left() == []


def test_a_text_that_is_no_run_id_becomes_no_path(tmp_path: Path) -> None:
    for name in ("../../../escaped", "/tmp/escaped", "a.b", ""):
        with pytest.raises(InvalidParameter, match="run"):
            Client().log_artifact(name, io.BytesIO(b"x"), "x", wait=False)
        with pytest.raises(InvalidParameter, match="run"):
            spool.put(str(tmp_path), name, [("x", b"x")])
    assert left() == []


@pytest.mark.folder
def test_what_waits_of_a_run_is_looked_up_once_for_all_paths(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spool.put(str(tmp_path), "run-1", [("a", b"a"), ("b", b"b")])
    spool.put(str(tmp_path), "run-12", [("c", b"c")])
    looks: list[object] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: looks.append(path) or scandir(path))
    assert spool.waits(str(tmp_path), "run-1", [*map(str, range(5000)), "b"])
    assert not spool.waits(str(tmp_path), "run-1", [*map(str, range(5000)), "c"])
    assert len(looks) == 2


@pytest.mark.folder
def test_a_refusal_takes_neither_a_newer_files_place_nor_an_older_refused_ones() -> None:
    client = Client()
    run_id = client.create_run("0").info.run_id
    client.log_text(run_id, "a file", "name")
    for text in (b"first", b"second"):
        spool.put(client._folder, run_id, [("name/inner", text)])
        assert [type(error) for error in sending.send(client, run_id)] == [InvalidParameter]
    assert sorted(path.read_bytes().rpartition(b"\n")[2] for path in left()) == [b"first", b"second"]
    assert not spool.has_files(client._folder, run_id)

    def logged_anew(size: int) -> None:
        spool.put(client._folder, run_id, [("name/inner", b"never tried")])

    spool.put(client._folder, run_id, [("name/inner", b"third")])
    assert sending.send(client, run_id, logged_anew) == []
    assert spool.has_files(client._folder, run_id)


def test_what_could_not_be_stored_is_raised_by_the_next_call_or_by_the_end_and_once() -> None:
    with runstone.start_run() as run:
        runstone.log_text("a file", "name")
        runstone.log_artifact(io.BytesIO(b"below it"), "name/inner.txt", wait=False)
        background.settle(Client()._folder, run.info.run_id)
        with pytest.raises(InvalidParameter, match="name/inner"):
            runstone.log_text("next", "next.txt")
        runstone.log_text("next", "next.txt")
    run = runstone.start_run()
    runstone.log_text("a file", "name")
    runstone.log_artifact(io.BytesIO(b"below it"), "name/inner.txt", wait=False)
    with pytest.raises(InvalidParameter, match="name/inner"):
        runstone.end_run()
    assert Client().get_run(run.info.run_id).info.status == "FINISHED"
    assert runstone.active_run() is None


def test_an_exception_that_the_run_is_left_by_goes_before_it(capsys: pytest.CaptureFixture[str]) -> None:
    def train() -> None:
        with runstone.start_run() as run:
            runs.append(run.info.run_id)
            runstone.log_text("a file", "name")
            runstone.log_artifact(io.BytesIO(b"below it"), "name/inner.txt", wait=False)
            raise ZeroDivisionError

    runs: list[str] = []
    with pytest.raises(ZeroDivisionError):
        train()
    assert "is not in the store" in capsys.readouterr().err
    assert Client().get_run(runs[0]).info.status == "FAILED"


def test_a_client_without_an_active_run_waits_too() -> None:
    client = Client()
    run_id = client.create_run("0").info.run_id
    client.log_artifact(run_id, io.BytesIO(DATA), "data.bin", wait=False)
    client.set_terminated(run_id)
    assert left() == []
    assert read(run_id, "data.bin") == DATA


def test_flushing_waits_without_an_end() -> None:
    with runstone.start_run():
        runstone.log_artifact(io.BytesIO(DATA), "data.bin", wait=False)
        runstone.flush_artifact_async_logging()
        assert left() == []


KILLED = """
import io, os, signal, sys, threading, runstone
from runstone.client import sending, spool
runstone.set_tracking_uri(sys.argv[1])
sending.send = lambda *given, **named: threading.Event().wait()
run = runstone.start_run()
open("model.bin", "wb").write(b"weights" * 100_000)
runstone.log_artifact("model.bin", wait=False)
runstone.log_artifact(io.BytesIO(b"notes"), "notes.txt", wait=False)
print(run.info.run_id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_after_the_call_has_returned_loses_nothing(tmp_path: Path) -> None:
    code, out, _ = run_script(tmp_path, KILLED, runstone.get_tracking_uri())
    assert code == -signal.SIGKILL
    run_id = out.strip()
    assert len(left()) == 2
    assert runstone.get_run(run_id).info.status == "KILLED"
    assert read(run_id, "model.bin") == b"weights" * 100_000
    assert read(run_id, "notes.txt") == b"notes"
    assert left() == []


ENDING = """
import io, sys, runstone
runstone.set_tracking_uri(sys.argv[1])
client = runstone.Client()
run_id = client.create_run("0").info.run_id
client.log_artifact(run_id, io.BytesIO(b"late" * 1_000_000), "late.bin", wait=False)
print(run_id)
"""


def test_a_program_that_ends_no_run_waits_for_its_files(tmp_path: Path) -> None:
    code, out, err = run_script(tmp_path, ENDING, runstone.get_tracking_uri())
    assert (code, err) == (0, "")
    assert left() == []
    assert read(out.strip(), "late.bin") == b"late" * 1_000_000


def test_a_forked_child_neither_waits_for_nor_repeats_its_parents_files(held: threading.Event) -> None:
    with runstone.start_run() as run:
        runstone.log_artifact(io.BytesIO(DATA), "data.bin", wait=False)
        pid = os.fork()
        if pid == 0:
            os._exit(0 if not background.is_under_way(Client()._folder, run.info.run_id) else 1)
        assert os.waitpid(pid, 0)[1] == 0
        held.set()
    assert read(run.info.run_id, "data.bin") == DATA


@pytest.mark.folder
def test_files_of_a_deleted_or_missing_run_are_refused_at_once() -> None:
    client = Client()
    with pytest.raises(NotFound):
        client.log_artifact("0" * 32, io.BytesIO(b"x"), "x", wait=False)
    assert left() == []


WRITER = """
import os, sys
how, path, size = sys.argv[1], "model.bin", 2_000_000
version = 0
print("ready", flush=True)
while True:
    version += 1
    block = bytes([version % 251 + 1]) * 4096
    name = path + ".new" if how == "rename" else path
    flags = os.O_RDWR | os.O_CREAT | (os.O_TRUNC if how == "truncate" else 0)
    descriptor = os.open(name, flags)
    for _ in range(size // 4096):
        os.write(descriptor, block)
    os.close(descriptor)
    if how == "rename":
        os.rename(name, path)
    for _ in range(version % 7 * 30_000):  # now a longer pause, now a shorter one
        pass
"""


@pytest.mark.folder
@pytest.mark.parametrize("wait", [True, False])
@pytest.mark.parametrize("how", ["in place", "rename", "truncate"])
def test_what_is_logged_of_a_file_that_is_rewritten_is_what_it_held(tmp_path: Path, how: str, wait: bool) -> None:
    (tmp_path / "model.bin").write_bytes(b"\x01" * (2_000_000 // 4096 * 4096))
    writer = start(tmp_path, WRITER, how)
    assert writer.stdout is not None
    writer.stdout.readline()
    logged = []
    try:
        with runstone.start_run() as run:
            for number in range(40):
                try:
                    runstone.log_artifact("model.bin", str(number), wait=wait)
                    logged.append(f"{number}/model.bin")
                except FileChanged:
                    pass
    finally:
        writer.kill()
        writer.communicate()
    for path in logged:
        data = read(run.info.run_id, path)
        blocks = [data[start : start + 4096] for start in range(0, len(data), 4096)]
        assert all(block == block[:1] * len(block) for block in blocks)
        versions = [block[0] for block in blocks]
        changes = [place for place in range(1, len(versions)) if versions[place] != versions[place - 1]]
        # Written from its beginning: at any moment it holds a new beginning and at most one older rest.
        assert len(changes) <= (1 if how == "in place" else 0), versions
