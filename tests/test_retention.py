"""Rules of what is kept of an experiment: what they let go is said with its reason, and what must stay stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.old_runs import DAY, make

import runstone
from runstone.errors import InvalidParameter, NotFound, RunstoneError
from runstone.operations import expiring
from runstone.store.retention import Facts

pytestmark = pytest.mark.everywhere


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_PRUNE_GRACE", "0")


@pytest.fixture
def client() -> runstone.Client:
    return runstone.Client(runstone.get_tracking_uri())


def left(client: runstone.Client) -> set[str]:
    return {str(run.info.run_name) for run in client.search_runs(["0"])}


def files(client: runstone.Client, run_id: str) -> list[str]:
    return [file.path for file in client.list_artifacts(run_id)]


def test_checkpoints_of_all_but_the_best_and_the_last_go_and_nothing_else(client: runstone.Client) -> None:
    ids = make(client, 0.1, 0.9, 0.5, float("nan"), 0.7, 0.8)
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
    client.set_retention("0", older_than=0)
    client.prune()
    assert left(client) == set()


def test_what_has_no_value_of_the_metric_is_not_the_worst_and_stays(client: runstone.Client) -> None:
    ids = make(client, 0.1, None, 0.5, None)
    client.set_retention("0", "checkpoints/*", keep_best=1, metric="loss", mode="min")
    client.set_retention("0", keep_best=1, metric="loss", mode="min")
    plan = client.plan_prune()
    assert [(rule.rule.applies_to, rule.runs, rule.uncompared, rule.going) for rule in plan.rules] == [
        ("runs", 4, 2, 1),
        ("checkpoints/*", 4, 2, 1),
    ]
    assert {expiry.run_id for expiry in plan.expiries} == {ids[2]}
    client.prune()
    assert left(client) == {"r0", "r1", "r3"}


@pytest.mark.parametrize("mode", ["min", "max"])
def test_a_rule_by_a_metric_that_no_run_has_any_more_lets_nothing_go(client: runstone.Client, mode: Any) -> None:
    ids = make(client, 0.1, None, float("nan"), float("nan"))
    for about in ("runs", "checkpoints/*"):
        client.set_retention("0", about, older_than=0, keep_last=1, keep_best=1, metric="loss", mode=mode)
    assert {expiry.run_id for expiry in client.plan_prune().expiries} == {ids[2]}, "a number, no metric, the last one"
    client.delete_run(ids[0])
    plan = client.plan_prune()
    assert plan.expiries == []
    assert [(rule.runs, rule.uncompared, rule.going) for rule in plan.rules] == [(3, 3, 0)] * 2
    done = client.prune()
    assert (done.deleted, done.files) == (0, 0)


def test_a_sweep_is_judged_by_those_of_its_runs_that_have_the_metric(client: runstone.Client) -> None:
    make(client, 0.1)

    def sweep(name: str, *losses: float | None) -> None:
        parent = client.create_run("0", DAY, run_name=name).info.run_id
        client.set_terminated(parent, end_time=DAY)
        for number, loss in enumerate(losses):
            child = client.create_run("0", DAY, {"mlflow.parentRunId": parent}, run_name=f"{name}{number}").info.run_id
            if loss is not None:
                client.log_metric(child, "loss", loss)
            client.set_terminated(child, end_time=DAY)

    sweep("worse", 0.5, None)
    sweep("best", 0.05, None, 0.9)
    sweep("unknown", None)
    client.set_retention("0", keep_best=1, metric="loss", mode="min")
    client.prune()
    assert left(client) == {"best", "best0", "best1", "best2", "unknown", "unknown0"}


def test_only_runs_that_hold_such_files_take_a_place(client: runstone.Client) -> None:
    ids = make(client, 0.3, 0.2, 0.1)
    for number in range(3):  # of evaluations: later, better, and without checkpoints
        run_id = client.create_run("0", DAY * (10 + number), run_name=f"evaluation{number}").info.run_id
        client.log_metric(run_id, "loss", 0.01)
        client.log_files(run_id, {"report.json": b"{}", ".runstone/checkpoints/1": b""})
        client.set_terminated(run_id, end_time=DAY * 20)
    client.set_retention("0", "checkpoints/*", keep_last=2)
    client.set_retention("0", "model.pt", keep_best=1, metric="loss", mode="min")
    client.set_retention("0", "checkpoints", keep_last=3)
    plan = client.plan_prune()
    assert {(expiry.applies_to, expiry.run_id) for expiry in plan.expiries} == {
        ("checkpoints/*", ids[0]),
        ("model.pt", ids[0]),
        ("model.pt", ids[1]),
    }
    assert {rule.runs for rule in plan.rules} == {3}
    client.prune()
    assert [files(client, run_id) for run_id in ids] == [[], ["checkpoints"], ["checkpoints", "model.pt"]]
    assert client.plan_prune().expiries == []


def test_a_metric_that_no_run_has_is_refused_with_those_there_are(client: runstone.Client) -> None:
    with pytest.raises(InvalidParameter, match=r"nor any other yet.*force=True"):
        client.set_retention("0", keep_best=1, metric="loss", mode="min")
    (run_id,) = make(client, 0.1)
    for name in ("train/loss", "accuracy", "lr", "epoch", "f1"):
        client.log_metric(run_id, name, 1.0)
    with pytest.raises(InvalidParameter, match=r"'Default' has the metric 'lossy'\. There are 'loss', .* and 1 more"):
        client.set_retention("0", keep_best=1, metric="lossy", mode="min")
    with pytest.raises(InvalidParameter, match="There are 'accuracy', "):
        client.set_retention("0", "*.pt", keep_best=1, metric="acuracy", mode="max")
    assert client.get_retention() == []
    rule = client.set_retention("0", keep_best=1, metric="val/loss", mode="min", force=True)
    assert (rule.metric, rule.experiment_name) == ("val/loss", "Default")
    client.delete_run(run_id)
    with pytest.raises(InvalidParameter, match="nor any other yet"):
        client.set_retention("0", keep_best=1, metric="loss", mode="min")


def test_a_metric_that_this_process_logs_at_the_moment_is_there(client: runstone.Client) -> None:
    with runstone.start_run(experiment_id="0"):
        runstone.log_metric("loss", 1.0)
        assert client.set_retention("0", keep_best=1, metric="loss", mode="min").mode == "min"


@pytest.mark.folder
def test_a_pattern_of_an_older_runstone_that_means_nothing_by_now_lets_nothing_go(client: runstone.Client) -> None:
    from runstone.operations.engine import Engine
    from runstone.store import retention

    make(client, 0.1)
    engine = Engine(client.tracking_uri.removeprefix("file://"))
    with engine.database.write() as connection:
        retention.put(connection, retention.Row(0, "[check", 0, None, None, None, None, "", 0))
    engine.close()
    assert [rule.runs for rule in client.plan_prune().rules] == [0]
    assert client.prune().files == 0


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
        {"keep_last": 0},
        {"keep_best": 0, "metric": "loss", "mode": "min"},
        {"keep_best": 1, "metric": "loss"},
        {"keep_best": 1, "mode": "max"},
        {"metric": "loss", "mode": "max"},
        {"keep_last": "5"},
        {"keep_last": 1.5},
        {"keep_last": True},
        {"keep_last": 10**30},
        {"keep_last": [1]},
        {"older_than": "30d"},
        {"older_than": True},
        {"older_than": [30]},
        {"older_than": float("nan")},
        {"older_than": 10**400},
        {"older_than": timedelta(days=-1)},
        {"keep_best": 1, "metric": ["loss"], "mode": "min"},
        {"keep_best": 1, "metric": 5, "mode": "min"},
        {"keep_best": 1, "metric": "loss", "mode": ["min"]},
        {"keep_best": 1, "metric": "loss", "mode": "MIN"},
        {"keep_best": 1, "metric": "loss", "mode": "min", "force": "yes"},
        {"keep_last": 1, "applies_to": None},
        {"keep_last": 1, "applies_to": ["*.pt", "*.ckpt"]},
        {"keep_last": 1, "applies_to": "!*.pt"},
        {"keep_last": 1, "applies_to": "[a"},
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
    make(client, 0.1)
    with pytest.raises(InvalidParameter):
        client.set_retention("0", **wrong)
    assert client.get_retention() == []


def test_what_is_no_number_or_text_is_refused_in_a_sentence(client: runstone.Client) -> None:
    import numpy

    make(client, 0.1)
    with pytest.raises(InvalidParameter, match=r"older_than.*timedelta\(days=30\)"):
        client.set_retention("0", older_than="30d")  # type: ignore[arg-type]
    with pytest.raises(InvalidParameter, match=r"mode='min'.*no default"):
        client.set_retention("0", keep_best=1, metric="loss")
    with pytest.raises(InvalidParameter, match=r"keep_best.*1 to"):
        client.set_retention("0", keep_best=0, metric="loss", mode="min")
    for ask in (client.prune, client.plan_prune):
        with pytest.raises(InvalidParameter, match=r"keep_deleted.*seconds"):
            ask("7d")  # type: ignore[arg-type]
    with pytest.raises(InvalidParameter, match="limit"):
        client.usage("all")  # type: ignore[arg-type]
    with pytest.raises(InvalidParameter, match="applies_to"):
        client.delete_retention("0", 5)  # type: ignore[arg-type]
    assert client.set_retention("0", keep_last=numpy.int64(3)).keep_last == 3  # type: ignore[arg-type]
    assert client.plan_prune(timedelta(days=7)).keep_deleted == 7 * 86400


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
