"""Downloads that are broken off go on where they were: what arrived and is right is not fetched again."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.scripts import start

import runstone
from runstone.client import fetching
from runstone.errors import CorruptData
from runstone.repository.resumed import open_partial

pytestmark = pytest.mark.everywhere

DATA = random.Random(9).randbytes(24_000_000)
DOWNLOAD = """
import sys, runstone
runstone.set_tracking_uri(sys.argv[1])
arrived = 0
def told(size):
    global arrived
    arrived += size
    if arrived > 8_000_000:
        print("stop", flush=True)
        sys.stdin.read()
runstone.Client().download_artifacts(sys.argv[2], "big.bin", sys.argv[3] or None, progress=told)
"""


@pytest.fixture
def run_id() -> Iterator[str]:
    with runstone.start_run() as run:
        runstone.Client().log_bytes(run.info.run_id, DATA, "big.bin")
        yield run.info.run_id


def partials(folder: Path) -> list[Path]:
    return list(folder.rglob(".runstone-*.partial"))


def break_off(folder: Path, run_id: str, into: str = "out") -> None:
    process = start(folder, DOWNLOAD, runstone.get_tracking_uri(), run_id, into)
    assert process.stdout is not None
    assert process.stdout.readline() == "stop\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def test_what_arrived_before_a_kill_is_not_fetched_again(tmp_path: Path, run_id: str) -> None:
    break_off(tmp_path, run_id)
    assert len(partials(tmp_path)) == 1
    assert not Path("out/big.bin").exists()
    done = fetching.fetch(runstone.Client(), run_id, "big.bin", "out")
    assert done.resumed > 8_000_000
    assert done.store == len(DATA) - done.resumed
    assert Path("out/big.bin").read_bytes() == DATA
    assert partials(tmp_path) == []


def test_what_arrived_is_checked_before_it_is_used(tmp_path: Path, run_id: str) -> None:
    break_off(tmp_path, run_id)
    (partial,) = partials(tmp_path)
    with partial.open("r+b") as file:
        file.seek(5_000_000)
        file.write(b"!")
    done = fetching.fetch(runstone.Client(), run_id, "big.bin", "out")
    assert 3_000_000 < done.resumed <= 5_000_000
    assert Path("out/big.bin").read_bytes() == DATA


def test_an_error_in_the_midst_keeps_what_arrived_and_damage_does_not(tmp_path: Path, run_id: str) -> None:
    def stop(size: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetching.fetch(runstone.Client(), run_id, "big.bin", "out", stop)
    assert len(partials(tmp_path)) == 1
    folder = tmp_path / ("served" if (tmp_path / "served").exists() else ".runstone") / "packs"
    for pack in folder.iterdir():
        data = bytearray(pack.read_bytes())
        data[len(data) // 2] ^= 1
        pack.write_bytes(data)
    with pytest.raises(CorruptData, match=r"'big\.bin' of run"):
        fetching.fetch(runstone.Client(), run_id, "big.bin", "out")
    assert partials(tmp_path) == []
    assert not Path("out/big.bin").exists()


def test_two_that_fetch_the_same_into_one_folder_do_not_disturb_each_other(tmp_path: Path, run_id: str) -> None:
    process = start(tmp_path, DOWNLOAD, runstone.get_tracking_uri(), run_id, "out")
    assert process.stdout is not None
    assert process.stdout.readline() == "stop\n"
    done = fetching.fetch(runstone.Client(), run_id, "big.bin", "out")
    assert done.resumed == 0
    assert Path("out/big.bin").read_bytes() == DATA
    process.communicate()  # its input ends: it goes on
    assert process.returncode == 0
    assert Path("out/big.bin").read_bytes() == DATA
    assert partials(tmp_path) == []


def test_what_nobody_went_on_with_is_swept_after_a_week(tmp_path: Path, run_id: str) -> None:
    os.mkdir("out")
    old, young = Path("out/.runstone-00.partial"), Path("out/.runstone-11.partial")
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    fetching.fetch(runstone.Client(), run_id, "big.bin", "out")
    assert (old.exists(), young.exists()) == (False, True)


def test_where_files_show_another_owner_than_who_made_them_nothing_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    us = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: us + 1)  # as on a mount with uid= of its own, or to a server's nobody
    (tmp_path / "mount").mkdir()
    folder = os.open(tmp_path / "mount", os.O_RDONLY)
    assert open_partial(folder, "blake3:00") is None
    os.close(folder)
    assert os.listdir(tmp_path / "mount") == []


def test_who_sweeps_old_parts_keeps_nobody_from_one_that_is_just_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runstone.repository import resumed, unfinished

    (tmp_path / f"{resumed.START}young{resumed.END}").touch()
    locked: list[int] = []
    monkeypatch.setattr(unfinished.fcntl, "flock", lambda descriptor, how: locked.append(how))
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        resumed.sweep_old(folder)
    finally:
        os.close(folder)
    assert [how for how in locked if how != unfinished.fcntl.LOCK_UN] == []
