"""Starting, ending, nesting and resuming runs; how a process's end becomes its runs' status."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

import runstone
from runstone.errors import InvalidParameter, NotFound, RunStateError, StorageBusy
from runstone.fluent import session

pytestmark = pytest.mark.everywhere


def status(run_id: str) -> str:
    return runstone.get_run(run_id).info.status


def test_the_active_run_is_none_then_the_run_then_none_again() -> None:
    assert runstone.active_run() is None
    with runstone.start_run() as run:
        active = runstone.active_run()
        assert active is not None
        assert active.info.run_id == run.info.run_id
        assert status(run.info.run_id) == "RUNNING"
    assert runstone.active_run() is None
    assert status(run.info.run_id) == "FINISHED"


def test_a_run_left_by_an_exception_failed_and_the_exception_goes_on() -> None:
    with pytest.raises(ZeroDivisionError), runstone.start_run() as run:
        _ = 1 / 0
    assert status(run.info.run_id) == "FAILED"


def test_a_run_left_by_an_interrupt_was_killed() -> None:
    with pytest.raises(KeyboardInterrupt), runstone.start_run() as run:
        raise KeyboardInterrupt
    assert status(run.info.run_id) == "KILLED"


@pytest.mark.parametrize(
    ("code", "expected"), [(0, "FINISHED"), (None, "FINISHED"), (3, "FAILED"), ("a message", "FAILED")]
)
def test_a_run_left_by_sys_exit_has_the_status_that_the_code_means(code: object, expected: str) -> None:
    with pytest.raises(SystemExit), runstone.start_run() as run:
        raise SystemExit(code)
    assert status(run.info.run_id) == expected


def test_a_second_run_needs_to_be_nested_and_the_error_says_how() -> None:
    with runstone.start_run() as outer:
        with pytest.raises(RunStateError, match=r"end_run\(\) first.*nested=True"):
            runstone.start_run()
        with runstone.start_run(nested=True) as inner:
            assert runstone.get_run(inner.info.run_id).data.tags["mlflow.parentRunId"] == outer.info.run_id
        active = runstone.active_run()
        assert active is not None
        assert active.info.run_id == outer.info.run_id
    parent = runstone.get_parent_run(inner.info.run_id)
    assert parent is not None
    assert parent.info.run_id == outer.info.run_id


def test_a_resumed_run_runs_again_without_an_end_and_keeps_what_it_had() -> None:
    with runstone.start_run() as first:
        runstone.log_param("alpha", 1)
        runstone.log_metric("loss", 1.0, step=1)
    with runstone.start_run(run_id=first.info.run_id) as again:
        assert again.info.end_time is None
        assert status(first.info.run_id) == "RUNNING"
        runstone.log_metric("loss", 0.5, step=2)
    run = runstone.get_run(first.info.run_id)
    assert (run.info.status, run.data.params, run.data.metrics) == ("FINISHED", {"alpha": "1"}, {"loss": 0.5})


def test_a_deleted_run_is_not_resumed_and_a_missing_one_is_named() -> None:
    with runstone.start_run() as run:
        pass
    runstone.delete_run(run.info.run_id)
    with pytest.raises(InvalidParameter, match="restore_run"):
        runstone.start_run(run_id=run.info.run_id)
    with pytest.raises(NotFound, match="feed"):
        runstone.start_run(run_id="feed" * 8)
    assert runstone.active_run() is None


def test_ending_with_a_status_that_is_none_leaves_the_run_active() -> None:
    with runstone.start_run() as run:
        with pytest.raises(InvalidParameter, match="BAD"):
            runstone.end_run("BAD")
        active = runstone.active_run()
        assert active is not None
        assert active.info.run_id == run.info.run_id


def test_ending_by_hand_inside_the_block_is_the_end() -> None:
    with runstone.start_run() as run:
        runstone.end_run("FAILED")
        assert runstone.active_run() is None
    assert status(run.info.run_id) == "FAILED"
    runstone.end_run()


def test_logging_without_a_run_starts_one() -> None:
    runstone.log_metric("loss", 0.5)
    active = runstone.active_run()
    assert active is not None
    runstone.end_run()
    assert runstone.get_run(active.info.run_id).data.metrics == {"loss": 0.5}


def test_a_thread_without_a_run_logs_to_the_one_that_is_active() -> None:
    with runstone.start_run() as run:
        worker = threading.Thread(target=runstone.log_metric, args=("from the worker", 2.0))
        worker.start()
        worker.join()
    assert runstone.get_run(run.info.run_id).data.metrics == {"from the worker": 2.0}
    assert len(runstone.search_runs(output_format="list")) == 1


def test_threads_with_runs_of_their_own_do_not_mix() -> None:
    ids: list[str] = []
    barrier = threading.Barrier(4, timeout=60)

    def train(number: int) -> None:
        with runstone.start_run() as run:
            ids.append(run.info.run_id)
            barrier.wait()
            for step in range(50):
                runstone.log_metric("number", number, step=step)
            runstone.log_param("number", number)

    workers = [threading.Thread(target=train, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    runs = [runstone.get_run(run_id) for run_id in ids]
    assert sorted(run.data.params["number"] for run in runs) == ["0", "1", "2", "3"]
    for run in runs:
        assert run.data.metrics["number"] == float(run.data.params["number"])
        assert run.info.status == "FINISHED"


def test_the_environment_may_name_the_run_once_and_the_experiment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "from the environment")
    with runstone.start_run() as run:
        pass
    experiment = runstone.get_experiment_by_name("from the environment")
    assert experiment is not None
    assert run.info.experiment_id == experiment.experiment_id
    monkeypatch.setenv("MLFLOW_RUN_ID", run.info.run_id)
    with runstone.start_run() as again:
        assert again.info.run_id == run.info.run_id
    with runstone.start_run() as fresh:
        assert fresh.info.run_id != run.info.run_id


def test_description_tags_and_name_are_on_the_run() -> None:
    with runstone.start_run(run_name="first try", tags={"team": 7}, description="a *note*") as run:
        pass
    tags = runstone.get_run(run.info.run_id).data.tags
    assert (tags["team"], tags["mlflow.note.content"], tags["mlflow.runName"]) == ("7", "a *note*", "first try")
    assert tags["mlflow.user"]
    with pytest.raises(InvalidParameter):
        runstone.start_run(tags={"mlflow.note.content": "a"}, description="b")


def test_the_last_active_run_is_as_the_store_has_it() -> None:
    assert runstone.last_active_run() is None
    with runstone.start_run():
        runstone.log_metric("loss", 3.0)
    last = runstone.last_active_run()
    assert last is not None
    assert (last.info.status, last.data.metrics) == ("FINISHED", {"loss": 3.0})


@pytest.mark.parametrize(
    "extra", [{"tags": {"bad\nkey": 1}}, {"tags": {"mlflow.note.content": "a"}, "description": "b"}]
)
def test_a_run_that_cannot_be_opened_again_keeps_its_end(extra: dict[str, Any]) -> None:
    with runstone.start_run() as run:
        pass
    ended = runstone.get_run(run.info.run_id).info
    with pytest.raises(InvalidParameter):
        runstone.start_run(run_id=run.info.run_id, **extra)
    assert runstone.get_run(run.info.run_id).info == ended


def test_a_run_stays_in_its_store_wherever_the_working_folder_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file.txt").write_text("x")
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    elsewhere.mkdir()
    with runstone.start_run() as run:
        monkeypatch.chdir(elsewhere)
        runstone.log_param("a", 1)
        runstone.log_params({"b": 2})
        runstone.set_tag("c", 3)
        runstone.log_metric("d", 4)
        runstone.log_text("text", "text.txt")
        runstone.log_artifact(str(tmp_path / "file.txt"))
    assert list(elsewhere.iterdir()) == []
    monkeypatch.chdir(tmp_path)
    found = runstone.get_run(run.info.run_id)
    assert (found.data.params, found.data.metrics) == ({"a": "1", "b": "2"}, {"d": 4.0})
    assert [file.path for file in runstone.artifacts.list_artifacts(run_id=run.info.run_id)] == ["file.txt", "text.txt"]


def test_a_run_deleted_while_it_is_active_ends_quietly_and_keeps_its_points() -> None:
    run = runstone.start_run()
    runstone.log_metric("loss", 1)
    runstone.delete_run(run.info.run_id)
    with pytest.warns(UserWarning, match="were not recorded"):
        runstone.end_run()
    found = runstone.get_run(run.info.run_id)
    assert (found.info.status, found.info.lifecycle_stage, found.data.metrics) == ("FINISHED", "deleted", {"loss": 1.0})
    assert run.info.run_id not in session._held


@pytest.mark.folder
def test_an_end_that_the_store_was_too_busy_for_can_be_said_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_BUSY_TIMEOUT", "0.05")
    monkeypatch.setenv("RUNSTONE_CONSOLE", "false")
    monkeypatch.setenv("RUNSTONE_PROVENANCE", "false")
    monkeypatch.setenv("RUNSTONE_DIFF_LIMIT", "0")
    run = runstone.start_run()
    (database,) = Path(session.client()._folder).glob("*.db")
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageBusy):
        runstone.end_run()
    other.close()
    runstone.end_run()
    assert runstone.active_run() is None
    assert status(run.info.run_id) == "FINISHED"


def test_a_run_that_the_environment_names_is_kept_in_mind_until_it_could_be_resumed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with runstone.start_run() as run:
        pass
    runstone.delete_run(run.info.run_id)
    monkeypatch.setenv("MLFLOW_RUN_ID", run.info.run_id)
    with pytest.raises(InvalidParameter, match="deleted"):
        runstone.start_run()
    runstone.restore_run(run.info.run_id)
    with runstone.start_run() as again:
        assert again.info.run_id == run.info.run_id


def test_of_two_processes_that_resume_a_run_at_once_one_joins_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONSOLE", "PROVENANCE"):
        monkeypatch.setenv(f"RUNSTONE_{name}", "0")
    monkeypatch.setenv("RUNSTONE_DIFF_LIMIT", "0")
    with runstone.start_run() as run:
        pass
    for _ in range(5):
        gate, told, leave = os.pipe(), os.pipe(), os.pipe()
        children = []
        for _ in range(2):
            child = os.fork()
            if child == 0:
                try:
                    os.close(gate[1])
                    os.close(leave[1])
                    os.read(gate[0], 1)
                    runstone.start_run(run.info.run_id)
                    os.write(told[1], b"joined " if session._held[run.info.run_id].joined else b"first ")
                    os.read(leave[0], 1)
                finally:
                    os._exit(0)
            children.append(child)
        os.close(gate[1])
        said = b""
        while len(said.split()) < 2 or not said.endswith(b" "):
            said += os.read(told[0], 100)
        os.close(leave[1])
        for child in children:
            os.waitpid(child, 0)
        for end in (gate[0], *told, leave[0]):
            os.close(end)
        assert sorted(said.split()) == [b"first", b"joined"]
