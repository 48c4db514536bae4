"""A disk without any room left can be pruned: whole dead packs go first, which takes none."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import disks

import runstone
from runstone.errors import StorageFull

pytestmark = pytest.mark.skipif(disks.can_mount() is not None, reason=str(disks.can_mount()))

DATA = [random.Random(seed).randbytes(1_500_000) for seed in range(4)]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[disks.Disk]:
    made = disks.Disk(tmp_path / "disk", 16)
    yield made
    made.take_away()


@pytest.mark.parametrize("closed", [True, False], ids=["opened anew", "open all the time"])
def test_a_full_disk_is_pruned(disk: disks.Disk, closed: bool) -> None:
    store = disk.path / "store"
    client = runstone.Client(store)
    run_id = client.create_run("0").info.run_id
    client.log_bytes(run_id, DATA[0], "whole")
    client.log_files(run_id, {"half": DATA[1] + DATA[3], "kept": DATA[2][:1_000_000]})
    client.delete_artifact(run_id, "whole")
    client.delete_artifact(run_id, "half")
    if closed:
        client._transport.inner.close()
    disk.fill()
    if not closed:
        with pytest.raises(StorageFull):
            client.log_bytes(run_id, DATA[3], "no room")
        done = client.prune()
        assert done.freed > 4_400_000
    else:
        command = [sys.executable, "-m", "runstone", "--store", str(store), "prune", "--yes"]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
    client = runstone.Client(store)
    assert client.read_artifact(run_id, "kept") == DATA[2][:1_000_000]
    client.log_bytes(run_id, DATA[3], "room")
    assert client.read_artifact(run_id, "room") == DATA[3]
    assert client.verify() == []


def test_without_anything_dead_it_says_that_there_is_no_room(disk: disks.Disk) -> None:
    client = runstone.Client(disk.path / "store")
    run_id = client.create_run("0").info.run_id
    client.log_bytes(run_id, DATA[0], "kept")
    disk.fill()
    client.prune()
    assert client.read_artifact(run_id, "kept") == DATA[0]
