"""kill -9 of a server under twenty writers, again and again: what was answered is there exactly once, the rest whole or not at all."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.servers import Server, free_port, serve

WRITERS = 20


class Ledger:
    """What one writer was told is on disk."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.steps: list[int] = []
        self.params: dict[str, str] = {}
        self.files: dict[str, bytes] = {}
        self.asked = 0


class Line:
    """A connection that is made again when the server has gone; `ask` says whether there was an answer of 200."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes | None:
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            self._connection.request(method, path, body, {"Content-Type": kind} if body is not None else {})
            answer = self._connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return None
        assert answer.status in (200, 503), data[:300]
        return data if answer.status == 200 else None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _write(port: int, ledger: Ledger, number: int, ending: threading.Event, progress: Callable[[], None]) -> None:
    dice, line = random.Random(number), Line(port)
    for step in itertools.count():
        if ending.is_set():
            break
        ledger.asked = step + 1
        metrics = [{"key": f"m{key}", "value": step + key, "timestamp": step, "step": step} for key in range(3)]
        body: dict[str, Any] = {
            "run_id": ledger.run_id,
            "metrics": metrics,
            "params": [{"key": f"p{step}", "value": str(step)}],
        }
        while not ending.is_set():  # the same request until it is answered: it may have been carried out before
            if line.ask("POST", "/api/2.0/mlflow/runs/log-batch", json.dumps(body).encode()) is not None:
                ledger.steps.append(step)
                ledger.params[f"p{step}"] = str(step)
                progress()
                break
            ending.wait(0.01)
        if step % 5 == number % 5:
            data, name = dice.randbytes(dice.choice([10, 30_000, 1_500_000])), f"{step}.bin"
            path = f"/api/2.0/mlflow-artifacts/artifacts/0/{ledger.run_id}/artifacts/{name}"
            if line.ask("PUT", path, data, "application/octet-stream") is not None:
                ledger.files[name] = data
    line.close()


@pytest.mark.parametrize("kills", [2, pytest.param(50, marks=pytest.mark.soak)])
def test_nothing_that_was_answered_is_lost_doubled_or_half(tmp_path: Path, kills: int) -> None:
    port = free_port()
    server = serve(tmp_path / "store", "--no-access-log", port=port)
    line = Line(port)
    created = [line.ask("POST", "/api/2.0/mlflow/runs/create", b'{"experiment_id": "0"}') for _ in range(WRITERS)]
    ledgers = [Ledger(json.loads(answer or b"")["run"]["info"]["run_id"]) for answer in created]
    ending, counted, dice = threading.Event(), threading.Condition(), random.Random(kills)
    answers = 0

    def progress() -> None:
        nonlocal answers
        with counted:
            answers += 1
            counted.notify_all()

    writers = [
        threading.Thread(target=_write, args=(port, ledger, number, ending, progress))
        for number, ledger in enumerate(ledgers)
    ]
    for writer in writers:
        writer.start()
    try:
        for _ in range(kills):
            with counted:
                goal = answers + dice.randrange(20, 200)
                assert counted.wait_for(lambda goal=goal: answers >= goal, 120)  # type: ignore[misc]
            server.kill()
            server = serve(tmp_path / "store", "--no-access-log", port=port)
    finally:
        ending.set()
        for writer in writers:
            writer.join()
    server.kill()
    server = serve(tmp_path / "store", "--no-access-log", port=port)
    line.close()
    try:
        for ledger in ledgers:
            _compare(server, line, ledger)
    finally:
        line.close()
        assert server.stop() == 0


def _compare(server: Server, line: Line, ledger: Ledger) -> None:
    assert ledger.steps
    run = json.loads(line.ask("GET", f"/api/2.0/mlflow/runs/get?run_id={ledger.run_id}") or b"")["run"]["data"]
    params = {param["key"]: param["value"] for param in run["params"]}
    assert ledger.params.items() <= params.items()
    for key in range(3):
        path = f"/api/2.0/mlflow/metrics/get-history?run_id={ledger.run_id}&metric_key=m{key}"
        points = [(p["step"], p["value"]) for p in json.loads(line.ask("GET", path) or b"")["metrics"]]
        # What was asked and never answered may be there too: with its params, and with every one of its points.
        assert points == [(step, step + key) for step in sorted(int(name[1:]) for name in params)]
        assert {step for step, _ in points} >= set(ledger.steps)
        assert len(points) <= ledger.asked
    listed = json.loads(line.ask("GET", f"/api/2.0/mlflow/artifacts/list?run_id={ledger.run_id}") or b"").get(
        "files", []
    )
    sizes = {file["path"]: int(file["file_size"]) for file in listed}
    assert ledger.files.keys() <= sizes.keys()
    for name in sizes:
        data = line.ask("GET", f"/get-artifact?run_id={ledger.run_id}&path={name}")
        assert data is not None
        assert len(data) == sizes[name]
        if name in ledger.files:
            assert data == ledger.files[name]
