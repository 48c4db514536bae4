"""A server whose operator wants artifacts as plain files: they lie where MLflow would put them, and no client names another place."""

from __future__ import annotations

import http.client
import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.descriptors import needs_proc, open_files
from tests.support.points import until
from tests.support.servers import Server, serve

from runstone import MlflowClient
from runstone.errors import BadRequest, FileChanged, InvalidParameter, RunstoneError

PROXY = "/api/2.0/mlflow-artifacts/artifacts"
Ask = Callable[..., tuple[int, bytes]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plain")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    server = serve(folder / "store", "--artifacts-destination", str(folder / "art"))
    yield server
    assert server.stop() == 0


@pytest.fixture
def client(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "state"))
    return MlflowClient(server.url)


@pytest.fixture
def ask(server: Server) -> Ask:
    return asking(server)


def asking(server: Server) -> Ask:
    def ask(method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    return ask


def test_a_file_lies_where_mlflow_would_put_it(client: MlflowClient, ask: Ask, folder: Path) -> None:
    run_id = client.create_run("0").info.run_id
    root = f"{PROXY}/0/{run_id}/artifacts"
    place = folder / "art" / "0" / run_id / "artifacts"
    big = os.urandom(5_000_000)
    assert ask("PUT", f"{root}/a/b%20c.txt", b"hello")[0] == 200
    assert ask("PUT", f"{root}/big", big)[0] == 200
    assert (place / "a" / "b c.txt").read_bytes() == b"hello"
    assert (place / "big").read_bytes() == big
    assert ask("GET", f"{root}/big") == (200, big)
    assert ask("GET", f"{root}/big", Range="bytes=3-9") == (206, big[3:10])
    assert ask("GET", f"/get-artifact?run_id={run_id}&path=a/b%20c.txt") == (200, b"hello")
    listed = json.loads(ask("GET", f"/api/2.0/mlflow/artifacts/list?run_id={run_id}")[1])
    assert listed["files"] == [{"path": "a", "is_dir": True}, {"path": "big", "is_dir": False, "file_size": len(big)}]
    listed = json.loads(ask("GET", f"{PROXY}?path=0/{run_id}/artifacts/a")[1])
    assert listed["files"] == [{"path": "b c.txt", "is_dir": False, "file_size": 5}]
    assert ask("GET", f"{root}/a")[0] == 400
    assert ask("GET", f"{root}/none")[0] == 404
    (place / "by-hand").write_bytes(b"of another program's")
    assert ask("GET", f"{root}/by-hand") == (200, b"of another program's")
    assert ask("DELETE", f"{root}/a")[0] == 200
    assert sorted(os.listdir(place)) == ["big", "by-hand"]
    assert not (folder / "store" / "packs").exists()


def test_our_own_client_writes_and_reads_plain_files_too(client: MlflowClient, folder: Path, tmp_path: Path) -> None:
    run_id = client.create_run("0").info.run_id
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "x").write_bytes(b"x" * 300_000)
    (tmp_path / "in" / "y").write_bytes(b"y")
    client.log_artifacts(run_id, str(tmp_path / "in"), "all")
    client.log_text(run_id, "hello", "note.txt")
    place = folder / "art" / "0" / run_id / "artifacts"
    assert (place / "all" / "deep" / "x").read_bytes() == b"x" * 300_000
    assert (place / "note.txt").read_text() == "hello"
    assert client.read_artifact(run_id, "all/deep/x") == b"x" * 300_000
    assert [file.path for file in client.list_artifacts(run_id)] == ["all", "note.txt"]
    got = Path(client.download_artifacts(run_id, "all", str(tmp_path / "out")))
    assert (got / "deep" / "x").read_bytes() == b"x" * 300_000


@pytest.mark.parametrize(
    "key",
    ["../x", "a/../../x", "%2e%2e/x", "..%2fx", "%252e%252e/x", "a%5C..%5Cx", "%2fetc/x", "a%00b", "C:/x", "a%23b"],
)
def test_a_hostile_key_writes_nothing_anywhere(ask: Ask, folder: Path, key: str) -> None:
    before = sorted(str(path) for path in folder.rglob("*"))
    for method, body in (("PUT", b"evil"), ("GET", None), ("DELETE", None)):
        assert ask(method, f"{PROXY}/{key}", body)[0] == 400
    assert sorted(str(path) for path in folder.rglob("*")) == before


def test_links_in_the_destination_lead_nowhere(client: MlflowClient, ask: Ask, folder: Path, tmp_path: Path) -> None:
    run_id = client.create_run("0").info.run_id
    root = f"{PROXY}/0/{run_id}/artifacts"
    ask("PUT", f"{root}/f", b"x")
    place = folder / "art" / "0" / run_id / "artifacts"
    (tmp_path / "secret").write_text("secret")
    (place / "out").symlink_to(tmp_path)
    (place / "link").symlink_to(tmp_path / "secret")
    assert ask("GET", f"{root}/out/secret")[0] == ask("GET", f"{root}/link")[0] == 404
    assert ask("PUT", f"{root}/out/secret", b"evil")[0] == 400
    assert ask("DELETE", f"{root}/out/secret")[0] == 200
    assert ask("PUT", f"{root}/link", b"mine")[0] == 200
    assert (tmp_path / "secret").read_text() == "secret"


def test_a_deletion_above_runs_is_refused(client: MlflowClient, ask: Ask) -> None:
    run_id = client.create_run("0").info.run_id
    root = f"{PROXY}/0/{run_id}/artifacts"
    ask("PUT", f"{root}/f", b"x")
    for key in ("", "/", "/0", "/0/", f"/0/{run_id}"):
        assert ask("DELETE", f"{PROXY}{key}")[0] in (400, 404)
    assert ask("GET", f"{root}/f") == (200, b"x")


def test_an_upload_that_breaks_off_leaves_the_old_file_and_nothing_else(
    client: MlflowClient, ask: Ask, folder: Path, server: Server
) -> None:
    run_id = client.create_run("0").info.run_id
    root = f"{PROXY}/0/{run_id}/artifacts"
    ask("PUT", f"{root}/f", b"old")
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as wire:
        wire.sendall(
            f"PUT {root}/f HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9000000\r\n\r\n".encode() + bytes(8_000_000)
        )
    place = folder / "art" / "0" / run_id / "artifacts"
    until(lambda: os.listdir(place) == ["f"])
    assert ask("GET", f"{root}/f") == (200, b"old")


def test_a_client_names_no_place_of_its_own(client: MlflowClient, folder: Path) -> None:
    for location in (
        "/etc", "file:///etc", str(folder / "art"), f"file://{folder}/art", "s3://bucket/x", "http://x/y", "mlflow-artifacts:/../x",
        "mlflow-artifacts:/a#b", "mlflow-artifacts:/%2e%2e/x", "mlflow-artifacts://host/x", "../x", "dbfs:/x", "runs:/x",
    ):  # fmt: skip
        with pytest.raises((InvalidParameter, RunstoneError)) as refused:
            client.create_experiment(f"at {location}", artifact_location=location)
        assert refused.value.error_code == "INVALID_PARAMETER_VALUE", location
    experiment = client.create_experiment("below", artifact_location="mlflow-artifacts:/team/one")
    run = client.create_run(experiment)
    client.log_text(run.info.run_id, "x", "f.txt")
    assert (folder / "art" / "team" / "one" / run.info.run_id / "artifacts" / "f.txt").read_text() == "x"


def test_files_that_were_in_the_store_before_are_still_there(tmp_path: Path) -> None:
    local = MlflowClient(str(tmp_path / "store"))
    run_id = local.create_run("0").info.run_id
    local.log_text(run_id, "old", "old.txt")
    server = serve(tmp_path / "store", "--artifacts-destination", str(tmp_path / "art"))
    try:
        ask = asking(server)
        root = f"{PROXY}/0/{run_id}/artifacts"
        ask("PUT", f"{root}/new.txt", b"new")
        assert ask("GET", f"{root}/old.txt") == (200, b"old")
        listed = json.loads(ask("GET", f"{PROXY}?path=0/{run_id}/artifacts")[1])
        assert [file["path"] for file in listed["files"]] == ["new.txt", "old.txt"]
    finally:
        server.stop()


def test_a_file_that_was_in_the_store_before_is_replaced_by_a_plain_one(tmp_path: Path) -> None:
    local = MlflowClient(str(tmp_path / "store"))
    run_id = local.create_run("0").info.run_id
    for path in ("model.bin", "kept.bin", "folder/file"):
        local.log_text(run_id, "old", path)
    server = serve(tmp_path / "store", "--artifacts-destination", str(tmp_path / "art"))
    try:
        ask = asking(server)
        root = f"{PROXY}/0/{run_id}/artifacts"
        assert ask("PUT", f"{root}/model.bin", b"newer")[0] == 200
        assert ask("GET", f"{root}/model.bin") == (200, b"newer")
        assert ask("GET", f"{root}/kept.bin") == (200, b"old")
        listed = json.loads(ask("GET", f"{PROXY}?path=0/{run_id}/artifacts")[1])["files"]
        sizes = {file["path"]: file.get("file_size") for file in listed}
        assert sizes == {"folder": None, "kept.bin": 3, "model.bin": 5}
        # A file and a folder of one name are refused, whichever of them is in the store.
        for path in ("folder", "kept.bin/below"):
            assert ask("PUT", f"{root}/{path}", b"x")[0] == 400
        # What another program puts there is newer too; a deletion leaves neither of the two.
        (tmp_path / "art" / "0" / run_id / "artifacts" / "kept.bin").write_bytes(b"by hand")
        assert ask("GET", f"{root}/kept.bin") == (200, b"by hand")
        for path in ("model.bin", "kept.bin"):
            assert ask("DELETE", f"{root}/{path}")[0] == 200
            assert ask("GET", f"{root}/{path}")[0] == 404
    finally:
        server.stop()


@needs_proc
def test_no_answer_leaves_a_plain_file_open(client: MlflowClient, ask: Ask, server: Server, folder: Path) -> None:
    run_id = client.create_run("0").info.run_id
    root = f"{PROXY}/0/{run_id}/artifacts"
    ask("PUT", f"{root}/f", b"x" * 5_000_000)
    host, port = server.url.removeprefix("http://").split(":")
    for _ in range(5):
        assert ask("HEAD", f"{root}/f")[0] == 200
        assert ask("GET", f"{root}/f", **{"If-None-Match": "*"})[0] == 304
        assert ask("GET", f"{root}/f", Range="bytes=9000000-")[0] == 416
        with socket.create_connection((host, int(port))) as wire:
            wire.sendall(f"GET {root}/f HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    place = folder / "art" / "0" / run_id
    until(lambda: open_files(str(place), server.process.pid) == 0)


def test_a_model_versions_files_are_read_where_the_operator_wants_them(tmp_path: Path) -> None:
    server = serve(tmp_path / "store", "--default-artifact-root", str(tmp_path / "mlruns"))
    try:
        ask = asking(server)

        def post(path: str, **body: str) -> Any:
            head = {"Content-Type": "application/json"}
            status, answer = ask("POST", f"/api/2.0/mlflow/{path}", json.dumps(body), **head)
            assert status == 200, answer
            return json.loads(answer)

        number = post("experiments/create", name="new")["experiment_id"]
        root = post("runs/create", experiment_id=number)["run"]["info"]["artifact_uri"]
        Path(root, "m").mkdir(parents=True)
        Path(root, "m", "MLmodel").write_text("a model")
        post("registered-models/create", name="m")
        post("model-versions/create", name="m", source=f"{root}/m")
        assert ask("GET", "/model-versions/get-artifact?name=m&version=1&path=MLmodel") == (200, b"a model")
        assert ask("GET", "/model-versions/get-artifact?name=m&version=1&path=none")[0] == 404
        assert ask("GET", "/model-versions/get-artifact?name=m&version=1&path=../../../../../secret")[0] == 400
    finally:
        server.stop()


def test_a_default_root_is_where_new_experiments_are(tmp_path: Path) -> None:
    server = serve(tmp_path / "store", "--default-artifact-root", str(tmp_path / "mlruns"))
    try:
        ask = asking(server)
        body = json.dumps({"name": "new"})
        _, answer = ask("POST", "/api/2.0/mlflow/experiments/create", body, **{"Content-Type": "application/json"})
        number = json.loads(answer)["experiment_id"]
        for experiment in ("0", number):
            body = json.dumps({"experiment_id": experiment})
            _, answer = ask("POST", "/api/2.0/mlflow/runs/create", body, **{"Content-Type": "application/json"})
            info = json.loads(answer)["run"]["info"]
            place = tmp_path / "mlruns" / experiment / info["run_id"] / "artifacts"
            assert info["artifact_uri"] == str(place)
            # MLflow's clients write there by themselves; the server reads it for its page, and takes its page's uploads.
            place.mkdir(parents=True)
            (place / "f").write_text("by a client")
            assert ask("GET", f"/get-artifact?run_id={info['run_id']}&path=f") == (200, b"by a client")
            ask("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={info['run_id']}&path=g", b"by the page")
            assert (place / "g").read_text() == "by the page"
        body = json.dumps({"name": "inside", "artifact_location": str(tmp_path / "mlruns" / "mine")})
        assert ask("POST", "/api/2.0/mlflow/experiments/create", body, **{"Content-Type": "application/json"})[0] == 200
        for outside in (str(tmp_path / "mlruns" / ".." / "x"), str(tmp_path / "mlruns2"), str(tmp_path)):
            body = json.dumps({"name": outside, "artifact_location": outside})
            status, _ = ask("POST", "/api/2.0/mlflow/experiments/create", body, **{"Content-Type": "application/json"})
            assert status == 400, outside
    finally:
        server.stop()


def test_a_place_that_is_none_is_said_before_anything_is_served(tmp_path: Path) -> None:
    from runstone.server import run

    for wrong in ({"artifact_root": "ftp://x"}, {"artifact_destination": "http://x/y"}):
        with pytest.raises((InvalidParameter, BadRequest)):
            run.check(run.Options(str(tmp_path / "store"), **wrong))


def test_a_plain_file_is_opened_and_read_where_it_is_wanted(client: MlflowClient, folder: Path) -> None:
    run_id = client.create_run("0").info.run_id
    data = os.urandom(5_000_000)
    client.log_files(run_id, {"a/plain.bin": data, "empty": b""})
    with client.open_artifact(run_id, "a/plain.bin") as file:
        assert (file.size, file.digest) == (len(data), None)
        file.seek(-10, os.SEEK_END)
        assert file.read() == data[-10:]
        file.seek(1_500_000)
        assert file.read(2_000_000) == data[1_500_000:3_500_000]
        (folder / "art" / "0" / run_id / "artifacts" / "a" / "plain.bin").write_bytes(b"another" * 1_000_000)
        file.seek(0)
        with pytest.raises(FileChanged, match="written anew"):
            file.read(10)
    with client.open_artifact(run_id, "empty") as file:
        assert file.read() == b""


def test_a_server_that_gives_no_ranges_is_read_whole_once(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = client.create_run("0").info.run_id
    data = os.urandom(3_000_000)
    client.log_files(run_id, {"plain.bin": data})
    opened = client.open_artifact(run_id, "plain.bin")
    connection = client._repository.connection  # type: ignore[attr-defined]
    stream = connection.stream
    asked: list[str] = []

    def without_ranges(method: str, path: str, *, headers: Any = None, **rest: Any) -> Any:
        asked.append(path)  # as a stock MLflow server does, which does not look at them
        return stream(method, path, headers={}, **rest)

    monkeypatch.setattr(connection, "stream", without_ranges)
    with opened:
        opened.seek(2_000_000)
        assert opened.read(5) == data[2_000_000:2_000_005]
        opened.seek(0)
        assert opened.read() == data
    assert len(asked) == 1
