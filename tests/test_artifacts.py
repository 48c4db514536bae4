"""Artifacts through the client: what goes in comes out, what is bad is refused, what is damaged is found."""

from __future__ import annotations

import gzip
import io
import os
import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import blake3
import pytest

import runstone
from runstone.errors import InvalidParameter, NotFound

pytestmark = pytest.mark.everywhere


@pytest.fixture
def run_id() -> Any:
    with runstone.start_run() as run:
        yield run.info.run_id


def packs(folder: Path) -> list[Path]:
    return sorted((folder / ("served" if (folder / "served").exists() else ".runstone") / "packs").glob("*"))


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


def test_a_file_object_is_logged_as_its_file_would_be_or_under_the_path_that_is_said(run_id: str) -> None:
    Path("model.bin").write_bytes(b"0123456789")
    with open("model.bin", "rb") as file:
        file.read(4)
        runstone.log_artifact(file, "models")
    with open("model.bin", "rb", buffering=0) as file:
        runstone.log_artifact(file)
    runstone.log_artifact(io.BytesIO(b"bytes"), "a/b.bin")
    with gzip.open("packed.gz", "wb") as packed:
        packed.write(b"plain")
    with gzip.open("packed.gz") as packed:
        runstone.log_artifact(packed, "plain.txt")  # its name is of other bytes
    client = runstone.Client()
    assert client.read_artifact(run_id, "models/model.bin") == b"456789", "from where it stands"
    assert client.read_artifact(run_id, "model.bin") == b"0123456789"
    assert client.read_artifact(run_id, "a/b.bin") == b"bytes"
    assert client.read_artifact(run_id, "plain.txt") == b"plain"


def test_a_file_object_without_a_name_or_of_text_is_refused(run_id: str) -> None:
    Path("text.txt").write_text("x")
    with pytest.raises(InvalidParameter, match="artifact_path"):
        runstone.log_artifact(io.BytesIO(b"x"))
    with open("text.txt") as file, pytest.raises(InvalidParameter, match="binary file object"):
        runstone.log_artifact(file, "t.txt")
    assert runstone.Client().list_artifacts(run_id) == []


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


def test_logging_a_small_file_loads_nothing_that_only_large_files_need(tmp_path: Path) -> None:
    code = (
        "import sys, runstone\n"
        "open('metrics.json', 'w').write('{}')\n"
        "with runstone.start_run():\n    runstone.log_artifact('metrics.json')\n"
        "large = {'pyfastcdc', 'runstone.repository.behind', 'runstone.repository.destination', 'rich'}\n"
        "print(sorted(large & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == "[]\n"


def test_rows_that_several_ranks_add_at_once_are_all_there(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    client = runstone.MlflowClient(str(tmp_path / "store"))
    run_id = client.create_run("0").info.run_id

    def add(rank: int) -> None:
        for row in range(5):
            client.log_table(run_id, {"rank": [rank], "row": [row]}, "table.json")

    ranks = [threading.Thread(target=add, args=(rank,)) for rank in range(4)]
    for rank in ranks:
        rank.start()
    for rank in ranks:
        rank.join()
    table = client.load_table("0", "table.json", [run_id])
    assert sorted(zip(table["rank"], table["row"], strict=True)) == [
        (rank, row) for rank in range(4) for row in range(5)
    ]
