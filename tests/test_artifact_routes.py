"""Artifacts over HTTP, in the shapes of MLflow's proxy and page: a real server, a real socket, and paths as they stand on the wire."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from tests.support.points import until
from tests.support.servers import Server, serve
from tests.support.wires import all_heard

from runstone import MlflowClient
from runstone.repository.chunks import digest

PROXY = "/api/2.0/mlflow-artifacts/artifacts"
BIG = random.Random(5).randbytes(5_000_000)


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> tuple[int, str]:
        return self.status, json.loads(self.body)["error_code"]


class Store(NamedTuple):
    server: Server
    client: MlflowClient
    folder: Path

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        host = self.server.url.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=60)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def run(self) -> tuple[str, str]:
        """A new run: its id, and the path of its root on the proxy."""
        run_id = self.client.create_run("0").info.run_id
        return run_id, f"{PROXY}/0/{run_id}/artifacts"

    def leftovers(self) -> list[str]:
        folder = self.folder / "incoming"
        return sorted(os.listdir(folder)) if folder.is_dir() else []

    def packs(self) -> list[str]:
        return sorted(os.listdir(self.folder / "packs")) if (self.folder / "packs").is_dir() else []


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("served") / "store"
    server = serve(folder)
    yield Store(server, MlflowClient(str(folder)), folder)
    assert server.stop() == 0


def test_what_is_put_is_got_and_is_the_runs_own(store: Store) -> None:
    run_id, root = store.run()
    for path, content in (("a/b.txt", b"hello"), ("empty", b""), ("big.bin", BIG), ("ä b%25.txt", b"odd")):
        assert store.ask("PUT", f"{root}/{quote(path)}", content)[::2] == (200, b"")
        answer = store.ask("GET", f"{root}/{quote(path)}")
        assert (answer.status, answer.body) == (200, content)
        assert answer.headers["content-length"] == str(len(content))
        assert answer.headers["etag"] == f'"{digest(content)}"'
        assert store.client.read_artifact(run_id, path) == content
    assert [file.path for file in store.client.list_artifacts(run_id)] == ["a", "big.bin", "empty", "ä b%25.txt"]


def test_the_page_stores_a_file_under_any_name_it_may_have(store: Store) -> None:
    run_id, _ = store.run()
    for path in ("100% #1.txt", "a/%2e%2e/b", "ä?&=.txt"):
        address = f"/ajax-api/2.0/runstone/artifacts/file?run_id={run_id}&path={quote(path, safe='')}"
        assert store.ask("PUT", address, path.encode()).status == 200
        assert store.ask("GET", address).body == path.encode()
    for path, error in (("../x", (400, "INVALID_PARAMETER_VALUE")), ("", (400, "INVALID_PARAMETER_VALUE"))):
        address = f"/ajax-api/2.0/runstone/artifacts/file?run_id={run_id}&path={quote(path, safe='')}"
        assert store.ask("PUT", address, b"x").error == error
    address = f"/ajax-api/2.0/runstone/artifacts/file?run_id={run_id}&path=x"
    refused = store.ask("PUT", address, b"x", Origin="http://elsewhere.example")
    assert refused.status == 403
    store.client.delete_run(run_id)
    assert store.ask("PUT", address, b"x").status == 400


def test_what_our_client_logs_is_read_by_every_route(store: Store) -> None:
    run_id, root = store.run()
    store.client.log_bytes(run_id, BIG, "sub/big.bin")
    for path in (
        f"{root}/sub/big.bin",
        f"/ajax-api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/sub/big.bin",
        f"/get-artifact?run_id={run_id}&path=sub/big.bin",
        f"/get-artifact?run_uuid={run_id}&path=sub%2Fbig.bin",
    ):
        assert store.ask("GET", path).body == BIG
    listed = json.loads(store.ask("GET", f"{PROXY}?path=0/{run_id}/artifacts/sub").body)
    assert listed == {"files": [{"path": "big.bin", "is_dir": False, "file_size": len(BIG)}]}


def test_keys_outside_of_runs_are_files_of_their_own(store: Store) -> None:
    run_id, root = store.run()
    store.ask("PUT", f"{root}/x", b"x")
    assert store.ask("PUT", f"{PROXY}/shared/deep/file", b"free").status == 200
    assert store.ask("GET", f"{PROXY}/shared/deep/file").body == b"free"
    assert json.loads(store.ask("GET", f"{PROXY}?path=shared").body) == {"files": [{"path": "deep", "is_dir": True}]}
    top = {file["path"] for file in json.loads(store.ask("GET", PROXY).body)["files"]}
    assert top >= {"0", "shared"}
    assert run_id in {file["path"] for file in json.loads(store.ask("GET", f"{PROXY}?path=0").body)["files"]}
    assert store.ask("DELETE", f"{PROXY}/shared").status == 200
    assert store.ask("GET", f"{PROXY}/shared/deep/file").error == (404, "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-0", 0, 0), ("bytes=1000000-3999999", 1_000_000, 3_999_999), ("bytes=4999990-", 4_999_990, 4_999_999),
     ("bytes=-7", 4_999_993, 4_999_999), ("bytes=4999999-9999999", 4_999_999, 4_999_999), ("bytes=-9999999", 0, 4_999_999)],
)  # fmt: skip
def test_a_range_is_just_those_bytes(store: Store, asked: str, first: int, last: int) -> None:
    _, root = store.run()
    store.ask("PUT", f"{root}/big", BIG)
    answer = store.ask("GET", f"{root}/big", Range=asked)
    assert (answer.status, answer.headers["content-range"]) == (206, f"bytes {first}-{last}/{len(BIG)}")
    assert answer.body == BIG[first : last + 1]


def test_a_range_behind_the_end_is_refused_and_one_that_makes_no_sense_is_not_heard(store: Store) -> None:
    _, root = store.run()
    store.ask("PUT", f"{root}/f", b"12345")
    behind = store.ask("GET", f"{root}/f", Range="bytes=5-")
    assert (behind.status, behind.headers["content-range"]) == (416, "bytes */5")
    for nonsense in ("bytes=3-1", "lines=1-2", "bytes=", "bytes=-", "bytes=0-1,3-4", "bytes=a-b"):
        assert store.ask("GET", f"{root}/f", Range=nonsense)[::2] == (200, b"12345")
    other = store.ask("GET", f"{root}/f", Range="bytes=0-1", If_Range='"another"')
    assert other[::2] == (200, b"12345")


def test_what_the_client_has_already_is_not_sent_again(store: Store) -> None:
    _, root = store.run()
    store.ask("PUT", f"{root}/f", b"12345")
    tag = store.ask("GET", f"{root}/f").headers["etag"]
    for condition in (tag, f'"x", W/{tag}', "*"):
        assert store.ask("GET", f"{root}/f", If_None_Match=condition)[::2] == (304, b"")
    store.ask("PUT", f"{root}/f", b"other")
    assert store.ask("GET", f"{root}/f", If_None_Match=tag).body == b"other"


def test_head_says_what_get_would(store: Store) -> None:
    _, root = store.run()
    store.ask("PUT", f"{root}/big", BIG)
    head, get = store.ask("HEAD", f"{root}/big"), store.ask("GET", f"{root}/big")
    drop = {"date"}
    assert head[::2] == (200, b"")
    assert {k: v for k, v in head.headers.items() if k not in drop} == {
        k: v for k, v in get.headers.items() if k not in drop
    }
    assert store.ask("HEAD", f"{root}/none")[::2] == (404, b"")


@pytest.mark.parametrize(
    "name", ["page.html", "picture.svg", "page.xhtml", "style.css", "run.js", "page.htm", "x.html.gz", "none"]
)
def test_nothing_leaves_as_a_page_of_ours(store: Store, name: str) -> None:
    _, root = store.run()
    store.ask("PUT", f"{root}/{name}", b"<script>alert(1)</script>")
    headers = store.ask("GET", f"{root}/{name}").headers
    assert headers["content-type"] in ("text/plain; charset=utf-8", "application/octet-stream")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-disposition"] == f"attachment; filename={name}"
    assert "sandbox" in headers["content-security-policy"]


def test_a_name_cannot_break_out_of_its_header(store: Store) -> None:
    _, root = store.run()
    for name in ('a".html', "a;b.txt", "naïve.txt", "a'b.txt"):
        store.ask("PUT", f"{root}/{quote(name)}", b"x")
        assert store.ask("GET", f"{root}/{quote(name)}").headers["content-disposition"] == (
            f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        )


HOSTILE = [
    "../x", "a/../../x", "..", "a/..", "%2e%2e/x", "a/%2e%2e/%2e%2e/x", "%252e%252e/x", "%25252e%25252e/x", "..%2fx", "..%252fx",
    "%2e%2e%2fx", "a//b", "//etc/passwd", "/etc/passwd", "%2fetc/passwd", "%252fetc/passwd", "a/./b", "./a", "a%5Cb", "..%5Cx",
    "..%255Cx", "a%00b", "a%2500b", "C:/x", "C%3A/x", "c:%2fx", "a%23b", "%23/../x", "a%2523b", "file:///etc/passwd",
    "file:%2F%2F%2Fetc%2Fpasswd", "http://x/y", "%ff%fe", "%c0%ae%c0%ae/x", "a%ed%a0%80", "x" * 1100,
]  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_key_is_refused_and_touches_nothing(store: Store, method: str, path: str) -> None:
    run_id, root = store.run()
    store.ask("PUT", f"{root}/keep", b"keep")
    before = sorted(str(file) for file in store.folder.parent.rglob("*"))
    for key in (f"{root}/{path}", f"{PROXY}/{path}"):
        answer = store.ask(method, key, b"evil" if method == "PUT" else None)
        assert answer.error == (400, "INVALID_PARAMETER_VALUE"), key
    listing = store.ask("GET", f"{PROXY}?path=0/{run_id}/artifacts/{path}")
    assert listing.status == 400 or not json.loads(listing.body)
    for query in (f"/get-artifact?run_id={run_id}&path={path}", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path={path}"):  # fmt: skip
        asked = store.ask("POST", query, b"evil") if "upload" in query else store.ask("GET", query)
        assert asked.status == 400, query
    assert [file.path for file in store.client.list_artifacts(run_id)] == ["keep"]
    after = sorted(str(file) for file in store.folder.parent.rglob("*"))
    assert set(after) - set(before) <= {str(store.folder / f"runstone.db-{end}") for end in ("wal", "shm")}


@pytest.mark.parametrize("key", ["", "/", "0", "0/", "0/{run}", "0/{run}/", "0/%7Brun%7D"])
def test_a_deletion_empties_nothing_but_what_it_names(store: Store, key: str) -> None:
    run_id, root = store.run()
    store.ask("PUT", f"{root}/keep", b"keep")
    store.ask("PUT", f"{PROXY}/also/kept", b"keep")
    store.ask("DELETE", f"{PROXY}/{key.format(run=run_id)}")
    assert store.client.read_artifact(run_id, "keep") == b"keep"
    assert store.ask("GET", f"{PROXY}/also/kept").body == b"keep"


def test_files_folders_and_a_runs_whole_root_are_deleted_by_their_names(store: Store) -> None:
    run_id, root = store.run()
    other, other_root = store.run()
    for path in ("a/1", "a/2", "ab", "b"):
        store.ask("PUT", f"{root}/{path}", b"x")
        store.ask("PUT", f"{other_root}/{path}", b"x")
    assert store.ask("DELETE", f"{root}/a").body == b"{}"
    assert [file.path for file in store.client.list_artifacts(run_id)] == ["ab", "b"]
    store.ask("DELETE", f"{root}/b")
    assert [file.path for file in store.client.list_artifacts(run_id)] == ["ab"]
    store.client.delete_run(run_id)  # as `mlflow gc` has it
    assert store.ask("DELETE", f"{root}/").status == 200
    assert store.client.list_artifacts(run_id) == []
    assert len(store.client.list_artifacts(other)) == 3


def test_an_upload_that_breaks_off_leaves_nothing(store: Store) -> None:
    run_id, root = store.run()
    packs = store.packs()
    host, port = store.server.url.removeprefix("http://").split(":")
    for framing in (f"Content-Length: {len(BIG) + 1}", "Transfer-Encoding: chunked"):
        with socket.create_connection((host, int(port))) as wire:
            wire.sendall(f"PUT {root}/half HTTP/1.1\r\nHost: {host}\r\n{framing}\r\n\r\n".encode())
            wire.sendall((f"{len(BIG):x}\r\n".encode() if "chunked" in framing else b"") + BIG)
    _settled(store)
    assert store.client.list_artifacts(run_id) == []
    assert (store.leftovers(), store.packs()) == ([], packs)


def _settled(store: Store) -> None:
    """Until the server has seen what became of the connections before: another upload, and no file under way."""
    _, root = store.run()

    def nothing_is_left() -> bool:
        store.ask("PUT", f"{root}/probe", b"x")
        return not store.leftovers()

    until(nothing_is_left)


def test_a_body_in_pieces_without_a_length_is_taken(store: Store) -> None:
    run_id, root = store.run()
    assert store.ask("PUT", f"{root}/chunked", iter([BIG[:1_000], BIG[1_000:]])).status == 200
    assert store.client.read_artifact(run_id, "chunked") == BIG


def test_an_encoded_body_is_refused_in_words(store: Store) -> None:
    _, root = store.run()
    answer = store.ask("PUT", f"{root}/f.gz", b"x", Content_Encoding="gzip")
    assert answer.error == (400, "BAD_REQUEST")
    assert b"Content-Encoding" in answer.body


def test_a_damaged_chunk_ends_the_connection_and_nobody_takes_the_part_for_the_whole(store: Store) -> None:
    _, root = store.run()
    before = set(store.packs())
    content = random.Random(6).randbytes(12_000_000)
    store.ask("PUT", f"{root}/hurt", content)
    (pack,) = set(store.packs()) - before
    with (store.folder / "packs" / pack).open("r+b") as file:
        file.seek(9_000_000)
        file.write(bytes(10))
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        store.ask("GET", f"{root}/hurt")
    part = store.ask("GET", f"{root}/hurt", Range="bytes=0-4999999")
    assert (part.status, part.body) == (206, content[:5_000_000])


def test_a_file_is_no_folder_and_a_deleted_run_takes_no_files(store: Store) -> None:
    run_id, root = store.run()
    store.ask("PUT", f"{root}/a", b"x")
    assert store.ask("PUT", f"{root}/a/b", b"x").error == (400, "INVALID_PARAMETER_VALUE")
    assert store.ask("PUT", f"{root}/", b"x").error == (400, "INVALID_PARAMETER_VALUE")
    store.ask("PUT", f"{root}/d/e", b"x")
    assert store.ask("GET", f"{root}/d").error == (400, "INVALID_PARAMETER_VALUE")
    store.client.delete_run(run_id)
    assert store.ask("PUT", f"{root}/late", b"x").error == (400, "INVALID_PARAMETER_VALUE")
    assert store.ask("GET", f"{root}/a").body == b"x"


def test_a_refusal_is_heard_by_who_still_sends(store: Store) -> None:
    _, root = store.run()
    content = bytes(40_000_000)
    store.ask("PUT", f"{root}/a/b", b"x")
    for path, headers in ((f"{root}/../x", {}), (f"{root}/a", {}), (f"{root}/b", {"Content_Encoding": "gzip"})):
        answer = store.ask("PUT", path, content, **headers)
        assert answer.status == 400
        assert json.loads(answer.body)["message"]


def test_the_pages_upload_takes_small_files_only(store: Store) -> None:
    run_id, _ = store.run()
    path = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path=u/p.txt"
    assert store.ask("POST", path, b"hello").status == 200
    assert store.client.read_artifact(run_id, "u/p.txt") == b"hello"
    for wrong, body in ((path.split("&")[0], b"x"), (path, b""), (path, bytes(10 * 1024 * 1024 + 1))):
        assert store.ask("POST", wrong, body).error == (400, "INVALID_PARAMETER_VALUE")


def test_who_asks_for_parts_or_signed_addresses_is_told_in_the_words_that_clients_know(store: Store) -> None:
    _, root = store.run()
    part = root.removeprefix(f"{PROXY}/")
    answer = store.ask(
        "POST", f"/api/2.0/mlflow-artifacts/mpu/create/{part}", b'{"path": "f", "num_parts": 2}', Content_Type="application/json"
    )  # fmt: skip
    assert answer.error == (501, "NOT_IMPLEMENTED")
    assert json.loads(answer.body)["message"] == "Multipart upload is not supported for the current artifact repository"
    assert store.ask("GET", f"/api/2.0/mlflow-artifacts/presigned/{part}/f").error == (501, "NOT_IMPLEMENTED")


def test_an_upload_that_stands_still_is_given_up(tmp_path: Path) -> None:
    server = serve(tmp_path / "store", environment={"RUNSTONE_SERVER_REQUEST_TIMEOUT": "1"})
    try:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as wire:
            head = f"PUT {PROXY}/half HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9999999\r\n\r\n"
            wire.sendall(head.encode() + BIG)
            answer = all_heard(wire)
        assert answer.startswith(b"HTTP/1.1 504 ")
        assert b"DEADLINE_EXCEEDED" in answer
        until(lambda: os.listdir(tmp_path / "store" / "incoming") == [])
    finally:
        server.stop()


def test_who_fetches_does_not_wait_for_those_who_send_slowly(store: Store) -> None:
    _, root = store.run()
    store.ask("PUT", f"{root}/f", b"here")
    host, port = store.server.url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as wires:
        for number in range(20):
            wire = wires.enter_context(socket.create_connection((host, int(port))))
            wire.sendall(f"PUT {root}/{number} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9\r\n\r\nslow".encode())
        assert store.ask("GET", f"{root}/f").body == b"here"
        listed = store.ask("GET", f"{PROXY}?path={root.removeprefix(PROXY + '/')}")
        assert json.loads(listed.body) == {"files": [{"path": "f", "is_dir": False, "file_size": 4}]}
    _settled(store)


def test_a_versions_files_are_answered_by_its_reference(store: Store) -> None:
    run_id, _ = store.run()
    store.client.log_files(run_id, {"files/a b.txt": b"hello", "files/ü": b"", "alone.bin": BIG})
    store.client.log_artifact_version(run_id, "files", "served files", ["best-one"])
    alone = store.client.log_artifact_version(run_id, "alone.bin", "served")
    route = "/api/2.0/runstone/artifact-versions/file"
    answer = store.ask("GET", f"{route}?reference={quote('served files:best-one')}&path={quote('a b.txt')}")
    assert (answer.status, answer.body) == (200, b"hello")
    assert store.ask("GET", f"{route}?reference={quote('served files')}&path={quote('ü')}").body == b""
    part = store.ask("GET", f"{route}?reference=served:v0", Range="bytes=1000000-1000009")
    assert (part.status, part.body) == (206, BIG[1_000_000:1_000_010])
    assert part.headers["etag"] == f'"{alone.digest}"'
    for asked, error in (
        ("reference=nothing", (404, "RESOURCE_DOES_NOT_EXIST")),
        ("reference=served&path=no", (404, "RESOURCE_DOES_NOT_EXIST")),
        (f"reference={quote('served files')}", (400, "INVALID_PARAMETER_VALUE")),
        ("reference=served&path=../../etc/passwd", (400, "INVALID_PARAMETER_VALUE")),
        ("path=a", (400, "INVALID_PARAMETER_VALUE")),
    ):
        assert store.ask("GET", f"{route}?{asked}").error == error
