"""Verification: every content is read once, all that is damaged is told, and by the names of the files that have it."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.support.older import older_store

import runstone
from runstone.entities import Metric
from runstone.errors import CorruptData


@pytest.fixture
def run_id() -> Iterator[str]:
    with runstone.start_run() as run:
        yield run.info.run_id


def packs(folder: Path) -> list[Path]:
    return sorted((folder / ".runstone" / "packs").iterdir())


def flip(pack: Path, place: int) -> None:
    with pack.open("r+b") as file:
        file.seek(place)
        (byte,) = file.read(1)
        file.seek(place)
        file.write(bytes([byte ^ 1]))


def change(folder: Path, statement: str, *values: object, at: Path | None = None) -> None:
    with closing(sqlite3.connect((at or folder / ".runstone") / "runstone.db")) as database:
        database.execute(statement, values)
        database.commit()


def test_a_flipped_bit_is_found_wherever_it_is(tmp_path: Path, run_id: str) -> None:
    Path("data.bin").write_bytes(random.Random(3).randbytes(2_000_000))
    runstone.log_artifact("data.bin")
    client = runstone.Client()
    assert client.verify() == []
    (pack,) = packs(tmp_path)
    for place in (8, 1_000_000, 2_000_007):
        flip(pack, place)
        with pytest.raises(
            CorruptData, match=rf"'data\.bin' of run {run_id}: the chunk blake3:\w+ in the pack {pack.name}"
        ):
            client.read_artifact(run_id, "data.bin")
        (damage,) = client.verify()
        assert (damage.owner, damage.path) == (f"runs/{run_id}", "data.bin")
        flip(pack, place)
    assert client.verify() == []


def test_a_pack_that_is_cut_short_or_gone_is_named_with_the_file_and_the_chunk(tmp_path: Path, run_id: str) -> None:
    Path("data.bin").write_bytes(random.Random(3).randbytes(2_000_000))
    runstone.log_artifact("data.bin")
    client = runstone.Client()
    (pack,) = packs(tmp_path)
    os.truncate(pack, 1_000_000)
    with pytest.raises(
        CorruptData, match=rf"'data\.bin' of run {run_id}: the chunk blake3:\w+ is lost.*{pack.name} ends"
    ):
        client.read_artifact(run_id, "data.bin")
    assert [(damage.path, "cut short" in damage.problem) for damage in client.verify()] == [("data.bin", True)]
    pack.unlink()
    with pytest.raises(
        CorruptData, match=rf"'data\.bin' of run {run_id}: the chunk blake3:\w+ is lost.*{pack.name} is missing"
    ):
        client.read_artifact(run_id, "data.bin")
    assert [(damage.path, "is missing" in damage.problem) for damage in client.verify()] == [("data.bin", True)]


def test_a_damaged_chunk_in_the_database_is_found(tmp_path: Path, run_id: str) -> None:
    runstone.log_text("small", "t.txt")
    change(tmp_path, "UPDATE chunk SET data = ? WHERE data IS NOT NULL", b"smalL")
    with pytest.raises(CorruptData, match=r"'t\.txt'.*the database"):
        runstone.Client().read_artifact(run_id, "t.txt")
    assert [damage.path for damage in runstone.Client().verify()] == ["t.txt"]


def test_chunks_that_are_whole_but_in_the_wrong_order_are_found(tmp_path: Path, run_id: str) -> None:
    Path("data.bin").write_bytes(random.Random(3).randbytes(2_000_000))
    runstone.log_artifact("data.bin")
    change(tmp_path, "UPDATE content_chunk SET chunk = 1 WHERE position = 1")
    row, file = runstone.Client().verify()
    assert (row.path, file.path) == ("runstone.db", "data.bin")
    assert "the chunk 2 of" in row.problem
    assert "do not join" in file.problem


def test_a_content_that_many_files_have_is_read_once_and_all_of_them_are_told(tmp_path: Path, run_id: str) -> None:
    data = random.Random(3).randbytes(1_000_000)
    client = runstone.Client()
    client.log_files(run_id, {f"copy {number}": data for number in range(3)})
    client.log_files(run_id, {"whole": b"text"})
    other = client.create_run("0").info.run_id
    client.log_bytes(other, data, "theirs")
    read: list[int] = []
    assert client.verify(read.append) == []
    assert sum(read) == 1_000_004
    assert len(read) > 5  # as they are read: a long file is no long silence
    flip(packs(tmp_path)[0], 500_000)
    read.clear()
    client.verify(read.append)
    assert sum(read) == 1_000_004
    named = sorted((damage.owner, damage.path) for damage in client.verify())
    assert named == sorted(
        [(f"runs/{run_id}", f"copy {number}") for number in range(3)] + [(f"runs/{other}", "theirs")]
    )


def test_a_damaged_file_of_a_version_is_told_by_its_reference(tmp_path: Path, run_id: str) -> None:
    Path("data.bin").write_bytes(random.Random(3).randbytes(1_000_000))
    runstone.log_artifact("data.bin", name="data")
    client = runstone.Client()
    client.delete_artifact(run_id, "data.bin")
    flip(packs(tmp_path)[0], 500_000)
    (damage,) = client.verify()
    assert (damage.owner, damage.path) == ("versions/data:v0", "data.bin")
    with pytest.raises(CorruptData, match=r"'data\.bin' of data:v0: the chunk blake3:\w+"):
        client.get_artifact_version("data").read()


def test_a_chunk_that_no_content_names_is_read_too(tmp_path: Path, run_id: str) -> None:
    client = runstone.Client()
    client.log_bytes(run_id, b"loose", "f")
    change(tmp_path, "DELETE FROM content_chunk")
    change(tmp_path, "DELETE FROM artifact WHERE path = 'f'")
    change(tmp_path, "DELETE FROM content")
    assert client.verify() == []
    change(tmp_path, "UPDATE chunk SET data = x'00' WHERE data IS NOT NULL")
    (damage,) = client.verify()
    assert (damage.path, "no file has yet" in damage.problem) == ("runstone.db", True)


def test_damage_that_no_file_has_any_more_is_told_since_a_later_one_could(tmp_path: Path, run_id: str) -> None:
    client = runstone.Client()
    client.log_bytes(run_id, random.Random(3).randbytes(1_000_000), "f")
    client.log_bytes(run_id, b"another", "f")
    flip(packs(tmp_path)[0], 500_000)
    (damage,) = client.verify()
    assert (damage.owner, damage.path) == ("", "")
    assert "damaged" in damage.problem


def test_more_contents_than_a_page_holds_are_all_read(run_id: str) -> None:
    client = runstone.Client()
    client.log_files(run_id, {f"{number}": f"{number}".encode() for number in range(1_001)})
    read: list[int] = []
    assert client.verify(read.append) == []
    assert len([size for size in read if size]) == 1_001


def test_metric_points_are_compared_with_their_checksums(tmp_path: Path) -> None:
    client = runstone.Client()
    runs = [client.create_run("0").info.run_id for _ in range(2)]
    for run in runs:
        client.log_batch(run, metrics=[Metric(f"m{number}", number, 1, 0) for number in range(150)])
    read: list[int] = []
    assert client.verify(read.append) == []
    with closing(sqlite3.connect(tmp_path / ".runstone" / "runstone.db")) as database:
        rows = database.execute(
            "SELECT series, data FROM series_chunk JOIN series ON series.id = series WHERE key = 'm7' ORDER BY series"
        )
        series, data = rows.fetchall()[1]
        (stored,) = database.execute("SELECT sum(length(data)) FROM series_chunk").fetchone()
    assert sum(read) == stored
    change(tmp_path, "UPDATE series_chunk SET data = ? WHERE series = ?", data[:30] + b"x" + data[31:], series)
    (damage,) = client.verify()
    assert (damage.owner, damage.path) == (f"runs/{runs[1]}", "metric 'm7'")
    assert "checksum" in damage.problem


@pytest.mark.parametrize("kept", [None, 0, 1_000_000])
def test_logging_a_file_again_brings_back_what_a_lost_pack_held(tmp_path: Path, run_id: str, kept: int | None) -> None:
    data = random.Random(3).randbytes(2_000_000)
    client = runstone.Client()
    client.log_bytes(run_id, data, "first")
    (lost,) = packs(tmp_path)
    lost.unlink() if kept is None else os.truncate(lost, kept)
    assert [damage.path for damage in client.verify()] == ["first"]
    client.log_bytes(run_id, data, "second")
    assert client.read_artifact(run_id, "second") == data
    assert client.read_artifact(run_id, "first") == data
    assert client.verify() == []


def test_a_small_file_whose_pack_was_lost_is_whole_again_when_it_is_logged_alone(tmp_path: Path, run_id: str) -> None:
    files: dict[str, Any] = {f"{number}": random.Random(number).randbytes(15_000) for number in range(100)}
    client = runstone.Client()
    client.log_files(run_id, files)
    for pack in packs(tmp_path):  # so many small files do not all fit into the database
        pack.unlink()
    damaged = [damage.path for damage in client.verify()]
    assert damaged
    for path in damaged:
        client.log_bytes(run_id, files[path], path)
        assert client.read_artifact(run_id, path) == files[path]
    assert client.verify() == []


def test_a_store_from_before_values_were_written_twice_is_upgraded_and_verified(tmp_path: Path, run_id: str) -> None:
    client = runstone.Client()
    client.log_files(run_id, {"large": random.Random(3).randbytes(1_000_000), "small": b"text"})
    client.log_batch(run_id, metrics=[Metric("loss", 0.5, 1, 0)])
    for last in ("arrivals_by_run", "chunk_starts", "pruning"):
        older = runstone.Client(older_store(tmp_path / ".runstone", tmp_path / last, last))
        assert older.verify() == []
        assert older.read_artifact(run_id, "small") == b"text"
        assert older.log_artifact_version(run_id, "large", "data").reference == "data:v0"
        change(tmp_path / last, "UPDATE run SET run_name = 'other'", at=tmp_path / last)
        assert older.verify() == []  # a change that SQLite makes is made in both places


def test_a_pack_of_a_servers_that_was_cut_short_is_named_and_what_is_left_of_it_read(tmp_path: Path) -> None:
    from tests.support.within import ServerWithin

    server = ServerWithin(tmp_path / "served")
    try:
        client = runstone.Client(server.url)
        run_id = client.create_run("0").info.run_id
        whole, half = random.Random(3).randbytes(300_000), random.Random(4).randbytes(300_000)
        client.log_files(run_id, {"whole": whole, "half": half})
        (pack,) = (tmp_path / "served" / "packs").iterdir()
        os.truncate(pack, 500_000)
        assert client.read_artifact(run_id, "whole") == whole
        with pytest.raises(CorruptData, match=f"{pack.name} ends before byte"):
            client.read_artifact(run_id, "half")
        assert [(damage.path, "cut short" in damage.problem) for damage in client.verify()] == [("half", True)]
    finally:
        server.stop()
