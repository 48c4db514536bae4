"""A disk that is full or read-only: an error that says so, nothing acknowledged lost, nothing half written, and on it goes."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import disks, scripts

import runstone
from runstone.errors import StorageDenied, StorageFull
from runstone.journal import shipping

pytestmark = pytest.mark.skipif(disks.can_mount() is not None, reason=str(disks.can_mount()))

DATA = random.Random(7).randbytes(1_500_000)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[disks.Disk]:
    made = disks.Disk(tmp_path / "disk", 8)
    yield made
    runstone.end_run()
    made.take_away()
    shipping._warned = False


@pytest.fixture
def store(disk: disks.Disk, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = str(disk.path / "store")
    monkeypatch.setenv("RUNSTONE_URI", folder)
    monkeypatch.setenv("RUNSTONE_CONSOLE", "0")
    monkeypatch.setenv("RUNSTONE_PROVENANCE", "0")
    return folder


def test_points_wait_for_room_and_none_that_was_taken_is_lost(disk: disks.Disk, store: str) -> None:
    runstone.start_run()
    run = runstone.active_run()
    assert run is not None
    runstone.log_metric("loss", 0.0, step=0, timestamp=1)
    disk.fill(leave=200_000)
    taken = 1
    with contextlib.suppress(StorageFull):
        while taken < 1_000_000:
            runstone.log_metric("loss", float(taken), step=taken, timestamp=1 + taken)
            taken += 1
    for _ in range(3):
        with pytest.raises(StorageFull, match="Free some space"):
            runstone.log_metric("loss", -1.0, step=-1, timestamp=1)
    disk.free()
    runstone.log_metric("loss", float(taken), step=taken, timestamp=1 + taken)
    runstone.end_run()
    client = runstone.Client()
    assert client.get_run(run.info.run_id).info.status == "FINISHED"
    assert client.get_metric_series(run.info.run_id, "loss").step.tolist() == list(range(taken + 1))
    assert list((disk.path / "store" / "journal").iterdir()) == []


@pytest.mark.parametrize("leave", [0, 100_000, 1_000_000])
def test_a_file_that_does_not_fit_leaves_nothing_behind(disk: disks.Disk, store: str, leave: int) -> None:
    with runstone.start_run() as run:
        runstone.log_text("here before", "before.txt")
        Path("large").write_bytes(DATA)
        disk.fill(leave)
        with pytest.raises(StorageFull):
            runstone.log_artifact("large")
        client = runstone.Client()
        assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["before.txt"]
        assert list(Path(store).rglob("*.pack*")) == [], "half a pack"
        assert client.verify() == []
        disk.free()
        runstone.log_artifact("large")
        assert client.read_artifact(run.info.run_id, "large") == DATA


def test_params_and_tags_of_a_full_disk_come_all_or_none(disk: disks.Disk, store: str) -> None:
    with runstone.start_run() as run:
        told: dict[str, str] = {}
        disk.fill(leave=100_000)
        with contextlib.suppress(StorageFull):
            for number in range(1000):
                batch = {f"{number}.{part}": "x" * 500 for part in range(10)}
                runstone.log_params(batch)
                told.update(batch)
        with pytest.raises(StorageFull, match=r"runstone\.db"):
            runstone.log_params(batch)
        disk.free()
        client = runstone.Client()
        assert client.get_run(run.info.run_id).data.params == told
        runstone.log_param("afterwards", 1)
    assert runstone.get_run(run.info.run_id).info.status == "FINISHED"


def test_a_run_that_cannot_be_ended_says_so_and_keeps_its_points(disk: disks.Disk, store: str) -> None:
    code, out, err = scripts.run(
        disk.path.parent,
        """
        import sys
        import runstone
        with runstone.start_run() as run:
            print(run.info.run_id)
            for step in range(1000):
                runstone.log_metric("loss", step, step=step, timestamp=step)
            print("logged", flush=True)
            try:
                with open(sys.argv[1], "wb", buffering=0) as filler:
                    while filler.write(bytes(4096)) == 4096:
                        pass
            except OSError:
                pass
        """,
        str(disk.path / "filler"),
    )
    assert code == 1
    assert "runstone.errors.StorageFull" in err
    disk.free()
    run = runstone.get_run(out.split()[0])
    # the process that could not say how it ended is dead
    assert run.info.status == "KILLED"
    assert runstone.Client().get_metric_series(run.info.run_id, "loss").step.tolist() == list(range(1000))


def test_what_a_full_disk_holds_can_be_read(disk: disks.Disk, store: str) -> None:
    with runstone.start_run() as run:
        runstone.log_metric("loss", 1.0)
        runstone.log_text("here", "here.txt")
    disk.fill()
    assert runstone.get_run(run.info.run_id).data.metrics == {"loss": 1.0}
    assert runstone.Client().read_artifact(run.info.run_id, "here.txt") == b"here"


WRITER = """
import os, sys
import runstone
run = runstone.start_run()
runstone.log_param("alpha", 1)
runstone.log_metric("loss", 0.5, step=1)
runstone.log_text("small", "small.txt")
runstone.log_stream(open(sys.argv[1], "rb"), "large")
print(run.info.run_id, flush=True)
"""
# How its writer left a store: closed; with SQLite's log still there; with a journal, too, that nobody has adopted.
ENDINGS = {"ended": "runstone.end_run()", "killed": "os.kill(os.getpid(), 9)"}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=list(ENDINGS))
def test_a_store_on_a_read_only_disk_can_be_read_and_says_that_it_cannot_be_written(
    disk: disks.Disk, store: str, ending: str
) -> None:
    Path("data").write_bytes(DATA)
    _, out, err = scripts.run(Path.cwd(), WRITER + ending, "data")
    assert out, err
    run_id = out.strip()
    disk.make_read_only()
    try:
        client = runstone.Client()
        (found,) = client.search_runs(["0"], "params.alpha = '1'")
        assert found.info.run_id == run_id
        assert client.get_run(run_id).data.params == {"alpha": "1"}
        assert [file.path for file in client.list_artifacts(run_id)] == ["large", "small.txt"]
        assert client.read_artifact(run_id, "large") == DATA
        assert client.verify() == []
        for write in (
            runstone.start_run,
            lambda: client.log_param(run_id, "beta", 2),
            lambda: client.log_text(run_id, "x", "x.txt"),
            lambda: client.log_artifact(run_id, "data", "again"),
            lambda: client.create_experiment("new"),
        ):
            with pytest.raises(StorageDenied, match="RUNSTONE_URI"):
                write()
        assert runstone.active_run() is None
    finally:
        disk.make_writable()
    client.log_param(run_id, "beta", 2)
    assert client.get_run(run_id).data.params == {"alpha": "1", "beta": "2"}
    assert client.get_run(run_id).data.metrics == {"loss": 0.5}
    assert client.get_run(run_id).info.status == ("FINISHED" if "end_run" in ending else "KILLED")


def test_a_store_cannot_be_made_on_a_read_only_disk(disk: disks.Disk, store: str) -> None:
    disk.make_read_only()
    with pytest.raises(StorageDenied, match="RUNSTONE_URI"):
        runstone.start_run()
    disk.make_writable()
