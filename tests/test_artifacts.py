"""Artifacts through the client: what goes in comes out, what is bad is refused, what is damaged is found."""

from __future__ import annotations

import io
import os
import random
from pathlib import Path
from typing import Any

import blake3
import pytest

import runstone
from runstone.errors import CorruptData, FileChanged, InvalidParameter, MissingFile, NotFound, WrongFileKind


@pytest.fixture
def run_id() -> Any:
    with runstone.start_run() as run:
        yield run.info.run_id


def packs(folder: Path) -> list[Path]:
    return sorted((folder / ".runstone" / "packs").glob("*"))


@pytest.mark.parametrize("size", [0, 1, 16 * 1024, 16 * 1024 + 1, 256 * 1024, 256 * 1024 + 1, 5_000_000])
def test_a_file_comes_back_as_it_went_in(tmp_path: Path, run_id: str, size: int) -> None:
    data = random.Random(size).randbytes(size)
    Path("data.bin").write_bytes(data)
    runstone.log_artifact("data.bin", "a/b")
    found = Path(runstone.artifacts.download_artifacts(run_id=run_id, artifact_path="a/b/data.bin"))
    assert found.read_bytes() == data
    (file,) = runstone.Client().list_artifacts(run_id, "a/b")
    assert (file.path, file.is_dir, file.file_size) == ("a/b/data.bin", False, size)
    assert file.digest == "blake3:" + blake3.blake3(data).hexdigest()


def test_the_same_bytes_are_stored_once(tmp_path: Path, run_id: str) -> None:
    Path("one").write_bytes(random.Random(1).randbytes(3_000_000))
    runstone.log_artifact("one")
    before = [pack.stat().st_size for pack in packs(tmp_path)]
    os.rename("one", "two")
    runstone.log_artifact("two")
    assert [pack.stat().st_size for pack in packs(tmp_path)] == before


def test_a_small_change_costs_a_small_part(tmp_path: Path, run_id: str) -> None:
    data = random.Random(2).randbytes(20_000_000)
    Path("model").write_bytes(data)
    runstone.log_artifact("model")
    before = sum(pack.stat().st_size for pack in packs(tmp_path))
    Path("model").write_bytes(data[:9_000_000] + b"a few bytes more" + data[9_000_000:])
    runstone.log_artifact("model")
    assert sum(pack.stat().st_size for pack in packs(tmp_path)) - before < 4_000_000


def test_a_folder_goes_in_one_transaction_and_comes_back_whole(tmp_path: Path, run_id: str) -> None:
    tree = tmp_path / "tree"
    for number in range(30):
        (tree / f"d{number % 3}").mkdir(parents=True, exist_ok=True)
        (tree / f"d{number % 3}" / f"f{number} é.txt").write_text(str(number) * 20_000)
    runstone.log_artifact(str(tree))
    assert [file.path for file in runstone.artifacts.list_artifacts(run_id=run_id)] == ["tree"]
    assert [file.is_dir for file in runstone.Client().list_artifacts(run_id, "tree")] == [True] * 3
    back = Path(runstone.artifacts.download_artifacts(run_id=run_id, artifact_path="tree"))
    assert {p.relative_to(back): p.read_text() for p in back.rglob("*") if p.is_file()} == {
        p.relative_to(tree): p.read_text() for p in tree.rglob("*") if p.is_file()
    }
    assert len(packs(tmp_path)) == 1


def test_what_runstone_records_itself_is_not_listed_unless_asked_for() -> None:
    with runstone.start_run() as run:
        run_id = run.info.run_id
        print("said on the console")
        runstone.log_text("x", "mine.txt")
    client = runstone.Client()
    assert [file.path for file in client.list_artifacts(run_id)] == ["mine.txt"]
    assert ".runstone/packages.txt" in [file.path for file in client.list_artifacts(run_id, ".runstone")]
    assert b"said on the console" in client.read_artifact(run_id, ".runstone/console.log")
    assert os.listdir(client.download_artifacts(run_id, "")) == ["mine.txt"]


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
    assert runstone.Client().list_artifacts(run_id) == []


@pytest.mark.parametrize(
    "path", ["..", "../x", "/x", "a/../b", "a//b", "./a", "a\0b", "a\\b", "x" * 1025, "\udcff", "a/./b"]
)
def test_artifact_paths_that_are_not_plain_are_refused(run_id: str, path: str) -> None:
    Path("f").write_text("x")
    for call in (
        lambda: runstone.log_artifact("f", path),
        lambda: runstone.log_text("x", path),
        lambda: runstone.Client().read_artifact(run_id, path),
        lambda: runstone.Client().list_artifacts(run_id, path),
    ):
        with pytest.raises(InvalidParameter):
            call()
    assert runstone.Client().list_artifacts(run_id) == []


def test_a_name_that_is_not_utf8_is_refused_and_nothing_of_the_folder_is_logged(run_id: str) -> None:
    Path("d").mkdir()
    Path("d/a").write_text("x")
    os.close(os.open(b"d/\xff", os.O_CREAT))
    with pytest.raises(InvalidParameter, match="UTF-8"):
        runstone.log_artifacts("d")
    assert runstone.Client().list_artifacts(run_id) == []


def test_links_are_followed_and_links_that_lead_nowhere_or_round_are_named(run_id: str) -> None:
    Path("real").write_text("content")
    os.symlink("real", "link")
    runstone.log_artifact("link")
    assert runstone.artifacts.load_text(f"runs:/{run_id}/link") == "content"
    os.symlink("gone", "dangling")
    with pytest.raises(MissingFile, match="gone"):
        runstone.log_artifact("dangling")
    Path("d").mkdir()
    os.symlink("../d", "d/round")
    with pytest.raises(WrongFileKind, match="leads back"):
        runstone.log_artifacts("d")
    os.mkfifo("pipe")
    with pytest.raises((WrongFileKind, InvalidParameter)):
        runstone.log_artifact("pipe")


def test_a_file_that_keeps_changing_is_an_error_and_leaves_nothing(run_id: str) -> None:
    import threading

    Path("busy").write_bytes(bytes(3_000_000))
    stop = threading.Event()

    def write() -> None:
        with open("busy", "r+b") as file:
            while not stop.is_set():
                file.seek(0)
                file.write(os.urandom(64))
                file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(FileChanged, match="busy"):
            runstone.log_artifact("busy")
    finally:
        stop.set()
        writer.join()
    assert runstone.Client().list_artifacts(run_id) == []


def test_streams_texts_and_dicts_become_files(run_id: str) -> None:
    runstone.log_stream(io.BytesIO(b"streamed"), "a/stream.bin")
    runstone.log_text("héllo", "t.txt")
    runstone.log_dict({"a": [1, 2]}, "d.json")
    runstone.log_dict({"a": [1, 2]}, "d.yaml")
    uri = runstone.get_artifact_uri()
    assert runstone.artifacts.load_text(f"{uri}/a/stream.bin") == "streamed"
    assert runstone.artifacts.load_text(runstone.get_artifact_uri("t.txt")) == "héllo"
    assert runstone.artifacts.load_dict(f"runs:/{run_id}/d.json") == {"a": [1, 2]}
    assert runstone.artifacts.load_text(f"runs:/{run_id}/d.yaml") == "a:\n- 1\n- 2\n"


def test_the_same_path_again_means_the_new_content(run_id: str) -> None:
    runstone.log_text("one", "t.txt")
    runstone.log_text("two", "t.txt")
    assert runstone.artifacts.load_text(f"runs:/{run_id}/t.txt") == "two"


def test_missing_artifacts_and_uris_of_elsewhere_are_named(run_id: str) -> None:
    with pytest.raises(NotFound, match=r"nothing\.txt"):
        runstone.artifacts.load_text(f"runs:/{run_id}/nothing.txt")
    for uri in ("s3://bucket/x", "runs:/", "mlflow-artifacts:/0", "plain"):
        with pytest.raises(InvalidParameter, match="names no artifact"):
            runstone.artifacts.load_text(uri)
    with pytest.raises(InvalidParameter, match="Exactly one"):
        runstone.artifacts.download_artifacts(run_id=run_id, artifact_uri=f"runs:/{run_id}/x")


def test_a_flipped_bit_is_found_on_reading_and_by_verify(tmp_path: Path, run_id: str) -> None:
    Path("data.bin").write_bytes(random.Random(3).randbytes(2_000_000))
    runstone.log_artifact("data.bin")
    client = runstone.Client()
    assert client.verify() == []
    (pack,) = packs(tmp_path)
    whole = pack.read_bytes()
    for place in (8, len(whole) // 2, 1_999_000):
        pack.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(CorruptData, match=r"data\.bin.*chunk blake3:"):
            client.read_artifact(run_id, "data.bin")
        (damage,) = client.verify()
        assert (damage.owner, damage.path) == (f"runs/{run_id}", "data.bin")
    pack.write_bytes(whole[: len(whole) // 2])
    assert len(client.verify()) == 1
    pack.unlink()
    assert "missing" in client.verify()[0].problem


def test_a_damaged_chunk_in_the_database_is_found(tmp_path: Path, run_id: str) -> None:
    import sqlite3

    runstone.log_text("small", "t.txt")
    database = sqlite3.connect(tmp_path / ".runstone" / "runstone.db")
    database.execute("UPDATE chunk SET data = ? WHERE data IS NOT NULL", (b"smalL",))
    database.commit()
    database.close()
    with pytest.raises(CorruptData, match="the database"):
        runstone.Client().read_artifact(run_id, "t.txt")


def test_a_deleted_run_takes_no_files(run_id: str) -> None:
    runstone.delete_run(run_id)
    with pytest.raises(InvalidParameter, match="active"):
        runstone.log_text("x", "t.txt")
    runstone.restore_run(run_id)
