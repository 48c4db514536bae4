"""A program of an older runstone that goes on running beside a newer one: what it would write wrongly is refused, what it wrote is mended."""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
from pathlib import Path

import pytest
from tests.support.older import older_store

import runstone

DATA = random.Random(7).randbytes(2_000_000)
PACK = "INSERT INTO pack (name, size, creation_time) VALUES ('a.pack', 1, 1)"
CHUNKS = "INSERT INTO content_chunk (content, position, chunk) SELECT 99, position, chunk FROM content_chunk ORDER BY position LIMIT {}"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    client = runstone.Client(tmp_path / "store")
    run_id = client.create_run("0", run_name="one").info.run_id
    client.log_bytes(run_id, DATA, "long.bin")
    return tmp_path / "store"


def whole_and_end(store: Path) -> tuple[bytes, bytes]:
    client = runstone.Client(store)
    (run,) = client.search_runs(["0"])
    with client.open_artifact(run.info.run_id, "long.bin") as file:
        whole = file.read()
        file.seek(1_500_000)
        return whole, file.read()


def test_what_an_older_runstone_would_write_wrongly_is_refused_in_a_sentence(store: Path) -> None:
    with contextlib.closing(sqlite3.connect(store / "runstone.db")) as older:
        with pytest.raises(sqlite3.IntegrityError, match="start the program again"):
            older.execute(PACK)
        older.execute("INSERT INTO content (id, digest, size) VALUES (99, 'blake3:x', 1)")
        older.execute(CHUNKS.format(1))  # a content of one chunk begins at 0, whoever writes it
        older.execute("DELETE FROM content_chunk WHERE content = 99")
        with pytest.raises(sqlite3.IntegrityError, match="start the program again"):
            older.execute(CHUNKS.format(2))


def test_where_chunks_begin_is_mended_in_a_store_that_an_older_runstone_wrote_after_its_upgrade(
    store: Path, tmp_path: Path
) -> None:
    older = older_store(store, tmp_path / "older", "executable")
    with contextlib.closing(sqlite3.connect(older / "runstone.db")) as database, database:
        assert database.execute("UPDATE content_chunk SET start = 0").rowcount > 5
    assert whole_and_end(older) == (DATA, DATA[1_500_000:])
    assert runstone.Client(older).verify() == []


def test_verify_tells_of_a_chunk_that_does_not_begin_where_its_row_says(store: Path) -> None:
    with contextlib.closing(sqlite3.connect(store / "runstone.db")) as database, database:
        database.execute("UPDATE content_chunk SET start = start + 1 WHERE position = 3")
    (problem,) = runstone.Client(store).verify()
    assert "its row says" in str(problem)


def test_a_pack_that_no_row_names_stays_for_a_day_though_nobody_is_seen_to_store(store: Path) -> None:
    client = runstone.Client(store)
    stray = store / "packs" / ("a" * 32 + ".pack")
    stray.write_bytes(b"of an older writer, or of rows that a damaged log has lost")
    assert client.plan_prune().strays.count == client.prune().strays == 0
    assert stray.exists()
    os.utime(stray, (0, 0))
    assert client.plan_prune().strays.count == client.prune().strays == 1
    assert not stray.exists()
