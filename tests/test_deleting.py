"""Files that are taken away: gone for readers at once, and nothing else with them."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.servers import serve
from tests.support.within import ServerWithin

import runstone
from runstone.cli import main
from runstone.errors import Conflict, InvalidParameter, NotFound, RunstoneError

pytestmark = pytest.mark.everywhere
LARGE = random.Random(7).randbytes(700_000)


@pytest.fixture
def client() -> runstone.Client:
    return runstone.Client(runstone.get_tracking_uri())


@pytest.fixture
def run_id(client: runstone.Client) -> str:
    run_id = client.create_run("0").info.run_id
    client.log_files(run_id, {"a": b"1", "d/b": LARGE, "d/e/c": b"333", "d!": b"4", "d0": b"5"})
    return run_id


def paths(client: runstone.Client, run_id: str, folder: str | None = None) -> list[str]:
    return [file.path for file in client.list_artifacts(run_id, folder)]


def test_a_file_is_gone_and_its_neighbours_stay(client: runstone.Client, run_id: str) -> None:
    assert (deleted := client.delete_artifact(run_id, "d/b")).files == 1
    assert deleted.size == len(LARGE)
    assert paths(client, run_id, "d") == ["d/e"]
    with pytest.raises(RunstoneError, match="d/b"):
        client.read_artifact(run_id, "d/b")
    assert client.read_artifact(run_id, "d/e/c") == b"333"
    with pytest.raises(RunstoneError, match=r"d/b.*lists what there is") as missing:
        client.delete_artifact(run_id, "d/b")
    assert missing.value.error_code == NotFound.code


def test_a_folder_goes_with_all_that_is_in_it_and_no_name_that_only_begins_so(
    client: runstone.Client, run_id: str
) -> None:
    assert client.delete_artifact(run_id, "d/").files == 2
    assert paths(client, run_id) == ["a", "d!", "d0"]


def test_the_same_bytes_under_another_name_or_of_another_run_stay(client: runstone.Client, run_id: str) -> None:
    other = client.create_run("0").info.run_id
    client.log_bytes(other, LARGE, "same")
    client.delete_artifact(run_id, "d")
    assert client.read_artifact(other, "same") == LARGE
    client.log_bytes(run_id, LARGE, "again")
    assert client.read_artifact(run_id, "again") == LARGE


@pytest.mark.parametrize("path", ["", "/", "..", "a/../d", "/a", "a\\b", "a\0"])
def test_a_path_that_is_none_deletes_nothing(client: runstone.Client, run_id: str, path: str) -> None:
    with pytest.raises(InvalidParameter):
        client.delete_artifact(run_id, path)
    assert len(paths(client, run_id)) == 4


def test_a_deleted_run_keeps_its_files_until_it_is_restored(client: runstone.Client, run_id: str) -> None:
    client.delete_run(run_id)
    with pytest.raises(InvalidParameter, match="restore_run"):
        client.delete_artifact(run_id, "a")
    client.restore_run(run_id)
    assert client.delete_artifact(run_id, "a").size == 1
    with pytest.raises(RunstoneError, match="not found"):
        client.delete_artifact("0" * 32, "a")


@pytest.mark.folder
def test_a_file_that_is_still_written_cannot_be_deleted_and_what_a_dead_writer_left_can(
    tmp_path: Path, client: runstone.Client, run_id: str
) -> None:
    from runstone.repository.growing import GrowingFile

    writer = GrowingFile(str(tmp_path / ".runstone"), run_id, "console", [], 1000)
    writer.write(b"said")
    for path in (".runstone", ".runstone/console.log"):
        with pytest.raises(Conflict, match="still being written"):
            client.delete_artifact(run_id, path)
    assert client.read_artifact(run_id, ".runstone/console.log") == b"said"
    writer.release()
    assert client.delete_artifact(run_id, ".runstone").size == 4
    assert paths(client, run_id, ".runstone") == []


def test_what_a_registered_version_is_made_of_is_not_deleted(client: runstone.Client, run_id: str) -> None:
    client.create_registered_model("m")
    version = client.create_model_version("m", f"runs:/{run_id}/d/e", run_id)
    for path in ("d", "d/e", "d/e/c"):
        with pytest.raises(Conflict, match="version 1 of the registered model 'm'"):
            client.delete_artifact(run_id, path)
    client.delete_artifact(run_id, "d/b")
    client.delete_model_version("m", version.version)
    client.delete_artifact(run_id, "d")
    assert paths(client, run_id) == ["a", "d!", "d0"]


def test_a_logged_models_files_are_deleted_by_its_id(client: runstone.Client) -> None:
    model = client.create_logged_model("0", "m")
    with pytest.raises(RunstoneError, match="No artifact"):
        client.delete_logged_model_artifact(model.model_id, "x")
    with pytest.raises(RunstoneError, match="not found"):
        client.delete_logged_model_artifact("m-none", "x")


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[tuple[runstone.Client, Path]]:
    server = serve(tmp_path / "store", "--artifacts-destination", str(tmp_path / "plain"))
    yield runstone.Client(server.url), tmp_path / "plain"
    assert server.stop() == 0


@pytest.mark.folder
def test_plain_files_are_deleted_where_they_lie(plain: tuple[runstone.Client, Path]) -> None:
    client, folder = plain
    run_id = client.create_run("0").info.run_id
    client.log_files(run_id, {"a": b"1", "d/b": b"22", "d/e/c": b"333"})
    assert client.delete_artifact(run_id, "d") == runstone.operations.deleting.Deleted(2, 5)
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["a"]
    with pytest.raises(RunstoneError, match="No artifact"):
        client.delete_artifact(run_id, "d")


@pytest.mark.folder
def test_a_logged_models_file_that_came_by_the_proxy_is_deleted(tmp_path: Path) -> None:
    import urllib.request

    server = ServerWithin(tmp_path / "served")
    try:
        client = runstone.Client(server.url)
        model = client.create_logged_model("0", "m")
        key = model.artifact_location.removeprefix("mlflow-artifacts:/")
        request = urllib.request.Request(
            f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{key}/weights", b"12345", method="PUT"
        )
        urllib.request.urlopen(request).read()
        assert client.delete_logged_model_artifact(model.model_id, "weights").size == 5
        assert client.list_logged_model_artifacts(model.model_id) == []
    finally:
        server.stop()


def test_the_terminal_deletes_a_file_and_a_folder_only_when_told_so(
    client: runstone.Client, run_id: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(
            sys, "argv", ["runstone", "--store", client.tracking_uri, "artifacts", "rm", run_id, *words]
        )
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        return (code, *capsys.readouterr())

    assert command("d")[0] == 1
    assert len(paths(client, run_id)) == 4
    code, _, told = command("d", "-r")
    assert (code, "--yes" in told) == (2, True)
    assert len(paths(client, run_id)) == 4
    client.log_bytes(run_id, b"1", ".runstone/f")
    code, _, told = command(".runstone", "--yes")
    assert (code, "`-r`" in told) == (1, True)
    gone = json.loads(command("d", "-r", "--yes", "--json")[1])
    assert gone == {"run_id": run_id, "path": "d", "files": 2, "bytes": 700_003}
    code, _, told = command("a", "-y")
    assert (code, told) == (0, "deleted 1 file, 1 B\n")
    code, _, told = command("a")
    assert code == 1
    assert "artifacts ls" in told
