"""Files of released MLflow clients and of ours on one server of ours: each reads what the other wrote, packed or as plain files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mlflow_compat import real
from tests.support.servers import Server, serve

from runstone import MlflowClient

pytestmark = pytest.mark.compat

FILES = {
    "top.txt": b"top",
    "empty": b"",
    "deep/er/ä b.bin": b"x" * 100_000,
    "deep/page.html": b"<script>1</script>",
    "big.bin": os.urandom(30_000_000),
}

# The second time with what its client does with a server that takes parts and signs addresses; ours says that it does neither.
WRITE = """
import os, hashlib
os.environ.update(given["environment"], MLFLOW_TRACKING_URI=given["url"])
import mlflow
client = mlflow.MlflowClient()
run = client.create_run("0").info
client.log_artifacts(run.run_id, given["folder"], "all")
client.log_text(run.run_id, "note", "note.txt")
def walk(path=None):
    for file in client.list_artifacts(run.run_id, path):
        yield from walk(file.path) if file.is_dir else [[file.path, file.file_size]]
answer = {"run_id": run.run_id, "uri": run.artifact_uri, "files": sorted(walk())}
"""

READ = """
import os, hashlib
os.environ.update(given["environment"], MLFLOW_TRACKING_URI=given["url"])
import mlflow
place = mlflow.MlflowClient().download_artifacts(given["run_id"], "all", given["folder"])
found = {}
for top, _, names in os.walk(place):
    for name in names:
        path = os.path.join(top, name)
        found[os.path.relpath(path, place)] = hashlib.sha256(open(path, "rb").read()).hexdigest()
text = mlflow.artifacts.load_text(f"runs:/{given['run_id']}/note.txt")
answer = {"found": found, "text": text}
"""

SHAPES = {
    "plain": {},
    "multipart": {
        "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true", "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": "6000000",
        "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": "6000000", "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "true",
    },
}  # fmt: skip


@pytest.fixture(scope="module", params=["packs", "files"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    real.require_mlflow()
    folder = tmp_path_factory.mktemp("served")
    options = ["--artifacts-destination", str(folder / "art")] if request.param == "files" else []
    server = serve(folder / "store", *options)
    yield server
    assert server.stop() == 0


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "in"


@pytest.fixture
def client(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "state"))
    return MlflowClient(server.url)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_mlflows_client_writes_ours_reads(
    client: MlflowClient, server: Server, source: Path, tmp_path: Path, shape: str
) -> None:
    given = {"url": server.url, "folder": str(source), "environment": SHAPES[shape]}
    answer = real.ask(WRITE, given, tmp_path)
    assert answer["uri"] == f"mlflow-artifacts:/0/{answer['run_id']}/artifacts"
    assert dict(answer["files"]) == {f"all/{name}": len(content) for name, content in FILES.items()} | {"note.txt": 4}
    for name, content in FILES.items():
        assert client.read_artifact(answer["run_id"], f"all/{name}") == content


@pytest.mark.parametrize("shape", SHAPES)
def test_what_our_client_writes_mlflows_reads(
    client: MlflowClient, server: Server, source: Path, tmp_path: Path, shape: str
) -> None:
    run_id = client.create_run("0").info.run_id
    client.log_artifacts(run_id, str(source), "all")
    client.log_text(run_id, "note", "note.txt")
    (tmp_path / "out").mkdir()
    given = {
        "url": server.url,
        "run_id": run_id,
        "folder": str(tmp_path / "out"),
        "environment": SHAPES[shape],
    }
    answer = real.ask(READ, given, tmp_path)
    assert answer["text"] == "note"
    assert answer["found"] == {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
