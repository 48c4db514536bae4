"""`runstone artifacts get`: which words mean files and which the folder, what is fetched, and what is left as it is."""

from __future__ import annotations

import json
import random
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.points import until
from tests.support.proxies import Wire
from tests.support.servers import serve
from tests.support.terminals import RUNSTONE, Command, on_terminal, runstone

from runstone.client import Client
from runstone.errors import AlreadyExists
from runstone.repository.destination import Destination


@pytest.fixture
def run_id(tmp_path: Path) -> str:
    client = Client()
    run_id: str = client.create_run("0").info.run_id
    client.log_files(run_id, {"notes/a.txt": b"hello\n", "b.txt": b"[/red] :smile:"})
    return run_id


def test_a_whole_run_is_fetched_into_a_folder_and_again_only_what_is_missing(
    tmp_path: Path, run_id: str, command: Command
) -> None:
    ended = command("artifacts", "get", run_id, "checkout")
    assert (ended.code, ended.out) == (0, f"{tmp_path}/checkout\n")
    assert (tmp_path / "checkout/notes/a.txt").read_text() == "hello\n"
    assert "2 files: 20 B from the store" in ended.err
    (tmp_path / "checkout/b.txt").unlink()
    fetched = json.loads(command("artifacts", "get", run_id, "checkout", "--json").out)
    assert fetched["bytes"] == {"store": 14, "cache": 0, "resumed": 0, "present": 6}


def test_the_last_that_is_none_of_the_runs_files_is_the_folder(tmp_path: Path, run_id: str, command: Command) -> None:
    assert command("artifacts", "get", run_id, "notes/a.txt", "b.txt", "./new").code == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["a.txt", "b.txt"]
    assert command("artifacts", "get", run_id, "b.txt").out == f"{tmp_path}/b.txt\n"
    missing = command("artifacts", "get", run_id, "nowhere", "./new")
    assert missing.code == 1
    assert "No artifact 'nowhere'" in missing.err
    assert command("artifacts", "get", run_id, "nowhere", "-o", "new").code == 1
    twice = command("artifacts", "get", run_id, "b.txt", "b.txt", "new")
    assert "would have one name" in twice.err


@pytest.mark.parametrize("words", [("",), ("notes", ""), ("notes", "-o", "")])
def test_an_empty_word_does_not_mean_everything(
    tmp_path: Path, run_id: str, command: Command, words: tuple[str, ...]
) -> None:
    ended = command("artifacts", "get", run_id, *words)
    assert (ended.code, "variable of the shell" in ended.err) == (2, True)
    assert not (tmp_path / "notes").exists()


def test_a_folder_in_a_files_place_is_said_before_anything_is_written(
    tmp_path: Path, run_id: str, command: Command
) -> None:
    (tmp_path / "out/notes/a.txt").mkdir(parents=True)
    for options in ((), ("--force",)):
        ended = command("artifacts", "get", run_id, "out", *options)
        assert ended.code == 1
        assert "'out/notes/a.txt' is a folder, and a file is to be put there" in ended.err
    assert command("artifacts", "get", run_id, "./other").code == 0


@pytest.mark.parametrize("slip", [".runstone/odd", "b.tx", "best.pt", "a.txt", "note", "NOTES.TXT"])
def test_a_slip_is_no_name_of_a_new_folder(tmp_path: Path, run_id: str, command: Command, slip: str) -> None:
    ended = command("artifacts", "get", run_id, slip)
    assert (ended.code, ended.out) == (1, "")
    assert f"No artifact {slip!r} in run {run_id}" in ended.err
    assert f"runstone artifacts get {run_id} ./{slip}" in ended.err
    assert not (tmp_path / slip).exists()
    nearest = {"b.tx": "'b.txt'", "a.txt": "'notes/a.txt'", "note": "'notes'"}.get(slip, "")
    assert f"nearest: {nearest}" in ended.err or not nearest


@pytest.mark.parametrize("folder", ["./best.pt", "best.pt/", "./notes"])
def test_what_is_written_as_a_folder_is_one(tmp_path: Path, run_id: str, command: Command, folder: str) -> None:
    ended = command("artifacts", "get", run_id, folder)
    assert (ended.code, ended.out) == (0, f"{tmp_path / folder}\n")
    assert (tmp_path / folder / "b.txt").exists()
    many = command("artifacts", "get", run_id, folder, "./other")
    assert (many.code, (tmp_path / "other").exists()) == (1, False)


def test_an_edited_file_is_replaced_by_nobody_who_was_not_told_to(
    tmp_path: Path, run_id: str, command: Command
) -> None:
    command("artifacts", "get", run_id, "out")
    (tmp_path / "out/b.txt").write_text("edited")
    (tmp_path / "out/notes/a.txt").write_text("HELLO\n")  # as long as what it was
    (tmp_path / "out/mine.txt").write_text("mine")
    for options in (("out",), ("out", "--json"), ("b.txt", "notes", "-o", "out")):
        refused = command("artifacts", "get", run_id, *options)
        assert refused.code == 1
        assert "'out/b.txt' and 1 more file would be replaced" in refused.err
        assert "--force" in refused.err
    (tmp_path / "out/notes/a.txt").unlink()
    assert "'out/b.txt' would be replaced" in command("artifacts", "get", run_id, "out").err
    assert not (tmp_path / "out/notes/a.txt").exists(), "nothing is written where anything is refused"
    assert (tmp_path / "out/b.txt").read_text() == "edited"
    assert command("artifacts", "get", run_id, "notes", "out").code == 0
    forced = command("artifacts", "get", run_id, "out", "--force")
    assert "14 B from the store, 6 B were there already" in forced.err
    assert (tmp_path / "out/b.txt").read_text() == "[/red] :smile:"
    assert (tmp_path / "out/mine.txt").read_text() == "mine"


def test_a_link_in_a_files_place_is_not_replaced_either(tmp_path: Path, run_id: str, command: Command) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "b.txt").symlink_to("mine")
    assert command("artifacts", "get", run_id, "b.txt").code == 1
    assert (tmp_path / "b.txt").is_symlink()
    assert command("artifacts", "get", run_id, "b.txt", "--force").code == 0
    assert not (tmp_path / "b.txt").is_symlink()
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_terminal_is_asked_whether_to_replace(tmp_path: Path, run_id: str) -> None:
    (tmp_path / "b.txt").write_text("edited")
    no = on_terminal(tmp_path, "artifacts", "get", run_id, "b.txt", typed="n\n", columns=200)
    assert no.code == 1
    assert "1 file here has other bytes than would be fetched. Replace? [y/N]" in no.out
    assert (tmp_path / "b.txt").read_text() == "edited"
    assert on_terminal(tmp_path, "artifacts", "get", run_id, "b.txt", typed="y\n").code == 0
    assert (tmp_path / "b.txt").read_text() == "[/red] :smile:"


def test_python_replaces_what_is_there_as_mlflow_does(tmp_path: Path, run_id: str) -> None:
    (tmp_path / "b.txt").write_text("edited")
    Client().download_artifacts(run_id, "b.txt", str(tmp_path))
    assert (tmp_path / "b.txt").read_text() == "[/red] :smile:"


def test_a_file_that_appears_while_it_is_fetched_is_spared(tmp_path: Path) -> None:
    with Destination(str(tmp_path)) as destination:
        destination.spares = True

        def content(meanwhile: bytes) -> Iterator[bytes]:
            yield b"fetched"
            (tmp_path / "file").write_bytes(meanwhile)

        destination.put("file", content(b"fetched"))
        (tmp_path / "file").unlink()
        with pytest.raises(AlreadyExists, match="was put there while it was being fetched"):
            destination.put("file", content(b"mine"))
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"mine")]


def test_ctrl_c_says_that_nothing_is_lost_though_the_server_says_nothing(tmp_path: Path) -> None:
    data = random.Random(1).randbytes(4_000_000)
    server = serve(tmp_path / "served")
    try:
        client = Client(server.url)
        run_id = client.create_run("0").info.run_id
        client.log_bytes(run_id, data, "big.bin")
        wire = Wire(server.url)
        wire.holds_after = 1_000_000
        command = (*RUNSTONE, "--store", wire.url, "artifacts", "get", run_id, "out")
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        until(lambda: wire.holds)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        wire.close()
        assert (process.returncode, out) == (130, "")
        assert err == "runstone: interrupted. What has arrived is kept; the same command goes on from there.\n"
        assert runstone(tmp_path, "--store", server.url, "artifacts", "get", run_id, "out").code == 0
        assert (tmp_path / "out/big.bin").read_bytes() == data
    finally:
        server.stop()


def test_patterns_on_the_command_line_choose_files(tmp_path: Path, run_id: str, command: Command) -> None:
    assert command("artifacts", "get", run_id, "one", "--include", "*.txt", "--exclude", "notes/").code == 0
    assert [str(path.relative_to(tmp_path / "one")) for path in (tmp_path / "one").rglob("*")] == ["b.txt"]
    assert command("artifacts", "get", run_id, "two", "--include", "*.csv").code == 1
