"""A repair that is killed, or fails, at any of its calls: nothing is worse than before, and the next one brings back the rest."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import platform
import random
import shutil
import sqlite3
from pathlib import Path

import pytest
from tests.faults import repairer, sweep
from tests.support import tracing

import runstone

REPAIRER = Path(repairer.__file__)

pytestmark = pytest.mark.skipif(tracing.can_trace() is not None, reason=str(tracing.can_trace()))

WHOLE = {"whole": random.Random(1).randbytes(300_000), "whole small": b"whole"}
DAMAGED = {
    "flipped": random.Random(2).randbytes(700_000),
    "lost": random.Random(3).randbytes(400_000),
    "beside the lost": b"abc" * 40_000,
    "small": b"small" * 9,
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a flipped pack, a lost one and a damaged small file; and the second store beside it."""
    store = tmp_path_factory.mktemp("prepared") / "store"
    client = runstone.Client(store)
    run_id = client.create_run("0").info.run_id
    client.log_files(run_id, {"whole": WHOLE["whole"], "flipped": DAMAGED["flipped"]})
    (flipped,) = (store / "packs").iterdir()
    client.log_files(run_id, {"lost": DAMAGED["lost"], "beside the lost": DAMAGED["beside the lost"]})
    client.log_files(run_id, {"small": DAMAGED["small"], "whole small": WHOLE["whole small"]})
    with contextlib.closing(sqlite3.connect(store / "runstone.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(store, f"{store}.second")
    data = bytearray(flipped.read_bytes())
    data[-250_000] ^= 1
    flipped.write_bytes(data)
    for pack in (store / "packs").iterdir():
        if pack != flipped:
            pack.unlink()
    with contextlib.closing(sqlite3.connect(store / "runstone.db")) as database:
        database.execute("UPDATE chunk SET data = x'00' WHERE data = ?", (DAMAGED["small"],))
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return store


def copied(prepared: Path, folder: Path) -> Path:
    store = folder / "store"
    for ending in ("", ".second"):
        shutil.copytree(f"{prepared}{ending}", f"{store}{ending}")
    return store


def check(store: Path, *, repaired: bool) -> None:
    """What was whole is whole; what is still damaged comes back; and nothing is left over."""
    client = runstone.Client(store)
    (run,) = client.search_runs(["0"])
    damaged = {damage.path for damage in client.verify()}
    assert damaged <= set(DAMAGED)
    assert not (repaired and damaged)
    for path, content in {**WHOLE, **DAMAGED}.items():
        if path not in damaged:
            assert client.read_artifact(run.info.run_id, path) == content, path
    assert client.repair(f"{store}.second").left == []
    # Of a young one the prune cannot know whether somebody is about to name it.
    for pack in (store / "packs").iterdir():
        os.utime(pack, (0, 0))
    client.prune(0)
    assert client.verify() == []
    for path, content in {**WHOLE, **DAMAGED}.items():
        assert client.read_artifact(run.info.run_id, path) == content, path
    with contextlib.closing(sqlite3.connect(store / "runstone.db")) as database:
        named = {name for (name,) in database.execute("SELECT name FROM pack")}
    assert {path.name for path in (store / "packs").iterdir()} == named
    assert sweep.leftovers(store) == []


@pytest.mark.parametrize("stride", [11, pytest.param(1, marks=pytest.mark.soak)])
def test_nothing_is_worse_wherever_a_repair_is_killed(prepared: Path, tmp_path: Path, stride: int) -> None:
    for number in itertools.count(1, stride):
        store = copied(prepared, tmp_path / str(number))
        calls, _ = sweep.kill(tmp_path / "work", store, number, REPAIRER)
        check(store, repaired=len(calls) < number)
        if len(calls) < number:  # it ended before
            break
    assert number > 20


@pytest.mark.skipif(platform.machine() != "x86_64", reason="making a call fail is written for x86-64")
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC], ids=("EIO", "ENOSPC"))
@pytest.mark.parametrize("stride", [17, pytest.param(1, marks=pytest.mark.soak)])
def test_nothing_is_worse_wherever_the_disk_fails(prepared: Path, tmp_path: Path, stride: int, error: int) -> None:
    for number in itertools.count(1, stride):
        store = copied(prepared, tmp_path / str(number))
        process = sweep.start(tmp_path / "work", store, REPAIRER)
        calls = tracing.fail_at(process, number, error)
        process.communicate()
        check(store, repaired=False)
        if len(calls) < number:
            break
