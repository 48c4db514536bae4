"""Files opened where they are: seekable, checked, and no more of them fetched than is read."""

from __future__ import annotations

import contextlib
import io
import os
import random
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.older import older_store

import runstone
from runstone.errors import CorruptData, InvalidParameter, NotFound, RunStateError

pytestmark = pytest.mark.everywhere

DATA = random.Random(5).randbytes(9_000_000)


@pytest.fixture
def run_id() -> Iterator[str]:
    with runstone.start_run() as run:
        yield run.info.run_id


@pytest.fixture
def large(run_id: str) -> str:
    runstone.Client().log_bytes(run_id, DATA, "a/large.bin")
    return run_id


def packs(folder: Path) -> list[Path]:
    return sorted((folder / ("served" if (folder / "served").exists() else ".runstone") / "packs").glob("*"))


def test_an_open_file_is_read_as_any_binary_file(large: str) -> None:
    with runstone.open_artifact(large, "a/large.bin") as file:
        assert (file.size, file.path, file.run_id) == (len(DATA), "a/large.bin", large)
        assert file.digest is not None
        assert file.readable()
        assert file.seekable()
        assert not file.writable()
        assert file.read(10) == DATA[:10]
        assert file.seek(-20, os.SEEK_END) == len(DATA) - 20
        assert file.read() == DATA[-20:]
        assert file.read(1) == b""
        file.seek(3_000_000)
        assert file.read(2_000_000) == DATA[3_000_000:5_000_000]
        assert file.tell() == 5_000_000
        file.seek(len(DATA) + 5)
        assert file.read() == b""
        file.seek(0)
        assert file.read() == DATA
        with pytest.raises(ValueError, match="before the beginning"):
            file.seek(-1)
    assert file.closed
    with pytest.raises(ValueError, match="closed"):
        file.read(1)


def test_a_uri_or_a_run_names_it_as_well(large: str) -> None:
    client = runstone.Client()
    run = client.get_run(large)
    for named in (f"runs:/{large}/a/large.bin", f"{run.info.artifact_uri}/a/large.bin"):
        with client.open_artifact(named) as file:
            assert file.read(5) == DATA[:5]
    with client.open_artifact(run, "a/large.bin") as file:
        assert file.read(5) == DATA[:5]
    with client.open_artifact(f"runs:/{large}/a", "large.bin") as file:
        assert file.read(5) == DATA[:5]


def test_what_is_no_file_is_refused_with_what_it_is(large: str) -> None:
    with pytest.raises(NotFound, match="folder"):
        runstone.open_artifact(large, "a")
    with pytest.raises(NotFound, match="nothing"):
        runstone.open_artifact(large, "a/nothing")
    with pytest.raises(InvalidParameter, match="Which file"):
        runstone.open_artifact(large)
    with pytest.raises(InvalidParameter, match="not a plain path"):
        runstone.open_artifact(large, "../large.bin")
    with pytest.raises(InvalidParameter, match="names no artifact"):
        runstone.open_artifact("s3://bucket/file")
    with pytest.raises(InvalidParameter, match="not by int"):
        runstone.open_artifact(5, "a")


def test_small_and_empty_files_are_opened_too(run_id: str) -> None:
    runstone.Client().log_files(run_id, {"empty": b"", "small": b"abc", "one": DATA[:200_000]})
    for name, data in {"empty": b"", "small": b"abc", "one": DATA[:200_000]}.items():
        with runstone.open_artifact(run_id, name) as file:
            assert file.read() == data


def test_only_the_chunks_that_are_touched_are_read_and_damage_elsewhere_does_not_matter(
    large: str, tmp_path: Path
) -> None:
    (pack,) = packs(tmp_path)
    data = bytearray(pack.read_bytes())
    data[100] ^= 1
    pack.write_bytes(data)
    with runstone.open_artifact(large, "a/large.bin") as file:
        file.seek(-100_000, os.SEEK_END)
        assert file.read() == DATA[-100_000:]
        file.seek(0)
        with pytest.raises(CorruptData, match=rf"'a/large\.bin' of run {large}: the chunk blake3:"):
            file.read(10)
        file.seek(-10, os.SEEK_END)
        assert file.read() == DATA[-10:], "it goes on after an error"


def test_a_chunk_is_found_by_any_of_its_bytes(large: str) -> None:
    from runstone.client import Client
    from runstone.operations import artifacts
    from runstone.operations.stretches import GetStretch, get_stretch

    client = Client()
    digest = next(file.digest for file in client.list_artifacts(large, "a"))
    assert digest is not None
    (content,) = client._transport.call(artifacts.get_contents, artifacts.GetContents([digest])).contents
    place = 0
    for chunk in content.chunks:  # asked for at any byte of it, a chunk is found, and where it begins
        for at in (place, place + chunk.size - 1):
            found = client._transport.call(get_stretch, GetStretch(digest, at, at + 1))
            assert (found.start, [one.digest for one in found.chunks]) == (place, [chunk.digest])
        place += chunk.size
    whole = client._transport.call(get_stretch, GetStretch(digest, 0, len(DATA)))
    assert whole.chunks == content.chunks
    for start, stop in ((len(DATA), len(DATA) + 5), (1 << 62, 1 << 63 - 1)):
        assert client._transport.call(get_stretch, GetStretch(digest, start, stop)).chunks == []
    assert client._transport.call(get_stretch, GetStretch("blake3:unknown", 0, 5)).chunks == []


@pytest.mark.folder
def test_the_end_of_a_file_of_very_many_chunks_costs_a_few_of_them(large: str) -> None:
    from runstone.client import Client
    from runstone.operations import artifacts
    from runstone.store.artifacts import name_file
    from runstone.store.database import Database

    client = Client()
    digest = next(file.digest for file in client.list_artifacts(large, "a"))
    assert digest is not None
    names = [
        chunk.digest for chunk in client._transport.call(artifacts.get_content, artifacts.GetContent(digest)).chunks
    ]
    database = Database(".runstone/runstone.db")
    with database.write() as connection:
        name_file(connection, f"runs/{large}", "huge", "blake3:huge", 1200 * len(DATA), names * 1200, 0)
    database.close()
    answers = _answers(client)
    with client.open_artifact(large, "huge") as file:
        file.seek(-1_000_000, os.SEEK_END)
        assert file.read() == DATA[-1_000_000:]
        file.seek(700 * len(DATA) + 5)
        assert file.read(10) == DATA[5:15]
    chunks = [len(answer.chunks) for answer in answers if hasattr(answer, "chunks")]
    assert len(chunks) == 2
    assert sum(chunks) < 400 < 10_000 < 1200 * len(names)


def _answers(client: runstone.Client) -> list[Any]:
    """What the client is answered from here on."""
    answers: list[Any] = []
    call = client._transport.call

    def noted(*asked: Any) -> Any:
        answers.append(call(*asked))
        return answers[-1]

    client._transport.call = noted  # type: ignore[method-assign]
    return answers


def test_the_libraries_that_people_read_with_take_it(run_id: str) -> None:
    import numpy
    import pandas
    import pyarrow.parquet

    frame = pandas.DataFrame({"a": range(50_000), "b": [f"text {n}" for n in range(50_000)]})
    array = numpy.arange(100_000)
    frame.to_parquet("t.parquet", row_group_size=5_000)
    frame.to_csv("t.csv", index=False)
    numpy.save("a.npy", array)
    with zipfile.ZipFile("z.zip", "w") as archive:
        archive.writestr("inner.bin", DATA[:500_000])
        archive.writestr("last.txt", "last")
    for name in ("t.parquet", "t.csv", "a.npy", "z.zip"):
        runstone.log_artifact(name)
    with runstone.open_artifact(run_id, "t.parquet") as file:
        column = pyarrow.parquet.ParquetFile(file).read(columns=["a"]).to_pandas()
        assert column.equals(frame[["a"]])
    with runstone.open_artifact(run_id, "t.csv") as file:
        assert pandas.read_csv(file).equals(frame)
    with runstone.open_artifact(run_id, "a.npy") as file:
        assert (numpy.load(file) == array).all()
    with runstone.open_artifact(run_id, "z.zip") as file, zipfile.ZipFile(file) as archive:
        assert archive.read("last.txt") == b"last"
        assert archive.read("inner.bin") == DATA[:500_000]
    with runstone.open_artifact(run_id, "t.csv") as file, io.TextIOWrapper(file, "utf-8") as text:
        assert text.readline() == "a,b\n"


def test_threads_that_each_open_it_read_it_side_by_side(large: str) -> None:
    wrong: list[Any] = []

    def read(number: int) -> None:
        draw = random.Random(number)
        with runstone.Client().open_artifact(large, "a/large.bin") as file:
            for _ in range(20):
                start, count = draw.randrange(len(DATA)), draw.randrange(300_000)
                file.seek(start)
                if file.read(count) != DATA[start : start + count]:
                    wrong.append(start)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.folder
def test_any_course_of_seeks_and_reads_is_that_of_a_file_here(large: str) -> None:
    moves = st.lists(
        st.tuples(st.sampled_from(["seek", "read", "readinto"]), st.integers(0, len(DATA) + 100)), max_size=12
    )

    @settings(max_examples=60)
    @given(moves)
    def course(steps: list[tuple[str, int]]) -> None:
        ours, theirs = runstone.open_artifact(large, "a/large.bin"), io.BytesIO(DATA)
        with ours:
            for act, number in steps:
                if act == "seek":
                    assert ours.seek(number) == theirs.seek(number)
                elif act == "read":
                    assert ours.read(number // 4) == theirs.read(number // 4)
                else:
                    one, two = bytearray(number % 100_000), bytearray(number % 100_000)
                    assert ours.readinto(one) == theirs.readinto(two)
                    assert one == two

    course()


def test_a_file_that_still_grows_is_what_it_was_when_it_was_opened() -> None:
    print("before")
    with runstone.start_run() as run:
        print("said first", flush=True)
        path = ".runstone/console.log"
        if path not in [file.path for file in runstone.Client().list_artifacts(run.info.run_id, ".runstone")]:
            return  # on a server it comes when the run has ended
        file = runstone.open_artifact(run.info.run_id, path)
        assert file.digest is None
        held = file.read(4)
        print("said later", flush=True)
    assert held == b"said"[:4]
    assert file.read() == b" first\n", "also where it was kept for good meanwhile"
    file.close()


@pytest.mark.folder
def test_an_existing_store_learns_where_its_chunks_begin(large: str, tmp_path: Path) -> None:
    import sqlite3

    def starts(folder: Path) -> list[Any]:
        with contextlib.closing(sqlite3.connect(folder / "runstone.db")) as database:
            return database.execute("SELECT * FROM content_chunk ORDER BY content, position").fetchall()

    older = older_store(tmp_path / ".runstone", tmp_path / "older", "compressed_chunks")
    assert len(starts(older)[0]) == 3
    with runstone.Client(older).open_artifact(large, "a/large.bin") as file:
        file.seek(-10, os.SEEK_END)
        assert file.read() == DATA[-10:]
    assert starts(older) == starts(tmp_path / ".runstone")


def test_a_path_alone_is_a_file_of_the_active_run() -> None:
    with runstone.start_run() as run:
        runstone.log_text("hello", "notes/q.txt")
        with runstone.open_artifact("notes/q.txt") as file:
            assert (file.read(), file.run_id) == (b"hello", run.info.run_id)
        with pytest.raises(NotFound, match="No artifact 'other'"):
            runstone.open_artifact("other")
    with pytest.raises(RunStateError, match=r"no run is active.*open_artifact\(run_id, path\)"):
        runstone.open_artifact("notes/q.txt")
    assert runstone.active_run() is None
