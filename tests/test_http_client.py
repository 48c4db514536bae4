"""The way to a server: what is sent, what is taken for an answer, what is tried again, and what an error says."""

from __future__ import annotations

import base64
import json
import math
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.answers import answers  # noqa: F401
from tests.support.servers import Server, free_port
from tests.support.unreliable import Proxy
from tests.support.within import ServerWithin

import runstone
from runstone.client import Client
from runstone.connection import Connection, within
from runstone.entities import Metric
from runstone.errors import InvalidParameter, NotFound, NotServed, Refused, RunstoneError, Unreachable, WrongAnswer
from runstone.operations import runs, series
from runstone.transport.http import HttpTransport, encode


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerWithin]:
    made = ServerWithin(tmp_path / "served")
    yield made
    made.stop()


FINE = (200, {}, b"{}")
GET_RUN = (runs.get_run, runs.GetRun("a" * 32))


def test_a_name_and_password_are_sent_whether_set_or_in_the_address(
    answers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = answers(FINE)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "sécret")
    Connection(there.url).request("GET", "/")
    Connection(there.url.replace("//", "//you:p%40ss@")).request("GET", "/")
    said = [base64.b64decode(headers["Authorization"].split()[1]).decode() for _, _, headers, _ in there.asked]
    assert said == ["me:sécret", "you:p@ss"]


def test_a_token_is_sent_where_there_is_no_name(answers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    there = answers(FINE)
    monkeypatch.setenv("RUNSTONE_TOKEN", "abc")
    Connection(there.url).request("GET", "/")
    assert there.asked[0][2]["Authorization"] == "Bearer abc"


def test_we_are_not_sent_elsewhere_with_what_we_know(answers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_TOKEN", "abc")
    elsewhere = answers(FINE)
    other_host = elsewhere.url.replace("127.0.0.1", "localhost")
    for method, status in (("GET", 302), ("GET", 307), ("POST", 308)):
        there = answers((status, {"Location": f"{other_host}/x"}, b""))
        with pytest.raises(WrongAnswer, match=f"sends us to {other_host}/x"):
            Connection(there.url).request(method, "/y")
    assert elsewhere.asked == []


def test_a_redirect_on_the_same_host_is_followed_and_a_post_stays_one(answers: Any) -> None:
    there = answers((301, {"Location": "/new"}, b""), FINE)
    assert Connection(there.url).request("GET", "/old").status == 200
    there = answers((308, {"Location": "/new"}, b""), FINE)
    assert Connection(there.url).request("POST", "/old", body=b"x").status == 200
    assert [(method, path, body) for method, path, _, body in there.asked] == [
        ("POST", "/old", b"x"),
        ("POST", "/new", b"x"),
    ]
    there = answers((302, {"Location": "/new"}, b""))
    with pytest.raises(WrongAnswer):
        Connection(there.url).request("POST", "/old", body=b"x")
    there = answers((302, {"Location": "/round"}, b""))
    with pytest.raises(WrongAnswer, match="circle"):
        Connection(there.url).request("GET", "/round")


def test_what_may_not_happen_twice_is_not_sent_twice_when_nobody_knows_what_became_of_it(answers: Any) -> None:
    there = answers((504, {}, b""), FINE)
    assert Connection(there.url).request("POST", "/", body=b"", repeatable=False).status == 504
    there = answers((503, {"Retry-After": "0"}, b""), FINE)
    assert Connection(there.url).request("POST", "/", body=b"", repeatable=False).status == 200
    there = answers((504, {}, b""), FINE)
    assert Connection(there.url).request("POST", "/", body=b"").status == 200


def test_a_500_is_an_answer(answers: Any) -> None:
    there = answers((500, {}, json.dumps({"error_code": "INTERNAL_ERROR", "message": "oh"}).encode()), FINE)
    with pytest.raises(RunstoneError, match="oh"):
        HttpTransport(there.url).call(*GET_RUN)


def test_no_longer_than_it_is_told_does_it_try(answers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_HTTP_RETRIES", "100")
    there = answers((503, {"Retry-After": "600"}, b""))
    with within(60):
        assert Connection(there.url).request("GET", "/").status == 503
    assert len(there.asked) == 1, "where the server says when to come again, and that is too late, nobody waits"


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (404, b"<html>nginx</html>", WrongAnswer, "answers 404 '<html>nginx</html>'"),
        (200, b"<html>a page</html>", WrongAnswer, "a page"),
        (200, b'{"run": 7}', WrongAnswer, "tracking server"),
        (401, b"", Refused, "RUNSTONE_TOKEN"),
        (403, b"go away", Refused, "403"),
        (503, b"maintenance", Unreachable, "maintenance"),
        (404, b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no run"}', NotFound, "no run"),
        (404, b'{"error_code": "ENDPOINT_NOT_FOUND", "message": "no such"}', NotServed, "no such"),
        (400, b'{"error_code": "INVALID_PARAMETER_VALUE", "message": "bad"}', InvalidParameter, "bad"),
        (418, b'{"error_code": "TEAPOT", "message": "short and stout"}', RunstoneError, "stout"),
    ],
)
def test_whatever_is_answered_an_error_says_who_answered_what(
    answers: Any, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, kind: type, says: str
) -> None:
    monkeypatch.setenv("RUNSTONE_HTTP_RETRIES", "0")
    there = answers((status, {}, body))
    with pytest.raises(kind, match=says) as caught:
        HttpTransport(there.url).call(*GET_RUN)
    if b"error_code" not in body:
        assert there.url in str(caught.value)


def test_nobody_there_is_an_error_that_names_the_address_and_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_HTTP_RETRIES", "0")
    port = free_port()
    with pytest.raises(ConnectionError, match=rf"127\.0\.0\.1:{port}.*runstone server.*RUNSTONE_URI") as caught:
        HttpTransport(f"http://127.0.0.1:{port}").call(*GET_RUN)
    assert isinstance(caught.value, Unreachable)
    assert (caught.value.error_code, caught.value.get_http_status_code()) == ("TEMPORARILY_UNAVAILABLE", 503)


def test_a_path_in_the_address_stands_before_every_other(answers: Any) -> None:
    there = answers(FINE)
    HttpTransport(there.url + "/team/a").connection.request("GET", "/api")
    assert there.asked[0][1] == "/team/a/api"


@pytest.mark.parametrize("times", [1, 2], ids=["one page is missing", "all pages are missing"])
def test_a_proxy_that_knows_no_page_does_not_make_our_server_a_stock_one(server: ServerWithin, times: int) -> None:
    proxy = Proxy(server.url)
    client = Client(proxy.url)
    proxy.say((404, {}), times)
    with pytest.raises(Unreachable, match="Is this its address"):
        client.create_run("0", run_id="a" * 32)
    assert client.create_run("0", run_id="a" * 32).info.run_id == "a" * 32
    proxy.down()


def test_a_stock_server_is_known_by_its_version(answers: Any) -> None:
    there = answers((404, {}, b"no such page"), (200, {}, b"3.5.0"), (200, {}, b"{}"))
    Client(there.url).search_experiments()
    assert [path.partition("?")[0] for _, path, _, _ in there.asked][1:] == [
        "/version",
        "/api/2.0/mlflow/experiments/search",
    ]


def test_numbers_that_json_does_not_have_go_and_come_back(server: ServerWithin) -> None:
    client = Client(server.url)
    run = client.create_run("0")
    values = [math.nan, math.inf, -math.inf, 1e308, -0.0]
    client.log_batch(run.info.run_id, metrics=[Metric("loss", value, 1, step) for step, value in enumerate(values)])
    found = client.get_metric_history(run.info.run_id, "loss")
    assert [repr(point.value) for point in found] == [repr(value) for value in values]
    assert b'"value":"NaN"' in encode(runs.LogBatch("r", [Metric("null", math.nan, 1)]))


def test_pages_are_put_together(server: ServerWithin) -> None:
    runstone.set_tracking_uri(server.url)
    with runstone.start_run() as run:
        for step in range(series.HISTORY_PAGE + 10):
            runstone.log_metric("loss", step, step=step)
    history = Client().get_metric_history(run.info.run_id, "loss")
    assert len({point.step for point in history}) == len(history) == series.HISTORY_PAGE + 10


def test_a_forked_child_speaks_on_connections_of_its_own(server: ServerWithin) -> None:
    proxy = Proxy(server.url)
    client = Client(proxy.url)
    run_id = client.create_run("0").info.run_id
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                for turn in range(10):
                    client.log_param(run_id, f"{number}/{turn}", number)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    for turn in range(10):
        client.log_param(run_id, f"parent/{turn}", turn)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    assert len(client.get_run(run_id).data.params) == 50
    proxy.down()


def test_the_points_of_a_machine_without_a_clock_are_taken_as_they_are(server: ServerWithin) -> None:
    runstone.set_tracking_uri(server.url)
    client = Client()
    run = client.create_run("0", start_time=0)
    client.log_metric(run.info.run_id, "loss", 2.0, timestamp=0, step=1)
    client.log_metric(run.info.run_id, "loss", 1.0, timestamp=1_700_000_000_000, step=0)
    client.set_terminated(run.info.run_id, end_time=5)
    found = client.get_run(run.info.run_id)
    assert (found.info.start_time, found.info.end_time) == (0, 5)
    assert found.data.metrics == {"loss": 2.0}, "the greater step is the later point, whatever two clocks say"


def test_a_nested_run_goes_to_its_parents_server_wherever_the_default_points_now(
    server: ServerWithin, tmp_path: Path
) -> None:
    runstone.set_tracking_uri(server.url)
    with runstone.start_run() as outer:
        runstone.set_tracking_uri(tmp_path / "elsewhere")
        with runstone.start_run(nested=True) as inner:
            pass
        last = runstone.last_active_run()
        assert last is not None
        assert last.info.run_id == outer.info.run_id
    assert not (tmp_path / "elsewhere").exists()
    assert Client(server.url).get_run(inner.info.run_id).data.tags["mlflow.parentRunId"] == outer.info.run_id


def test_requests_of_many_threads_share_a_few_connections(server: ServerWithin) -> None:
    client = Client(server.url)
    run_id = client.create_run("0").info.run_id
    workers = [
        threading.Thread(target=lambda number=number: client.log_param(run_id, str(number), number))
        for number in range(40)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(client.get_run(run_id).data.params) == 40


@pytest.mark.compat
def test_a_stock_mlflow_server_is_spoken_to_in_its_own_words(stock: Server, tmp_path: Path) -> None:
    runstone.set_tracking_uri(stock.url)
    runstone.set_experiment("ours on theirs")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights.bin").write_bytes(os.urandom(3_000_000))
    with runstone.start_run(run_name="a run", tags={"team": "a"}, description="a *note*") as run:
        runstone.log_params({f"p{number}": number for number in range(150)})
        for step in range(2500):
            runstone.log_metric("loss", math.nan if step == 7 else step / 3, step=step)
        runstone.log_metric("accuracy", 0.5)
        runstone.log_artifacts(str(tmp_path / "model"), "model")
        runstone.log_text("text", "notes/a b.txt")
        runstone.log_artifact(__file__)
    client = Client()
    found = client.get_run(run.info.run_id)
    assert (found.info.status, found.info.run_name, len(found.data.params)) == ("FINISHED", "a run", 150)
    columns = client.get_metric_series(run.info.run_id, "loss")
    assert columns.step.tolist() == list(range(2500))
    assert math.isnan(columns.value[7])
    by_key = {summary.key: summary for summary in client.get_metric_summaries(run.info.run_id)}
    assert (by_key["loss"].count, by_key["loss"].last, by_key["loss"].min) == (2500, 2499 / 3, 0.0)
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["model", "notes", Path(__file__).name]
    assert client.read_artifact(run.info.run_id, "notes/a b.txt") == b"text"
    fetched = client.download_artifacts(run.info.run_id, "", str(tmp_path / "fetched"))
    assert (Path(fetched) / "model" / "weights.bin").read_bytes() == (tmp_path / "model" / "weights.bin").read_bytes()
    assert ".runstone" not in os.listdir(fetched)
    with runstone.start_run(run_id=run.info.run_id):
        runstone.log_metric("loss", 0.0, step=9999)
    (hit,) = runstone.search_runs(filter_string="params.p3 = '3' and metrics.loss < 1", output_format="list")
    assert hit.info.run_id == run.info.run_id
    with pytest.raises(NotFound):
        client.get_run("f" * 32)


@pytest.mark.compat
def test_a_run_made_twice_on_a_stock_server_is_one(stock: Server) -> None:
    client = Client(stock.url)
    first = client.create_run("0", run_id="c" * 32)
    again = client.create_run("0", run_id="c" * 32)
    assert again.info.run_id == first.info.run_id != "c" * 32
    assert client.get_run("c" * 32).info.run_id == first.info.run_id


@pytest.mark.compat
def test_models_are_registered_at_a_stock_mlflow_server(stock: Server, tmp_path: Path) -> None:
    runstone.set_tracking_uri(stock.url)
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "MLmodel").write_text("flavors: {}\n")
    with runstone.start_run() as run:
        runstone.log_artifacts("saved", "files")
        logged = runstone.models.log_saved_model("saved", "line")
    run_id, where = run.info.run_id, logged.artifact_path
    for source, noted in (
        (logged.model_uri, logged.model_uri),
        (f"runs:/{run_id}/line", logged.model_uri),
        (f"runs:/{run_id}/files", f"runs:/{run_id}/files"),
        (f"{run.info.artifact_uri}/files", f"{run.info.artifact_uri}/files"),
        (where, where),
    ):
        version = runstone.register_model(source, "line")
        assert (version.source, version.run_id) == (noted, run_id)
        assert runstone.artifacts.load_text(f"models:/line/{version.version}/MLmodel") == "flavors: {}\n"
    assert Client().copy_model_version("models:/line/1", "copies").run_id == run_id
