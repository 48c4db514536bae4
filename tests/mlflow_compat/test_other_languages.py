"""The R and Java clients and curl, by what they put on the wire: texts for numbers, `run_uuid`, queries and bodies, PATCH and DELETE.

R sends every value of a body as a text and leaves out what is empty. Java prints protobuf: 64-bit integers as texts, doubles as numbers
or "NaN", and reads answers strictly by the types of its messages, though it passes over fields that it does not know.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.mlflow_compat import real
from tests.support.servers import Server, mlflow_server, serve

pytestmark = pytest.mark.compat

KINDS = ["runstone", pytest.param("mlflow", marks=pytest.mark.soak)]


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server of ours; in the campaigns MLflow's own too, so that it is known what these clients get from it."""
    found = serve(tmp_path / "store") if request.param == "runstone" else mlflow_server(tmp_path / "mlflow")
    try:
        yield found
    finally:
        found.kill()


class Client:
    """What a language's client adds to every request."""

    def __init__(self, server: Server, agent: str) -> None:
        self.address = urllib.parse.urlsplit(server.url)
        self.headers = {"User-Agent": agent, "Accept": "application/json, text/xml, application/xml, */*"}

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """What the server says, which must be well."""
        status, said = self.answer(method, path, body, **query)
        assert status == 200, said
        return said

    def answer(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        """Status and answer."""
        connection = http.client.HTTPConnection(self.address.hostname or "", self.address.port, timeout=60)
        asked = f"/api/2.0/mlflow/{path}" + (f"?{urllib.parse.urlencode(query, doseq=True)}" if query else "")
        headers = self.headers if body is None else {**self.headers, "Content-Type": "application/json"}
        with contextlib.closing(connection):
            connection.request(method, asked, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())


def test_what_r_logs_is_read_back(server: Server) -> None:
    ask = Client(server, "mlflow-r-client/2.22.0")
    experiment_id = ask("POST", "experiments/create", {"name": "from R", "artifact_location": ""})["experiment_id"]
    assert ask("GET", "experiments/get-by-name", experiment_name="from R")["experiment"]["lifecycle_stage"] == "active"
    tags = [{"key": "mlflow.user", "value": "ada"}, {"key": "mlflow.source.type", "value": "LOCAL"}]
    started = {"experiment_id": experiment_id, "user_id": "ada", "start_time": "1795629666280", "tags": tags}
    info = ask("POST", "runs/create", started)["run"]["info"]
    run_id = info["run_uuid"]
    assert (info["run_id"], int(info["start_time"]), info["user_id"]) == (run_id, 1795629666280, "ada")

    ids = {"run_uuid": run_id, "run_id": run_id}
    ask("POST", "runs/log-parameter", {**ids, "key": "alpha", "value": "0.5"})
    ask("POST", "runs/set-tag", {**ids, "key": "stage", "value": "draft"})
    ask("POST", "runs/set-tag", {**ids, "key": "unwanted", "value": "x"})
    ask("POST", "runs/delete-tag", {"run_id": run_id, "key": "unwanted"})
    # 100000 and 1795629000000 as R writes them
    for step, value in (("0", "0.25"), ("1", "1e-05"), ("1e+05", "NaN")):
        point = {"key": "rmse", "value": value, "timestamp": "1.795629e+12", "step": step}
        ask("POST", "runs/log-metric", {**ids, **point})
    columns = {"key": "auc", "value": "0.75", "step": "7", "timestamp": "1795629666281"}
    batch = {"metrics": [columns], "params": [{"key": "beta", "value": "2"}], "tags": [{"key": "more", "value": "y"}]}
    ask("POST", "runs/log-batch", {"run_id": run_id, **batch})
    ask("POST", "runs/log-batch", {"run_id": run_id, "params": batch["params"]})
    ended = ask("POST", "runs/update", {**ids, "status": "FINISHED", "end_time": "1795629667000"})["run_info"]
    assert (ended["run_uuid"], ended["status"], int(ended["end_time"])) == (run_id, "FINISHED", 1795629667000)

    run = ask("GET", "runs/get", **ids)["run"]
    assert {param["key"]: param["value"] for param in run["data"]["params"]} == {"alpha": "0.5", "beta": "2"}
    found = {tag["key"]: tag["value"] for tag in run["data"]["tags"]}
    assert (found["stage"], found["more"], found["mlflow.user"]) == ("draft", "y", "ada")
    assert "unwanted" not in found
    metrics = {metric["key"]: metric for metric in run["data"]["metrics"]}
    assert (metrics["auc"]["value"], int(metrics["auc"]["step"]), int(metrics["auc"]["timestamp"])) == (
        0.75,
        7,
        1795629666281,
    )
    assert metrics["rmse"]["value"] == "NaN"
    history = ask("GET", "metrics/get-history", metric_key="rmse", **ids)["metrics"]
    assert [(point["value"], int(point["step"])) for point in history] == [(0.25, 0), (1e-05, 1), ("NaN", 100000)]
    asked = {"experiment_ids": [experiment_id], "filter": "metrics.auc > 0.5", "run_view_type": "ACTIVE_ONLY"}
    assert [each["info"]["run_uuid"] for each in ask("POST", "runs/search", asked)["runs"]] == [run_id]
    listed = ask("GET", "artifacts/list", **ids)
    assert listed["root_uri"].startswith("mlflow-artifacts:/")
    assert "files" not in listed
    ask("POST", "runs/delete", {"run_id": run_id})
    assert ask("POST", "runs/search", asked) == {}
    ask("POST", "runs/restore", {"run_id": run_id})
    assert [each["name"] for each in ask("POST", "experiments/search", {"max_results": "10"})["experiments"]] == [
        "from R",
        "Default",
    ]


def test_the_files_of_r_go_through_mlflows_command_line(server: Server, tmp_path: Path) -> None:
    real.require_mlflow()
    ask = Client(server, "mlflow-r-client/2.22.0")
    run_id = ask("POST", "runs/create", {"experiment_id": "0", "start_time": "1795629666280"})["run"]["info"]["run_id"]
    (tmp_path / "model.crate").write_bytes(b"crate")

    def artifacts(*arguments: str) -> str:
        done = subprocess.run(
            [real.PYTHON, "-W", "ignore", "-m", "mlflow", "artifacts", *arguments],
            cwd=tmp_path, capture_output=True, text=True, check=False, env={**real.ENVIRONMENT, "MLFLOW_TRACKING_URI": server.url},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    artifacts("log-artifact", "--local-file", "model.crate", "--run-id", run_id, "--artifact-path", "model")
    found = artifacts("download", "--run-id", run_id, "--artifact-path", "model/model.crate", "--dst-path", "down")
    assert (tmp_path / found.splitlines()[-1]).read_bytes() == b"crate"


def test_the_registry_as_r_uses_it(server: Server) -> None:
    ask = Client(server, "mlflow-r-client/2.22.0")
    run = ask("POST", "runs/create", {"experiment_id": "0", "user_id": "ada", "start_time": "1795629666280"})["run"]
    source = run["info"]["artifact_uri"] + "/model"
    ask("POST", "registered-models/create", {"name": "flowers", "description": "irises"})
    ask("POST", "registered-models/rename", {"name": "flowers", "new_name": "iris"})
    assert (
        ask("PATCH", "registered-models/update", {"name": "iris", "description": "better"})["registered_model"][
            "description"
        ]
        == "better"
    )
    version = ask("POST", "model-versions/create", {"name": "iris", "source": source, "run_id": run["info"]["run_id"]})[
        "model_version"
    ]
    assert (version["version"], version["status"], version["current_stage"]) == ("1", "READY", "None")
    ask("PATCH", "model-versions/update", {"name": "iris", "version": "1", "description": "first"})
    ask("POST", "model-versions/transition-stage", {"name": "iris", "version": "1", "stage": "Production"})
    ask("POST", "registered-models/alias", {"name": "iris", "alias": "champion", "version": "1"})
    assert ask("GET", "registered-models/alias", name="iris", alias="champion")["model_version"]["version"] == "1"
    latest = ask("GET", "registered-models/get-latest-versions", name="iris", stages="Production")["model_versions"]
    assert [each["version"] for each in latest] == ["1"]
    assert ask("GET", "model-versions/get", name="iris", version="1")["model_version"]["description"] == "first"
    assert ask("GET", "model-versions/get-download-uri", name="iris", version="1")["artifact_uri"]
    ask("DELETE", "model-versions/delete", {"name": "iris", "version": "1"})
    ask("DELETE", "registered-models/delete", {"name": "iris"})
    status, said = ask.answer("GET", "registered-models/get", name="iris")
    assert (status, said["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_what_java_logs_is_read_back(server: Server) -> None:
    ask = Client(server, "mlflow-java-client/3.17.2")
    experiment_id = ask("POST", "experiments/create", {"name": "from Java"})["experiment_id"]
    ask("POST", "experiments/set-experiment-tag", {"experiment_id": experiment_id, "key": "team", "value": "a"})
    created = ask(
        "POST", "runs/create", {"experiment_id": experiment_id, "start_time": "1795629666280", "user_id": "ada"}
    )
    run_id = created["run"]["info"]["run_id"]
    ids = {"run_uuid": run_id, "run_id": run_id}
    ask("POST", "runs/log-parameter", {**ids, "key": "trees", "value": "100"})
    for step, value in ((0, 0.5), (1, "Infinity"), (-3, "NaN"), (2**53 + 1, 1e-300)):
        ask(
            "POST",
            "runs/log-metric",
            {**ids, "key": "loss", "value": value, "timestamp": "1795629666280", "step": str(step)},
        )
    point = {"key": "auc", "value": 0.75, "timestamp": "1795629666281", "step": "0"}
    ask("POST", "runs/log-batch", {"run_id": run_id, "metrics": [point], "tags": [{"key": "k", "value": ""}]})
    ask("POST", "runs/set-tag", {**ids, "key": "k", "value": "ü"})
    ask("POST", "runs/update", {**ids, "status": "FAILED", "end_time": "1795629667000"})

    for first in range(0, 26_000, 1000):
        steps = range(first, first + 1000)
        many = [{"key": "many", "value": 0.5, "timestamp": str(step), "step": str(step)} for step in steps]
        ask("POST", "runs/log-batch", {"run_id": run_id, "metrics": many})
    long = ask("GET", "metrics/get-history", metric_key="many", **ids)  # it does not ask for a second page
    assert len(long["metrics"]) == 26_000
    assert "next_page_token" not in long
    history = ask("GET", "metrics/get-history", metric_key="loss", **ids)["metrics"]
    assert sorted(int(each["step"]) for each in history) == [-3, 0, 1, 2**53 + 1]
    run = ask("GET", "runs/get", **ids)["run"]
    assert readable_by_java(run)
    assert run["info"]["status"] == "FAILED"
    asked = {
        "experiment_ids": [experiment_id],
        "filter": "",
        "run_view_type": "ACTIVE_ONLY",
        "max_results": 1000,
        "page_token": "",
    }
    (found,) = ask("POST", "runs/search", asked)["runs"]
    assert found == run
    experiment = ask("GET", "experiments/get", experiment_id=experiment_id)["experiment"]
    assert (experiment["name"], experiment["tags"]) == ("from Java", [{"key": "team", "value": "a"}])
    versions = ask("GET", "model-versions/search", filter="name='nothing'")
    assert versions == {}
    status, said = ask.answer("GET", "runs/get", run_uuid="0" * 32, run_id="0" * 32)
    assert (status, said["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def readable_by_java(run: dict[str, Any]) -> bool:
    """Whether protobuf's JSON parser takes every field for what its message says: an integer (or its text), a number (or its name), a text."""
    info, data = run["info"], run["data"]
    assert all(
        isinstance(info[name], str) for name in ("run_id", "run_uuid", "experiment_id", "status", "lifecycle_stage")
    )
    for integer in (info["start_time"], info["end_time"], *(metric["step"] for metric in data["metrics"])):
        assert isinstance(integer, int) or integer.lstrip("-").isdigit()
    for metric in data["metrics"]:
        assert isinstance(metric["value"], float | int) or metric["value"] in ("NaN", "Infinity", "-Infinity")
    return all(isinstance(pair[part], str) for pair in data["tags"] + data["params"] for part in ("key", "value"))


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_as_in_the_documentation(server: Server) -> None:
    def curl(*arguments: str) -> Any:
        done = subprocess.run(
            ["curl", "-sS", "--fail-with-body", *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    api = f"{server.url}/api/2.0/mlflow"
    kind = ("-H", "Content-Type: application/json")
    run = curl("-X", "POST", f"{api}/runs/create", *kind, "-d", '{"experiment_id": "0", "run_name": "by curl"}')["run"]
    run_id = run["info"]["run_id"]
    point = {"run_id": run_id, "key": "loss", "value": 0.5, "timestamp": 1795629666280, "step": 1}
    assert curl("-X", "POST", f"{api}/runs/log-metric", *kind, "-d", json.dumps(point)) == {}
    assert curl("-G", f"{api}/runs/get", "-d", f"run_id={run_id}")["run"]["data"]["metrics"][0]["value"] == 0.5
    path = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/a.txt"
    subprocess.run(
        ["curl", "-sS", "--fail", "-X", "PUT", path, "--data-binary", "hello"], check=True, capture_output=True
    )
    (listed,) = curl("-G", f"{api}/artifacts/list", "-d", f"run_id={run_id}")["files"]
    assert (listed["path"], listed["is_dir"], int(listed["file_size"])) == ("a.txt", False, 5)
    done = subprocess.run(["curl", "-sS", path], capture_output=True, check=True)
    assert done.stdout == b"hello"
