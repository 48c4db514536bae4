"""Files on a disk of fixed size that fills up, at every level: kept whole or refused; what was acknowledged before is untouched."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import disks
from tests.support.servers import serve

import runstone
from runstone.errors import RunstoneError, StorageFull
from runstone.transport import discovery

pytestmark = pytest.mark.skipif(disks.can_mount() is not None, reason=str(disks.can_mount()))

# What one call logs takes so many bytes, its packs and rows: above that there is room.
ENOUGH = 3_600_000


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[disks.Disk]:
    monkeypatch.setenv("RUNSTONE_PROVENANCE", "0")
    made = disks.Disk(tmp_path / "disk", 24)
    yield made
    made.take_away()


def files(number: int) -> dict[str, bytes]:
    """A large file, one that gets smaller, some small ones."""
    chance = random.Random(number)
    return {
        f"{number}/large": chance.randbytes(1_500_000),
        f"{number}/table": f"row {number}\n".encode() * 60_000,
        **{f"{number}/small {part}": chance.randbytes(3_000) for part in range(5)},
    }


def fill_and_log(disk: disks.Disk, name: str, level: int) -> bool:
    """Log when there is room for so many bytes, and once more when there is enough; whether it went the first time."""
    store = disk.path / name
    client, before, given = runstone.Client(store), files(1), files(2)
    run_id = client.create_run("0").info.run_id
    client.log_files(run_id, dict(before))
    disk.fill(leave=level)
    taken = True
    try:
        client.log_files(run_id, dict(given))
    except StorageFull:
        taken = False
    there = {file.path for file in client.list_artifacts(run_id, "2")}
    assert there == (set(given) if taken else set()), "a part of a call"
    for path, data in {**before, **(given if taken else {})}.items():
        assert client.read_artifact(run_id, path) == data, "what is there can be read on a full disk"
    disk.free()
    client.log_files(run_id, dict(given))
    for path, data in {**before, **given}.items():
        assert client.read_artifact(run_id, path) == data
    assert client.verify() == []
    assert list((store / "incoming").glob("*.tmp")) == []
    discovery._opened.pop(str(store)).close()  # what is open takes up the disk, deleted or not
    shutil.rmtree(store)
    return taken


def test_a_call_is_kept_whole_or_refused_at_some_levels_of_a_full_disk(disk: disks.Disk) -> None:
    levels = range(0, ENOUGH + 1, ENOUGH // 6)
    taken = [fill_and_log(disk, str(level), level) for level in levels]
    assert (taken[0], taken[-1]) == (False, True)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(4))
def test_a_call_is_kept_whole_or_refused_at_every_level_of_a_full_disk(disk: disks.Disk, part: int) -> None:
    for level in range(part * 8_192, ENOUGH, 4 * 8_192):
        fill_and_log(disk, str(level), level)


def test_a_server_whose_disk_is_full_refuses_and_goes_on(disk: disks.Disk) -> None:
    server = serve(disk.path / "store", environment={"RUNSTONE_PROVENANCE": "0"})
    try:
        client, before, given = runstone.Client(server.url), files(1), files(2)
        run_id = client.create_run("0").info.run_id
        client.log_files(run_id, dict(before))
        for level in (0, 400_000, 1_200_000):
            disk.fill(leave=level)
            with pytest.raises(StorageFull):
                client.log_files(run_id, dict(given))
            assert client.list_artifacts(run_id, "2") == []
            assert client.read_artifact(run_id, "1/large") == before["1/large"]
            disk.free()
        client.log_files(run_id, dict(given))
        for path, data in {**before, **given}.items():
            assert client.read_artifact(run_id, path) == data
    finally:
        server.kill()
    assert runstone.Client(disk.path / "store").verify() == []


def test_a_download_to_a_full_disk_leaves_what_was_there(disk: disks.Disk, tmp_path: Path) -> None:
    client, target = runstone.Client(tmp_path / "store"), disk.path / "fetched"
    data = random.Random(3).randbytes(2_000_000)
    run_id = client.create_run("0").info.run_id
    client.log_bytes(run_id, b"an older one", "file")
    client.download_artifacts(run_id, "file", str(target))
    client.log_bytes(run_id, data, "file")
    disk.fill(leave=700_000)
    with pytest.raises(StorageFull):
        client.download_artifacts(run_id, "file", str(target))
    assert (target / "file").read_bytes() == b"an older one"
    disk.free()
    client.download_artifacts(run_id, "file", str(target))
    assert (target / "file").read_bytes() == data


def test_a_disk_that_fills_up_while_files_are_logged_keeps_all_that_it_took(disk: disks.Disk) -> None:
    client = runstone.Client(disk.path / "store")
    run_id = client.create_run("0").info.run_id
    taken: dict[str, bytes] = {}
    others: list[RunstoneError] = []
    guard = threading.Lock()

    def log(place: int) -> None:
        for number in range(100):
            given = {f"{place}/{path}": data for path, data in files(place * 100 + number).items()}
            try:
                client.log_files(run_id, dict(given))
            except StorageFull:
                return
            except RunstoneError as error:
                others.append(error)
                return
            with guard:
                taken.update(given)

    threads = [threading.Thread(target=log, args=(place,)) for place in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken
    assert others == []
    for path, data in taken.items():
        assert client.read_artifact(run_id, path) == data
    assert client.verify() == []
