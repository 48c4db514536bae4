"""Many who send and fetch at once, and send or take nothing: others are served all the same, and memory stays bounded."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import selectors
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.points import until
from tests.support.servers import Server, new_run, serve
from tests.support.servers import ask as ask_json
from tests.support.wires import all_heard, ready

from runstone.repository.chunks import digest

PROXY = "/api/2.0/mlflow-artifacts/artifacts"
MIB = 1024 * 1024
needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is read from /proc")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = serve(tmp_path / "store", environment={"RUNSTONE_SERVER_DEPARTURE": "1"})
    yield server
    server.stop()


def ask(server: Server, method: str, key: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    with contextlib.closing(connection):
        connection.request(method, f"{PROXY}/{key}", body)
        answer = connection.getresponse()
        return answer.status, answer.read()


def patiently(server: Server, method: str, key: str, body: bytes | None = None) -> tuple[int, bytes]:
    """The same of a server that waits for a second only: (0, nothing) where it gave us up, as it may while the machine stands still."""
    try:
        return ask(server, method, key, body)
    except (http.client.HTTPException, ConnectionError):
        return 0, b""


def begin(server: Server, request: str, *headers: str, buffer: int | None = None) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    wire = socket.socket()
    if buffer is not None:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    wire.connect((host, int(port)))
    wire.sendall("\r\n".join((f"{request} HTTP/1.1", f"Host: {host}", *headers, "", "")).encode())
    return wire


def memory(server: Server, what: str = "VmHWM") -> int:
    """MiB that the server has had at the most, or (VmRSS) has."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split(f"{what}:")[1].split()[0]) // 1024


def test_uploads_that_stand_still_hold_up_nobody_else(server: Server) -> None:
    assert ask(server, "PUT", "a", b"hello")[0] == 200
    with contextlib.ExitStack() as wires:
        for number in range(30):
            wire = wires.enter_context(begin(server, f"PUT {PROXY}/x{number}", "Content-Length: 1000000"))
            wire.sendall(b"abc")
        assert ask(server, "GET", "a") == (200, b"hello")
        assert ask(server, "PUT", "b", b"hello") == (200, b"")
        # These are worked on already: who fetches does not wait for those who send.
        for number in range(12):
            wire = wires.enter_context(begin(server, f"PUT {PROXY}/y{number}", "Content-Length: 1000000"))
            wire.sendall(bytes(300_000))
        assert ask(server, "GET", "b") == (200, b"hello")


def test_an_upload_of_a_byte_now_and_then_is_given_up(tmp_path: Path) -> None:
    server = serve(tmp_path / "store", environment={"RUNSTONE_SERVER_REQUEST_TIMEOUT": "1"})
    try:
        with begin(server, f"PUT {PROXY}/a", "Content-Length: 1000000") as wire:
            wire.settimeout(60)
            with contextlib.suppress(ConnectionError):  # it may have hung up
                while not ready([wire], 0.1):
                    wire.sendall(b"x")
            assert b"DEADLINE_EXCEEDED" in all_heard(wire)
        until(lambda: patiently(server, "GET", "a")[0] == 404)
    finally:
        server.stop()


def test_a_download_that_is_not_taken_is_given_up_and_others_have_its_turn(tmp_path: Path) -> None:
    server = serve(tmp_path / "store", environment={"RUNSTONE_SERVER_REQUEST_TIMEOUT": "1"})
    content = random.Random(1).randbytes(12 * MIB)
    try:
        until(lambda: patiently(server, "PUT", "big", content)[0] == 200)
        with contextlib.ExitStack() as wires:
            for _ in range(20):  # every turn is theirs, who take nothing
                wires.enter_context(begin(server, f"GET {PROXY}/big", buffer=4096))
            until(lambda: patiently(server, "GET", "big") == (200, content))
    finally:
        server.stop()


def test_commits_that_last_leave_others_a_thread(server: Server) -> None:
    run_id, zeros = new_run(server), bytes(2 * MIB)
    assert ask(server, "PUT", f"0/{run_id}/artifacts/zeros", zeros)[0] == 200
    # Each is some tenths of a second's work.
    chunks = [digest(zeros)] * 1_000
    file = {"path": "f", "digest": "blake3:" + "0" * 64, "size": 1_000 * len(zeros), "chunks": chunks}
    body = json.dumps({"run_id": run_id, "packs": [], "small": [], "files": [file]}).encode()
    with contextlib.ExitStack() as wires:
        commits = []
        for _ in range(30):
            headers = ("Content-Type: application/json", f"Content-Length: {len(body)}")
            commits.append(wires.enter_context(begin(server, "POST /api/2.0/runstone/artifacts/commit", *headers)))
            commits[-1].sendall(body)
        assert commits[0].recv(12, socket.MSG_WAITALL) == b"HTTP/1.1 400"  # by now the others are under way, or wait
        wanted = {"run_id": run_id, "digests": [digest(zeros)]}
        assert ask_json(server, "/api/2.0/runstone/chunks/find", wanted)["digests"] == [digest(zeros)]
        assert len(ready(commits, 0)) < 15
    server.kill()


@needs_proc
def test_unfinished_uploads_fill_no_memory(server: Server) -> None:
    before = memory(server, "VmRSS")
    with contextlib.ExitStack() as wires:
        unsent = {}
        for number in range(100):
            wire = wires.enter_context(begin(server, f"PUT {PROXY}/x{number}", "Content-Length: 99000000"))
            wire.setblocking(False)
            unsent[wire] = 4 * MIB
        while unsent:
            able = ready(unsent, 0.5, to=selectors.EVENT_WRITE)
            if not able:
                break
            for wire in able:
                with contextlib.suppress(BlockingIOError):
                    unsent[wire] -= wire.send(bytes(min(MIB, unsent[wire])))
                if not unsent[wire]:
                    del unsent[wire]
        assert ask(server, "GET", "none")[0] == 404
        # Some 2 MiB of each, most of it as the socket gave it; of those that are worked on, some 10.
        assert memory(server) - before < 330


@needs_proc
def test_downloads_that_nobody_reads_fill_no_memory(server: Server) -> None:
    content = random.Random(1).randbytes(24 * MIB)
    assert ask(server, "PUT", "big", content)[0] == 200
    assert ask(server, "PUT", "small", b"hello")[0] == 200
    before = memory(server)
    with contextlib.ExitStack() as wires:
        for _ in range(150):
            wires.enter_context(begin(server, f"GET {PROXY}/big", buffer=4096))
        # What is short needs no turn.
        for _ in range(50):
            assert ask(server, "GET", "small") == (200, b"hello")
        assert memory(server) - before < 120
    assert ask(server, "GET", "big") == (200, content)
