"""The active model, models of a step, and what is measured of them on which data: bound as MLflow binds it, found by search."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy
import pytest
from tests.support.servers import Server

import runstone
from runstone.client import Client
from runstone.entities import LoggedModelOutput, Metric
from runstone.errors import InvalidParameter, NotFound

pytestmark = pytest.mark.everywhere


@pytest.fixture(autouse=True)
def none_active() -> Any:
    runstone.clear_active_model()
    yield
    runstone.clear_active_model()


@pytest.fixture
def client() -> Client:
    return runstone.Client()


def points(model_id: str) -> list[tuple[str, float, int]]:
    return [(point.key, point.value, point.step) for point in runstone.get_logged_model(model_id).metrics or []]


class Doubler:
    def predict(self, data: Any) -> Any:
        return [2 * value for value in data]


def log(step: int, **options: Any) -> str:
    model_id = runstone.log_model(Doubler(), name="ckpt", step=step, pip_requirements=[], **options).model_id
    assert model_id is not None
    return model_id


def test_what_is_measured_meanwhile_is_measured_of_the_active_model(client: Client) -> None:
    with runstone.start_run() as run:
        with runstone.set_active_model(name="a") as model:
            assert runstone.get_active_model_id() == model.model_id
            runstone.log_metric("loss", 1, step=1)
            with runstone.start_run(nested=True):
                runstone.log_metrics({"loss": 2, "accuracy": 0.5}, step=2)
            client.log_batch(run.info.run_id, [Metric("batch", 3.0, 10, 3)])
            with runstone.set_active_model(name="b") as other:
                runstone.log_metric("loss", 4, step=4)
            runstone.log_model_params({"p": "1"})
        runstone.log_metric("loss", 5, step=5)
    assert sorted(points(model.model_id)) == [
        ("accuracy", 0.5, 2),
        ("batch", 3.0, 3),
        ("loss", 1.0, 1),
        ("loss", 2.0, 2),
    ]
    assert points(other.model_id) == [("loss", 4.0, 4)]
    assert runstone.get_logged_model(model.model_id).params == {"p": "1"}
    found = client.get_run(run.info.run_id)
    assert found.data.metrics == {"loss": 5.0, "batch": 3.0}
    assert {used.model_id for used in found.inputs.model_inputs} == {model.model_id, other.model_id}
    assert runstone.get_active_model_id() is None


def test_a_thread_has_an_active_model_of_its_own() -> None:
    mine, found = runstone.set_active_model(name="mine"), {}

    def work(name: str) -> None:
        found[name] = runstone.get_active_model_id()
        with runstone.start_run(), runstone.set_active_model(name=name) as model:
            runstone.log_metric("loss", len(name))
        found[name + " measured"] = points(model.model_id)

    threads = [threading.Thread(target=work, args=("x" * length,)) for length in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {"x": None, "x measured": [("loss", 1.0, 0)], "xx": None, "xx measured": [("loss", 2.0, 0)]}
    assert runstone.get_active_model_id() == mine.model_id


def test_the_environment_names_one_until_it_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    model = runstone.create_external_model("said")
    monkeypatch.setenv("MLFLOW_ACTIVE_MODEL_ID", model.model_id)
    found: list[str | None] = []
    thread = threading.Thread(target=lambda: found.append(runstone.get_active_model_id()))
    thread.start()
    thread.join()
    assert found == [model.model_id]
    runstone.clear_active_model()
    assert "MLFLOW_ACTIVE_MODEL_ID" not in os.environ
    assert runstone.get_active_model_id() is None


def test_a_forked_child_has_no_active_model() -> None:
    runstone.set_active_model(name="parent")
    child = os.fork()
    if not child:
        os._exit(3 if runstone.get_active_model_id() is None else 4)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3


def test_which_model_is_meant_has_to_be_said(client: Client) -> None:
    model = client.create_logged_model("0", "one")
    for wrong in ({}, {"name": "it's"}, {"name": "two", "model_id": model.model_id}):
        with pytest.raises(InvalidParameter):
            runstone.set_active_model(**wrong)
    with pytest.raises(NotFound):
        runstone.set_active_model(model_id="m-none")
    assert runstone.get_active_model_id() is None
    assert runstone.set_active_model(name="one", model_id=model.model_id).to_dictionary()["name"] == "one"


def test_a_model_by_its_name_is_looked_for_where_it_would_be_made(client: Client) -> None:
    elsewhere = client.create_experiment("elsewhere")
    with runstone.start_run(experiment_id=elsewhere):
        made = runstone.set_active_model(name="n")
        assert runstone.set_active_model(name="n").model_id == made.model_id
    assert made.experiment_id == elsewhere


def test_a_logged_model_has_the_params_of_its_run_and_what_was_measured_at_its_step(client: Client) -> None:
    data = runstone.data.from_numpy(numpy.arange(3), name="held out")
    with runstone.start_run() as run:
        runstone.log_params({"lr": 0.1, "depth": 3})
        ids = []
        for step in range(3):
            runstone.log_metric("loss", 1 / (step + 1), step=step)
            runstone.log_metric("accuracy", step / 4, step=step, dataset=data)
            ids.append(log(step, params={"depth": "of its own"}))
            runstone.log_metric("late", step, step=step)
    for step, model_id in enumerate(ids):
        assert points(model_id) == [("loss", 1 / (step + 1), step), ("accuracy", step / 4, step), ("late", step, step)]
        assert runstone.get_logged_model(model_id).params == {"lr": "0.1", "depth": "of its own"}
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [point.value for point in history] == [1.0, 1 / 2, 1 / 3], "told of once"
    found = client.get_run(run.info.run_id)
    assert (found.inputs.model_inputs, [use.dataset.name for use in found.inputs.dataset_inputs]) == ([], ["held out"])
    assert {made.model_id: made.step for made in found.outputs.model_outputs} == {ids[0]: 0, ids[1]: 1, ids[2]: 2}
    on = [{"dataset_name": "held out", "dataset_digest": data.digest}]
    best = client.search_logged_models(
        ["0"], "metrics.accuracy >= 0.25", datasets=on, order_by=[{"field_name": "metrics.accuracy"}]
    )
    assert [model.model_id for model in best] == ids[1:]
    assert client.search_logged_models(["0"], "metrics.loss > 0", datasets=on) == []
    assert client.verify() == []


def test_points_of_a_step_are_found_in_long_series_in_any_order(client: Client) -> None:
    run_id = client.create_run("0").info.run_id
    steps = [*range(0, 20_000, 2), *range(9_999, 0, -7), 5, 5]
    client.log_batch(run_id, [Metric("a", float(step), 1 + number, step) for number, step in enumerate(steps)])
    for step in (0, 4_000, 5, 9_999, 19_998, 19_999, -1):
        model_id = client.create_logged_model("0").model_id
        client.log_model_output(run_id, model_id, step)
        client.log_model_output(run_id, model_id, step)
        assert points(model_id) == [("a", float(step), step)] * steps.count(step)
    for wrong in ({"model_id": "m-none"}, {"run_id": "0" * 32}, {"step": 2**63}):
        with pytest.raises((InvalidParameter, NotFound)):
            client.log_model_output(**{"run_id": run_id, "model_id": model_id, "step": 0, **wrong})


def test_a_run_that_is_resumed_knows_the_models_of_its_steps(client: Client) -> None:
    with runstone.start_run() as run:
        pass
    first, second = (runstone.create_external_model(name).model_id for name in "ab")
    client.log_outputs(run.info.run_id, [LoggedModelOutput(first, 5), LoggedModelOutput(second, 5)])
    with runstone.start_run(run_id=run.info.run_id):
        runstone.log_metric("a", 1, step=5)
        runstone.log_metric("a", 2, step=6)
    runstone.log_metrics({"b": 3}, step=5, run_id=run.info.run_id)
    assert points(first) == points(second) == [("a", 1.0, 5), ("b", 3.0, 5)]
    assert [point.value for point in client.get_metric_history(run.info.run_id, "a")] == [1.0, 2.0]
    assert client.get_run(run.info.run_id).inputs.model_inputs == []


def test_what_is_no_dataset_is_refused() -> None:
    with runstone.start_run() as run, pytest.raises(InvalidParameter, match="is no dataset"):
        runstone.log_metric("a", 1, dataset="train")
    assert runstone.get_run(run.info.run_id).data.metrics == {}


@pytest.mark.folder
@pytest.mark.compat
def test_a_stock_server_is_told_the_same_in_its_words(stock: Server) -> None:
    runstone.set_tracking_uri(stock.url)
    runstone.set_experiment("models of a step")
    with runstone.start_run() as run:
        runstone.log_param("lr", 0.1)
        runstone.log_metrics({"loss": 1, "accuracy": 0.5}, step=3)
        runstone.log_metric("loss", 2, step=4)
        model_id = log(3)
        runstone.log_metric("late", 4, step=3)
    assert sorted(points(model_id)) == [("accuracy", 0.5, 3), ("late", 4.0, 3), ("loss", 1.0, 3)]
    assert runstone.get_logged_model(model_id).params == {"lr": "0.1"}
    outputs = runstone.get_run(run.info.run_id).outputs.model_outputs
    assert [(made.model_id, made.step) for made in outputs] == [(model_id, 3)]
