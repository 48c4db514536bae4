"""Many processes and threads on one store at once, forked and spawned and killed: all that was logged is there, nobody waits for ever."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from pathlib import Path

import pytest
from tests.support import scripts

import runstone

# `work` logs runs; every worker has the one file, which is kept once, and one of its own.
WORK = """
import io, random, sys, threading
import runstone
runs, store = int(sys.argv[2]), sys.argv[3]
runstone.set_tracking_uri(store)
shared = random.Random(99).randbytes(300_000)
def work(number):
    for round_ in range(runs):
        with runstone.start_run(run_name=f"{number}.{round_}", tags={"worker": number}) as run:
            runstone.log_params({f"p{place}": place for place in range(5)})
            for step in range(50):
                runstone.log_metric("loss", step + number / 10, step=step, timestamp=step)
            runstone.log_stream(io.BytesIO(shared), "shared")
            runstone.log_text(run.info.run_id, "own.txt")
            runstone.search_runs(filter_string=f"tags.worker = '{number}'", output_format="list")
input()
"""
PROCESS = WORK + "work(int(sys.argv[1]))\n"
THREADS = (
    WORK
    + """
threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
)


def crowd(tmp_path: Path, source: str, size: int, *arguments: str) -> None:
    """Run a script in several processes at once; each is given its number first, and starts when all are ready."""
    processes = []
    for number in range(size):
        folder = tmp_path / f"worker {number}"
        folder.mkdir()
        processes.append(scripts.start(folder, source, str(number), *arguments))
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_PROVENANCE", "0")


def check(store: Path, size: int, runs: int) -> None:
    client = runstone.Client(store)
    found = client.search_runs(["0"], max_results=size * runs + 1)
    assert sorted(run.info.run_name for run in found) == sorted(f"{n}.{r}" for n in range(size) for r in range(runs))
    for run in found:
        assert run.info.status == "FINISHED"
        assert run.data.params == {f"p{place}": str(place) for place in range(5)}
        points = client.get_metric_series(run.info.run_id, "loss")
        number = int(run.data.tags["worker"])
        assert points.step.tolist() == list(range(50))
        assert points.value.tolist() == [step + number / 10 for step in range(50)]
        assert client.read_artifact(run.info.run_id, "own.txt") == run.info.run_id.encode()
        assert client.read_artifact(run.info.run_id, "shared") == random.Random(99).randbytes(300_000)
    assert client.verify() == []
    assert list((store / "journal").iterdir()) == []


def test_eight_processes_log_to_one_store_at_once(tmp_path: Path) -> None:
    crowd(tmp_path, PROCESS, 8, "2", str(tmp_path / "store"))
    check(tmp_path / "store", 8, 2)


@pytest.mark.soak
def test_eight_processes_log_many_runs_to_one_store(tmp_path: Path) -> None:
    crowd(tmp_path, PROCESS, 8, "60", str(tmp_path / "store"))
    check(tmp_path / "store", 8, 60)


def test_threads_with_runs_of_their_own_log_files_and_params_side_by_side(tmp_path: Path) -> None:
    crowd(tmp_path, THREADS, 1, "2", str(tmp_path / "store"))
    check(tmp_path / "store", 6, 2)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_of_multiprocessing_log_to_their_parents_run(tmp_path: Path, method: str) -> None:
    code, _, err = scripts.run(
        tmp_path,
        f"""
        import contextlib, multiprocessing, runstone

        def work(run_id, number):
            runstone.set_tracking_uri("store")
            client = runstone.Client()
            client.log_param(run_id, f"worker {{number}}", number)
            client.log_bytes(run_id, bytes([number]) * 100_000, f"{{number}}.bin")
            # a forked worker has its parent's run; a spawned one has none and joins it
            joined = contextlib.nullcontext() if runstone.active_run() else runstone.start_run(run_id=run_id)
            with joined:
                for step in range(20):
                    runstone.log_metric(f"metric {{number}}", step, step=step)

        if __name__ == "__main__":
            runstone.set_tracking_uri("store")
            with runstone.start_run() as run:
                runstone.log_metric("before", 1.0)
                with multiprocessing.get_context({method!r}).Pool(3) as pool:
                    pool.starmap(work, [(run.info.run_id, number) for number in range(6)], chunksize=1)
                runstone.log_metric("after", 1.0)
        """,
    )
    assert code == 0, err
    client = runstone.Client(tmp_path / "store")
    (run,) = client.search_runs(["0"])
    assert run.info.status == "FINISHED"
    assert run.data.params == {f"worker {number}": str(number) for number in range(6)}
    assert run.data.metrics == {"before": 1.0, "after": 1.0, **{f"metric {number}": 19.0 for number in range(6)}}
    for number in range(6):
        assert client.read_artifact(run.info.run_id, f"{number}.bin") == bytes([number]) * 100_000


LOGGER = """
import os, random, sys
import runstone
runstone.set_tracking_uri(sys.argv[1])
with runstone.start_run() as run:
    os.write(1, f"run {run.info.run_id}\\n".encode())
    for step in range(10**9):
        runstone.log_metric("loss", step, step=step, timestamp=step)
        os.write(1, f"point {step}\\n".encode())
        if step % 50 == 0:
            runstone.log_param(f"p{step}", step)
            os.write(1, f"param {step}\\n".encode())
        if step % 200 == 0:
            data = random.Random(step).randbytes(40_000)
            runstone.log_stream(__import__("io").BytesIO(data), f"{step}.bin")
            os.write(1, f"file {step}\\n".encode())
"""


def kill_some(tmp_path: Path, kills: int, seed: int) -> None:
    """Kill loggers at random moments, two at a time on one store; all that each was told must be there."""
    chance = random.Random(seed)
    store = tmp_path / "store"
    for number in range(kills):
        folder = tmp_path / f"{seed}.{number}"
        folder.mkdir()
        victims = [scripts.start(folder, LOGGER, str(store)) for _ in range(2)]
        told = [_told_until_killed(process, chance.uniform(0.0, 0.4)) for process in victims]
        client = runstone.Client(store)
        for run_id, words in told:
            run = client.get_run(run_id)
            assert run.info.status == "KILLED"
            steps = client.get_metric_series(run_id, "loss").step.tolist()
            assert steps == list(range(len(steps))), "a point twice, or one missing"
            assert len(steps) >= sum(word[0] == "point" for word in words)
            assert {f"p{word[1]}" for word in words if word[0] == "param"} <= set(run.data.params)
            for word in words:
                if word[0] == "file":
                    assert client.read_artifact(run_id, f"{word[1]}.bin") == random.Random(int(word[1])).randbytes(
                        40_000
                    )
    assert runstone.Client(store).verify() == []
    assert list((store / "journal").iterdir()) == []


def _told_until_killed(process: subprocess.Popen[str], after: float) -> tuple[str, list[list[str]]]:
    assert process.stdout is not None
    out = process.stdout
    run_id = out.readline().split()[1]
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(out))
    reader.start()
    time.sleep(after)  # the moment is what is random here
    process.kill()
    reader.join()
    process.communicate()
    return run_id, [line.split() for line in lines if line.endswith("\n")]


def test_nothing_is_lost_to_a_few_kills_at_random_moments(tmp_path: Path) -> None:
    kill_some(tmp_path, 2, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 6))
def test_nothing_is_lost_to_hundreds_of_kills_at_random_moments(tmp_path: Path, seed: int) -> None:
    kill_some(tmp_path, 50, seed)
