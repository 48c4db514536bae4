"""Kill the victim at its n-th system call, then look at what is there: the promises of docs/design.md, checked one by one."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.faults import reader, victim
from tests.support import tracing

import runstone
from runstone.entities import Run

VICTIM, READER = Path(victim.__file__), Path(reader.__file__)
PARAMS = {f"param {number}": str(number) for number in range(5)}
# What each path may hold; a path that is logged twice may hold either.
CONTENTS = {
    "small": [b"small", b"another content"],
    "large": [victim.large(1)],
    "folder/a": [b"a"],
    "folder/deep/b": [victim.large(2)],
}
QUIET = {"RUNSTONE_PROVENANCE": "0", "RUNSTONE_DRAIN_INTERVAL": "3600"}


def start(folder: Path, store: Path, script: Path = VICTIM) -> subprocess.Popen[str]:
    """The victim, or the reader, waiting for a line; `folder` is its working folder."""
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, str(script), str(store)],
        cwd=folder,
        env={**os.environ, **QUIET},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.communicate()[1]
    return process


def kill(folder: Path, store: Path, number: int, script: Path = VICTIM) -> tuple[list[tracing.Call], list[list[Any]]]:
    """Kill a victim before its n-th call: the calls it made, and what it was told."""
    process = start(folder, store, script)
    calls = tracing.kill_at(process, number)
    told, err = _told(process)
    assert process.returncode in (0, -signal.SIGKILL), err
    return calls, told


def fail(
    folder: Path, store: Path, number: int, error: int, times: int = 1
) -> tuple[list[tracing.Call], list[list[Any]], str]:
    """Have a victim's n-th call, and some that follow it, fail: the calls it made, what it was told, and what it said on stderr."""
    process = start(folder, store)
    calls = tracing.fail_at(process, number, error, times)
    told, err = _told(process)
    assert process.returncode in (0, 1), err
    return calls, told, err


def _told(process: subprocess.Popen[str]) -> tuple[list[list[Any]], str]:
    out, err = process.communicate()
    return [json.loads(line) for line in out.splitlines()], err


def edges(calls: list[tracing.Call]) -> list[int]:
    """Numbers of the calls between which something else happens than one more page going into one and the same file."""
    return [
        place + 1
        for place, call in enumerate(calls)
        if call.name != "pwrite64" or place == 0 or calls[place - 1] != call
    ]


def check(store: Path, told: list[list[Any]], ends: tuple[str, ...] = ("KILLED",)) -> None:
    """All that was acknowledged is there, once; nothing is half there; runs are reported as ended, in one of these ways; logging
    goes on."""
    client = runstone.Client(store)
    ids = [words[1] for words in told if words[0] in ("run", "child")]
    found = {run.info.run_id: run for run in client.search_runs(["0"])}
    assert set(ids) <= set(found), "a run that was acknowledged is gone"
    assert len(found) - len(ids) <= 1, "more runs than were started"
    for run in found.values():
        # it may have been killed when it had said how the run ended and had not yet told us
        assert run.info.status in ("FINISHED", *ends), "dead, and not reported as such"
        assert run.info.status == "FINISHED" or ["end"] not in told
        assert run.info.end_time is not None
        _check_records(client, run, told)
    assert client.verify() == []
    assert len(leftovers(store)) <= 2, "more is left than what was under way"
    _check_going_on(client, list(found.values()))


def _check_records(client: runstone.Client, run: Run, told: list[list[Any]]) -> None:
    outer = not run.data.tags.get("mlflow.parentRunId")
    params = run.data.params
    assert params in ({}, PARAMS), "half of a batch"
    assert params or not outer or not any(words[0] == "params" for words in told)
    points = [tuple(words[1:]) for words in told if words[0] == "point"] if outer else []
    seen = []
    for key in ("loss", "accuracy", "inner"):
        columns = client.get_metric_series(run.info.run_id, key)
        seen += [(key, *point) for point in zip(*(column.tolist() for column in columns), strict=True)]
    assert len(set(seen)) == len(seen), "a point twice"
    assert set(points) <= set(seen), "a point that was acknowledged is gone"
    assert {summary.key: summary.count for summary in client.get_metric_summaries(run.info.run_id)} == {
        key: sum(point[0] == key for point in seen) for key in {point[0] for point in seen}
    }
    if outer:
        assert all(run.data.tags[words[1]] == words[2] for words in told if words[0] == "tag")
        _check_files(client, run, {words[1]: words[2] for words in told if words[0] == "file"})


def _check_files(client: runstone.Client, run: Run, told: dict[str, int]) -> None:
    there = {path: client.read_artifact(run.info.run_id, path) for path in CONTENTS if _has(client, run, path)}
    assert set(told) <= set(there), "a file that was acknowledged is gone"
    assert ("folder/a" in there) == ("folder/deep/b" in there), "half of a folder"
    for path, data in there.items():
        assert hashlib.sha256(data).digest() in {hashlib.sha256(whole).digest() for whole in CONTENTS[path]}, path
        if path in told and told[path] == len(CONTENTS[path][-1]):
            assert data == CONTENTS[path][-1], "an older content"


def _has(client: runstone.Client, run: Run, path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return any(file.path == path for file in client.list_artifacts(run.info.run_id, folder or None)) and bool(name)


def leftovers(store: Path) -> list[str]:
    """Files in a store that nothing refers to."""
    import sqlite3

    with contextlib.closing(sqlite3.connect(store / "runstone.db")) as database:
        known = {name for (name,) in database.execute("SELECT name FROM pack")}
    files = [path.relative_to(store) for path in store.rglob("*") if path.is_file() and path.name not in known]
    # a folder that something is prepared in counts once
    return sorted(
        {"/".join(file.parts[:2]) for file in files if not file.name.startswith(("runstone.db", ".gitignore"))}
    )


def _check_going_on(client: runstone.Client, runs: list[Run]) -> None:
    for run in runs:
        with_old = client.get_run(run.info.run_id)
        client.log_metric(with_old.info.run_id, "afterwards", 1.0, 2000, 1)
        client.log_text(with_old.info.run_id, "afterwards", "afterwards.txt")
    fresh = client.create_run("0")
    client.log_param(fresh.info.run_id, "after", "the kill")
    client.log_bytes(fresh.info.run_id, victim.large(1), "large")
    client.set_terminated(fresh.info.run_id)
    assert client.read_artifact(fresh.info.run_id, "large") == victim.large(1)
    assert client.verify() == []
