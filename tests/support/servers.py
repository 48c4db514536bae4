"""Real servers for the tests: ours, and MLflow's own, each a process of its own on a port of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
MLFLOW = ROOT / ".envs" / "mlflow" / "bin"
MLFLOW_2 = ROOT / ".envs" / "mlflow-2" / "bin"


class Server:
    """A server process. `url` is where it listens.

    Args:
        command: what starts it.
        url: its address; None reads it from the first line that it says on stderr, behind "served at".
        log: where its output goes.
    """

    def __init__(
        self, command: list[str], url: str | None, log: Path, environment: dict[str, str] | None = None
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            start = log.stat().st_size
            self.process = subprocess.Popen(
                command, stdout=output, stderr=output, env=environment, start_new_session=True
            )
        try:
            self.url = url or self._said(start)
            self._await_health()
        except BaseException:
            self.kill()
            raise

    def _said(self, start: int) -> str:
        limit = time.monotonic() + 180
        while time.monotonic() < limit:
            text = self.log.read_bytes()[start:].decode()
            if "served at " in text and "\n" in text.split("served at ", 1)[1]:
                return text.split("served at ", 1)[1].split("\n", 1)[0].strip()
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        raise RuntimeError(f"The server did not start:\n{self.log.read_text()[-4000:]}")

    def _await_health(self) -> None:
        limit = time.monotonic() + 180
        while time.monotonic() < limit and self.process.poll() is None:
            try:
                with urllib.request.urlopen(self.url + "/health", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.02)
        raise RuntimeError(f"The server is not well:\n{self.log.read_text()[-4000:]}")

    def stop(self) -> int:
        """End it with SIGTERM; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self) -> None:
        """kill -9, it and its workers."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(60)


def serve(
    folder: str | Path, *options: str, port: int = 0, environment: dict[str, str] | None = None, named: bool = True
) -> Server:
    """Our own server of the store in a folder (made when missing), with any of `runstone server`'s options; not `named`: they name it."""
    Path(folder).parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "runstone", "server", "--port", str(port), *options]
    if named:
        command += ["--store", str(folder)]
    log = Path(str(folder) + ".server.log")
    return Server(command, None, log, {**os.environ, **(environment or {})})


def mlflow_server(
    folder: Path, *options: str, environment: dict[str, str] | None = None, programs: Path = MLFLOW
) -> Server:
    """MLflow's own server, of one worker, on SQLite in a folder unless the options say otherwise; it takes some ten seconds to start."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [
        str(programs / "python"), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}", "--artifacts-destination", str(folder / "artifacts"), *options,
    ]  # fmt: skip
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "RUNSTONE_"))}
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    return Server(
        command, f"http://127.0.0.1:{port}", folder / "server.log", {**inherited, **quiet, **(environment or {})}
    )


def free_port() -> int:
    """A port that nobody listens on just now."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(server: Server, path: str, body: Any = None, **headers: str) -> Any:
    """The answer to a GET, or to a POST of a body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data, {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
    return json.loads(text) if text.startswith(b"{") else text.decode()


def new_run(server: Server) -> str:
    """A new run's id."""
    return str(ask(server, "/api/2.0/mlflow/runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"])


def log_batch(server: Server, run_id: str, step: int, keys: int = 3) -> None:
    """Log a point of each of some metrics, m0 and on: `step + key` at `step`."""
    metrics = [{"key": f"m{key}", "value": step + key, "timestamp": 1000 + step, "step": step} for key in range(keys)]
    ask(server, "/api/2.0/mlflow/runs/log-batch", {"run_id": run_id, "metrics": metrics})
