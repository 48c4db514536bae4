"""Fixtures for tests of servers that are away: ours and MLflow's own, behind a proxy with moods, and settings that wait for nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.support.servers import Server, serve
from tests.support.unreliable import Proxy

import runstone
from runstone.client import Client
from runstone.fluent import session


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = serve(tmp_path_factory.mktemp("ours") / "store", "--no-access-log")
    yield server
    server.stop()


@pytest.fixture(params=["ours", pytest.param("stock", marks=pytest.mark.compat)])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting: what is not there at once is away. What is there and slow, on a busy machine, is not: where a server hangs a test says
    how long it is waited for."""
    monkeypatch.setenv("RUNSTONE_OFFLINE_AFTER", "60")
    monkeypatch.setenv("RUNSTONE_END_TIMEOUT", "0")
    monkeypatch.setenv("RUNSTONE_DRAIN_INTERVAL", "0.02")
    monkeypatch.setenv("RUNSTONE_HTTP_RETRIES", "1")
    monkeypatch.setenv("RUNSTONE_HTTP_TIMEOUT", "60")
    monkeypatch.setenv("RUNSTONE_DIFF_LIMIT", "0")


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    made = Proxy(server.url)
    runstone.set_tracking_uri(made.url)
    yield made
    if made._server is not None:
        session.end_all("FINISHED")
        made.down()


def steps(client: Client, run_id: str, key: str = "loss") -> list[int]:
    return [point.step for point in sorted(client.get_metric_history(run_id, key), key=lambda point: point.step)]


def ended(client: Client, run_id: str) -> bool:
    """Whether the run's end has arrived, once all that is on its way from here has."""
    client.settle()
    return client.get_run(run_id).info.status == "FINISHED"


def synced(url: str) -> bool:
    """Whether nothing is left here once it has been brought in. Another thread may be sending it just now."""
    return sync(url).returncode == 0


def sync(url: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "runstone", "--store", url, "sync", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)
