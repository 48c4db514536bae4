"""Bars: for a person at a terminal, for what lasts over a second, and for nobody else."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.support.scripts import run
from tests.support.terminals import on_terminal

import runstone
from runstone.client import progress

MOVING = """
import io, sys, runstone
from runstone.client import progress
progress.PATIENCE = float(sys.argv[1])
data = bytes(range(256)) * 40_000
with runstone.start_run() as run:
    print("training")
    runstone.log_artifact(io.BytesIO(data), "logged.bin")
    if sys.argv[2:]:
        runstone.log_artifact(io.BytesIO(data + b"more"), "later.bin", wait=False)
runstone.Client().download_artifacts(run.info.run_id, "logged.bin", "out")
print("rich" in sys.modules)
print(b"logging" in runstone.Client().read_artifact(run.info.run_id, ".runstone/console.log"))
"""


def moving(folder: Path, patience: str, *more: str, **environment: str) -> list[str]:
    (folder / "moving.py").write_text(MOVING)
    ended = on_terminal(folder, "moving.py", patience, *more, program=(sys.executable,), **environment)
    assert ended.code == 0, ended.out
    return ended.out.splitlines()


def test_on_a_terminal_what_lasts_has_a_bar_that_the_runs_console_does_not_record(tmp_path: Path) -> None:
    out = moving(tmp_path, "-1", "later")
    assert any("logging" in line for line in out)
    assert any("fetching" in line for line in out)
    assert [line.strip() for line in out[-2:]] == ["True", "False"]


@pytest.mark.parametrize(("patience", "switch"), [("1e9", "1"), ("-1", "0")])
def test_what_is_quick_and_what_is_switched_off_has_none_and_loads_nothing(
    tmp_path: Path, patience: str, switch: str
) -> None:
    out = moving(tmp_path, patience, RUNSTONE_PROGRESS=switch)
    assert not any("logging" in line or "fetching" in line for line in out)
    assert [line.strip() for line in out[-2:]] == ["False", "False"]


def test_in_a_pipe_there_is_none(tmp_path: Path) -> None:
    code, out, err = run(tmp_path, MOVING, "-1")
    assert (code, out.splitlines(), err) == (0, ["training", "False", "False"], "")


def test_in_a_notebook_a_line_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []

    class OutStream:
        """As a kernel has in stderr's place."""

        write = staticmethod(written.append)
        flush = staticmethod(lambda: None)

    OutStream.__module__ = "ipykernel.iostream"
    monkeypatch.setattr(sys, "stderr", OutStream())
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    with progress.shown("fetching", lambda: 4_000_000) as advance:
        advance(1_000_000)
        advance(3_000_000)
    assert written[0] == "\rfetching 1 of 4 MB (25%)"
    assert written[-1] == "\rfetching 4 of 4 MB (100%)\n"


def test_every_byte_is_counted_whichever_thread_moves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Shown:
        count = 0

        def __init__(self, what: str, total: Any) -> None: ...

        def advance(self, count: int) -> None:
            Shown.count += count

        def stop(self) -> None: ...

    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    monkeypatch.setattr(progress, "_kind_of_stderr", lambda: Shown)
    with progress.shown("x") as advance:
        threads = [threading.Thread(target=lambda: [advance(1) for _ in range(1000)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert Shown.count == 4000
    Shown.count = 0
    with runstone.start_run() as run:
        runstone.Client().log_bytes(run.info.run_id, bytes(range(256)) * 20_000, "a.bin")
        assert Shown.count == 256 * 20_000
        runstone.Client().log_files(run.info.run_id, {"b": b"b", "c": b"c" * 1000})
        assert Shown.count == 256 * 20_000 + 1001
