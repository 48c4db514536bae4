"""Checkpoints that are logged models: the best and the last of each run stay, by a rule or at once, and what must stay stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.support.terminals import Command

import runstone
from runstone.client import Client
from runstone.errors import InvalidParameter, NotFound, RunstoneError

pytestmark = pytest.mark.everywhere


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_PRUNE_GRACE", "0")


@pytest.fixture
def client() -> Client:
    return runstone.Client(runstone.get_tracking_uri())


def checkpoint(client: Client, run_id: str, name: str = "ckpt", loss: float | None = None, ready: bool = True) -> str:
    """A logged model of a run with a file of its own, and a loss."""
    model_id = client.create_logged_model("0", name, run_id).model_id
    client.log_bytes(model_id, model_id.encode() * 10_000, "weights")
    if loss is not None:
        client.log_metric(run_id, "loss", loss, model_id=model_id)
    if ready:
        client.finalize_logged_model(model_id, "READY")
    return model_id


@pytest.fixture
def made(client: Client) -> Callable[..., tuple[str, list[str]]]:
    """Makes a run with a checkpoint for each loss; the run's id, and theirs."""

    def make(*losses: float | None, **options: Any) -> tuple[str, list[str]]:
        run_id = client.create_run("0").info.run_id
        return run_id, [checkpoint(client, run_id, loss=loss, **options) for loss in losses]

    return make


def left(client: Client) -> set[str]:
    return {model.model_id for model in client.search_logged_models(["0"])}


def test_the_best_and_the_last_of_each_run_stay(client: Client, made: Any) -> None:
    one, ids = made(0.5, 0.1, 0.9, float("nan"), 0.3, 0.8)
    _, others = made(5, 7, 6)
    checkpoint(client, one, "final", 9.0)
    client.set_retention("0", "models:ckpt", keep_best=2, metric="loss", mode="min", keep_last=1)
    plan = client.plan_prune()
    assert {expiry.model_id for expiry in plan.expiries} == {ids[0], ids[2], ids[3], others[1]}
    (first,) = [expiry for expiry in plan.expiries if expiry.model_id == ids[0]]
    assert (first.applies_to, first.run_id, first.name, first.files, first.size) == (
        "models:ckpt",
        one,
        "ckpt",
        1,
        340_000,
    )
    assert first.reason == "not of the last 1, not of the best 2 by loss:min among its run's"
    assert [(rule.runs, rule.uncompared, rule.going) for rule in plan.rules] == [(9, 0, 4)]
    assert len(left(client)) == 10, "a plan changes nothing"
    done = client.prune()
    assert (done.deleted_models, done.deleted, done.models) == (4, 0, 0)
    assert left(client) >= {ids[1], ids[4], ids[5], others[0], others[2]}
    assert client.plan_prune().expiries == []
    assert client.plan_prune(0).files == 4
    done = client.prune(0)
    assert (done.models, done.freed > 0) == (4, True)
    assert client.read_artifact(ids[1], "weights")[:34] == ids[1].encode()
    assert client.verify() == []


def test_greatest_is_best_where_that_is_said_and_a_name_may_be_a_pattern(client: Client, made: Any) -> None:
    run_id, ids = made(0.5, 0.1, 0.9)
    other = checkpoint(client, run_id, "best", 0.7)
    client.set_retention("0", "models:*", keep_best=1, metric="loss", mode="max")
    client.prune()
    assert left(client) == {ids[2]}
    client.delete_retention("0", "models:*")
    assert client.get_retention() == []
    with pytest.raises(NotFound):
        client.get_logged_model(other)


def test_what_must_stay_stays(client: Client, made: Any) -> None:
    run_id, ids = made(0.1, 0.2, 0.3, 0.4, None)
    pending = checkpoint(client, run_id, loss=0.9, ready=False)
    client.create_registered_model("m")
    client.create_model_version("m", f"models:/{ids[1]}")
    client.set_logged_model_tags(ids[2], {"runstone.pinned": "true"})
    pinned, theirs = made(0.1, 0.2)
    client.set_tag(pinned, "runstone.pinned", "true")
    twice, measured = made(0.1, None)
    for digest in ("a", "b"):
        client.log_metric(twice, "loss", 9, dataset_name="d", dataset_digest=digest, model_id=measured[1])
    client.set_retention("0", "models:ckpt", keep_best=1, metric="loss", mode="min")
    (rule,) = client.plan_prune().rules
    assert (rule.runs, rule.uncompared, rule.going) == (9, 2, 1)
    client.prune(0)
    assert left(client) == {ids[0], ids[1], ids[2], ids[4], pending, *theirs, *measured}
    client.set_retention("0", "models:ckpt", older_than=3600)
    assert client.plan_prune().expiries == []


def test_models_without_any_number_are_not_compared(client: Client, made: Any) -> None:
    made(float("nan"), None, float("nan"))
    _, ids = made(0.1, 0.2)
    client.set_retention("0", "models:ckpt", keep_best=1, metric="loss", mode="min")
    assert [expiry.model_id for expiry in client.plan_prune().expiries] == [ids[1]]


def test_a_rule_about_models_that_makes_no_sense_is_refused(client: Client, made: Any) -> None:
    made(0.1)
    for wrong in ("models:", "models:a/b", "models:[a"):
        with pytest.raises(InvalidParameter):
            client.set_retention("0", wrong, keep_last=1)
    with pytest.raises(InvalidParameter, match=r"No logged model of .* 'accuracy'\. There are 'loss'"):
        client.set_retention("0", "models:ckpt", keep_best=1, metric="accuracy", mode="max")
    assert (
        client.set_retention("0", "models:ckpt", keep_best=1, metric="accuracy", mode="max", force=True).keep_best == 1
    )


class Doubler:
    def predict(self, data: Any) -> Any:
        return [2 * value for value in data]


def test_a_loop_that_logs_checkpoints_keeps_the_best_and_the_last(client: Client, made: Any) -> None:
    made(9, 8)  # another run's are nobody's business
    gone = []
    with runstone.start_run(experiment_id="0") as run:
        for step, loss in enumerate([0.5, 0.2, 0.9, 0.3, 0.7]):
            runstone.log_metric("loss", loss, step=step)
            runstone.log_model(Doubler(), name="ckpt", step=step, pip_requirements=[])
            would = runstone.keep_best_models("ckpt", keep_best=2, metric="loss", mode="min", keep_last=1, dry_run=True)
            gone += (went := runstone.keep_best_models("ckpt", keep_best=2, metric="loss", mode="min", keep_last=1))
            assert would == went
    found = client.search_logged_models(["0"], f"source_run_id = '{run.info.run_id}'")
    assert sorted((point.value, point.step) for model in found for point in model.metrics or ()) == [
        (0.2, 1),
        (0.3, 3),
        (0.7, 4),
    ]
    assert [one.reason for one in gone] == ["not of the last 1, not of the best 2 by loss:min among its run's"] * 2
    assert len(left(client)) == 5


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"keep_best": 1},
        {"keep_best": 1, "metric": "loss"},
        {"keep_best": 0, "metric": "loss", "mode": "min"},
        {"keep_last": 0},
        {"keep_last": "1"},
        {"keep_last": 1, "name": ""},
        {"keep_last": 1, "name": ["a"]},
    ],
)
def test_what_is_no_such_rule_deletes_nothing(client: Client, made: Any, wrong: dict[str, Any]) -> None:
    run_id, _ = made(0.1, 0.2)
    with pytest.raises(InvalidParameter):
        client.keep_best_models(run_id, **{"name": "ckpt", **wrong})
    with pytest.raises(RunstoneError, match="not found"):
        client.keep_best_models("0" * 32, "ckpt", keep_last=1)
    assert len(left(client)) == 2


def test_the_terminal_sets_shows_and_takes_away_such_rules(client: Client, made: Any, command: Command) -> None:
    _, ids = made(0.5, 0.1, None)
    told = command("retention", "set", "Default", "--models", "ckpt", "--keep-best", "loss:min", "1")
    assert told.code == 0, told.err
    assert "This lets go of 1 model with 1 file now" in told.out
    assert f"model ckpt ({ids[0][:12]})" in told.out
    assert "1 model without loss cannot be compared and stays." in told.out
    assert "models:ckpt" in command("retention").out
    assert "expired  model ckpt" in command("prune", "--dry-run").out
    assert "1 model, 0 runs deleted" in command("prune", "--yes").out
    assert command("retention", "set", "Default", "--models", "a", "--files", "b", "--keep-last", "1").code == 2
    assert "--models NAME" in command("retention", "set", "Default", "--files", "models:a", "--keep-last", "1").err
    nothing = command("retention", "set", "Default", "--models", "none", "--keep-last", "1")
    assert "there are no such models" in nothing.out
    assert command("retention", "remove", "Default", "--models", "ckpt").code == 0
    assert [rule.applies_to for rule in client.get_retention()] == ["models:none"]


def test_without_a_run_nothing_is_started_to_delete_from() -> None:
    with pytest.raises(InvalidParameter, match="run_id="):
        runstone.keep_best_models("ckpt", keep_last=1)
    assert runstone.active_run() is None


def test_a_rule_about_models_that_makes_no_sense_is_told_of_models() -> None:
    with pytest.raises(InvalidParameter, match="how many models are kept"):
        runstone.Client().set_retention("0", "models:ckpt", keep_best=0, metric="loss", mode="min")
    with pytest.raises(InvalidParameter, match="Which models are best by 'loss'"):
        runstone.Client().set_retention("0", "models:ckpt", keep_best=2, metric="loss")
