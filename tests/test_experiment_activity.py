"""How much there is in each experiment."""

from __future__ import annotations

import pytest

import runstone
from runstone.client import Client

pytestmark = pytest.mark.everywhere


def test_deleted_runs_are_not_counted_and_those_under_way_are() -> None:
    client = Client()
    full = client.create_experiment("full")
    client.create_experiment("empty")
    runs = [client.create_run(full, start_time=1_000 * number) for number in range(1, 4)]
    client.set_terminated(runs[0].info.run_id)
    client.delete_run(runs[2].info.run_id)
    with runstone.start_run():
        (default, found) = client.get_experiment_activity()
    assert (default.experiment_id, default.runs, default.running) == ("0", 1, 1)
    assert (found.experiment_id, found.runs, found.running, found.last_start_time) == (full, 2, 1, 2_000)
