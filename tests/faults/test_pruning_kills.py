"""Pruning that is killed, or fails, at any of its calls: nothing that is needed is lost, and the next one frees the rest."""

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
from tests.faults import pruner, sweep
from tests.support import tracing

import runstone

PRUNER = Path(pruner.__file__)

pytestmark = pytest.mark.skipif(tracing.can_trace() is not None, reason=str(tracing.can_trace()))


def data(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


NEEDED = {"fragment": data(2, 250_000), "shared": data(3, 300_000), "small": b"small", "sparse": data(6, 90_000)}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with something of everything that pruning frees."""
    store = tmp_path_factory.mktemp("prepared") / "store"
    client = runstone.Client(store)
    run_id = client.create_run("0").info.run_id
    client.log_files(run_id, {"dead": data(1, 700_000), "fragment": NEEDED["fragment"]})
    client.log_files(run_id, {"whole": data(4, 400_000)})
    client.log_files(run_id, {"gone": data(5, 600_000), "sparse": NEEDED["sparse"]})
    client.log_files(run_id, {"small": b"small", **{f"s{number}": data(number, 15_000) for number in range(40)}})
    other = client.create_run("0").info.run_id
    client.log_files(other, {"shared": NEEDED["shared"], "own": data(7, 500_000)})
    client.log_files(run_id, {"shared": NEEDED["shared"]})
    client.log_metric(other, "loss", 1.0)
    client.delete_run(other)
    for path in ("dead", "whole", "gone", *(f"s{number}" for number in range(40))):
        client.delete_artifact(run_id, path)
    (store / "packs" / ("a" * 32 + ".pack")).write_bytes(b"stray" * 100)
    os.utime(store / "packs" / ("a" * 32 + ".pack"), (0, 0))
    (store / "incoming" / ("b" * 32 + ".pack.tmp")).write_bytes(b"left" * 100)
    with contextlib.closing(sqlite3.connect(store / "runstone.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return store


@pytest.fixture(autouse=True)
def no_day_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a broken pruning took from the index is old enough for the next one."""
    monkeypatch.setenv("RUNSTONE_KEEP_UNFINISHED", "0")


def check(store: Path, *, pruned: bool) -> None:
    """All that is needed is there; another pruning frees what the broken one did not, and leaves nothing over."""
    client = runstone.Client(store)
    assert client.verify() == []
    (run,) = [run for run in client.search_runs(["0"]) if run.info.lifecycle_stage == "active"]
    for path, content in NEEDED.items():
        assert client.read_artifact(run.info.run_id, path) == content, path
    client.prune(0)
    for path, content in NEEDED.items():
        assert client.read_artifact(run.info.run_id, path) == content, path
    assert client.verify() == []
    assert sweep.leftovers(store) == []
    assert sum(path.stat().st_size for path in (store / "packs").iterdir()) < 700_000
    assert client.search_runs(["0"], run_view_type=2) == []
    with contextlib.closing(sqlite3.connect(store / "runstone.db")) as database:
        named = {name for (name,) in database.execute("SELECT name FROM pack")}
        assert database.execute("PRAGMA foreign_key_check").fetchone() is None
        assert database.execute("SELECT count(*) FROM condemned").fetchone() == (0,)
    assert {path.name for path in (store / "packs").iterdir()} == named
    client.log_bytes(run.info.run_id, data(1, 700_000), "dead")
    assert client.read_artifact(run.info.run_id, "dead") == data(1, 700_000)


def test_what_is_prepared_is_pruned(prepared: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(prepared, store)
    plan = runstone.Client(store).plan_prune(0)
    assert (plan.whole.count, plan.fragments.count, plan.strays.count, plan.leftovers.count) == (1, 3, 1, 1)
    check(store, pruned=False)


@pytest.mark.parametrize("stride", [29, pytest.param(1, marks=pytest.mark.soak)])
def test_nothing_needed_is_lost_wherever_pruning_is_killed(prepared: Path, tmp_path: Path, stride: int) -> None:
    for number in itertools.count(1, stride):
        store = tmp_path / str(number)
        shutil.copytree(prepared, store)
        calls, _ = sweep.kill(tmp_path / "work", store, number, PRUNER)
        check(store, pruned=len(calls) < number)
        shutil.rmtree(store)
        if len(calls) < number:  # it ended before
            break
    assert number > 50


@pytest.mark.skipif(platform.machine() != "x86_64", reason="making a call fail is written for x86-64")
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC], ids=("EIO", "ENOSPC"))
@pytest.mark.parametrize("stride", [47, pytest.param(1, marks=pytest.mark.soak)])
def test_nothing_needed_is_lost_wherever_the_disk_fails(
    prepared: Path, tmp_path: Path, stride: int, error: int
) -> None:
    for number in itertools.count(1, stride):
        store = tmp_path / str(number)
        shutil.copytree(prepared, store)
        process = sweep.start(tmp_path / "work", store, PRUNER)
        calls = tracing.fail_at(process, number, error)
        process.communicate()
        check(store, pruned=False)
        shutil.rmtree(store)
        if len(calls) < number:
            break
