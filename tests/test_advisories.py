"""One test for each class of vulnerability that was published for MLflow and its like and that touches a server.

What they send is what the advisories sent. test_advisories_by_construction.py holds what can be read off the code.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.support.servers import Server, serve
from tests.support.wires import Answer, exchange, request

from runstone.operations.engine import Engine
from runstone.server.app import App
from runstone.server.dispatch import Route

SECRET = b"the operator's own file"
PROXY = "/api/2.0/mlflow-artifacts/artifacts"


class Guarded:
    """A server, and files beside its store that it must neither give, change nor take away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.secrets = [folder / "secret.txt", folder / "store" / "secret.txt"]
        (folder / "store").mkdir()
        for path in self.secrets:
            path.write_bytes(SECRET)
        self.server: Server = serve(folder / "store", environment={"TMPDIR": str(self.temporary)})
        self.run_id = self.said("POST", "runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
        exchange(self.server, request("PUT", f"{PROXY}/0/{self.run_id}/artifacts/model/keep", b"kept"))

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> Answer:
        """The answer; a path that does not begin with `/` lies below /api/2.0/mlflow/."""
        target = target if target.startswith("/") else f"/api/2.0/mlflow/{target}"
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return exchange(
            self.server, request(method, target, data, {name.replace("_", "-"): headers[name] for name in headers})
        )

    def said(self, method: str, target: str, body: Any = None) -> Any:
        """What a request that must succeed is answered with."""
        answer = self.ask(method, target, body)
        assert answer.status == 200, answer
        return json.loads(answer.body)

    def files(self) -> dict[str, bytes]:
        """Every file that a client could want to reach: all but the store's own."""
        return {
            str(path): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file()
            and path.name not in ("store.server.log",)
            and ".db" not in path.name
            and "packs" not in path.parts
        }


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    made = Guarded(tmp_path_factory.mktemp("guarded"))
    yield made
    made.server.kill()


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[Route]:
    return App(Engine(str(tmp_path_factory.mktemp("routes") / "store"))).routes.all


def _escapes(folder: Path) -> list[str]:
    """Ways to say the path of a file beside the store, as the advisories said it: plain, encoded once, twice, thrice, as URIs, with parameters."""
    plain = [
        "../secret.txt",
        "../../secret.txt",
        "a/../../../secret.txt",
        "..\\secret.txt",
        f"{folder}/secret.txt",
        "./../secret.txt",
    ]
    uris = [
        f"file://{folder}/secret.txt",
        f"file:{folder}/secret.txt",
        f"//proc/self/root{folder}/secret.txt",
        f"file://localhost{folder}/secret.txt",
    ]
    smuggled = [
        "x#/../../secret.txt",
        "x;/../../secret.txt",
        "x?/../../secret.txt",
        "x%23/../../secret.txt",
        "\x00../secret.txt",
    ]
    once = [quote(path, safe="") for path in plain + uris + smuggled]
    twice = [quote(path, safe="") for path in once]
    return [*once, *twice, *(quote(path, safe="") for path in twice), *(path for path in plain[:3] if "\\" not in path)]


def test_path_read(guarded: Guarded) -> None:
    for path in _escapes(guarded.folder):
        for target in (
            f"{PROXY}/{path}", f"{PROXY}/0/{guarded.run_id}/artifacts/{path}", f"{PROXY}?path={path}",
            f"/get-artifact?run_id={guarded.run_id}&path={path}", f"/get-artifact?run_uuid={path}&path=secret.txt",
            f"artifacts/list?run_id={guarded.run_id}&path={path}", f"/model-versions/get-artifact?name=x&version=1&path={path}",
            f"logged-models/m-1/artifacts/files?artifact_file_path={path}", f"/static-files/{path}", f"/build/{path}", f"/{path}",
        ):  # fmt: skip
            answer = guarded.ask("GET", target)
            assert SECRET not in answer.body, target
            assert answer.status < 500, (target, answer)


def test_path_write(guarded: Guarded) -> None:
    before = guarded.files()
    for path in _escapes(guarded.folder):
        for method, target in (
            ("PUT", f"{PROXY}/{path}"), ("PUT", f"{PROXY}/0/{guarded.run_id}/artifacts/{path}"),
            ("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={guarded.run_id}&path={path}"),
            ("PUT", f"/api/2.0/runstone/packs/{path}"), ("POST", f"/api/2.0/mlflow-artifacts/mpu/create/{path}"),
        ):  # fmt: skip
            guarded.ask(method, target, b"evil")
    assert guarded.files() == before


def test_path_delete(guarded: Guarded) -> None:
    before = guarded.files()
    for path in [*_escapes(guarded.folder), "", "/", ".", "%2e", "0", "0/", "*"]:
        guarded.ask("DELETE", f"{PROXY}/{path}")
        guarded.ask(
            "DELETE",
            f"{PROXY}/0/{guarded.run_id}/artifacts/model/{path}" if path.strip("/.%2e*") else f"{PROXY}/{path}",
        )
    assert guarded.files() == before
    assert guarded.ask("GET", f"{PROXY}/0/{guarded.run_id}/artifacts/model/keep").body == b"kept"


def test_double_decoding(guarded: Guarded) -> None:
    """A name is what it is after one decoding (CVE-2024-1560), and two names that differ are two things (CVE-2024-3099)."""
    for name in ("a b", "a%20b", "a%2520b"):
        guarded.said("POST", "registered-models/create", {"name": name, "description": name})
    for name in ("a b", "a%20b", "a%2520b"):
        found = guarded.said("GET", f"registered-models/get?name={quote(name)}")["registered_model"]
        assert (found["name"], found["description"]) == (name, name)


SOURCES = [
    "/etc/passwd", "file:///etc/passwd", "file://localhost/etc/passwd", "file:/etc", "FILE:///etc", "//proc/self/root", "file:///..\\..\\etc", "./x", "..",
    "../../etc", "runs:/{run}/../../etc", "runs:/{run}/model/../..", "runs:/{run}/%2e%2e/x", "runs:/{run}/model#/../x", "runs:/{run}/model;/../x",
    "runs:/{run}/model?x=/../..", "mlflow-artifacts:/../etc", "mlflow-artifacts:/0/{run}/artifacts/../../..", "mlflow-artifacts:/0/{run}/artifacts/%2e%2e/%2e%2e",
    "mlflow-artifacts://evil.example/0/{run}/artifacts/model", "mlflow-artifacts:/0/{run}/artifacts\\..\\..", "mlflow-artifacts:/0/{run}/artifactsx",
    "http://127.0.0.1:{port}/x", "https://127.0.0.1:{port}/x", "ftp://127.0.0.1:{port}/x", "s3://bucket/x", "dbfs:/etc", "dbfs:/../etc", "hdfs://x/y",
    "models:/nobody/1", "models://evil.example/x/1", "data:text/plain,x", "jar:file:///etc!/x", "sqlite:////etc/passwd", "C:\\windows", "\\\\evil\\share",
    "{run}", "runs:{run}", "runs://{run}/model", "dummy-source", "mlflow-artifacts:/0/{run}/artifacts/model\x00",
]  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_model_version_source(guarded: Guarded, source: str) -> None:
    guarded.ask("POST", "registered-models/create", {"name": "hostile"})
    text = source.format(run=guarded.run_id, port=1)
    # a tag once made the check be skipped (CVE-2026-2614)
    for tags in ([], [{"key": "mlflow.prompt.is_prompt", "value": "true"}]):
        for run_id in (None, guarded.run_id):
            body = {"name": "hostile", "source": text, "run_id": run_id, "tags": tags}
            assert guarded.ask("POST", "model-versions/create", body).refuses, body


def test_model_version_source_that_is_the_stores_own(guarded: Guarded) -> None:
    guarded.ask("POST", "registered-models/create", {"name": "right"})
    for source in (f"runs:/{guarded.run_id}/model", f"mlflow-artifacts:/0/{guarded.run_id}/artifacts/model"):
        guarded.said("POST", "model-versions/create", {"name": "right", "source": source})


LOCATIONS = [
    "/etc", "file:///etc", "mlflow-artifacts:/../..", "mlflow-artifacts:/0/x#/../../etc", "http:///#/../../etc", "http:///?/../../etc",
    "http:///;/../../etc", "file:///tmp/x;/../../etc", "dbfs:/x", "s3://bucket/x", "../..", "file:#/../../etc", "//proc/self/root", "x" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("location", LOCATIONS)
def test_artifact_location(guarded: Guarded, location: str) -> None:
    """Fragments, parameters and queries smuggled paths past the checks of 2.9 to 2.17; here a client names no place at all."""
    answer = guarded.ask("POST", "experiments/create", {"name": f"at {location}"[:200], "artifact_location": location})
    assert answer.refuses, answer


def test_ssrf(guarded: Guarded) -> None:
    """Whatever address it is given, the server connects to nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        address = f"http://127.0.0.1:{port}/x"
        dataset = {"name": "d", "digest": "e", "source_type": "http", "source": json.dumps({"url": address})}
        asked: list[tuple[str, str, Any]] = [
            ("POST", "experiments/create", {"name": "far", "artifact_location": address}),
            ("POST", "model-versions/create", {"name": "hostile", "source": address}),
            ("POST", "runs/log-inputs", {"run_id": guarded.run_id, "datasets": [{"dataset": dataset}]}),
            *(
                (
                    "POST",
                    "webhooks",
                    {"name": "w", "url": url, "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]},
                )
                for url in (address, address.replace("http:", "https:"), f"https://localhost:{port}/x")
            ),
            ("POST", "/ajax-api/2.0/mlflow/gateway-proxy", {"gateway_path": address}),
            ("GET", f"/ajax-api/2.0/mlflow/gateway-proxy?gateway_path={quote(address)}", None),
            ("GET", f"/get-artifact?run_id={guarded.run_id}&path={quote(address)}", None),
            ("GET", f"{PROXY}/{quote(address)}", None),
            ("GET", f"/api/2.0/mlflow-artifacts/presigned/{quote(address)}", None),
        ]
        for method, target, body in asked:
            assert guarded.ask(method, target, body).status < 600
            guarded.ask(method, target, body, X_Forwarded_For=address, Referer=address)
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_csrf_and_dns_rebinding(guarded: Guarded, routes: list[Route]) -> None:
    """What a page of another site can have a browser send changes nothing, on any route; under another host's name nothing is even read."""
    for route in routes:
        target = route.path.replace("{artifact_path:path}", "x").replace("{", "").replace("}", "")
        rebound = exchange(guarded.server, request(route.method, target, b"{}", host="evil.example"))
        assert (rebound.status, rebound.code) == (403, "PERMISSION_DENIED"), route
        if route.method == "GET":
            continue
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            crossing = exchange(guarded.server, request(route.method, target, b"{}", headers))
            assert (crossing.status, crossing.code) == (403, "PERMISSION_DENIED"), (route, headers)
    # The simple request of CVE-2023-43472, as old browsers send it: without Origin.
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert guarded.ask("POST", "experiments/create", {"name": "crossing"}, Content_Type=kind).refuses


def test_xss(guarded: Guarded) -> None:
    script = "<script>alert(1)</script>"
    run = f"{PROXY}/0/{guarded.run_id}/artifacts"
    for name in (
        "page.html",
        "page.htm",
        "page.svg",
        "page.xml",
        "page.xhtml",
        "MLmodel",
        "page.md",
        "page.pdf",
        "noname",
    ):
        guarded.ask("PUT", f"{run}/{name}", script.encode())
        for target in (f"{run}/{name}", f"/get-artifact?run_id={guarded.run_id}&path={name}"):
            headers = guarded.ask("GET", target).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert (
                headers["content-disposition"].startswith("attachment")
                or "sandbox" in headers["content-security-policy"]
            )
            assert not any(kind in headers["content-type"] for kind in ("html", "svg", "xml"))
    for target in (
        f"/{quote(script)}",
        f"runs/get?run_id={quote(script)}",
        f"experiments/get-by-name?experiment_name={quote(script)}",
    ):
        answer = guarded.ask("GET", target, Content_Type=script)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert guarded.ask("GET", "/").headers["content-security-policy"].startswith("default-src 'none'")


def test_resource_exhaustion(guarded: Guarded) -> None:
    """A request that would cost much is refused for what it is; the next one finds the server as it was."""
    clause = "metrics.m > 1 AND "
    deep = "(" * 5_000 + "metrics.m > 1" + ")" * 5_000
    costly = [
        ("runs/search", {"experiment_ids": ["0"], "filter": clause * 20_000 + "metrics.m > 1"}),
        ("runs/search", {"experiment_ids": ["0"], "filter": deep}),
        ("runs/search", {"experiment_ids": ["0"], "filter": f"params.p LIKE '{'%a' * 50_000}'"}),
        ("runs/search", {"experiment_ids": ["0"], "order_by": [f"metrics.m{number}" for number in range(10_000)]}),
        ("runs/search", {"experiment_ids": ["0"], "max_results": 10**9}),
        ("runs/log-batch", {"run_id": guarded.run_id, "metrics": [{"key": "m", "value": 1, "timestamp": 1}] * 1_001}),
        ("runs/set-tag", {"run_id": guarded.run_id, "key": "k" * 1_000_000, "value": "v"}),
        ("experiments/create", {"name": "n" * 1_000_000}),
        ("registered-models/create", {"name": "n" * 1_000_000}),
        ("logged-models/search", {"experiment_ids": ["0"], "filter": clause * 20_000}),
    ]
    for path, body in costly:
        assert guarded.ask("POST", path, body).refuses, path
    queries = "".join(f"q{number}: mlflowGetRun(input: {{}}) {{ run {{ info }} }} " for number in range(1_000))
    assert guarded.ask("POST", "/graphql", {"query": "{" + queries + "}"}).code == "ENDPOINT_NOT_FOUND"
    assert guarded.ask("GET", "/health").status == 200


def test_default_credentials(tmp_path: Path) -> None:
    """There are none: before there are passwords, nobody beyond this machine is let in unless the operator says so in so many words."""
    command = [
        sys.executable,
        "-m",
        "runstone",
        "server",
        "--store",
        str(tmp_path / "store"),
        "--host",
        "0.0.0.0",
        "--port",
        "0",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "--insecure-no-auth" in done.stderr


def test_temporary_files(guarded: Guarded) -> None:
    """Nothing of what is served is ever laid down in a folder that others can write to; what is in the store only its owner can write."""
    guarded.ask("PUT", f"{PROXY}/0/{guarded.run_id}/artifacts/large", b"x" * 3_000_000)
    assert list(guarded.temporary.iterdir()) == []
    loose = [path for path in (guarded.folder / "store").rglob("*") if path.stat().st_mode & 0o022]
    assert loose == []
