"""Whoever may only read a store is told the truth about its runs: which are under way, and which are dead."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.scripts import run, start

import runstone

WRITER = """
import os, runstone
with runstone.start_run(run_name="ended"):
    runstone.log_metric("loss", 1.0)
"""
KILLED = """
import os, runstone
runstone.start_run(run_name="killed")
runstone.log_metric("loss", 0.5)
print("last words")
os.kill(os.getpid(), 9)
"""
READER = """
import json, runstone
client = runstone.Client()
names = lambda where: sorted(r.info.run_name for r in client.search_runs(["0"], where))
found = {r.info.run_name: r for r in client.search_runs(["0"])}
print(json.dumps({
    "status": {name: run.info.status for name, run in found.items()},
    "one": {name: client.get_run(run.info.run_id).info.status for name, run in found.items()},
    "ended": {name: bool(run.info.end_time) for name, run in found.items()},
    "running": names("status = 'RUNNING'"),
    "killed": names("status = 'KILLED'"),
    "console": {
        name: client.read_artifact(run.info.run_id, ".runstone/console.log").decode()
        for name, run in found.items() if name == "killed"
    },
}))
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Path]:
    """A store's folder that is made read-only by `protect`."""
    folder = tmp_path / ".runstone"
    yield folder
    _allow(folder, True)


def _allow(folder: Path, writing: bool) -> None:
    for place in (folder, *folder.rglob("*")):
        place.chmod(place.stat().st_mode | 0o200 if writing else place.stat().st_mode & ~0o222)


def protect(folder: Path) -> None:
    _allow(folder, False)


def _unprivileged(command: list[str]) -> list[str]:
    if os.geteuid() != 0:
        return command
    if shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere, and setpriv (util-linux) is not there to forgo that")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]


def read(folder: Path) -> dict[str, Any]:
    """What a process sees that may not write."""
    command = _unprivileged([sys.executable, "-c", READER])
    done = subprocess.run(command, cwd=folder.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_a_store_that_was_closed_well_can_be_read(tmp_path: Path, store: Path) -> None:
    run(tmp_path, WRITER)
    assert not list(store.glob("*-wal")), "the harder case: SQLite has nothing to share with"
    protect(store)
    before = sorted(os.listdir(store))
    seen = read(store)
    assert seen["status"] == seen["one"] == {"ended": "FINISHED"}
    assert sorted(os.listdir(store)) == before


def test_such_a_reader_sees_what_others_write_meanwhile(tmp_path: Path, store: Path) -> None:
    run(tmp_path, WRITER)
    protect(store)
    count = "print(len(client.search_runs(['0'])), flush=True)"
    source = f"import runstone; client = runstone.Client(); {count}; input(); {count}"
    process = subprocess.Popen(
        _unprivileged([sys.executable, "-c", source]),
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    _allow(store, True)
    run(tmp_path, WRITER)
    protect(store)
    assert process.communicate("\n")[0] == "2\n"


def test_a_dead_run_is_killed_for_a_reader_that_cannot_say_so_in_the_store(tmp_path: Path, store: Path) -> None:
    run(tmp_path, WRITER)
    run(tmp_path, KILLED)
    protect(store)
    seen = read(store)
    assert seen["status"] == seen["one"] == {"ended": "FINISHED", "killed": "KILLED"}
    assert seen["ended"] == {"ended": True, "killed": True}
    assert (seen["running"], seen["killed"]) == ([], ["killed"])
    assert seen["console"] == {"killed": "last words\n"}
    _allow(store, True)
    found = {run.info.run_name: run for run in runstone.search_runs(output_format="list")}
    assert found["killed"].info.status == "KILLED"
    assert found["killed"].data.metrics == {"loss": 0.5}, "and whoever may write adopts it"
    assert list((store / "journal").iterdir()) == []


def test_a_living_run_is_running_for_such_a_reader(tmp_path: Path, store: Path) -> None:
    process = start(
        tmp_path, "import runstone\nrunstone.start_run(run_name='alive')\nprint('up', flush=True)\ninput()\n"
    )
    assert process.stdout is not None
    process.stdout.readline()
    protect(store)
    seen = read(store)
    assert seen["status"] == {"alive": "RUNNING"}
    assert (seen["running"], seen["killed"]) == (["alive"], [])
    _allow(store, True)
    process.communicate("\n")


def test_a_filter_on_the_status_finds_the_dead_among_the_killed(tmp_path: Path) -> None:
    run(tmp_path, KILLED)
    assert runstone.search_runs(filter_string="status = 'RUNNING'", output_format="list") == []
    run(tmp_path, KILLED)
    assert len(runstone.search_runs(filter_string="status = 'KILLED'", output_format="list")) == 2


def test_a_killed_run_ended_when_it_showed_signs_of_life_last(tmp_path: Path) -> None:
    run(tmp_path, KILLED.replace('runstone.log_metric("loss", 0.5)', ""))
    (journal,) = (tmp_path / ".runstone" / "journal").iterdir()
    os.utime(journal, (1_700_000_000, 1_700_000_000))
    (found,) = runstone.search_runs(output_format="list")
    assert found.info.end_time == 1_700_000_000_000


def test_a_reader_that_dies_while_it_adopts_leaves_the_rest_to_the_next(tmp_path: Path) -> None:
    run(tmp_path, KILLED)
    script = """
    import os, runstone
    from runstone.journal import adoption
    adoption.put_away = lambda *_: os._exit(1)
    runstone.search_runs(output_format="list")
    """
    run(tmp_path, script)
    assert len(os.listdir(tmp_path / ".runstone" / "journal")) == 1
    (found,) = runstone.search_runs(output_format="list")
    assert (found.info.status, found.data.metrics) == ("KILLED", {"loss": 0.5})
