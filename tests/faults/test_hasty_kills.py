"""A process that waits for none of its files is killed before each of its system calls: what a call returned for is stored by the next reader."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from tests.faults import hasty_victim, sweep
from tests.faults.hasty_victim import FILES
from tests.support import tracing

import runstone
from runstone.client import spool

pytestmark = pytest.mark.skipif(tracing.can_trace() is not None, reason=str(tracing.can_trace()))

VICTIM = Path(hasty_victim.__file__)
SAMPLE = 16
SLICES = 4
NEVER = 10**9


@functools.cache
def calls_of_all(folder: Path) -> list[tracing.Call]:
    calls, told = sweep.kill(folder / "work", folder / "store", NEVER, VICTIM)
    assert told[-1] == ["end"]
    check(folder / "store", told)
    return calls


@pytest.fixture
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[tracing.Call]:
    """The calls of a victim that nobody kills."""
    return calls_of_all(tmp_path_factory.getbasetemp() / "hasty")


def check(store: Path, told: list[list[Any]]) -> None:
    """Of each path what was logged last is there, or what was under way; whole, and stored for good by who looked."""
    client = runstone.Client(store)
    for run_id in [words[1] for words in told if words[0] == "run"]:
        there = {file.path for file in client.list_artifacts(run_id)}
        for path, contents in FILES.items():
            returned = [words[2] for words in told if words[:2] == ["returned", path]]
            begun = [words[2] for words in told if words[:2] == ["begun", path]]
            if returned:
                assert path in there, f"{path} is gone"
            if path in there:
                data = client.read_artifact(run_id, path)
                assert data in contents[max(returned, default=0) : max(begun, default=-1) + 1], path
        assert not spool.has_files(str(store), run_id)
        client.log_text(run_id, "afterwards", "small.txt")
        assert client.read_artifact(run_id, "small.txt") == b"afterwards"
    assert client.verify() == []


@pytest.mark.parametrize("part", range(SAMPLE))
def test_what_a_call_returned_for_is_there_wherever_the_process_is_killed(
    tmp_path: Path, calls: list[tracing.Call], part: int
) -> None:
    places = sweep.edges(calls)
    _, told = sweep.kill(tmp_path / "work", tmp_path / "store", places[part * len(places) // SAMPLE], VICTIM)
    check(tmp_path / "store", told)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(SLICES))
def test_it_is_killed_at_every_call_it_makes(tmp_path: Path, calls: list[tracing.Call], part: int) -> None:
    for number in range(1 + part, len(calls) + 1, SLICES):
        _, told = sweep.kill(tmp_path / "work", tmp_path / str(number), number, VICTIM)
        check(tmp_path / str(number), told)
