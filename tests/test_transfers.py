"""Files of our own client's on a server: only what is missing is sent, what broke off goes on, and no claim of a client's is believed."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.support.proxies import Wire
from tests.support.servers import Server, serve

from runstone import MlflowClient
from runstone.connection import Connection
from runstone.errors import Conflict, ContentGone, CorruptData, InvalidParameter, RunstoneError, Unreachable
from runstone.operations import storing
from runstone.operations.packs import NewPack
from runstone.repository.blobs.local import LocalBlobs
from runstone.repository.chunks import digest
from runstone.repository.packs import PackWriter
from runstone.transport.http import HttpTransport

BIG = random.Random(1).randbytes(60_000_000)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = serve(tmp_path_factory.mktemp("served") / "store")
    yield server
    assert server.stop() == 0


@pytest.fixture
def client(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "state"))
    return MlflowClient(server.url)


@pytest.fixture
def wire(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "state"))
    wire = Wire(server.url)
    yield wire
    wire.close()


def fresh(size: int) -> bytes:
    """Bytes that no store has."""
    return random.Random(os.urandom(8)).randbytes(size)


def test_what_goes_in_comes_out(client: MlflowClient, tmp_path: Path) -> None:
    run_id = client.create_run("0").info.run_id
    files = {"big.bin": BIG, "empty": b"", "deep/er/small.txt": b"small", "middle": BIG[:300_000], "ünï": b"x" * 20_000}
    for name, content in files.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    client.log_artifacts(run_id, str(tmp_path / "in"), "all")
    for name, content in files.items():
        assert client.read_artifact(run_id, f"all/{name}") == content
    got = client.download_artifacts(run_id, "all", str(tmp_path / "out"))
    assert {str(path.relative_to(got)): path.read_bytes() for path in Path(got).rglob("*") if path.is_file()} == files
    assert client.verify() == []


def test_only_what_is_missing_is_sent(client: MlflowClient, wire: Wire) -> None:
    content = fresh(20_000_000)
    run_id = client.create_run("0").info.run_id
    through = MlflowClient(wire.url)
    through.log_bytes(run_id, content, "a")
    assert wire.sent > len(content)
    wire.sent = 0
    through.log_bytes(run_id, content, "b")
    assert wire.sent < 100_000
    wire.sent = 0
    through.log_bytes(run_id, content[:10_000_000] + b"change" + content[10_000_000:], "c")
    assert wire.sent < 5_000_000
    assert client.read_artifact(run_id, "b") == content


def test_an_upload_that_breaks_off_goes_on_where_it_was(
    client: MlflowClient, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNSTONE_HTTP_RETRIES", "0")
    content = fresh(100_000_000)
    run_id = client.create_run("0").info.run_id
    through = MlflowClient(wire.url)
    # Of eight packs three connections carry at least three in one, whoever is the quickest: its third is cut in its midst.
    wire.limit = 30_000_000
    with pytest.raises(Unreachable):
        through.log_bytes(run_id, content, "broken")
    assert wire.cuts
    assert client.list_artifacts(run_id) == []
    wire.limit, wire.sent = None, 0
    through.log_bytes(run_id, content, "broken")
    assert wire.sent < 80_000_000, "what arrived before was not sent again"
    assert client.read_artifact(run_id, "broken") == content


def test_an_upload_over_a_wire_that_keeps_breaking_is_whole(client: MlflowClient, wire: Wire) -> None:
    content = fresh(60_000_000)
    run_id = client.create_run("0").info.run_id
    wire.limit = 25_000_000
    MlflowClient(wire.url).log_bytes(run_id, content, "file")
    assert wire.cuts
    assert client.read_artifact(run_id, "file") == content


def test_a_download_that_breaks_off_goes_on_at_the_byte_where_it_was(client: MlflowClient, wire: Wire) -> None:
    content = fresh(50_000_000)
    run_id = client.create_run("0").info.run_id
    client.log_bytes(run_id, content, "file")
    wire.limit = 3_000_000
    assert MlflowClient(wire.url).read_artifact(run_id, "file") == content
    assert wire.cuts > 10
    # What is on its way when a line breaks is lost each time; asked for anew each time, it would be several times as much.
    assert wire.received < 100_000_000, "what had come was not asked for again"


def test_a_damaged_chunk_on_the_server_is_told_to_the_reader(client: MlflowClient, server: Server) -> None:
    content = fresh(3_000_000)
    run_id = client.create_run("0").info.run_id
    folder = Path(server.log.as_posix().removesuffix(".server.log")) / "packs"
    before = set(os.listdir(folder)) if folder.is_dir() else set()
    client.log_bytes(run_id, content, "file")
    (pack,) = set(os.listdir(folder)) - before
    whole = (folder / pack).read_bytes()
    (folder / pack).write_bytes(whole[:1_000_000] + bytes(10) + whole[1_000_010:])
    with pytest.raises(CorruptData, match="damaged"):
        client.read_artifact(run_id, "file")
    (folder / pack).unlink()
    with pytest.raises(CorruptData, match="lost"):
        client.read_artifact(run_id, "file")
    client.log_bytes(run_id, content, "again")
    assert client.read_artifact(run_id, "file") == content, "logging the same bytes has mended it"


@pytest.fixture
def transport(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HttpTransport:
    monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "state"))
    return HttpTransport(server.url)


def test_a_server_believes_no_digest(client: MlflowClient, transport: HttpTransport) -> None:
    run_id = client.create_run("0").info.run_id
    victim, evil = fresh(1_000), fresh(1_000)
    one, two = fresh(500), fresh(500)

    def commit(small: list[tuple[str, bytes]], *files: storing.NewFile, packs: list[NewPack] | None = None) -> None:
        request = storing.CommitArtifacts(run_id, packs or [], small, list(files))
        transport.call(storing.commit_artifacts, request)

    name = digest(victim)
    lies = [
        lambda: commit([(name, evil)]),  # a chunk under another's name
        lambda: commit([(digest(evil), evil)], storing.NewFile("f", name, 1_000, [digest(evil)])),  # a content under another's
        lambda: commit([(digest(evil), evil)], storing.NewFile("f", digest(evil), 999, [digest(evil)])),
        lambda: commit([(digest(one), one), (digest(two), two)], storing.NewFile("f", name, 1_000, [digest(one), digest(two)])),
        lambda: commit([], storing.NewFile("f", name, 0, [])),
        lambda: commit([], storing.NewFile("f", name, 1_000, [name])),  # what nobody sent
        lambda: commit([], packs=[NewPack("c" * 32 + ".pack", 1_000, [(name, 8, 500)])]),
    ]  # fmt: skip
    for lie in lies:
        with pytest.raises((InvalidParameter, CorruptData, ContentGone)):
            lie()
    assert client.list_artifacts(run_id) == []
    client.log_bytes(run_id, victim, "true")
    assert client.read_artifact(run_id, "true") == victim
    joined = storing.NewFile("joined", digest(one + two), 1_000, [digest(one), digest(two)])
    commit([(digest(one), one), (digest(two), two)], joined)
    assert client.read_artifact(run_id, "joined") == one + two


@pytest.mark.parametrize("order", ["lie, true", "true, lie"])
@pytest.mark.parametrize("lie", ["other chunks", "fewer bytes", "no bytes"])
def test_of_one_content_every_file_of_a_commit_is_looked_at(
    client: MlflowClient, transport: HttpTransport, lie: str, order: str
) -> None:
    run_id = client.create_run("0").info.run_id
    one, two, junk = fresh(500), fresh(500), fresh(500)
    name = digest(one + two)
    false = {
        "other chunks": storing.NewFile("false", name, 1_000, [digest(junk), digest(junk)]),
        "fewer bytes": storing.NewFile("false", name, 500, [digest(junk)]),
        "no bytes": storing.NewFile("false", name, 0, []),
    }[lie]
    true = storing.NewFile("true", name, 1_000, [digest(one), digest(two)])
    files = [false, true] if order == "lie, true" else [true, false]
    small = [(digest(chunk), chunk) for chunk in (one, two, junk)]
    with pytest.raises(InvalidParameter):  # nothing is damaged
        transport.call(storing.commit_artifacts, storing.CommitArtifacts(run_id, [], small, files))
    assert client.list_artifacts(run_id) == []
    client.log_bytes(run_id, one + two, "true")
    assert client.read_artifact(run_id, "true") == one + two
    # Whatever is said of a content that is here changes nothing.
    with contextlib.suppress(InvalidParameter):
        transport.call(storing.commit_artifacts, storing.CommitArtifacts(run_id, [], small, files))
    assert client.read_artifact(run_id, "true") == one + two


def a_pack(folder: Path, *chunks: tuple[str, bytes]) -> bytes:
    writer = PackWriter(str(folder / "made"))
    for name, data in chunks:
        writer.add(name, data)
    writer.finish(LocalBlobs(str(folder / "done")))
    return (folder / "done" / writer.pack.name).read_bytes()


def test_a_pack_is_checked_to_its_last_byte(server: Server, transport: HttpTransport, tmp_path: Path) -> None:
    data, other = fresh(100_000), fresh(100_000)
    good = a_pack(tmp_path, (digest(data), data), (digest(other), other))
    wrong = {
        "a false digest": a_pack(tmp_path, (digest(other), data)),
        "no digest": a_pack(tmp_path, ("../../etc/passwd", data)),
        "a flipped byte": good[:50_000] + bytes([good[50_000] ^ 1]) + good[50_001:],
        "a flipped footer": good[:-40] + bytes([good[-40] ^ 1]) + good[-39:],
        "cut short": good[:-1],
        "nothing": b"",
        "one byte": b"x",
        "another file": fresh(100_000),
        "two in one": good + good,
    }
    connection = Connection(server.url)
    path = "/api/2.0/runstone/packs/" + os.urandom(16).hex() + ".pack"
    for what, content in wrong.items():
        answer = connection.request("PUT", path, body=content)
        assert answer.status == 400, what
        assert connection.request("HEAD", path).status == 404, what
    for name in ("x.pack", "../" + "a" * 32 + ".pack", "a" * 32, "A" * 32 + ".pack", "a" * 33 + ".pack"):
        assert connection.request("PUT", "/api/2.0/runstone/packs/" + name, body=good).status in (400, 404), name
    for _ in range(2):  # as one whose first answer was lost sends it again
        assert connection.request("PUT", path, body=good).status == 200
    assert connection.request("GET", path).body == good
    folder = Path(server.log.as_posix().removesuffix(".server.log"))
    assert os.listdir(folder / "incoming") == []


def test_a_commit_that_expects_something_else_is_refused_whole(client: MlflowClient, transport: HttpTransport) -> None:
    run_id = client.create_run("0").info.run_id
    old, new = fresh(100), fresh(100)

    def commit(expected: dict[str, str]) -> None:
        file = storing.NewFile("f", digest(new), 100, [digest(new)])
        transport.call(
            storing.commit_artifacts, storing.CommitArtifacts(run_id, [], [(digest(new), new)], [file], expected)
        )

    client.log_bytes(run_id, old, "f")
    for expected in ({"f": ""}, {"f": digest(new)}, {"f": digest(old), "g": digest(old)}):
        with pytest.raises(Conflict):
            commit(expected)
    assert client.read_artifact(run_id, "f") == old
    commit({"f": digest(old), "g": ""})
    assert client.read_artifact(run_id, "f") == new


def test_a_server_that_dies_in_an_upload_has_the_file_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("RUNSTONE_HTTP_RETRIES", "0")
    content = {f"{number}": fresh(20_000_000) for number in range(2)}
    for moment in (1, 15_000_000, 25_000_000, 39_000_000):
        server = serve(tmp_path / "store")
        wire = Wire(server.url)
        client = MlflowClient(wire.url)
        run_id = client.create_run("0").info.run_id
        acknowledged = []

        def upload(client: MlflowClient = client, run_id: str = run_id, acknowledged: list[str] = acknowledged) -> None:
            for name, data in content.items():
                try:
                    client.log_bytes(run_id, data, name)
                except RunstoneError:
                    return
                acknowledged.append(name)

        uploading = threading.Thread(target=upload)
        uploading.start()
        while wire.sent < moment and uploading.is_alive():
            pass
        server.kill()
        uploading.join()
        wire.close()
        local = MlflowClient(str(tmp_path / "store"))
        found = [file.path for file in local.list_artifacts(run_id)]
        assert set(acknowledged) <= set(found)
        for name in found:
            assert local.read_artifact(run_id, name) == content[name]
        assert local.verify() == []


def peak(server: Server) -> int:
    """MiB of memory that the server has had at the most."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


@pytest.mark.soak
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="peak memory is read from /proc")
def test_a_server_holds_no_file_however_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_STATE", str(tmp_path / "state"))
    server = serve(tmp_path / "store")
    client = MlflowClient(server.url)
    run_id = client.create_run("0").info.run_id
    # Longer than any buffer, and never the same bytes twice, so that all of it is stored.
    pieces = 1024

    def content(seed: int) -> Iterator[bytes]:
        return (random.Random(seed * pieces + number).randbytes(1024 * 1024) for number in range(pieces))

    root = f"{server.url.removeprefix('http://')}"

    def send_and_fetch(seed: int) -> None:
        connection = http.client.HTTPConnection(root, timeout=600)
        path = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/{seed}"
        connection.request(
            "PUT", path, content(seed), {"Content-Length": str(pieces * 1024 * 1024)}, encode_chunked=False
        )
        assert connection.getresponse().read() == b""
        connection.request("GET", path)
        answer = connection.getresponse()
        for piece in content(seed):
            assert answer.read(len(piece)) == piece
        connection.close()

    with ThreadPoolExecutor(2) as senders:
        list(senders.map(send_and_fetch, range(2)))
    list(client.stream_artifact(run_id, "0"))
    assert peak(server) < 200
    assert server.stop() == 0


def test_a_server_that_is_told_to_end_leaves_no_half_of_an_upload(tmp_path: Path) -> None:
    server = serve(tmp_path / "store", environment={"RUNSTONE_SERVER_DEPARTURE": "1"})
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as wire:
        head = (
            f"PUT /api/2.0/mlflow-artifacts/artifacts/half HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99999999\r\n\r\n"
        )
        wire.sendall(head.encode() + fresh(9_000_000))
        while not (tmp_path / "store" / "incoming").is_dir():
            pass
        assert server.stop() == 0
    assert os.listdir(tmp_path / "store" / "incoming") == []
    assert not (tmp_path / "store" / "packs").exists()
