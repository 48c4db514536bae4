"""Logged models: their states, params, tags and metrics; search among them; and the runs that used and made them."""

from __future__ import annotations

import json
import pickle
import time
from pathlib import Path
from typing import Any

import pytest

import runstone
from runstone.client import Client
from runstone.entities import (
    Dataset,
    DatasetInput,
    LoggedModel,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
)
from runstone.errors import InvalidParameter, NotFound
from runstone.operations import bulk_history, inputs, logged_models, model_search, outputs, series
from runstone.operations.engine import Engine

pytestmark = pytest.mark.everywhere


@pytest.fixture
def client() -> Client:
    return runstone.Client()


@pytest.fixture
def run_id(client: Client) -> str:
    return client.create_run("0").info.run_id


def test_a_model_has_what_it_was_made_with(client: Client, run_id: str) -> None:
    made = client.create_logged_model("0", "trees", run_id, {"team": "vision"}, {"depth": 3}, "forest")  # type: ignore[dict-item]
    assert (made.name, made.experiment_id, made.source_run_id, made.model_type) == ("trees", "0", run_id, "forest")
    assert (made.tags, made.params, made.metrics) == ({"team": "vision"}, {"depth": "3"}, [])
    assert made.status == LoggedModelStatus.PENDING == "PENDING"
    assert (made.model_id[:2], len(made.model_id)) == ("m-", 34)
    assert made.model_uri == f"models:/{made.model_id}"
    assert made.artifact_location == f"mlflow-artifacts:/0/models/{made.model_id}/artifacts"
    assert client.get_logged_model(made.model_id) == made == pickle.loads(pickle.dumps(made))
    assert dict(made)["params"] == {"depth": "3"}
    assert made.to_dictionary()["status"] == 1


def test_a_model_is_named_where_nobody_does(client: Client) -> None:
    first, second = client.create_logged_model("0"), client.create_logged_model("0")
    assert len({first.name, second.name, ""}) == 3
    assert client.create_logged_model("0", "same").model_id != client.create_logged_model("0", "same").model_id
    for name in ("a/b", "a:b", "a.b", "100%", "'", '"', "n" * 501, ""):
        with pytest.raises(InvalidParameter):
            client.create_logged_model("0", name)
    with pytest.raises(NotFound):
        client.create_logged_model("99")


def test_texts_that_are_too_long_or_no_unicode_are_refused(client: Client, run_id: str) -> None:
    for ask in (
        lambda text: client.create_logged_model("0", model_type=text),
        lambda text: client.create_logged_model("0", source_run_id=text),
        lambda text: client.create_logged_model("0", tags={text: "x"}),
        lambda text: client.log_outputs(run_id, [LoggedModelOutput(text, 1)]),
        lambda text: client.log_inputs(run_id, models=[LoggedModelInput(text)]),
    ):
        for text in ("x" * 2_049, "\ud800"):
            with pytest.raises(InvalidParameter):
                ask(text)


def test_a_model_is_finalized(client: Client) -> None:
    model_id = client.create_logged_model("0").model_id
    ready = client.finalize_logged_model(model_id, "READY")
    assert (ready.status, ready.last_updated_timestamp >= ready.creation_timestamp) == (LoggedModelStatus.READY, True)
    assert client.finalize_logged_model(model_id, LoggedModelStatus.FAILED).status == LoggedModelStatus.FAILED
    for status in ("nonsense", "", "ready"):
        with pytest.raises(InvalidParameter):
            client.finalize_logged_model(model_id, status)


def test_tags_are_replaced_and_params_are_not(client: Client) -> None:
    model_id = client.create_logged_model("0", tags={"a": "1"}, params={"p": "1"}).model_id
    client.set_logged_model_tags(model_id, {"a": 2, "b": 3})
    client.delete_logged_model_tag(model_id, "b")
    client.log_model_params(model_id, {"p": "1", "q": "2"})
    found = client.get_logged_model(model_id)
    assert (found.tags, found.params) == ({"a": "2"}, {"p": "1", "q": "2"})
    with pytest.raises(InvalidParameter, match="Changing param values is not allowed"):
        client.log_model_params(model_id, {"new": "x", "p": "other"})
    assert "new" not in client.get_logged_model(model_id).params, "all or none"
    with pytest.raises(NotFound):
        client.delete_logged_model_tag(model_id, "b")


def test_a_deleted_model_is_not_found(client: Client) -> None:
    model_id = client.create_logged_model("0", tags={"a": "1"}).model_id
    client.delete_logged_model(model_id)
    client.delete_logged_model(model_id)
    for ask in (
        lambda: client.get_logged_model(model_id),
        lambda: client.finalize_logged_model(model_id, "READY"),
        lambda: client.set_logged_model_tags(model_id, {"a": "b"}),
        lambda: client.log_model_params(model_id, {"a": "b"}),
        lambda: client.delete_logged_model("m-none"),
    ):
        with pytest.raises(NotFound, match="not found"):
            ask()
    assert client.search_logged_models(["0"]) == []


def test_points_that_name_a_model_are_the_models_too(client: Client, run_id: str) -> None:
    model_id = client.create_logged_model("0", source_run_id=run_id).model_id
    client.log_metric(run_id, "loss", 0.5, 10, 0, model_id=model_id)
    client.log_metric(run_id, "loss", 0.25, 20, 1, model_id=model_id)
    client.log_metric(run_id, "loss", 0.75, 15, 1, dataset_name="d", dataset_digest="1", model_id=model_id)
    client.log_metric(run_id, "loss", 9.0, 30, 2)
    client.log_metric(run_id, "loss", 9.0, 30, 2, model_id="m-of-another-store")
    assert client.get_logged_model(model_id).metrics == [
        Metric("loss", 0.5, 10, 0, model_id, run_id=run_id),
        Metric("loss", 0.75, 15, 1, model_id, "d", "1", run_id),
        Metric("loss", 0.25, 20, 1, model_id, run_id=run_id),
    ]


def test_a_point_of_a_run_that_is_logged_again_for_a_model_is_one_point_of_the_run(client: Client, run_id: str) -> None:
    model_id = client.create_logged_model("0", source_run_id=run_id).model_id
    client.log_metric(run_id, "loss", 0.5, 1000, 0)
    client.log_metric(run_id, "loss", 0.5, 1000, 0, model_id=model_id)
    client.log_metric(run_id, "loss", 0.25, 1001, 1, model_id=model_id)
    assert [(point.step, point.value) for point in client.get_metric_history(run_id, "loss")] == [(0, 0.5), (1, 0.25)]
    assert client.get_metric_series(run_id, "loss").step.tolist() == [0, 1]
    assert {metric.value for metric in client.get_logged_model(model_id).metrics or []} == {0.5, 0.25}


def test_points_of_the_journal_are_the_models_before_they_are_read(run_id: str) -> None:
    with runstone.start_run() as run:
        model = runstone.Client().create_logged_model(run.info.experiment_id)
        runstone.log_metric("loss", 0.5, step=3, model_id=model.model_id)
        shown = runstone.Client().get_logged_model(model.model_id).metrics
        assert shown is not None
        assert [(point.value, point.step, point.run_id) for point in shown] == [(0.5, 3, run.info.run_id)]
        assert len(runstone.Client().search_logged_models([run.info.experiment_id], "metrics.loss = 0.5")) == 1


@pytest.mark.folder
def test_points_that_wait_on_a_server_are_read_with_their_models(run_id: str) -> None:
    engine = Engine(".runstone")
    engine.serving = True
    made = logged_models.create_logged_model.function(engine, logged_models.CreateLoggedModel("0")).model.model_id
    asked = logged_models.GetLoggedModel(made)

    def log(value: float) -> None:
        series.log_metric.function(engine, series.LogMetric(run_id, "m", value, 1, 0, made))

    log(1.0)
    assert [point.value for point in logged_models.get_logged_model.function(engine, asked).model.data.metrics] == [1.0]
    log(2.0)
    ready = logged_models.FinalizeLoggedModel(made, "LOGGED_MODEL_READY")
    assert len(logged_models.finalize_logged_model.function(engine, ready).model.data.metrics) == 2
    log(3.0)
    search = model_search.SearchLoggedModels(["0"], "metrics.m = 3")
    assert len(model_search.search_logged_models.function(engine, search).models) == 1
    log(4.0)
    bulk = bulk_history.GetHistoryBulk([run_id], "m")
    assert len(bulk_history.get_metric_history_bulk.function(engine, bulk).metrics) == 4
    log(5.0)
    interval = bulk_history.GetHistoryBulkInterval([run_id], "m")
    assert len(bulk_history.get_metric_history_bulk_interval.function(engine, interval).metrics) == 5
    engine.close()


def test_a_model_shows_the_last_points_of_a_long_series(client: Client, run_id: str) -> None:
    from runstone.store.logged_model_metrics import SHOWN

    model_id = client.create_logged_model("0").model_id
    count = 2 * SHOWN + 500
    for first in range(0, count, 1000):
        client.log_batch(run_id, [Metric("m", n, n, n, model_id) for n in range(first, min(first + 1000, count))])
    shown = client.get_logged_model(model_id).metrics
    assert shown is not None
    assert [point.step for point in shown] == list(range(count - SHOWN, count))


@pytest.fixture
def measured(client: Client, run_id: str) -> dict[str, str]:
    """Three models: `a` was measured on train and test, `b` on test only and later on nothing, `c` not at all."""
    made = {}
    for name in "abc":
        model = client.create_logged_model("0", name, run_id, {"t": name}, {"p": name})
        made[name] = model.model_id
        while time.time_ns() // 1_000_000 <= model.creation_timestamp:
            pass  # the next one is made in another millisecond: the order of those made in one is by their ids

    def log(
        name: str, value: float, time: int, dataset: str | None = None, digest: str | None = None, step: int = 0
    ) -> None:
        client.log_metric(run_id, "acc", value, time, step, None, dataset, digest, made[name])

    log("a", 0.99, 10, "train", "1")
    log("a", 0.7, 20, "test", "1", step=5)
    log("a", 0.8, 30, "test", "1", step=0)
    log("a", 0.1, 5, "test", "1", step=9)  # came late, was measured first
    log("b", 0.9, 10, "test", "2")
    log("b", float("nan"), 40)
    client.finalize_logged_model(made["b"], "READY")
    return made


@pytest.mark.parametrize(
    ("text", "datasets", "expected"),
    [
        (None, None, "abc"),
        ("metrics.acc > 0.95", None, "a"),
        ("metrics.acc > 0.75", None, "ab"),
        ("metrics.acc = 0.8", None, "a"),
        ("metrics.acc = 0.7", None, ""),
        ("metrics.acc != 0.8", None, "ab"),
        ("metrics.acc IS NULL", None, "c"),
        ("metrics.other != 1", None, ""),
        ("metrics.acc > 0.75", [{"dataset_name": "test"}], "ab"),
        ("metrics.acc > 0.75", [{"dataset_name": "test", "dataset_digest": "1"}], "a"),
        ("metrics.acc > 0.95", [{"dataset_name": "test"}], ""),
        ("metrics.acc > 0.95", [{"dataset_name": "test"}, {"dataset_name": "train"}], "a"),
        (None, [{"dataset_name": "train"}], "a"),
        ("name = 'a'", [{"dataset_name": "test", "dataset_digest": "2"}], ""),
        ("name = 'a' OR params.p = 'b'", None, "ab"),
        ("attributes.name LIKE 'A'", None, ""),
        ("name ILIKE 'A' AND tags.t != 'x'", None, "a"),
        ("status = 'READY'", None, "b"),
        ("params.p IN ('b', 'c') AND creation_timestamp > 0 AND last_updated_timestamp > 5", None, "bc"),
        ("tags.t NOT IN ('b')", None, "ac"),
        ("(model_type IS NULL OR model_type = '') AND experiment_id = '0'", None, "abc"),
        ("source_run_id = 'none'", None, ""),
        ("artifact_location LIKE 'mlflow-artifacts:%'", None, "abc"),
    ],
)
def test_search_finds_models(
    client: Client, measured: dict[str, str], text: str | None, datasets: Any, expected: str
) -> None:
    found = client.search_logged_models(["0"], text, datasets)
    assert sorted(model.name for model in found) == list(expected)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ({"field_name": "name"}, "abc"),
        ({"field_name": "name", "ascending": False}, "cba"),
        ({"field_name": "metrics.acc"}, "abc"),
        (
            {"field_name": "metrics.acc", "ascending": False},
            "abc",
        ),  # the latest of b is NaN: behind numbers, before nothing
        ({"field_name": "metrics.acc", "dataset_name": "test"}, "abc"),
        ({"field_name": "metrics.acc", "dataset_name": "test", "ascending": False}, "bac"),
        ({"field_name": "metrics.acc", "dataset_name": "test", "dataset_digest": "2"}, "bca"),
        ({"field_name": "metrics.none"}, "cba"),
        ({"field_name": "creation_timestamp"}, "abc"),
        ({"field_name": "params.p", "ascending": False}, "cba"),
    ],
)
def test_search_orders_models_and_puts_those_without_a_value_last(
    client: Client, measured: dict[str, str], order: Any, expected: str
) -> None:
    by_page, token = "", None
    while token is not None or not by_page:
        page = client.search_logged_models(["0"], order_by=[order], max_results=1, page_token=token)
        by_page, token = by_page + page[0].name, page.token
    assert by_page == "".join(model.name for model in client.search_logged_models(["0"], order_by=[order])) == expected


def test_search_refuses_what_it_does_not_understand(client: Client, measured: dict[str, str]) -> None:
    wrong: list[dict[str, Any]] = [
        {"filter_string": "nonsense"},
        {"filter_string": "color = 'red'"},
        {"filter_string": "metrics.acc > 'x'"},
        {"filter_string": "datasets.name = 'x'"},
        {"datasets": [{"dataset_digest": "1"}]},
        {"datasets": [{"name": "x"}]},
        {"datasets": ["x"]},
        {"order_by": [{}]},
        {"order_by": ["name"]},
        {"order_by": [{"field_name": "color"}]},
        {"order_by": [{"field_name": "metrics.acc", "dataset_digest": "1"}]},
        {"max_results": -1},
        {"page_token": "nonsense"},
        {"order_by": [{"field_name": f"metrics.m{number}"} for number in range(61)]},
        {"filter_string": " OR ".join(f"metrics.m{number} > 1" for number in range(61))},
        {"datasets": [{"dataset_name": "\ud800"}]},
    ]
    for given in wrong:
        with pytest.raises(InvalidParameter):
            client.search_logged_models(["0"], **given)
    many = [{"dataset_name": "d", "dataset_digest": str(number)} for number in range(99)] + [{"dataset_name": "test"}]
    conditions = " AND ".join("metrics.acc > 0.75" for _ in range(60))
    assert [model.name for model in client.search_logged_models(["0"], conditions, many)] == ["b", "a"]
    assert client.search_logged_models([]) == []
    for experiments in (None, "0", ["x"]):
        with pytest.raises(InvalidParameter):
            client.search_logged_models(experiments)  # type: ignore[arg-type]


def test_a_run_shows_the_models_that_it_used_and_made(client: Client, run_id: str) -> None:
    client.log_inputs(run_id, models=[LoggedModelInput("m-1"), LoggedModelInput("m-2")])
    client.log_inputs(run_id, [DatasetInput(Dataset("d", "1", "code", "{}"))], [LoggedModelInput("m-1")])
    client.log_outputs(run_id, [LoggedModelOutput("m-3", 1)])
    client.log_outputs(run_id, [LoggedModelOutput("m-3", 7), LoggedModelOutput("m-4", 2)])
    for run in (client.get_run(run_id), client.search_runs(["0"])[0]):
        assert [used.model_id for used in run.inputs.model_inputs] == ["m-1", "m-2"]
        assert [used.dataset.name for used in run.inputs.dataset_inputs] == ["d"]
        assert [(made.model_id, made.step) for made in run.outputs.model_outputs] == [("m-3", 7), ("m-4", 2)]
    for wrong in ([LoggedModelOutput("", 1)], [LoggedModelOutput("m-1", "x")]):  # type: ignore[arg-type]
        with pytest.raises(InvalidParameter):
            client.log_outputs(run_id, wrong)


def test_a_model_among_a_runs_files_is_noted_in_its_tag(client: Client, run_id: str) -> None:
    noted = {"artifact_path": "model", "flavors": {"f": {}}, "utc_time_created": "2026", "run_id": run_id, "other": 1}
    for path in ("model", "second"):
        text = json.dumps({**noted, "artifact_path": path})
        client._transport.call(outputs.log_model, outputs.LogModel(run_id, text))
    history = json.loads(client.get_run(run_id).data.tags["mlflow.log-model.history"])
    assert [model["artifact_path"] for model in history] == ["model", "second"]
    assert "other" not in history[0]
    for text in ("no json", "{}", "[]", "", None, json.dumps({**noted, "flavors": None} | {"flavors": {}})[:-1]):
        with pytest.raises(InvalidParameter):
            client._transport.call(outputs.log_model, outputs.LogModel(run_id, text))


def test_the_datasets_of_experiments_are_listed_once(client: Client, run_id: str) -> None:
    from runstone.entities import InputTag

    train = [InputTag("mlflow.data.context", "train")]
    for run in (run_id, client.create_run("0").info.run_id):
        client.log_inputs(
            run, [DatasetInput(Dataset("d", "1", "code", "{}"), train), DatasetInput(Dataset("e", "2", "code", "{}"))]
        )
    answer = client._transport.call(inputs.search_datasets, inputs.SearchDatasets(["0"]))
    found = [(one.experiment_id, one.name, one.digest, one.context) for one in answer.dataset_summaries]
    assert found == [("0", "d", "1", "train"), ("0", "e", "2", None)]
    for experiments in ([], [str(number) for number in range(21)]):
        with pytest.raises(InvalidParameter):
            client._transport.call(inputs.search_datasets, inputs.SearchDatasets(experiments))


def test_a_metric_of_many_runs_is_read_at_once_and_sampled_evenly(client: Client, run_id: str) -> None:
    other = client.create_run("0").info.run_id
    client.log_batch(run_id, [Metric("m", n, 100 - n, n) for n in range(10)])
    client.log_batch(other, [Metric("m", float("inf"), 1, 50)])

    def bulk(**more: Any) -> list[tuple[str, int]]:
        request = bulk_history.GetHistoryBulk([run_id, other, "none"], "m", **more)
        answer = client._transport.call(bulk_history.get_metric_history_bulk, request)
        return [(str(point.run_id), point.step) for point in answer.metrics]

    whole = {run_id: [(run_id, step) for step in range(9, -1, -1)], other: [(other, 50)]}
    assert bulk() == [point for run in sorted(whole) for point in whole[run]]
    assert bulk(max_results=3) == bulk()[:3]

    def interval(**more: Any) -> list[int]:
        request = bulk_history.GetHistoryBulkInterval([run_id, "none"], "m", **more)
        answer = client._transport.call(bulk_history.get_metric_history_bulk_interval, request)
        return [point.step for point in answer.metrics]

    assert interval() == list(range(10))
    assert interval(max_results=3) == [0, 4, 9]
    assert interval(max_results=1) == [9]
    assert interval(start_step=2, end_step=7, max_results=4) == [2, 4, 6, 7]
    for wrong in ({"max_results": 0}, {"max_results": 2501}, {"start_step": 1}, {"start_step": 2, "end_step": 1}):
        with pytest.raises(InvalidParameter):
            interval(**wrong)


def test_a_status_has_a_number_on_the_wire() -> None:
    assert [status.to_int() for status in LoggedModelStatus] == [0, 1, 2, 3]
    assert LoggedModelStatus.from_int(2) == LoggedModelStatus.READY
    assert not LoggedModelStatus.is_finalized(LoggedModelStatus.PENDING)
    assert LoggedModel("0", "m-1", "n", "here", 1, 2, status=3).status == LoggedModelStatus.FAILED
    with pytest.raises(ValueError, match="9"):
        LoggedModelStatus.from_int(9)


def test_files_are_logged_among_a_models_own(client: Client, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "weights.txt").write_text("1 2 3")
    model = client.create_logged_model("0")
    client.log_model_artifact(model.model_id, str(folder / "weights.txt"), "more")
    client.log_model_artifacts(model.model_id, str(folder))
    assert [file.path for file in client.list_logged_model_artifacts(model.model_id)] == ["more", "weights.txt"]
    assert client.read_artifact(model.model_id, "more/weights.txt") == b"1 2 3"
    with pytest.raises(NotFound):
        client.log_model_artifact("m-" + "0" * 32, str(folder / "weights.txt"))
