"""What happened in a run, in its order."""

from __future__ import annotations

from pathlib import Path

import pytest

import runstone
from runstone.client import Client
from runstone.errors import NotFound

pytestmark = pytest.mark.everywhere


def test_it_tells_of_metrics_files_versions_and_children(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b\n")
    with runstone.start_run() as run:
        began = run.info.start_time
        for step in range(3):
            runstone.log_metric("loss", 1.0, step=step, timestamp=began + 10 * step)
        runstone.log_metric("system/cpu", 1.0, timestamp=began + 5)
        runstone.log_metric("system/disk", 1.0, timestamp=began + 15)
        for name in ("a", "b"):
            runstone.log_text(name, f"texts/{name}.txt")
        runstone.log_artifact(tmp_path / "table.csv", name="table")
        runstone.use_artifact("table:v0")
        with runstone.start_run(run_name="fold", nested=True) as child:
            pass
    timeline = Client().get_run_timeline(run.info.run_id)
    assert [event.time for event in timeline.events] == sorted(event.time for event in timeline.events)
    found = {(event.kind, event.name): event for event in timeline.events}
    loss = found["metric", "loss"]
    assert (loss.time, loss.end, loss.count) == (began, began + 20, 3)
    system = found["system", "system metrics"]
    assert (system.time, system.end, system.count) == (began + 5, began + 15, 2)
    assert sum(event.count for event in timeline.events if event.kind == "file") == 3
    assert ("file", "table.csv") in found
    assert {"made", "used"} <= {event.kind for event in timeline.events if event.name == "table:v0"}
    assert found["run", "fold"].id == child.info.run_id
    assert not timeline.truncated


def test_of_a_run_that_is_not_there_it_says_so() -> None:
    with pytest.raises(NotFound):
        Client().get_run_timeline("0" * 32)
