"""A run whose server is slow, restarting, refusing or gone: nothing that was acknowledged is lost or done twice, and nothing waits for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.support.away import ended, hasty, ours, proxy, server, steps, sync, synced  # noqa: F401
from tests.support.points import until
from tests.support.servers import Server, free_port, serve
from tests.support.unreliable import CUT, HANG, LOSE, PASS, Proxy

import runstone
from runstone.client import Client
from runstone.errors import InvalidParameter
from runstone.journal import rejected


def test_a_run_that_was_never_seen_by_its_server_is_there_after_a_sync(proxy: Proxy, server: Server) -> None:
    proxy.down()
    runstone.set_experiment(f"made offline at {proxy.port}")
    with runstone.start_run(run_name="lonely", tags={"team": "a"}) as run:
        runstone.log_param("alpha", 0.1)
        for step in range(3000):
            runstone.log_metric("loss", 1 / (step + 1), step=step)
        runstone.set_tag("stage", "first")
        runstone.set_tag("stage", "second")
        runstone.log_params({"beta": 2, "gamma": "x"})
        runstone.delete_tag("team")
        print("said while nobody listened")
    proxy.up()
    until(lambda: synced(proxy.url))
    client = Client(proxy.url)
    (found,) = runstone.search_runs(output_format="list")
    assert client.get_run(run.info.run_id).info.run_id == found.info.run_id, "its id of here leads to it too"
    assert (found.info.status, found.info.run_name) == ("FINISHED", "lonely")
    assert found.info.start_time == run.info.start_time
    assert found.data.params == {"alpha": "0.1", "beta": "2", "gamma": "x"}
    assert (found.data.tags["stage"], "team" in found.data.tags) == ("second", False)
    assert steps(client, found.info.run_id) == list(range(3000))
    assert sync(proxy.url).stderr.startswith("Nothing was left behind")


def test_a_server_that_is_killed_and_started_again_under_a_training_has_every_point_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    server = serve(tmp_path / "store", "--no-access-log", port=port)
    runstone.set_tracking_uri(server.url)
    step = 0

    def log(count: int) -> None:
        nonlocal step
        for _ in range(count):
            runstone.log_metric("loss", step / 7, step=step)
            if step % 100 == 0:
                runstone.log_param(f"param/{step}", step)
                runstone.set_tag("latest", step)
            step += 1

    monkeypatch.setenv("RUNSTONE_END_TIMEOUT", "60")
    with runstone.start_run() as run:
        for _ in range(3):
            log(1000)
            server.kill()
            log(1000)  # these calls come back while there is no server at all
            server = serve(tmp_path / "store", "--no-access-log", port=port)
            log(1000)
    client = Client()
    found = client.get_run(run.info.run_id)
    assert found.info.status == "FINISHED"
    assert steps(client, run.info.run_id) == list(range(step))
    assert found.data.params == {f"param/{number}": str(number) for number in range(0, step, 100)}
    assert found.data.tags["latest"] == str((step - 1) // 100 * 100)
    server.stop()


def test_a_server_that_hangs_holds_up_one_call_and_no_other(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    with runstone.start_run() as run:
        monkeypatch.setenv("RUNSTONE_OFFLINE_AFTER", "0.3")
        proxy.say(HANG)
        before = len(proxy.seen)
        for number in range(50):
            runstone.log_param(f"p{number}", number)
            runstone.log_metric("loss", number, step=number)
        asked = [path for _, path in proxy.seen[before:] if path.endswith("log-parameter")]
        assert len(asked) <= 2, (
            "the first one found out (and may have asked twice); the others went to the journal at once"
        )
        proxy.say(PASS)
    client = Client()
    until(lambda: ended(client, run.info.run_id))
    found = client.get_run(run.info.run_id)
    assert found.data.params == {f"p{number}": str(number) for number in range(50)}
    assert steps(client, found.info.run_id) == list(range(50))


def test_answers_that_are_lost_do_nothing_twice(proxy: Proxy) -> None:
    proxy.say(LOSE)
    with runstone.start_run(run_name=f"once {proxy.port}") as run:
        runstone.log_param("alpha", 1)
        runstone.set_tag("doomed", 1)
        runstone.delete_tag("doomed")
        for step in range(10):
            runstone.log_metric("loss", step, step=step)
        proxy.say(PASS)
    client = Client()
    until(lambda: ended(client, run.info.run_id))
    named = [
        found
        for found in runstone.search_runs(output_format="list", search_all_experiments=True)
        if found.info.run_name == f"once {proxy.port}"
    ]
    assert len(named) == 1, "the run was made once"
    assert named[0].data.params == {"alpha": "1"}
    assert "doomed" not in named[0].data.tags
    assert steps(client, named[0].info.run_id) == list(range(10))
    assert rejected(client._folder) == []


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_a_server_that_says_not_now_delays_and_nothing_else(proxy: Proxy, status: int) -> None:
    with runstone.start_run() as run:
        proxy.say((status, {"Retry-After": "3600"}))
        runstone.log_param("alpha", 1)
        runstone.log_metric("loss", 1.0, step=1)
        proxy.say(PASS)
        runstone.log_param("beta", 2)
    client = Client()
    until(lambda: ended(client, run.info.run_id))
    assert client.get_run(run.info.run_id).data.params == {"alpha": "1", "beta": "2"}
    assert steps(client, run.info.run_id) == [1]


def test_a_read_is_asked_again_when_the_server_says_not_now(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_HTTP_RETRIES", "3")
    client = Client(proxy.url)
    client.get_experiment("0")
    for behaviour in ((503, {"Retry-After": "0"}), (429, {}), CUT, LOSE):
        proxy.say(behaviour, times=2)
        before = len(proxy.seen)
        assert client.get_experiment("0").name == "Default"
        assert len(proxy.seen) - before == 3


def test_what_conflicts_later_is_kept_and_told_and_the_rest_goes_on(
    proxy: Proxy, capsys: pytest.CaptureFixture[str]
) -> None:
    with runstone.start_run() as run:
        runstone.log_param("alpha", "first")
        proxy.say(CUT)
        runstone.log_param("alpha", "second")
        runstone.log_param("beta", 2)
        runstone.log_metric("loss", 0.5, step=7)
        proxy.say(PASS)
    client = Client()
    until(lambda: ended(client, run.info.run_id))
    found = client.get_run(run.info.run_id)
    assert found.data.params == {"alpha": "first", "beta": "2"}
    assert steps(client, run.info.run_id) == [7]
    (refused,) = rejected(client._folder)
    assert (refused.operation, refused.request["value"], refused.error_code) == (
        "log_param",
        "second",
        "INVALID_PARAMETER_VALUE",
    )
    assert "first" in refused.message
    assert "refused log_param" in capsys.readouterr().err
    done = sync(proxy.url)
    assert (done.returncode, "log_param was refused" in done.stderr) == (1, True)


def test_what_can_be_checked_here_is_refused_at_once_also_while_the_server_is_away(proxy: Proxy) -> None:
    proxy.down()
    with runstone.start_run():
        with pytest.raises(InvalidParameter, match="a@b"):
            runstone.log_param("a@b", 1)
        with pytest.raises(InvalidParameter):
            runstone.set_tags({"fine": 1, "../up": 2})
        with pytest.raises(InvalidParameter):
            runstone.end_run("SOMEHOW")
    proxy.up()
    until(lambda: synced(proxy.url))


def test_a_process_that_is_killed_while_its_server_is_away_leaves_all_it_said_to_sync(
    proxy: Proxy, tmp_path: Path
) -> None:
    proxy.down()
    script = (
        "import runstone, os, signal\n"
        "runstone.set_experiment('killed offline')\n"
        "run = runstone.start_run(run_name='killed')\n"
        "runstone.log_param('alpha', 1)\n"
        "for step in range(500): runstone.log_metric('loss', step, step=step)\n"
        "print(run.info.run_id, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    run_id = done.stdout.strip()
    assert sync(proxy.url).returncode == 1, "it is still away, and all is still here"
    proxy.up()
    done = sync(proxy.url, "--all", "--json")
    assert done.returncode == 0, done.stderr
    client = Client(proxy.url)
    found = client.get_run(run_id)
    assert (found.info.status, found.data.params) == ("KILLED", {"alpha": "1"})
    assert steps(client, run_id) == list(range(500))


def test_the_next_run_ships_what_earlier_ones_left(proxy: Proxy) -> None:
    proxy.down()
    script = (
        f"import runstone\nwith runstone.start_run(run_name='left at {proxy.port}'): runstone.log_metric('loss', 1.0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"--store '{proxy.url}' sync" in done.stderr
    proxy.up()
    with runstone.start_run():
        runstone.log_metric("loss", 2.0)
        # asked of another client, on another address of the same server, that has nothing of this machine's to settle
        other = Client(proxy.target)

        def there() -> bool:
            left = other.search_runs(["0"], f"run_name = 'left at {proxy.port}'")
            return [run.data.metrics for run in left] == [{"loss": 1.0}]

        until(there)


def test_threads_and_a_forked_child_say_things_while_the_server_is_away(proxy: Proxy) -> None:
    proxy.down()
    with runstone.start_run() as run:
        workers = [
            threading.Thread(target=lambda number=number: runstone.log_param(f"thread/{number}", number))
            for number in range(8)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        child = os.fork()
        if child == 0:
            try:
                runstone.log_param("child", 1)
                runstone.log_metric("child", 1.0)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        runstone.log_param("parent", 1)
    proxy.up()
    client = Client()
    until(lambda: ended(client, run.info.run_id))
    until(lambda: ended(client, run.info.run_id) and "child" in client.get_run(run.info.run_id).data.params)
    found = client.get_run(run.info.run_id)
    assert found.data.params == {f"thread/{number}": str(number) for number in range(8)} | {"child": "1", "parent": "1"}
    assert found.data.metrics == {"child": 1.0}


def test_a_proxy_that_takes_small_requests_only_gets_the_points_in_parts(proxy: Proxy) -> None:
    with runstone.start_run() as run:
        proxy.down()
        for step in range(5000):
            runstone.log_metric("loss", step, step=step)
        runstone.log_params({f"p{number}": "x" * 5000 for number in range(20)})
        runstone.log_param("alpha", 1)
    proxy.largest = 50_000
    proxy.up()
    client = Client()
    until(lambda: ended(client, run.info.run_id))
    assert steps(client, run.info.run_id) == list(range(5000))
    assert client.get_run(run.info.run_id).data.params == {"alpha": "1"}
    (refused,) = rejected(client._folder)
    assert (refused.operation, "413" in refused.message) == ("log_batch", True)


@pytest.mark.compat
def test_points_that_a_server_refuses_hold_up_nothing_else_and_are_kept(
    stock: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    runstone.set_tracking_uri(stock.url)
    with runstone.start_run() as run:
        runstone.log_metric("loss", 1.0)
        runstone.log_metric("accuracy", 0.5, model_id="m-of-nowhere")
        runstone.log_metric("error", 0.5)
    client = Client()
    found = client.get_run(run.info.run_id)
    assert found.info.status == "FINISHED"
    assert {"loss", "error"} <= set(found.data.metrics)
    assert "1 points were refused" in capsys.readouterr().err
    (kept,) = Path(client._folder, "journal").glob("*.refused")
    assert b"m-of-nowhere" in kept.read_bytes()
