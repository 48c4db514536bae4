"""Servers as their users start them, one of each contender. Knows how they are started and asked, nothing of what is measured."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
import urllib.parse
from typing import Any

from benchmarks.course import Course
from benchmarks.environments import clean
from benchmarks.measure import Failed
from benchmarks.server import processes

# Under which every contender serves MLflow's wire.
API = "/api/2.0/mlflow"
_START_LIMIT = 240.0  # seconds


class Serving:
    """A contender's server, from its start on.

    Args:
        course: where its environment is.
        name: the contender.
        folder: where it keeps everything; what is there already is served.
        port: where it listens; 0 takes a free one.
    """

    def __init__(self, course: Course, name: str, folder: str, port: int = 0) -> None:
        self.name, self.folder, self.port = name, folder, port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "server.log"), "ab") as log:
            self.process = subprocess.Popen(
                _command(course.pythons[name], name, folder, self.port),
                cwd=folder, env=clean(), stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._await_answer()

    def _await_answer(self) -> None:
        limit = time.monotonic() + _START_LIMIT
        while time.monotonic() < limit and self.process.poll() is None:
            try:
                self.ask("GET", "/experiments/get?experiment_id=0")
                return
            except (OSError, Failed, http.client.HTTPException):
                time.sleep(0.005)
        self.kill()
        with open(os.path.join(self.folder, "server.log"), errors="replace") as log:
            raise Failed(f"{self.name}'s server did not answer within {_START_LIMIT:.0f} s:\n{log.read()[-2000:]}")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer to one request under the API, as an object. Raises Failed for a status other than 200."""
        return json.loads(self.raw(method, path, body))

    def raw(self, method: str, path: str, body: Any = None) -> bytes:
        """The same as bytes, for who measures the server and not JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        try:
            sent = None if body is None else json.dumps(body)
            connection.request(method, API + path, sent, {} if body is None else {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise Failed(f"{self.name} answered {path} with {answer.status}: {said[:500]!r}")
        return said

    def new_run(self) -> str:
        """The id of a new run in the Default experiment."""
        body = {"experiment_id": "0", "start_time": int(time.time() * 1000)}
        return str(self.ask("POST", "/runs/create", body)["run"]["info"]["run_id"])

    def cpu(self) -> float:
        """CPU seconds of all its processes so far."""
        return processes.cpu(self.process.pid)

    def stop(self) -> None:
        """End it: ours in order, the peers at once (MLflow's takes more than half a minute over it)."""
        if self.name == "runstone":
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
        self.kill()

    def kill(self) -> None:
        """kill -9, all of it."""
        for process in processes.members(self.process.pid):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait(30)


def _command(python: str, name: str, folder: str, port: int) -> list[str]:
    here = ("--host", "127.0.0.1", "--port", str(port))
    if name == "runstone":
        return [python, "-m", "runstone", "server", "--store", os.path.join(folder, "store"), *here]
    if name == "mlflow":
        database, files = f"sqlite:///{folder}/mlflow.db", os.path.join(folder, "files")
        return [
            python, "-m", "mlflow", "server", "--backend-store-uri", database, "--artifacts-destination", files, *here,
        ]  # fmt: skip
    if name == "fasttrackml":
        return [
            os.path.join(os.path.dirname(python), "fml"), "server", "--database-uri", f"sqlite://{folder}/fml.db",
            "--listen-address", f"127.0.0.1:{port}", "--default-artifact-root", os.path.join(folder, "files"),
        ]  # fmt: skip
    raise ValueError(name)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Servers:
    """One server of each contender, started when first asked for and kept until the course ends.

    Args:
        course: the course.
    """

    def __init__(self, course: Course) -> None:
        self.course = course
        self._running: dict[str, Serving] = {}

    def names(self) -> list[str]:
        """Who takes part, runstone first."""
        return sorted(self.course.pythons, key=lambda name: (name != "runstone", name != "mlflow"))

    def __getitem__(self, name: str) -> Serving:
        if name not in self._running:
            self.course.say(f"  starting {name}'s server")
            self._running[name] = Serving(self.course, name, self.course.place())
        return self._running[name]

    def stop(self) -> None:
        """End them all."""
        for server in self._running.values():
            server.stop()
        self._running.clear()


def path_and_query(path: str, **query: str) -> str:
    """A path with a query."""
    return f"{path}?{urllib.parse.urlencode(query)}"
