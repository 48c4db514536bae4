"""What must not bring a server down, nor one client's business to another's: damage, full disks, locks, and what nobody should send."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support import disks
from tests.support.servers import Server, ask, log_batch, new_run, serve
from tests.support.wires import all_heard, connect

RUNS = "/api/2.0/mlflow/runs"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = serve(tmp_path / "store", environment={"RUNSTONE_BUSY_TIMEOUT": "1"})
    yield made
    if made.process.poll() is None:
        made.stop()


def say(server: Server, *pieces: bytes) -> bytes:
    """All that is answered to these bytes, sent one after the other."""
    with connect(server) as connection:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
        return all_heard(connection)


def heard_to(connection: socket.socket, end: bytes) -> bytes:
    """What is said up to these bytes, at which it stops."""
    heard = b""
    while not heard.endswith(end):
        data = connection.recv(65536)
        assert data, f"it ended with {heard!r}"
        heard += data
    return heard


def post(path: str, body: bytes, *headers: bytes) -> bytes:
    lines = [
        b"POST %s HTTP/1.1" % path.encode(),
        b"Host: localhost",
        b"Content-Type: application/json",
        b"Connection: close",
    ]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), *headers, b"", body])


def test_a_damaged_chunk_of_one_run_holds_no_other_up(server: Server, tmp_path: Path) -> None:
    hurt, well = new_run(server), new_run(server)
    for step in range(3):
        log_batch(server, hurt, step, 1)
    ask(server, f"{RUNS}/get?run_id={hurt}")  # they are in their series now
    with contextlib.closing(sqlite3.connect(tmp_path / "store" / "runstone.db")) as database:
        for number, data in database.execute("SELECT id, data FROM series_chunk").fetchall():
            spoilt = bytearray(data)
            spoilt[-6] ^= 1
            database.execute("UPDATE series_chunk SET data = ? WHERE id = ?", (bytes(spoilt), number))
        database.commit()
    log_batch(server, hurt, 1, 1)  # overlaps with what cannot be read
    log_batch(server, well, 5, 1)
    history = f"/api/2.0/mlflow/metrics/get-history?metric_key=m0&run_id={well}"
    assert [point["value"] for point in ask(server, history)["metrics"]] == [5]
    assert ask(server, f"{RUNS}/get?run_id={hurt}")["run"]
    with pytest.raises(urllib.error.HTTPError, match="500"):
        ask(server, f"/api/2.0/mlflow/metrics/get-history?metric_key=m0&run_id={hurt}")
    checked = ask(server, "/api/2.0/runstone/points/check")
    assert [damage["run_id"] for damage in checked["damaged"]] == [hurt]


@pytest.mark.skipif(disks.can_mount() is not None, reason=str(disks.can_mount()))
def test_a_full_disk_is_no_reason_for_not_being_read(tmp_path: Path) -> None:
    disk = disks.Disk(tmp_path / "disk", 6)
    server = None
    try:
        server = serve(disk.path / "store")
        run_id = new_run(server)
        log_batch(server, run_id, 0, 1)
        disk.fill(leave=100_000)
        answered = 0
        with contextlib.suppress(urllib.error.HTTPError):
            for step in range(1, 5000):
                log_batch(server, run_id, step, 1)
                answered = step
        run = ask(server, f"{RUNS}/get?run_id={run_id}")["run"]
        assert run["data"]["metrics"][0]["step"] >= answered
        disk.free()
        log_batch(server, run_id, 10_000, 1)
    finally:
        if server is not None:
            server.stop()
        disk.take_away()


def test_another_process_that_keeps_the_store_locked_delays_and_does_not_stop(server: Server, tmp_path: Path) -> None:
    run_id = new_run(server)
    refused: list[Any] = []

    def write(step: int) -> None:
        try:
            log_batch(server, run_id, step, 1)
        except urllib.error.HTTPError as error:
            refused.append((error.code, json.loads(error.read())["error_code"]))

    with contextlib.closing(sqlite3.connect(tmp_path / "store" / "runstone.db", isolation_level=None)) as locker:
        locker.execute("BEGIN IMMEDIATE")
        writers = [threading.Thread(target=write, args=(step,)) for step in range(20)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert refused == [(503, "TEMPORARILY_UNAVAILABLE")] * 20
        assert ask(server, "/api/2.0/mlflow/experiments/get?experiment_id=0")["experiment"]
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0


@pytest.mark.parametrize("apart", [False, True])
def test_a_client_that_would_rather_speak_http_2_is_answered_in_http_1(server: Server, apart: bool) -> None:
    body = json.dumps({"experiment_id": "0", "run_name": "upgraded"}).encode()
    asked = post(
        f"{RUNS}/create", body, b"Connection: Upgrade, HTTP2-Settings", b"UPGRADE : h2c", b"HTTP2-Settings: AAMAAABk"
    )
    asked = asked.replace(b"Connection: close\r\n", b"", 1)
    pieces = [asked[: -len(body)], body] if apart else [asked]
    with connect(server) as connection:
        for piece in pieces:
            connection.sendall(piece)
        assert b'"run_name":"upgraded"' in heard_to(connection, b"}}")
        # The connection goes on as it was, and what was a body was no request.
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert heard_to(connection, b"OK")


def test_trailers_without_end_are_cut_off(server: Server) -> None:
    head = (
        b"POST %s/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        % RUNS.encode()
    )
    trailers = b"".join(b"a%d: b\r\n" % number for number in range(2_000_000))
    assert say(server, head, trailers)[9:12] in (b"431", b"")  # it may have hung up on us before we heard it
    assert ask(server, "/health") == "OK"


@pytest.mark.parametrize(
    "body", [b'{"a": "' + b'\\"' * 200_000, b"[" * 3_000_000 + b"]" * 3_000_000, b'{"a":"' + b"[" * 2_000_000 + b'"}']
)
def test_json_made_to_be_slow_is_answered_soon(server: Server, body: bytes) -> None:
    answers: list[bytes] = []
    asking = threading.Thread(target=lambda: answers.append(say(server, post(f"{RUNS}/search", body))))
    asking.start()
    assert ask(server, "/health") == "OK"
    asking.join()
    assert answers[0][9:12] in (b"400", b"200")


def test_two_hosts_are_one_too_many(server: Server) -> None:
    assert say(server, post(f"{RUNS}/search", b"{}", b"Host: evil.example"))[9:12] == b"400"


@pytest.mark.parametrize("series", [[], [{"key": "m", "steps": "AAAA", "timestamps": "AAAA", "values": "AAAA"}]])
def test_columns_that_are_none_are_no_reason_to_fail(server: Server, series: list[Any]) -> None:
    run_id = new_run(server)
    asked = post("/api/2.0/runstone/points/log", json.dumps({"run_id": run_id, "series": series}).encode())
    assert say(server, asked)[9:12] == (b"400" if series else b"200")


def test_a_log_that_nobody_reads_stops_nobody(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "runstone", "server", "--store", str(tmp_path / "store"), "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        assert process.stderr is not None
        url = process.stderr.readline().decode().split("served at ", 1)[1].strip()
        address = ("127.0.0.1", int(url.rsplit(":", 1)[1]))
        with socket.create_connection(address) as connection:
            connection.settimeout(60)
            for _ in range(3000):
                connection.sendall(b"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n")
                heard_to(connection, b"3.17.2")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()
