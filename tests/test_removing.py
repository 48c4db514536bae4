"""A run whose files are plain ones is removed for good: from the first file on it is not restored, and whoever breaks off goes on later."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import runstone
from runstone.errors import Conflict
from runstone.operations.engine import Engine
from runstone.operations.experiments import ExperimentId, restore_experiment
from runstone.operations.locations import Locations, named_locations
from runstone.operations.pruning import Prune, prune
from runstone.operations.runs import RunId, restore_run


class Watched:
    """A place that does something when the first file of a run is gone."""

    def __init__(self, place: Any, then: Callable[[], object]) -> None:
        self.place, self.then = place, then

    def delete(self, path: str) -> None:
        self.then()
        self.place.delete(path)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    client = runstone.Client(tmp_path / "store")
    experiment = client.create_experiment("plain")
    run_id = client.create_run(experiment, run_name="one").info.run_id
    file = tmp_path / "plain" / experiment / run_id / "artifacts" / "file"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"plain")
    client.delete_experiment(experiment)
    return Engine(str(tmp_path / "store"))


def watch(engine: Engine, tmp_path: Path, then: Callable[[], object]) -> None:
    place: Any = Watched(named_locations(None, str(tmp_path / "plain")).destination, then)
    engine.locations = Locations(destination=place)


def only_run(engine: Engine) -> tuple[str, str]:
    with engine.database.read() as connection:
        row: tuple[str, str] = connection.execute("SELECT run_id, lifecycle_stage FROM run").fetchone()
    return row


def test_a_run_is_not_restored_while_its_files_go(engine: Engine, tmp_path: Path) -> None:
    run_id, refused = only_run(engine)[0], []

    def restore() -> None:
        with pytest.raises(Conflict, match="being removed for good"):
            restore_run.function(engine, RunId(run_id))
        restore_experiment.function(engine, ExperimentId("1"))
        refused.append(only_run(engine)[1])

    watch(engine, tmp_path, restore)
    assert prune.function(engine, Prune(0)).runs == 1
    assert refused == ["deleted"], "an experiment is restored without it"
    assert list((tmp_path / "plain").rglob("file")) == []
    with engine.database.read() as connection:
        assert connection.execute("SELECT count(*) FROM removal UNION SELECT count(*) FROM run").fetchall() == [(0,)]


def test_a_removal_that_broke_off_goes_on_however_long_what_is_deleted_is_kept(engine: Engine, tmp_path: Path) -> None:
    def broken() -> None:
        raise OSError("the place is away")

    watch(engine, tmp_path, broken)
    with pytest.raises(OSError, match="away"):
        prune.function(engine, Prune(0))
    run_id, stage = only_run(engine)
    assert stage == "deleted"
    with pytest.raises(Conflict):
        restore_run.function(engine, RunId(run_id))
    watch(engine, tmp_path, lambda: None)
    assert prune.function(engine, Prune(10_000)).runs == 1
    assert list((tmp_path / "plain").rglob("file")) == []
