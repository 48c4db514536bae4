"""Writers, readers and a pruner, processes all of them, at work on one store: nothing that is named is lost, and every file reads back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults import storer
from tests.support.servers import serve

import runstone

# What nothing needs is deleted at once, and what is unfinished counts as broken off: as hard as it can be.
HARD = {"RUNSTONE_PRUNE_GRACE": "0", "RUNSTONE_KEEP_UNFINISHED": "0", "RUNSTONE_PRUNE_REWRITE": "10"}


@pytest.fixture(params=["folder", "server"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "folder":
        yield str(tmp_path / "store")
        return
    server = serve(tmp_path / "store", "--no-access-log", environment=HARD)
    yield server.url
    assert server.stop() == 0


def start(address: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, storer.__file__, address, *words],
        env={**os.environ, **HARD},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str], line: str = "") -> object:
    out, err = process.communicate(line, timeout=300)
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1])


@pytest.mark.parametrize("writers", [2, pytest.param(6, marks=pytest.mark.soak)])
def test_nothing_that_is_named_is_lost_beside_writers_and_readers(address: str, tmp_path: Path, writers: int) -> None:
    client = runstone.Client(address)
    client.create_run("0")
    crowd = [start(address, "write", str(number)) for number in range(writers)]
    reader, pruner = start(address, "read"), start(address, "prune")
    kept = [end(process) for process in crowd]
    freed = end(pruner, "end\n")
    end(reader, "end\n")
    assert isinstance(freed, int)
    assert freed > 5_000_000
    for files in kept:
        assert isinstance(files, dict)
        assert files
        for named, seed in files.items():
            owner, path = named.split(" ")
            assert client.read_artifact(owner, path) == storer.content(seed), named
    assert client.verify() == []
