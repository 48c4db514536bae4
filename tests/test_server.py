"""The server as a process: what it acknowledges is on disk, it ends well, it starts again, it tells how it is."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.points import until
from tests.support.servers import Server, ask, log_batch, new_run, serve
from tests.support.wires import all_heard, connect

from runstone import MlflowClient


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = serve(tmp_path / "store")
    yield made
    if made.process.poll() is None:
        made.stop()


@pytest.mark.parametrize("prefix", ["/api/2.0", "/api/3.0", "/ajax-api/2.0", "/ajax-api/3.0"])
def test_every_prefix_means_the_same(server: Server, prefix: str) -> None:
    assert ask(server, f"{prefix}/mlflow/experiments/get?experiment_id=0")["experiment"]["name"] == "Default"


def test_points_that_wait_are_there_for_whoever_reads(server: Server) -> None:
    run_id = new_run(server)
    for step in range(5):
        log_batch(server, run_id, step)
        run = ask(server, f"/api/2.0/mlflow/runs/get?run_id={run_id}")["run"]
        assert {metric["key"]: metric["value"] for metric in run["data"]["metrics"]} == {
            "m0": step,
            "m1": step + 1,
            "m2": step + 2,
        }
    found = ask(server, "/api/2.0/mlflow/runs/search", {"experiment_ids": ["0"], "filter": "metrics.m2 = 6"})
    assert [run["info"]["run_id"] for run in found["runs"]] == [run_id]
    history = ask(server, f"/api/2.0/mlflow/metrics/get-history?run_id={run_id}&metric_key=m1")["metrics"]
    assert [point["value"] for point in history] == [1, 2, 3, 4, 5]


def test_a_client_on_the_folder_reads_what_waits_in_the_server(server: Server, tmp_path: Path) -> None:
    run_id = new_run(server)
    log_batch(server, run_id, 7)
    assert MlflowClient(str(tmp_path / "store")).get_run(run_id).data.metrics["m2"] == 9


def test_kill_9_loses_nothing_that_was_answered(server: Server, tmp_path: Path) -> None:
    runs = [new_run(server) for _ in range(8)]
    answered: dict[str, list[int]] = {run: [] for run in runs}
    enough = threading.Event()

    def write(run_id: str) -> None:
        step = 0
        try:
            while True:
                log_batch(server, run_id, step)
                answered[run_id].append(step)
                step += 1
                if step == 20:
                    enough.set()
        except (OSError, http.client.HTTPException):
            return  # the server is gone; this step was not answered, and may be there or not

    writers = [threading.Thread(target=write, args=(run_id,)) for run_id in runs]
    for writer in writers:
        writer.start()
    assert enough.wait(60)
    server.kill()
    for writer in writers:
        writer.join()
    again = serve(tmp_path / "store")
    try:
        for run_id, steps in answered.items():
            lengths = set()
            for key in ("m0", "m1", "m2"):
                history = ask(again, f"/api/2.0/mlflow/metrics/get-history?run_id={run_id}&metric_key={key}").get(
                    "metrics", []
                )
                found = [point["step"] for point in history]
                assert found[: len(steps)] == steps
                assert len(found) <= len(steps) + 1  # the one that was under way, whole or not at all
                lengths.add(len(found))
            assert len(lengths) == 1, "a request is there whole, or not at all"
    finally:
        again.stop()


def test_a_request_that_is_refused_does_not_disturb_its_neighbours(server: Server) -> None:
    run_id = new_run(server)
    refused: list[int] = []

    def write(number: int) -> None:
        for step in range(20):
            if number % 2:
                try:
                    ask(
                        server,
                        "/api/2.0/mlflow/runs/log-parameter",
                        {"run_id": run_id, "key": "p", "value": f"{number}-{step}"},
                    )
                except urllib.error.HTTPError as error:
                    refused.append(error.code)
            else:
                log_batch(server, run_id, number * 100 + step, 1)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert refused == [400] * 59  # one value came first, whichever
    history = ask(server, f"/api/2.0/mlflow/metrics/get-history?run_id={run_id}&metric_key=m0")["metrics"]
    assert sorted(point["step"] for point in history) == [n * 100 + step for n in (0, 2, 4) for step in range(20)]


def test_sigterm_finishes_what_is_under_way_and_ends_well(server: Server, tmp_path: Path) -> None:
    run_id = new_run(server)
    answered: list[int] = []
    enough = threading.Event()

    def write() -> None:
        try:
            for step in range(100_000):
                log_batch(server, run_id, step, 1)
                answered.append(step)
                if step == 20:
                    enough.set()
        except (OSError, http.client.HTTPException):
            return

    writer = threading.Thread(target=write)
    writer.start()
    assert enough.wait(60)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(60) == 0
    writer.join()
    steps = MlflowClient(str(tmp_path / "store")).get_metric_series(run_id, "m0").step.tolist()
    assert steps[: len(answered)] == answered
    assert len(steps) <= len(answered) + 1


def test_several_processes_serve_one_store(tmp_path: Path) -> None:
    server = serve(tmp_path / "store", "--workers", "2")
    try:
        run_id = new_run(server)
        writers = [
            threading.Thread(target=lambda first: [log_batch(server, run_id, first + step, 1) for step in range(20)], args=(n * 20,))
            for n in range(4)
        ]  # fmt: skip
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        history = ask(server, f"/api/2.0/mlflow/metrics/get-history?run_id={run_id}&metric_key=m0")["metrics"]
        assert sorted(point["step"] for point in history) == list(range(80))
    finally:
        assert server.stop() == 0


def test_it_says_how_it_is(server: Server) -> None:
    assert ask(server, "/health") == "OK"
    new_run(server)
    figures = ask(server, "/metrics")
    assert 'runstone_requests_total{route="/mlflow/runs/create",status="200"} 1\n' in figures
    assert 'runstone_request_seconds_count{route="/mlflow/runs/create"} 1\n' in figures
    described = ask(server, "/api/openapi.json")
    assert described["paths"]["/mlflow/runs/create"]["post"]["operationId"] == "create_run"
    assert {"get", "put", "delete"} <= described["paths"]["/mlflow-artifacts/artifacts/{artifact_path}"].keys()


def test_a_store_that_went_away_is_an_error_in_mlflows_shape_and_no_health(server: Server, tmp_path: Path) -> None:
    (tmp_path / "store" / "runstone.db").rename(tmp_path / "elsewhere.db")
    for path in ("/health", "/api/2.0/mlflow/experiments/get?experiment_id=0"):
        with pytest.raises(urllib.error.HTTPError) as refusal:
            ask(server, path)
        assert "is gone" in json.loads(refusal.value.read())["message"]


def test_each_request_is_a_line_of_json_in_the_log(server: Server) -> None:
    run_id = new_run(server)
    assert server.stop() == 0
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    created = next(line for line in lines if line["path"] == "/api/2.0/mlflow/runs/create")
    assert (created["method"], created["status"], created["client"]) == ("POST", 200, "127.0.0.1")
    assert run_id


@pytest.mark.parametrize("options", [("--host", "0.0.0.0"), ("--workers", "0")])
def test_options_that_are_unwise_are_refused(tmp_path: Path, options: tuple[str, ...]) -> None:
    with pytest.raises(RuntimeError, match=r"--insecure-no-auth|needs one at least"):
        serve(tmp_path / "store", *options)


def test_connections_beyond_the_limit_are_turned_away(tmp_path: Path) -> None:
    server = serve(tmp_path / "store", environment={"RUNSTONE_SERVER_CONNECTIONS": "5"})
    with contextlib.ExitStack() as connections:
        first, *others = [connections.enter_context(connect(server)) for _ in range(8)]
        assert all_heard(others[-1])[9:12] == b"503"
        first.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert all_heard(first)[9:12] == b"200"
    assert server.stop() == 0


def test_what_a_dead_process_left_beside_the_server_is_taken_up(tmp_path: Path) -> None:
    script = "import runstone, os; run = runstone.start_run(); runstone.log_metric('loss', 1.5); print(run.info.run_id, flush=True); os.kill(os.getpid(), 9)"
    folder = str(tmp_path / "store")
    environment = {**os.environ, "RUNSTONE_URI": folder}
    died = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    run_id = died.stdout.strip()
    server = serve(folder)
    try:

        def found() -> Any:
            return ask(server, f"/api/2.0/mlflow/runs/get?run_id={run_id}")["run"]

        until(lambda: found()["info"]["status"] == "KILLED")
        assert [metric["value"] for metric in found()["data"]["metrics"]] == [1.5]
    finally:
        server.stop()


def test_a_search_that_takes_too_long_is_broken_off(tmp_path: Path) -> None:
    from runstone.errors import RunstoneError
    from runstone.store.database import Database

    database = Database(str(tmp_path / "some.db"))
    database.patience = 0.01
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(RunstoneError) as refusal, database.read() as connection:
        connection.execute(endless).fetchone()
    assert refusal.value.error_code == "DEADLINE_EXCEEDED"
    with database.read() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    database.close()


@pytest.mark.parametrize(
    ("said", "status"),
    [(b"no HTTP at all\r\n\r\n", b"400"), (b"GET /" + b"a" * 70_000, b"431"), (b"GET / HTTP/1.1\r\nx: " + b"a" * 70_000, b"431")],
)  # fmt: skip
def test_what_is_no_request_is_refused_in_mlflows_shape(server: Server, said: bytes, status: bytes) -> None:
    with connect(server) as connection:
        # It may have refused, and closed, before it has heard all.
        with contextlib.suppress(ConnectionError):
            connection.sendall(said)
        answer = all_heard(connection)
    assert answer[9:12] == status
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["error_code"] == "BAD_REQUEST"


def test_a_page_of_an_origin_that_was_named_may_ask_and_no_other(tmp_path: Path) -> None:
    server = serve(tmp_path / "store", "--cors-allowed-origins", "https://page.example")
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    try:
        for origin, allowed in (("https://page.example", "https://page.example"), ("https://evil.example", None)):
            request = urllib.request.Request(
                server.url + "/api/2.0/mlflow/runs/create", method="OPTIONS", headers={"Origin": origin, **asked}
            )
            try:
                with urllib.request.urlopen(request) as answer:
                    told = answer.headers
            except urllib.error.HTTPError as refusal:
                told = refusal.headers
            assert told.get("Access-Control-Allow-Origin") == allowed
        body = {"experiment_id": "0"}
        assert ask(server, "/api/2.0/mlflow/runs/create", body, Origin="https://page.example")["run"]
        with pytest.raises(urllib.error.HTTPError, match="403"):
            ask(server, "/api/2.0/mlflow/runs/create", body, Origin="https://evil.example")
    finally:
        server.stop()


def test_a_command_line_of_mlflows_moves_over_by_one_word(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("MLflow's own")
    server = serve(
        tmp_path / "unused", "--backend-store-uri", f"sqlite:///{tmp_path}/mlflow.db", "--default-artifact-root",
        str(tmp_path / "mlruns"), "--serve-artifacts", "--workers", "1", named=False,
    )  # fmt: skip
    try:
        run = ask(server, "/api/2.0/mlflow/runs/create", {"experiment_id": "0"})["run"]["info"]
        assert (tmp_path / "mlflow.runstone" / "runstone.db").exists()
        made = ask(server, "/api/2.0/mlflow/experiments/create", {"name": "new"})["experiment_id"]
        experiment = ask(server, f"/api/2.0/mlflow/experiments/get?experiment_id={made}")["experiment"]
        assert experiment["artifact_location"] == f"{tmp_path}/mlruns/{made}"
        assert run["run_id"]
    finally:
        server.stop()
    assert (tmp_path / "mlflow.db").read_text() == "MLflow's own"
    assert "is left alone" in server.log.read_text()
