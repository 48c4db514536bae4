"""A process is killed at every arrow of the order of writes (docs/design.md): before each of its system calls that matters.

`make test` takes a sample of the places, `make soak` takes them all.
"""

from __future__ import annotations

import errno
import functools
import itertools
import platform
import shutil
from pathlib import Path

import pytest
from tests.faults import sweep
from tests.support import tracing

import runstone

pytestmark = pytest.mark.skipif(tracing.can_trace() is not None, reason=str(tracing.can_trace()))

SAMPLE = 24
SLICES = 8
NEVER = 10**9


@functools.cache
def calls_of_all(folder: Path, script: Path = sweep.VICTIM) -> list[tracing.Call]:
    calls, told = sweep.kill(folder / "work", folder / "store", NEVER, script)
    assert script != sweep.VICTIM or told[-1] == ["end"]
    return calls


@pytest.fixture
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[tracing.Call]:
    """The calls of a victim that nobody kills."""
    return calls_of_all(tmp_path_factory.getbasetemp() / "unharmed")


def test_a_victim_that_is_left_alone_logs_all_and_leaves_nothing_behind(tmp_path: Path) -> None:
    _, told = sweep.kill(tmp_path / "work", tmp_path / "store", NEVER)
    sweep.check(tmp_path / "store", told)
    assert sweep.leftovers(tmp_path / "store") == []


@pytest.mark.parametrize("part", range(SAMPLE))
def test_nothing_acknowledged_is_lost_wherever_a_process_is_killed(
    tmp_path: Path, calls: list[tracing.Call], part: int
) -> None:
    places = sweep.edges(calls)
    _, told = sweep.kill(tmp_path / "work", tmp_path / "store", places[part * len(places) // SAMPLE])
    sweep.check(tmp_path / "store", told)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(SLICES))
def test_a_process_is_killed_at_every_call_it_makes(tmp_path: Path, calls: list[tracing.Call], part: int) -> None:
    for number in range(1 + part, len(calls) + 1, SLICES):
        store = tmp_path / str(number)
        _, told = sweep.kill(tmp_path / "work", store, number)
        sweep.check(store, told)
        shutil.rmtree(store)


def test_what_killed_writers_leave_does_not_pile_up(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for number in range(4):
        process = sweep.start(tmp_path / str(number), store)
        tracing.kill_before(process, "rename", 2)  # the first names the journal, the second the pack
        process.communicate()
        assert any(name.endswith(".pack.tmp") for name in sweep.leftovers(store))
    client = runstone.Client(store)
    assert [run.info.status for run in client.search_runs(["0"])] == ["KILLED"] * 4
    assert len(sweep.leftovers(store)) <= 2, "more than the last one's"
    client.log_bytes(client.create_run("0").info.run_id, bytes(range(256)) * 4000, "another")
    assert sweep.leftovers(store) == []


@pytest.fixture
def died(tmp_path: Path, calls: list[tracing.Call]) -> tuple[Path, list[list[object]]]:
    """A store of a process that died with points in its journal that were not shipped, and what it was told."""
    place = max(number for number, call in enumerate(calls, 1) if call.name == "mkdir")
    _, told = sweep.kill(tmp_path / "work", tmp_path / "left", place)
    assert any(name.endswith(".journal") for name in sweep.leftovers(tmp_path / "left"))
    return tmp_path / "left", told


@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.soak)])
def test_nothing_is_lost_when_the_reader_that_settles_is_killed_too(
    tmp_path: Path, died: tuple[Path, list[list[object]]], stride: int
) -> None:
    left, told = died
    for number in itertools.count(1, stride):
        store = tmp_path / str(number)
        shutil.copytree(left, store)
        calls, _ = sweep.kill(tmp_path / "work", store, number, sweep.READER)
        sweep.check(store, told)
        if len(calls) < number:  # it ended before
            break
    assert number > 10


ERRORS = (errno.EIO, errno.ENOSPC)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="making a call fail is written for x86-64")
@pytest.mark.parametrize("error", ERRORS, ids=("EIO", "ENOSPC"))
@pytest.mark.parametrize("part", range(SAMPLE // 2))
def test_nothing_acknowledged_is_lost_wherever_the_disk_fails(
    tmp_path: Path, calls: list[tracing.Call], part: int, error: int
) -> None:
    places = sweep.edges(calls)
    _failing(tmp_path, places[part * len(places) * 2 // SAMPLE], error)


@pytest.mark.soak
@pytest.mark.skipif(platform.machine() != "x86_64", reason="making a call fail is written for x86-64")
@pytest.mark.parametrize("error", ERRORS, ids=("EIO", "ENOSPC"))
@pytest.mark.parametrize("part", range(SLICES))
def test_every_call_fails_once(tmp_path: Path, calls: list[tracing.Call], part: int, error: int) -> None:
    for number in range(1 + part, len(calls) + 1, SLICES):
        _failing(tmp_path, number, error)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="making a call fail is written for x86-64")
@pytest.mark.parametrize("error", [errno.EROFS, errno.ENOSPC], ids=("read-only", "full"))
@pytest.mark.parametrize("part", range(SAMPLE // 4))
def test_nothing_acknowledged_is_lost_when_a_disk_takes_no_more_from_some_moment_on(
    tmp_path: Path, calls: list[tracing.Call], part: int, error: int
) -> None:
    places = sweep.edges(calls)
    _failing(tmp_path, places[part * len(places) * 4 // SAMPLE], error, NEVER)


@pytest.mark.soak
@pytest.mark.skipif(platform.machine() != "x86_64", reason="making a call fail is written for x86-64")
@pytest.mark.parametrize("error", [errno.EROFS, errno.ENOSPC], ids=("read-only", "full"))
@pytest.mark.parametrize("part", range(SLICES))
def test_a_disk_takes_no_more_from_any_call_on(
    tmp_path: Path, calls: list[tracing.Call], part: int, error: int
) -> None:
    places = sweep.edges(calls)
    for number in places[part::SLICES]:
        _failing(tmp_path, number, error, NEVER)


def _failing(folder: Path, number: int, error: int, times: int = 1) -> None:
    store = folder / str(number)
    _, told, err = sweep.fail(folder / "work", store, number, error, times)
    # what the program was told is true; what it was not told came as an error of ours
    assert ["end"] in told or "runstone.errors." in err.strip().splitlines()[-1], err
    sweep.check(store, told, ("KILLED", "FAILED"))
    shutil.rmtree(store)
