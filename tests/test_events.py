"""Server-sent events: a page is told when something has changed, and holds up no server that ends."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.points import until
from tests.support.servers import Server, ask, log_batch, new_run, serve

from runstone.client import Client


class Listener:
    """A page that listens."""

    def __init__(self, server: Server, experiments: str) -> None:
        self._connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
        self._connection.request("GET", f"/api/2.0/runstone/events?experiments={experiments}")
        self.answer = self._connection.getresponse()

    def next(self) -> Any:
        """The next pulse."""
        while line := self.answer.readline():
            if line.startswith(b"data: "):
                return json.loads(line[6:])
        return None

    def close(self) -> None:
        """Leave."""
        self.answer.close()
        self._connection.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = serve(tmp_path / "store")
    yield server
    if server.process.poll() is None:
        server.stop()


@pytest.fixture
def listen(server: Server) -> Iterator[Callable[[str], Listener]]:
    with contextlib.ExitStack() as open_pages:
        yield lambda experiments: open_pages.enter_context(contextlib.closing(Listener(server, experiments)))


def test_a_pulse_comes_at_once_and_whenever_something_has_changed(
    server: Server, listen: Callable[[str], Listener], tmp_path: Path
) -> None:
    page = listen("0")
    assert page.answer.headers["content-type"].startswith("text/event-stream")
    assert page.next().get("runs", 0) == 0
    run_id = new_run(server)
    assert [run["run_id"] for run in page.next()["running"]] == [run_id]
    log_batch(server, run_id, 1)
    assert int(page.next()["running"][0]["points"]) > 0
    # a file has come, and has become another one
    Client(server.url).log_text(run_id, "one", "a.txt")
    first = page.next()["running"][0]["files"]
    assert int(first) > 0
    Client(server.url).delete_artifact(run_id, "a.txt")
    while "files" in page.next()["running"][0]:
        pass
    # a process that writes the store itself, beside the server
    Client(tmp_path / "store").create_run("0")
    while len(page.next()["running"]) < 2:
        pass


def test_what_others_do_is_not_told(server: Server, listen: Callable[[str], Listener]) -> None:
    other = ask(server, "/api/2.0/mlflow/experiments/create", {"name": "other"})["experiment_id"]
    page = listen(other)
    assert page.next().get("runs", 0) == 0
    new_run(server)
    ask(server, "/api/2.0/mlflow/runs/create", {"experiment_id": other})
    assert page.next()["runs"] == 1


def test_a_server_that_ends_does_not_wait_for_those_who_listen(
    server: Server, listen: Callable[[str], Listener]
) -> None:
    pages = [listen("0") for _ in range(3)]
    for page in pages:
        page.next()
    assert server.stop() == 0
    assert [page.next() for page in pages] == [None, None, None]


def test_too_many_experiments_are_refused(listen: Callable[[str], Listener]) -> None:
    page = listen(",".join(str(number) for number in range(101)))
    assert page.answer.status == 400


def test_of_a_crowd_as_many_are_told_as_there_are_places_and_who_leaves_gives_his_back(server: Server) -> None:
    asked = [http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60) for _ in range(220)]
    with contextlib.ExitStack() as crowd:
        for one in asked:
            crowd.enter_context(contextlib.closing(one))
            one.request("GET", "/api/2.0/runstone/events?experiments=0")
        statuses = [crowd.enter_context(contextlib.closing(one.getresponse())).status for one in asked]
    assert (statuses.count(200), statuses.count(400)) == (200, 20)
    until(lambda: told(server))


def told(server: Server) -> bool:
    with contextlib.closing(Listener(server, "0")) as page:
        return page.answer.status == 200
