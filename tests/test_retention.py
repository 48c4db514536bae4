"""Rules of what is kept of an experiment: what they let go is said with its reason, and what must stay stays."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import runstone
from runstone.cli import main
from runstone.errors import InvalidParameter, NotFound, RunstoneError
from runstone.operations import expiring
from runstone.store.retention import Facts

pytestmark = pytest.mark.everywhere
DAY = 86_400_000


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_PRUNE_GRACE", "0")


@pytest.fixture
def client() -> runstone.Client:
    return runstone.Client(runstone.get_tracking_uri())


def make(client: runstone.Client, *losses: float | None, **tags: str) -> list[str]:
    """Runs that ended long ago, each a day after the one before, with checkpoints and a model."""
    made = []
    for number, loss in enumerate(losses):
        run_id = client.create_run("0", DAY * (number + 1), tags, run_name=f"r{number}").info.run_id
        if loss is not None:
            client.log_metric(run_id, "loss", loss)
        client.log_files(run_id, {"checkpoints/1.pt": b"1", "checkpoints/deep/2.pt": b"22", "model.pt": b"model"})
        client.set_terminated(run_id, end_time=DAY * (number + 1) + 1000)
        made.append(run_id)
    return made


def left(client: runstone.Client) -> set[str]:
    return {str(run.info.run_name) for run in client.search_runs(["0"])}


def files(client: runstone.Client, run_id: str) -> list[str]:
    return [file.path for file in client.list_artifacts(run_id)]


def test_checkpoints_of_all_but_the_best_and_the_last_go_and_nothing_else(client: runstone.Client) -> None:
    ids = make(client, 0.1, 0.9, 0.5, None, 0.7, 0.8)
    client.set_retention("0", "checkpoints/*", keep_last=1, keep_best=2, metric="loss", mode="min")
    plan = client.plan_prune()
    assert {expiry.run_id for expiry in plan.expiries} == {ids[1], ids[3], ids[4]}
    (one,) = [expiry for expiry in plan.expiries if expiry.run_id == ids[1]]
    assert (one.applies_to, one.files, one.size, one.name) == ("checkpoints/*", 2, 3, "r1")
    assert one.reason == "not of the last 1, not of the best 2 by loss:min"
    assert plan.files == 6
    assert len(files(client, ids[1])) == 2, "a plan changes nothing"
    done = client.prune()
    assert (done.files, done.deleted, done.runs) == (6, 0, 0)
    for number, run_id in enumerate(ids):
        assert files(client, run_id) == (["model.pt"] if number in (1, 3, 4) else ["checkpoints", "model.pt"])
    assert client.read_artifact(ids[1], "model.pt") == b"model"
    assert client.plan_prune().expiries == []
    assert client.verify() == []


def test_whole_runs_are_deleted_as_by_hand_and_go_for_good_later(client: runstone.Client) -> None:
    ids = make(client, 0.1, 0.2, 0.3)
    client.set_retention("0", older_than=timedelta(days=30), keep_best=1, metric="loss", mode="min")
    plan = client.plan_prune()
    assert [expiry.reason for expiry in plan.expiries] == [
        "ended more than 30 days ago, not of the best 1 by loss:min"
    ] * 2
    assert (plan.files, plan.younger) == (0, 2)
    done = client.prune()
    assert (done.deleted, done.runs) == (2, 0)
    assert left(client) == {"r0"}
    client.restore_run(ids[1])
    assert client.read_artifact(ids[1], "model.pt") == b"model"
    assert client.plan_prune(0).files == 6
    done = client.prune(0)
    assert (done.deleted, done.runs) == (1, 2)
    with pytest.raises(RunstoneError, match="not found"):
        client.get_run(ids[1])


def test_what_is_younger_stays(client: runstone.Client) -> None:
    make(client, 0.1)
    young = client.create_run("0", run_name="young").info.run_id
    client.set_terminated(young)
    client.set_retention("0", older_than=3600)
    client.prune()
    assert left(client) == {"young"}


def test_runs_under_way_pinned_ones_and_sources_of_versions_stay(client: runstone.Client) -> None:
    running = client.create_run("0", DAY, run_name="running").info.run_id
    client.log_bytes(running, b"1", "checkpoints/1")
    pinned, source, unpinned = make(client, 0.1, 0.2, 0.3)
    client.set_tag(pinned, "runstone.pinned", "true")
    client.set_tag(unpinned, "runstone.pinned", "false")
    client.create_registered_model("m")
    client.create_model_version("m", f"runs:/{source}/model.pt", source)
    client.set_retention("0", older_than=0)
    client.set_retention("0", "checkpoints/*", older_than=0)
    client.prune(0)
    assert left(client) == {"running", "r0", "r1"}
    assert files(client, running) == ["checkpoints"]
    assert files(client, source) == files(client, pinned) == ["checkpoints", "model.pt"]


def test_named_versions_outlive_the_runs_that_made_them(client: runstone.Client) -> None:
    from pathlib import Path

    (run_id,) = make(client, 0.1)
    Path("data.csv").write_bytes(b"a,b\n")
    client.log_artifact(run_id, "data.csv", name="table")
    client.set_retention("0", older_than=0)
    client.prune(0)
    assert left(client) == set()
    assert client.usage().versions[0].id == "table:v0"
    assert client.verify() == []


def test_a_sweep_and_its_trials_go_together_or_not_at_all(client: runstone.Client) -> None:
    parent = make(client, 0.5)[0]
    for number in range(2):
        child = client.create_run("0", DAY * (5 + number), {"mlflow.parentRunId": parent}, run_name=f"c{number}").info
        client.set_terminated(child.run_id, end_time=DAY * 6)
    client.set_retention("0", keep_last=1)
    client.prune()
    assert left(client) == {"r0", "c0", "c1"}
    client.set_retention("0", keep_last=0)
    client.prune()
    assert left(client) == set()


def test_a_family_of_several_experiments_goes_together_or_not_at_all(client: runstone.Client) -> None:
    (parent,) = make(client, 0.1)
    other = client.create_experiment("trials")
    child = client.create_run(other, DAY, {"mlflow.parentRunId": parent}, run_name="child").info.run_id
    client.set_terminated(child, end_time=DAY)
    client.set_retention("0", older_than=0)
    assert client.plan_prune().expiries == [], "its child is kept"
    client.set_retention(other, older_than=0)
    client.set_tag(child, "runstone.pinned", "true")
    assert client.plan_prune().expiries == []
    client.set_tag(child, "runstone.pinned", "false")
    assert client.prune().deleted == 2


def test_rules_are_shown_changed_and_taken_away(client: runstone.Client) -> None:
    rule = client.set_retention("0", "*.ckpt", keep_last=3)
    assert (rule.applies_to, rule.keep_last) == ("*.ckpt", 3)
    assert rule.time > 0
    client.set_retention("0", "*.ckpt", keep_last=2)
    client.set_retention("0", older_than=10)
    other = client.create_experiment("other")
    client.set_retention(other, keep_last=1)
    assert [(found.applies_to, found.keep_last) for found in client.get_retention("0")] == [
        ("runs", None),
        ("*.ckpt", 2),
    ]
    assert len(client.get_retention()) == 3
    client.delete_retention("0", "*.ckpt")
    with pytest.raises(RunstoneError) as error:
        client.delete_retention("0", "*.ckpt")
    assert error.value.error_code == NotFound.code
    client.delete_experiment(other)
    assert client.prune(0).experiments == 1
    assert [found.experiment_id for found in client.get_retention()] == ["0"]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"keep_last": -1},
        {"older_than": -5},
        {"keep_best": 1},
        {"metric": "loss"},
        {"keep_best": 1, "metric": "loss", "mode": "most"},
        {"keep_last": 1, "mode": "max"},
        {"keep_last": 1, "applies_to": ""},
        {"keep_last": 1, "applies_to": "/"},
        {"keep_last": 1, "applies_to": "x" * 2000},
        {"keep_best": 1, "metric": "a//b"},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(client: runstone.Client, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameter):
        client.set_retention("0", **wrong)
    assert client.get_retention() == []


Command = Callable[..., tuple[int, str, str]]


def test_the_terminal_sets_shows_and_removes(
    client: runstone.Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["runstone", "--store", client.tracking_uri, *words])
        capsys.readouterr()
        try:
            main()
            code: Any = 0
        except SystemExit as ended:
            code = ended.code or 0
        return (code, *capsys.readouterr())

    make(client, 0.1, 0.2)
    assert command("retention")[2] == "No rules here: everything is kept.\n"
    words = ("--files", "checkpoints/*", "--older-than", "30d", "--keep-best", "loss:min", "1")
    code, out, told = command("retention", "set", "Default", *words)
    assert code == 0
    assert out.splitlines()[1].split("\t")[:5] == ["0", "checkpoints/*", "30d", "", "1 by loss:min"]
    assert "prune --dry-run" in told
    code, out, _ = command("prune", "--dry-run")
    assert "2 files checkpoints/* of r1" in out
    assert "ended more than 30 days ago, not of the best 1 by loss:min" in out
    assert json.loads(command("retention", "list", "Default", "--json")[1])[0]["keep_best"] == 1
    assert "2 files of others" in command("prune", "--yes")[1]
    assert command("retention", "set", "Default", "--keep-best", "loss", "many")[0] == 1
    assert command("retention", "set", "Default")[0] == 1
    assert command("retention", "remove", "Default", "--files", "checkpoints/*", "--json")[1].strip() == "[]"
    assert command("retention", "remove", "Default")[0] == 1


facts = st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 9), st.integers(-1, 7)), max_size=8)


@pytest.mark.folder
@given(facts)
def test_no_family_is_torn_apart(given_facts: list[tuple[bool, bool, int, int]]) -> None:
    found = [
        Facts(row, str(row), "", running, 0, end, None if parent < 0 else str(parent), pinned)
        for row, (running, pinned, end, parent) in enumerate(given_facts)
    ]
    going = [run for run in found if run.end < 5]
    gone = {run.row for run in expiring._whole_families(going, found)}
    assert gone <= {run.row for run in going if not run.running and not run.pinned}
    for run in found:
        if run.parent is not None and int(run.parent) < len(found):
            assert (run.row in gone) == (int(run.parent) in gone), "a child and its parent go together"
