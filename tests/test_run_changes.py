"""Many runs changed at once: all or none."""

from __future__ import annotations

import pytest

import runstone
from runstone.client import Client
from runstone.errors import InvalidParameter, NotFound
from runstone.operations.run_changes import RUNS, TAGS

pytestmark = pytest.mark.everywhere


def begun(count: int) -> list[str]:
    ids = []
    for _ in range(count):
        with runstone.start_run() as run:
            ids.append(run.info.run_id)
    return ids


def test_many_runs_are_deleted_restored_and_tagged_at_once() -> None:
    one, two, other = begun(3)
    client = Client()
    assert client.change_runs([one, two, one], "deleted") == 2
    assert [run.info.run_id for run in client.search_runs(["0"])] == [other]
    assert client.change_runs([one, two], "active", {"team": "vision", "mlflow.runName": "named"}) == 2
    found = client.search_runs(["0"], "tags.team = 'vision' AND attributes.run_name = 'named'")
    assert {run.info.run_id for run in found} == {one, two}


def test_either_all_runs_are_changed_or_none() -> None:
    one, deleted = begun(2)
    client = Client()
    client.delete_run(deleted)
    with pytest.raises(NotFound):
        client.change_runs([one, "0" * 32], "deleted")
    with pytest.raises(InvalidParameter, match="active"):
        client.change_runs([one, deleted], tags={"team": "vision"})
    run = client.get_run(one)
    assert (run.info.lifecycle_stage, "team" in run.data.tags) == ("active", False)
    with pytest.raises(InvalidParameter):
        client.change_runs([one], "gone")
    with pytest.raises(InvalidParameter, match=str(RUNS)):
        client.change_runs([one] * (RUNS + 1), "deleted")
    with pytest.raises(InvalidParameter, match=str(TAGS)):
        client.change_runs([one], tags={f"tag-{number}": "x" for number in range(TAGS + 1)})
    with pytest.raises(InvalidParameter, match="key"):
        client.change_runs([one], tags={"team": "vision", "k" * 300: "x"})
    assert "team" not in client.get_run(one).data.tags
