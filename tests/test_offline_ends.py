"""The end of a run whose server is away, hangs or refuses: it is kept, told of, and waits no longer than it is told to."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest
from tests.support.away import ended, hasty, ours, proxy, server, steps, sync  # noqa: F401
from tests.support.points import until
from tests.support.unreliable import HANG, PASS, Proxy

import runstone
from runstone.client import Client
from runstone.errors import Refused, Unreachable
from runstone.fluent import session


def test_without_the_queue_a_server_that_is_away_is_an_error_that_says_what_to_do(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNSTONE_OFFLINE", "never")
    proxy.down()
    with pytest.raises(Unreachable, match=rf"{proxy.url}.*runstone server.*RUNSTONE_URI"):
        runstone.start_run()
    assert runstone.active_run() is None
    proxy.up()
    run = runstone.start_run()
    proxy.down()
    with pytest.raises(ConnectionError):
        runstone.log_param("alpha", 1)
    runstone.log_metric("loss", 1.0)
    with pytest.raises(Unreachable):
        runstone.end_run()
    active = runstone.active_run()
    assert active is not None, "the end was not said and can be said again"
    proxy.up()
    runstone.end_run()
    assert runstone.get_run(run.info.run_id).data.metrics == {"loss": 1.0}


def test_the_end_waits_for_as_long_as_it_is_told_and_says_so(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RUNSTONE_END_TIMEOUT", "60")
    monkeypatch.delenv("RUNSTONE_QUIET")
    run = runstone.start_run()
    proxy.down()
    runstone.log_metric("loss", 1.0)
    ending = threading.Thread(target=session.end_all, args=("FINISHED",))
    ending.start()
    heard = ""

    def waits() -> bool:
        nonlocal heard
        heard += capsys.readouterr().err
        return "wait for" in heard

    until(waits)
    proxy.up()
    ending.join()
    assert Client().get_run(run.info.run_id).data.metrics == {"loss": 1.0}


def test_the_end_of_a_run_is_kept_also_where_the_server_refuses_whoever_asks(proxy: Proxy) -> None:
    for points in (0, 1):
        run = runstone.start_run()
        proxy.say((401, {}))
        if points:
            runstone.log_metric("loss", 1.0)
        with pytest.raises(Refused, match="401"):
            runstone.end_run()
        assert runstone.active_run() is None
        proxy.say(PASS)
        client = Client()
        until(lambda: ended(client, run.info.run_id))  # noqa: B023  # called before the next round


def test_a_process_that_is_killed_while_it_waits_at_the_end_has_ended_its_run_well(proxy: Proxy) -> None:
    script = (
        "import runstone, sys\n"
        "run = runstone.start_run()\n"
        "print(run.info.run_id, flush=True)\n"
        "input()\n"
        "runstone.log_metric('loss', 1.0)\n"
        "runstone.end_run()\n"
    )
    impatient = {"RUNSTONE_OFFLINE_AFTER": "0.3", "RUNSTONE_HTTP_TIMEOUT": "10"}
    environment = {**os.environ, **impatient, "RUNSTONE_END_TIMEOUT": "600", "RUNSTONE_QUIET": "0"}
    process = subprocess.Popen(
        [sys.executable, "-c", script], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    run_id = process.stdout.readline().strip()
    proxy.say(HANG)
    process.stdin.write("\n")
    process.stdin.flush()
    while "Ctrl-C leaves them" not in process.stderr.readline():
        assert process.poll() is None
    process.kill()
    process.communicate()
    proxy.say(PASS)
    client = Client()
    until(lambda: ended(client, run_id))
    assert client.get_run(run_id).data.metrics == {"loss": 1.0}


@pytest.mark.parametrize("quiet", ["0", "1"])
def test_a_training_whose_stderr_is_closed_goes_on_and_ends_while_its_server_is_away(proxy: Proxy, quiet: str) -> None:
    script = (
        "import runstone, sys\n"
        "sys.stderr.close()\n"
        "run = runstone.start_run()\n"
        "runstone.log_metric('loss', 1.0)\n"
        "runstone.log_param('alpha', 1)\n"
        "runstone.end_run()\n"
        "print(run.info.run_id)\n"
    )
    proxy.down()
    environment = {**os.environ, "RUNSTONE_END_TIMEOUT": "0.2", "RUNSTONE_QUIET": quiet}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    proxy.up()
    client = Client()
    until(lambda: ended(client, done.stdout.strip()))


def test_a_resumed_run_whose_records_cannot_be_asked_for_is_active_and_ends(proxy: Proxy) -> None:
    with runstone.start_run() as run:
        pass
    proxy.say((500, {}), only="artifacts")
    runstone.start_run(run_id=run.info.run_id)
    active = runstone.active_run()
    assert active is not None
    assert active.info.run_id == run.info.run_id
    with pytest.warns(UserWarning, match="not recorded"):
        runstone.end_run()
    proxy.say(PASS)
    client = Client()
    until(lambda: ended(client, run.info.run_id))
