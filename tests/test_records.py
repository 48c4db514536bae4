"""Params, metrics and tags: what is taken, what is refused, what comes back."""

from __future__ import annotations

import math
from typing import Any

import numpy
import pytest

import runstone
from runstone.errors import InvalidParameter, NotFound

pytestmark = pytest.mark.everywhere


@pytest.fixture
def run() -> Any:
    with runstone.start_run() as run:
        yield run


def values(run: Any, key: str) -> list[float]:
    return [metric.value for metric in runstone.Client().get_metric_history(run.info.run_id, key)]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (1, 1.0),
        (0.5, 0.5),
        (True, 1.0),
        (numpy.float32(0.5), 0.5),
        (numpy.int64(3), 3.0),
        (numpy.bool_(True), 1.0),
        (numpy.array([2.5]), 2.5),
        (numpy.array(2.5), 2.5),
        ("1.5", 1.5),
        (float("inf"), math.inf),
        (float("-inf"), -math.inf),
    ],
)
def test_whatever_is_a_number_is_a_metric(run: Any, given: Any, kept: float) -> None:
    runstone.log_metric("m", given)
    assert values(run, "m") == [kept]
    assert runstone.get_run(run.info.run_id).data.metrics == {"m": kept}


def test_nan_is_kept_as_nan(run: Any) -> None:
    runstone.log_metric("m", float("nan"))
    assert math.isnan(values(run, "m")[0])
    assert math.isnan(runstone.get_run(run.info.run_id).data.metrics["m"])


@pytest.mark.parametrize("wrong", ["a word", None, [1, 2], {"a": 1}, object(), numpy.array([1.0, 2.0]), 1j])
def test_what_is_no_number_is_refused_by_name(run: Any, wrong: Any) -> None:
    with pytest.raises(InvalidParameter, match="accuracy") as caught:
        runstone.log_metric("accuracy", wrong)
    assert isinstance(caught.value, ValueError)
    assert runstone.get_run(run.info.run_id).data.metrics == {}


@pytest.mark.parametrize("step", [-5, 0, 2**63 - 1, -(2**63), 3.9])
def test_steps_are_any_64_bit_integer(run: Any, step: Any) -> None:
    runstone.log_metric("m", 1.0, step=step)
    assert runstone.Client().get_metric_history(run.info.run_id, "m")[0].step == int(step)


@pytest.mark.parametrize("step", [2**63, -(2**63) - 1, "three", float("nan")])
def test_a_step_beyond_64_bits_is_refused(run: Any, step: Any) -> None:
    with pytest.raises(InvalidParameter, match="step"):
        runstone.log_metric("m", 1.0, step=step)


@pytest.mark.parametrize("key", ["", "a//b", "../a", "/a", "a/", "a@b", "a,b", "#", "x" * 251, None, 7, "a\0b", "a\nb"])
def test_keys_outside_the_rules_are_refused_everywhere(run: Any, key: Any) -> None:
    for call in (runstone.log_metric, runstone.log_param, runstone.set_tag):
        with pytest.raises(InvalidParameter):
            call(key, 1)


@pytest.mark.parametrize("key", ["a", "a/b", "a b", "a.b", "é", "a:b", "-", "a-b_c", "損失"])
def test_keys_within_the_rules_are_taken_everywhere(run: Any, key: str) -> None:
    runstone.log_metric(key, 1)
    runstone.log_param(key, 1)
    runstone.set_tag(key, 1)
    data = runstone.get_run(run.info.run_id).data
    assert data.metrics[key] == 1.0
    assert data.params[key] == "1"
    assert data.tags[key] == "1"


def test_log_metrics_takes_all_or_none(run: Any) -> None:
    runstone.log_metrics({"a": 1, "b": 2.5}, step=3)
    with pytest.raises(InvalidParameter, match="d"):
        runstone.log_metrics({"c": 1, "d": "no number"}, step=4)
    assert runstone.get_run(run.info.run_id).data.metrics == {"a": 1.0, "b": 2.5}


def test_the_latest_value_is_the_one_of_the_greatest_step(run: Any) -> None:
    runstone.log_metric("loss", 1.0, step=10)
    runstone.log_metric("loss", 9.0, step=3)
    assert runstone.get_run(run.info.run_id).data.metrics == {"loss": 1.0}
    assert values(run, "loss") == [9.0, 1.0] or values(run, "loss") == [1.0, 9.0]


def test_a_point_that_is_equal_in_every_field_is_one_point(run: Any) -> None:
    for _ in range(3):
        runstone.log_metric("m", 1.0, step=1, timestamp=1000)
    runstone.flush_async_logging()
    runstone.log_metric("m", 1.0, step=1, timestamp=1000)
    runstone.log_metric("m", 2.0, step=1, timestamp=1000)
    assert sorted(values(run, "m")) == [1.0, 2.0]


def test_a_param_keeps_its_value(run: Any) -> None:
    assert runstone.log_param("alpha", 0.5) == 0.5
    runstone.log_param("alpha", 0.5)
    with pytest.raises(InvalidParameter, match=r"alpha.*'0.5'.*'0.6'"):
        runstone.log_param("alpha", 0.6)
    runstone.log_params({"beta": None, "gamma": [1, 2]})
    assert runstone.get_run(run.info.run_id).data.params == {"alpha": "0.5", "beta": "None", "gamma": "[1, 2]"}


def test_params_go_all_or_none(run: Any) -> None:
    runstone.log_param("alpha", 1)
    with pytest.raises(InvalidParameter):
        runstone.log_params({"beta": 1, "alpha": 2})
    assert runstone.get_run(run.info.run_id).data.params == {"alpha": "1"}


def test_long_values_are_cut_with_a_warning_or_refused(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.warns(UserWarning, match="cut to 6000"):
        runstone.log_param("text", "x" * 7000)
    assert len(runstone.get_run(run.info.run_id).data.params["text"]) == 6000
    monkeypatch.setenv("MLFLOW_TRUNCATE_LONG_VALUES", "false")
    with pytest.raises(InvalidParameter, match="8001 characters"):
        runstone.set_tag("text", "x" * 8001)


def test_tags_are_replaced_and_taken_away(run: Any) -> None:
    runstone.set_tag("a", 1)
    runstone.set_tags({"a": 2, "b": 3})
    runstone.delete_tag("b")
    tags = runstone.get_run(run.info.run_id).data.tags
    assert tags["a"] == "2"
    assert "b" not in tags
    with pytest.raises(NotFound) as caught:
        runstone.delete_tag("b")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_many_params_and_points_go_in_parts(run: Any) -> None:
    runstone.log_params({f"p{number}": number for number in range(250)})
    client = runstone.Client()
    points = [runstone.entities.Metric("m", float(number), 1000, number) for number in range(2500)]
    client.log_batch(run.info.run_id, metrics=points)
    data = client.get_run(run.info.run_id).data
    assert len(data.params) == 250
    assert data.metrics == {"m": 2499.0}
    assert len(client.get_metric_history(run.info.run_id, "m")) == 2500


def test_writes_to_an_ended_run_are_taken_and_to_a_deleted_one_refused(run: Any) -> None:
    client, run_id = runstone.Client(), run.info.run_id
    runstone.end_run()
    client.log_metric(run_id, "late", 1.0)
    runstone.log_metric("later", 2.0, run_id=run_id)
    assert client.get_run(run_id).data.metrics == {"late": 1.0, "later": 2.0}
    client.delete_run(run_id)
    for call in (client.log_metric, client.log_param, client.set_tag):
        with pytest.raises(InvalidParameter, match="active"):
            call(run_id, "x", 1)


def test_asynchronous_calls_return_something_that_is_done(run: Any) -> None:
    for waiting in (
        runstone.log_metric("m", 1.0, synchronous=False),
        runstone.log_metrics({"n": 1.0}, synchronous=False),
        runstone.log_params({"p": 1}, synchronous=False),
        runstone.set_tag("t", 1, synchronous=False),
    ):
        assert waiting is not None
        waiting.wait()
    assert runstone.get_run(run.info.run_id).data.metrics == {"m": 1.0, "n": 1.0}


def test_missing_runs_are_named() -> None:
    client = runstone.Client()
    for call in (
        lambda: client.log_metric("f" * 32, "m", 1.0),
        lambda: client.get_run("f" * 32),
        lambda: client.log_param("f" * 32, "p", 1),
    ):
        with pytest.raises(NotFound, match="f" * 32):
            call()


def test_what_is_finite_does_not_become_infinite() -> None:
    with runstone.start_run(), pytest.raises(InvalidParameter, match="big"):
        runstone.log_metric("big", numpy.longdouble("1e4000"))
