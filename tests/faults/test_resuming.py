"""A process that is killed in the midst of a long file: what it had stored by then is not stored again."""

from __future__ import annotations

import hashlib
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

import runstone
from runstone.operations import owners
from runstone.operations.engine import Engine
from runstone.operations.storing import store_streams
from runstone.repository.blobs.local import LocalBlobs

PACK = 4_000_000
# Takes what comes by its input for one file's bytes; packs are small, so that the test is.
VICTIM = f"""
import sys, runstone
from runstone.repository.blobs.local import LocalBlobs
LocalBlobs.full_size = {PACK}
client = runstone.Client(sys.argv[1])
client.log_stream(sys.argv[2], sys.stdin.buffer, "file")
"""
CONTENT = random.Random(11).randbytes(100_000_000)
BEFORE = 80_000_000
# Of what a writer has read, so much may be under way at the most: windows being cut, named and compressed; a pack being filled; one being synced.
UNDER_WAY = 45_000_000


def packed(store: Path) -> int:
    """Bytes in the packs of a store."""
    return sum(pack.stat().st_size for pack in (store / "packs").iterdir()) if (store / "packs").exists() else 0


def named(store: Path) -> int:
    """Bytes of chunks that the index knows."""
    with closing(sqlite3.connect(store / "runstone.db")) as database:
        (size,) = database.execute("SELECT COALESCE(SUM(size), 0) FROM chunk").fetchone()
    return int(size)


@pytest.fixture
def killed(tmp_path: Path) -> tuple[Path, str]:
    """A store, and a run of it, of whose file of 100 MB a process had read 80 when it was killed."""
    store = tmp_path / "store"
    run_id = runstone.Client(store).create_run("0").info.run_id
    process = subprocess.Popen([sys.executable, "-c", VICTIM, str(store), run_id], stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(CONTENT[:BEFORE])
    process.stdin.flush()
    deadline = time.monotonic() + 60
    while named(store) < BEFORE - UNDER_WAY:
        assert process.poll() is None
        assert time.monotonic() < deadline
    process.kill()
    process.communicate()
    return store, run_id


def test_a_file_whose_writer_was_killed_goes_on_where_it_was(killed: tuple[Path, str], tmp_path: Path) -> None:
    store, run_id = killed
    client = runstone.Client(store)
    assert client.list_artifacts(run_id) == [], "a file is there whole or not at all"
    before, had = packed(store), named(store)
    assert had >= BEFORE - UNDER_WAY
    (tmp_path / "file").write_bytes(CONTENT)
    client.log_artifact(run_id, str(tmp_path / "file"))
    written = packed(store) - before
    # Beside what was missing: the cuts around the place where it broke off.
    assert len(CONTENT) - had <= written < len(CONTENT) - had + 3_000_000
    assert hashlib.sha256(client.read_artifact(run_id, "file")).digest() == hashlib.sha256(CONTENT).digest()
    assert client.verify() == []
    assert not list((store / "incoming").glob("*.tmp")), "what was half written is swept"


class Breaking:
    """A stream that breaks off when most of it was read, and some of it lies in packs."""

    def __init__(self, store: Path) -> None:
        self.store, self.left = store, CONTENT

    def read(self, size: int = -1) -> bytes:
        if len(self.left) < 30_000_000:
            assert packed(self.store)
            assert named(self.store)
            raise ConnectionError("the line went dead")
        given, self.left = self.left[: min(size, 1_000_000)], self.left[min(size, 1_000_000) :]
        return given


def test_a_refused_file_gives_its_room_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalBlobs, "full_size", PACK)
    store = tmp_path / "store"
    client = runstone.Client(store)
    run_id = client.create_run("0").info.run_id

    with pytest.raises(ConnectionError):
        client.log_stream(run_id, Breaking(store), "file")  # type: ignore[arg-type]
    assert (packed(store), named(store)) == (0, 0)
    client.log_bytes(run_id, CONTENT, "file")
    assert client.read_artifact(run_id, "file") == CONTENT


def test_bytes_that_break_off_on_their_way_to_a_server_give_their_room_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalBlobs, "full_size", PACK)
    store = tmp_path / "store"
    run_id = runstone.Client(store).create_run("0").info.run_id
    engine = Engine(str(store), serving=True)
    with pytest.raises(ConnectionError):
        store_streams(engine, owners.of_run(run_id), [("file", Breaking(store))])  # type: ignore[list-item]
    assert (packed(store), named(store)) == (0, 0)
    engine.close()
