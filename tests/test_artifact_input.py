"""Bad input to the logging of artifacts: refused with a sentence that says what to do, and nothing of it is kept."""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import runstone
from runstone.errors import InvalidParameter, MissingFile, NotFound, RunstoneError, WrongFileKind


@pytest.fixture
def run_id() -> Iterator[str]:
    with runstone.start_run() as run:
        yield run.info.run_id
        leftovers = Path(".runstone/incoming")
        assert not leftovers.exists() or not list(leftovers.iterdir())


def logged(run_id: str) -> list[str]:
    client = runstone.Client()

    def walk(folder: str | None) -> Iterator[str]:
        for file in client.list_artifacts(run_id, folder):
            if file.is_dir:
                yield from walk(file.path)
            else:
                yield file.path

    return list(walk(None))


def test_logging_in_the_wrong_order_says_what_to_do(run_id: str) -> None:
    with pytest.raises(FileNotFoundError, match=r"metrics\.json.*Create it first"):
        runstone.log_artifact("metrics.json")
    with pytest.raises(MissingFile, match="Save the model first"):
        runstone.log_artifact("model.joblib")
    with pytest.raises(MissingFile):
        runstone.log_artifacts("no folder")
    Path("a file").write_text("x")
    with pytest.raises(WrongFileKind, match="log_artifact"):
        runstone.log_artifacts("a file")
    assert logged(run_id) == []


@pytest.mark.parametrize(
    "path", ["..", "../x", "/x", "a/../b", "a//b", "./a", "a\0b", "a\\b", "x" * 1025, "\udcff", "a/./b"]
)
def test_artifact_paths_that_are_not_plain_are_refused(run_id: str, path: str) -> None:
    Path("f").write_text("x")
    for call in (
        lambda: runstone.log_artifact("f", path),
        lambda: runstone.log_text("x", path),
        lambda: runstone.log_stream(io.BytesIO(b"x"), path),
        lambda: runstone.Client().read_artifact(run_id, path),
        lambda: runstone.Client().list_artifacts(run_id, path),
        lambda: runstone.Client().download_artifacts(run_id, path),
    ):
        with pytest.raises(InvalidParameter):
            call()
    assert logged(run_id) == []


@pytest.mark.parametrize("path", ["no\0file", "x" * 300, "/".join(["x" * 200] * 30), "file/below"])
def test_local_paths_that_no_file_can_have_are_missing_files(run_id: str, path: str) -> None:
    Path("file").write_text("x")
    for call in (runstone.log_artifact, runstone.log_artifacts):
        with pytest.raises(MissingFile):
            call(path)


def test_a_name_that_is_not_utf8_is_refused_and_nothing_of_the_folder_is_logged(run_id: str) -> None:
    Path("d").mkdir()
    Path("d/a").write_text("x")
    os.close(os.open(b"d/\xff", os.O_CREAT))
    with pytest.raises(InvalidParameter, match="UTF-8"):
        runstone.log_artifacts("d")
    assert logged(run_id) == []


def test_links_are_followed_and_links_that_lead_nowhere_or_round_are_named(run_id: str) -> None:
    Path("real").write_text("content")
    os.symlink("real", "link")
    runstone.log_artifact("link")
    assert runstone.artifacts.load_text(f"runs:/{run_id}/link") == "content"
    os.symlink("gone", "dangling")
    with pytest.raises(MissingFile, match="gone"):
        runstone.log_artifact("dangling")
    Path("d").mkdir()
    os.symlink("../gone", "d/dangling")
    with pytest.raises(MissingFile, match=r"d/dangling.*'\.\./gone', which does not exist"):
        runstone.log_artifacts("d")
    os.unlink("d/dangling")
    os.symlink("../d", "d/round")
    with pytest.raises(WrongFileKind, match="leads back"):
        runstone.log_artifacts("d")
    os.unlink("d/round")
    os.symlink("itself", "d/itself")
    with pytest.raises(RunstoneError, match="symbolic links"):
        runstone.log_artifacts("d")
    assert logged(run_id) == ["link"]


def test_one_folder_reached_by_two_links_is_no_circle(run_id: str) -> None:
    os.makedirs("d/real")
    Path("d/real/f").write_text("x")
    os.symlink("real", "d/link")
    runstone.log_artifacts("d")
    assert logged(run_id) == ["link/f", "real/f"]


def test_what_is_no_file_is_refused_without_being_opened(run_id: str) -> None:
    os.mkdir("d")
    os.mkfifo("d/pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("d/socket")
        for path in ("d/pipe", "d/socket", "/dev/zero", "/dev/null"):
            with pytest.raises(WrongFileKind, match="no regular file"):
                runstone.log_artifact(path)
        with pytest.raises(WrongFileKind, match="no regular file"):
            runstone.log_artifacts("d")
    assert logged(run_id) == []


def test_a_folder_deeper_than_names_may_be_long_is_refused(run_id: str, tmp_path: Path) -> None:
    levels = 1_100  # more than Python calls may be nested
    os.mkdir("deep")
    os.chdir("deep")
    for _ in range(levels):
        os.mkdir("x")
        os.chdir("x")
    Path("f").write_text("x")
    here = os.open(".", os.O_RDONLY)
    os.chdir(tmp_path)
    try:
        with pytest.raises(InvalidParameter, match="longer than 1024 bytes"):
            runstone.log_artifacts("deep")
        assert logged(run_id) == []
    finally:  # from below, as pytest's own cleaning nests its calls
        os.fchdir(here)
        os.unlink("f")
        for _ in range(levels):
            os.chdir("..")
            os.rmdir("x")
        os.chdir(tmp_path)
        os.close(here)


def test_a_path_is_a_file_or_a_folder_of_a_run_and_never_both(run_id: str) -> None:
    client = runstone.Client()
    runstone.log_text("x", "a")
    runstone.log_text("x", "f/g/h")
    for path in ("a/b", "a/b/c", "f", "f/g"):
        with pytest.raises(InvalidParameter, match=r"a file and, for .*, a folder"):
            runstone.log_text("y", path)
    with pytest.raises(InvalidParameter, match="a file and, for"):
        client.log_files(run_id, {"p/q": b"1", "p": b"2"})
    assert logged(run_id) == ["a", "f/g/h"]
    runstone.log_text("y", "a")
    client.log_files(run_id, {"a!": b"", "a.b/c": b"", "f/g/i": b"", "f/g0": b""})
    assert logged(run_id) == ["a", "a!", "a.b/c", "f/g/h", "f/g/i", "f/g0"]
    other = client.create_run("0").info.run_id
    client.log_bytes(other, b"x", "a/b")


def test_two_ways_to_write_an_accent_are_two_names_kept_as_given(run_id: str) -> None:
    composed, decomposed = "caf\u00e9.txt", "cafe\u0301.txt"
    runstone.log_text("composed", composed)
    runstone.log_text("decomposed", decomposed)
    assert logged(run_id) == sorted([composed, decomposed])
    assert runstone.artifacts.load_text(f"runs:/{run_id}/{composed}") == "composed"


def test_nothing_is_a_file_too(run_id: str) -> None:
    Path("empty").touch()
    runstone.log_artifact("empty")
    runstone.log_stream(io.BytesIO(b""), "stream")
    Path("folder/inner").mkdir(parents=True)
    runstone.log_artifact("folder")
    runstone.log_artifacts("folder")
    assert logged(run_id) == ["empty", "stream"]
    assert runstone.artifacts.load_text(f"runs:/{run_id}/empty") == ""
    assert runstone.Client().verify() == []


class Textual:
    def read(self, size: int) -> str:
        return "text"


class Generous:
    def read(self, size: int) -> bytes:
        return bytes(size + 1)


class Blocked:
    def read(self, size: int) -> None:
        return None


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (Textual(), "gave a str"),
        (Generous(), "bytes where up to"),
        (Blocked(), "gave a NoneType"),
        (42, "a int cannot be read"),
        (None, "a NoneType cannot be read"),
    ],
)
def test_streams_that_do_not_give_bytes_are_refused(run_id: str, stream: Any, said: str) -> None:
    with pytest.raises(InvalidParameter, match=f"'out.bin'.*{said}.*binary file object"):
        runstone.log_stream(stream, "out.bin")
    assert logged(run_id) == []


def test_a_run_that_takes_no_files_says_so_before_anything_is_read(run_id: str) -> None:
    class Unread(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise AssertionError("it was read")

    client = runstone.Client()
    with pytest.raises(NotFound, match="0" * 32):
        client.log_stream("0" * 32, Unread(b"x"), "f")
    runstone.delete_run(run_id)
    with pytest.raises(InvalidParameter, match="active"):
        client.log_stream(run_id, Unread(b"x"), "f")
    with pytest.raises(InvalidParameter, match="active"):
        runstone.log_text("x", "t.txt")
    runstone.restore_run(run_id)


@pytest.mark.parametrize("log", [runstone.log_artifact, runstone.log_artifacts])
def test_what_is_no_path_is_told_in_few_words_and_what_takes_it(run_id: str, log: Any) -> None:
    for value, instead in (
        (b"x" * 10_000_000, r"b'x+'\.\.\. \(10,000,000 bytes\)\. log_artifact\(io\.BytesIO"),
        (bytearray(10_000_000), r"io\.BytesIO"),
        ({"a": "x" * 10_000_000}, "log_dict"),
        ([["x"]] * 1_000_000, "log_dict"),
        (3.5, "log_text"),
    ):
        with pytest.raises(InvalidParameter, match=instead) as caught:
            log(value)
        assert len(str(caught.value)) < 500
    with pytest.raises(MissingFile, match=r"\(10,000,000 characters\): it reads as a text\. log_text"):
        log("x" * 10_000_000)
    with pytest.raises(MissingFile, match="log_text"):
        log("a,b\n1,2\n")


def test_a_missing_folder_is_called_a_folder(run_id: str) -> None:
    for name in ("nodir", "model.pt"):
        with pytest.raises(MissingFile, match=f"The folder '{name}' does not exist"):
            runstone.log_artifacts(name)


def test_a_file_that_is_open_as_text_is_to_be_opened_as_bytes(run_id: str) -> None:
    Path("a.txt").write_text("x")
    with Path("a.txt").open() as file:
        given: Any = file
        for call in (
            lambda: runstone.log_artifact(given),
            lambda: runstone.log_artifact(given, name="a"),
            lambda: runstone.log_stream(given, "a.txt"),
        ):
            with pytest.raises(InvalidParameter, match=r"open\('a\.txt', 'rb'\)"):
                call()
    text: Any = io.StringIO("x")
    with pytest.raises(InvalidParameter, match=r"log_text\(stream\.getvalue\(\)"):
        runstone.log_artifact(text, "a.txt")
    assert logged(run_id) == []


def test_log_bytes_takes_no_text_for_a_path(run_id: str) -> None:
    Path("a.txt").write_text("x")
    given: Any = "a.txt"
    with pytest.raises(InvalidParameter, match="log_text"):
        runstone.Client().log_bytes(run_id, given, "b.txt")
    runstone.Client().log_bytes(run_id, bytearray(b"y"), "b.txt")
    assert logged(run_id) == ["b.txt"]
