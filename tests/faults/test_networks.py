"""A training on a network that fails in every way, killed at any moment: what it was told is kept is on the server, once."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.points import until
from tests.support.servers import Server, serve
from tests.support.unreliable import CUT, LOSE, PASS, Proxy

from runstone import journal
from runstone.client import Client

# Says the number of each step when all that belongs to it was acknowledged.
TRAINING = """
import itertools, sys, runstone
runstone.set_experiment("campaign")
with runstone.start_run(run_name=sys.argv[1]) as run:
    print(run.info.run_id, flush=True)
    for step in itertools.count():
        runstone.log_metric("loss", step / 3, step=step)
        if step % 20 == 0:
            runstone.log_param(f"p{step}", step)
            runstone.set_tag("latest", step)
        print(step, flush=True)
"""
MOODS = [PASS, LOSE, CUT, (503, {}), (429, {"Retry-After": "0"}), (502, {}), (504, {}), (408, {})]


@pytest.fixture(scope="module", params=["ours", pytest.param("stock", marks=pytest.mark.compat)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if request.param == "stock":
        yield request.getfixturevalue("stock")
        return
    made = serve(tmp_path_factory.mktemp("networks") / "store", "--no-access-log")
    yield made
    made.kill()


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    made = Proxy(server.url)
    yield made
    made.down()


def train(proxy: Proxy, name: str, dice: random.Random) -> tuple[str, int]:
    """A training under changing moods that ends with kill -9; its run's id here, and the last step that it was told is kept."""
    process = subprocess.Popen([sys.executable, "-c", TRAINING, name], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    proxy.say(dice.choice(MOODS))
    run_id = process.stdout.readline().strip()
    last = -1
    for _ in range(dice.randrange(1, 12)):
        proxy.say(dice.choice(MOODS))
        for _ in range(dice.randrange(150)):
            last = int(process.stdout.readline())
    process.kill()
    said, _ = process.communicate()
    whole = said.splitlines()[: said.count("\n")]
    proxy.say(PASS)
    return run_id, int(whole[-1]) if whole else last


@pytest.mark.parametrize("rounds", [2, pytest.param(40, marks=pytest.mark.soak)])
def test_whatever_was_acknowledged_is_there_once(proxy: Proxy, rounds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "URI": proxy.url, "OFFLINE_AFTER": "0.2", "DRAIN_INTERVAL": "0.01", "HTTP_RETRIES": "1", "CONSOLE": "0", "PROVENANCE": "0",
        "DIFF_LIMIT": "0",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"RUNSTONE_{name}", value)
    dice = random.Random(rounds)
    client = Client(proxy.url)
    for number in range(rounds):
        name = f"round {number} of {rounds} at {proxy.port}"
        run_id, last = train(proxy, name, dice)

        def shipped() -> bool:
            client.settle()
            return journal.left_behind(client._folder) == 0

        until(shipped)
        experiment = client.get_experiment_by_name("campaign")
        assert experiment is not None
        (found,) = client.search_runs([experiment.experiment_id], f"run_name = '{name}'")
        assert client.get_run(run_id).info.run_id == found.info.run_id
        assert found.info.status == "KILLED"
        steps = sorted(point.step for point in client.get_metric_history(run_id, "loss"))
        # One more than was told may be there: it was kept when the process died, and not told yet.
        assert steps in (list(range(last + 1)), list(range(last + 2)))
        params = {f"p{step}": str(step) for step in range(0, last + 1, 20)}
        assert params.items() <= found.data.params.items()
        assert len(found.data.params) - len(params) in (0, 1)
        if last >= 0:
            assert int(found.data.tags["latest"]) in (last // 20 * 20, (last + 1) // 20 * 20)
        assert journal.rejected(client._folder) == []
        assert list(Path(client._folder, "journal").glob("*.damaged")) == []
