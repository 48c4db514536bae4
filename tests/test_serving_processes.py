"""`runstone models serve` as a process: its first lines, its end, several workers."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sklearn.linear_model import LinearRegression
from tests.support.points import until
from tests.support.servers import Server
from tests.support.terminals import Command

import runstone

BODY = json.dumps({"dataframe_split": {"columns": ["a"], "data": [[3.0]]}}).encode()

SLOW = """
import os, time

from runstone.models import set_model
def predict(model_input, params=None):
    open("asked", "w").close()
    while not os.path.exists("go"):
        time.sleep(0.005)
    return [len(model_input)]
set_model(predict)
"""


@contextlib.contextmanager
def serving(folder: Path, uri: str, *options: str) -> Iterator[Server]:
    command = [sys.executable, "-m", "runstone", "models", "serve", "-m", uri, "-p", "0", *options]
    server = Server(command, None, folder / "serving.log", {**os.environ, "RUNSTONE_PICKLE": "allow"})
    try:
        yield server
        if server.process.poll() is None:
            assert server.stop() == 0
    finally:
        server.kill()


@pytest.fixture
def line(tmp_path: Path) -> str:
    import pandas

    data = pandas.DataFrame({"a": [0.0, 1.0, 2.0]})
    info = runstone.sklearn.log_model(
        LinearRegression().fit(data, 2 * data["a"]), name="line", input_example=data.head(1), pip_requirements=[],
        registered_model_name="line",
    )  # fmt: skip
    runstone.Client().set_registered_model_alias("line", "champion", str(info.registered_model_version))
    return "models:/line@champion"


def ask(server: Server, body: bytes = BODY) -> tuple[int, float]:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    connection.request("POST", "/invocations", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    found = answer.status, round(json.loads(answer.read())["predictions"][0], 6)
    connection.close()
    return found


def test_its_first_lines_say_where_it_is_and_how_it_is_asked(tmp_path: Path, line: str) -> None:
    with serving(tmp_path, line) as server:
        said = server.log.read_text()
        assert f"models:/line/1 is served at {server.url}\n" in said
        (curl,) = [text.partition("try it: ")[2] for text in said.splitlines() if "try it: " in text]
        words = shlex.split(curl)
        assert words[:2] == ["curl", f"{server.url}/invocations"]
        assert ask(server, words[-1].encode()) == (200, 0.0)
        assert server.stop() == 0


def test_sigterm_lets_what_is_under_way_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_SERVER_DEPARTURE", "60")
    Path("slow.py").write_text(SLOW)
    runstone.pyfunc.save_model("slow", python_model="slow.py", pip_requirements=[])
    with serving(tmp_path, "slow") as server, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, server, b'{"inputs": [1, 2, 3]}')
        until(lambda: Path("asked").exists())
        server.process.send_signal(signal.SIGTERM)
        until(lambda: _refuses(server))
        Path("go").touch()
        assert asked.result() == (200, 3)
        assert server.process.wait(60) == 0


def _refuses(server: Server) -> bool:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    try:
        connection.connect()
    except ConnectionError:
        return True
    finally:
        connection.close()
    return False


def test_several_workers_serve_one_port(tmp_path: Path, line: str) -> None:
    with serving(tmp_path, line, "--workers", "2") as server:
        children = f"/proc/{server.process.pid}/task/{server.process.pid}/children"
        assert {ask(server) for _ in range(20)} == {(200, 6.0)}
        if os.path.exists(children):
            assert len(Path(children).read_text().split()) >= 2
        assert server.stop() == 0


def test_pages_of_the_origins_that_are_named_may_ask(tmp_path: Path, line: str) -> None:
    with serving(tmp_path, line, "--cors-allowed-origins", "http://page.example") as server:
        for origin, status, allowed in (
            ("http://page.example", 200, "http://page.example"),
            ("http://evil.example", 403, None),
        ):
            connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
            connection.request("POST", "/invocations", BODY, {"Content-Type": "application/json", "Origin": origin})
            answer = connection.getresponse()
            assert (answer.status, answer.headers.get("access-control-allow-origin")) == (status, allowed)
            connection.close()


def test_what_cannot_be_served_is_said_at_once(command: Command, line: str) -> None:
    assert "There is no 'none' here" in command("models", "serve", "-m", "none", "-p", "0").err
    wrong = command("models", "serve", "-m", line, "--env-manager", "conda")
    assert (wrong.code, "Write 'uv' or 'virtualenv'" in wrong.err) == (1, True)
    assert command("models", "serve").code == 2


def test_curl_is_no_shell_injection(tmp_path: Path) -> None:
    from runstone.serving.describing import curl
    from runstone.serving.standing import Standing

    runstone.pyfunc.save_model(
        "quoted", python_model=lambda texts: texts, input_example=["it's $(touch owned)"], pip_requirements=[]
    )
    with runstone.safety.trusting():
        standing = Standing("quoted")
    text = curl(standing, "http://h").replace("curl ", "printf '%s\\n' ", 1)
    done = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=True)
    assert "it's $(touch owned)" in done.stdout
    assert not Path("owned").exists()
    standing.drop()
