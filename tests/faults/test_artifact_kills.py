"""`kill -9` while files are logged, fetched, deleted and pruned: what was acknowledged is there, what is there is whole, and on it goes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.faults import artifact_victim
from tests.faults.artifact_victim import content
from tests.support.servers import Server, free_port, serve

import runstone

VICTIM = Path(artifact_victim.__file__)


class Ledger:
    """What one victim was told, by name: what it began, what was kept, what it began to delete."""

    def __init__(self, run_id: str, lines: list[list[str]]) -> None:
        self.run_id = run_id
        self.begun = {name for act, *names in lines if act == "begun" for name in names}
        # The call whose answer is not known: all of its files may be there, or none.
        self.under_way = {name for act, *names in lines[-1:] if act == "begun" for name in names}
        kept = {name for act, *names in lines if act == "kept" for name in names}
        deleting = {names[0] for act, *names in lines if act == "deleting"}
        self.kept = kept - deleting

    def check(self, client: runstone.Client) -> int:
        """How many files are there, each of them as it was logged."""
        there = {file.path for file in client.list_artifacts(self.run_id)}
        assert self.kept <= there, "a file that was acknowledged is gone"
        assert there <= self.begun
        for name in there:
            assert client.read_artifact(self.run_id, name) == whole(name), f"{name} is not what was logged"
        assert self.under_way & there in (set(), self.under_way), "half of a call"
        return len(there)


def whole(name: str) -> bytes:
    number, part = name.split(".")
    return content(int(number) * 3 + int(part))


def start(store: str, folder: Path, seed: int) -> subprocess.Popen[bytes]:
    (folder / "fetched").mkdir(parents=True)
    return subprocess.Popen(
        [sys.executable, str(VICTIM), store, str(folder), str(seed)],
        cwd=folder, env={**os.environ, "RUNSTONE_PROVENANCE": "0"},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def killed(victim: subprocess.Popen[bytes], after: float, server: Server | None = None) -> Ledger:
    """Kill a victim some time after its first words; with a server, that first: its client knows no more what became of its call."""
    assert victim.stdout is not None
    out, lines = victim.stdout, []
    run_id = out.readline().split()[1].decode()
    reader = threading.Thread(target=lambda: lines.extend(out))
    reader.start()
    time.sleep(after)  # the moment is what is random here
    if server is not None:
        server.kill()
    victim.kill()
    reader.join()
    victim.communicate()
    return Ledger(run_id, [line.decode().split() for line in lines if line.endswith(b"\n")])


def check_fetched(folder: Path) -> None:
    """What is under its name in a folder that was downloaded to is whole."""
    for path in (folder / "fetched").iterdir():
        if not path.name.startswith(".runstone-"):
            assert path.read_bytes() == whole(path.name), f"{path} was fetched in part"


def kill_some(tmp_path: Path, kills: int, seed: int) -> None:
    """Two victims at a time on one store, killed one after the other."""
    chance, store = random.Random(seed), tmp_path / "store"
    ledgers, files = [], 0
    for number in range(kills // 2):
        places = [tmp_path / f"{number}.{place}" for place in range(2)]
        victims = [start(str(store), folder, seed * 1000 + number * 2 + place) for place, folder in enumerate(places)]
        both = [killed(victim, chance.uniform(0.0, 0.6)) for victim in victims]
        client = runstone.Client(store)
        for ledger, folder in zip(both, places, strict=True):
            files += ledger.check(client)
            check_fetched(folder)
        ledgers += both
        assert client.verify() == []
    client = runstone.Client(store)
    assert sum(ledger.check(client) for ledger in ledgers) == files, (
        "what was there after a kill is not there after others"
    )
    assert list((store / "incoming").glob("*.tmp")) == [] or _is_swept(client, ledgers[0].run_id, store)


def _is_swept(client: runstone.Client, run_id: str, store: Path) -> bool:
    """Half packs of dead writers go when the next one is written."""
    client.log_bytes(run_id, os.urandom(300_000), "afterwards")
    return list((store / "incoming").glob("*.tmp")) == []


def kill_clients_and_servers(tmp_path: Path, kills: int, seed: int) -> None:
    """A client of a server is killed, or the server under it, in turn."""
    chance, port = random.Random(seed), free_port()
    quick = {"RUNSTONE_PROVENANCE": "0", "RUNSTONE_CONSOLE": "0"}
    server = serve(tmp_path / "store", port=port, environment=quick)
    ledgers = []
    try:
        for number in range(kills):
            folder = tmp_path / str(number)
            victim = start(server.url, folder, seed * 1000 + number)
            ledgers.append(killed(victim, chance.uniform(0.0, 0.8), server if number % 2 else None))
            if number % 2:
                server = serve(tmp_path / "store", port=port, environment=quick)
            ledgers[-1].check(runstone.Client(server.url))
            check_fetched(folder)
        client = runstone.Client(server.url)
        for ledger in ledgers:
            ledger.check(client)
    finally:
        server.kill()
    assert runstone.Client(tmp_path / "store").verify() == []


def test_no_file_is_lost_or_half_there_after_a_few_kills(tmp_path: Path) -> None:
    kill_some(tmp_path, 4, seed=1)


def test_no_file_is_lost_or_half_there_after_a_few_kills_of_clients_and_servers(tmp_path: Path) -> None:
    kill_clients_and_servers(tmp_path, 2, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 6))
def test_no_file_is_lost_or_half_there_after_two_hundred_kills(tmp_path: Path, seed: int) -> None:
    kill_some(tmp_path, 50, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(6, 8))
def test_no_file_is_lost_or_half_there_after_many_kills_of_clients_and_servers(tmp_path: Path, seed: int) -> None:
    kill_clients_and_servers(tmp_path, 40, seed)
