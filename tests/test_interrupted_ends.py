"""Ctrl-C while the end of a run waits for its files: they are kept, the run ended as its script said, no traceback."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from tests.support.scripts import start

import runstone
from runstone.client import Client, spool

pytestmark = pytest.mark.everywhere

# A store that takes nothing: whoever stores files stands still until the process ends. The script is told when its end waits.
HEAD = """
import sys, threading, runstone
from runstone.client import background, sending
runstone.set_tracking_uri(sys.argv[1])
stored = threading.Event()
wait = background._wait
def stands(*given, **named):
    stored.wait()
def told(key, advance):
    print("waits", flush=True)
    wait(key, advance)
sending.send, background._wait = stands, told
"""
BLOCK = """
with runstone.start_run() as run:
    print(run.info.run_id, flush=True)
    runstone.log_metric("loss", 0.5)
    open("model.bin", "wb").write(b"weights" * 1000)
    runstone.log_artifact("model.bin", wait=False)
    {error}
"""
PLAIN = BLOCK.replace("with runstone.start_run() as run:", "run = runstone.start_run()\nif True:")


# A shell says 130 of both: of an exit with that, and of a process that SIGINT ended.
@pytest.mark.parametrize(
    ("source", "error", "code", "status"),
    [
        (BLOCK, "", 130, "FINISHED"),
        (BLOCK, "raise ValueError(1)", -signal.SIGINT, "FAILED"),
        (PLAIN, "", -signal.SIGINT, "FINISHED"),
    ],
    ids=["with", "failed", "atexit"],
)
def test_the_first_ctrl_c_leaves_the_files_here_and_the_end_as_it_was(
    tmp_path: Path, source: str, error: str, code: int, status: str
) -> None:
    client = Client()
    process = start(tmp_path, HEAD + source.format(error=error), runstone.get_tracking_uri())
    assert process.stdout is not None
    try:
        run_id = process.stdout.readline().strip()
        assert process.stdout.readline() == "waits\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == code, err
    assert ("Traceback" in err, "KeyboardInterrupt" in err) == (bool(error), False)
    assert "sync" in err
    assert run_id in err
    client.settle(wait=True)
    assert client.get_run(run_id).info.status == status
    assert client.get_run(run_id).data.metrics == {"loss": 0.5}
    assert client.read_artifact(run_id, "model.bin") == b"weights" * 1000
    assert not spool.has_files(client._folder, run_id)
