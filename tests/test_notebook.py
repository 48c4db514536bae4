"""Notebooks: a real kernel, spoken to as Jupyter does. A cell's error is not the run's end, and what cells print is recorded."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.points import until

import runstone

START = "import runstone; run = runstone.start_run(); print('first cell')"


class Notebook:
    """A kernel in a folder; `cell` runs a cell to its end."""

    def __init__(self, folder: Path, sockets: str) -> None:
        from jupyter_client.manager import KernelManager

        # Through files: ports that were found to be free may be another test's when the kernel takes them.
        self.manager = KernelManager(kernel_name="python3", transport="ipc", ip=f"{sockets}/kernel")
        self.manager.start_kernel(cwd=str(folder))
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def cell(self, source: str) -> tuple[str, str]:
        """What the cell printed, and the name of its error ('' for none)."""
        printed: list[str] = []

        def shown(message: dict[str, Any]) -> None:
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        answer = self.client.execute_interactive(source, timeout=60, output_hook=shown)
        return "".join(printed), answer["content"].get("ename", "")

    def close(self, *, now: bool = False) -> None:
        """Shut the kernel down, as the menu does; or kill it."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=now)


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    for name in ("JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    with tempfile.TemporaryDirectory(prefix="rs-") as sockets:  # their paths may have a hundred characters
        opened = Notebook(tmp_path, sockets)
        yield opened
        if opened.manager.is_alive():
            opened.close(now=True)


def only_run() -> runstone.entities.Run:
    (found,) = runstone.search_runs(output_format="list")
    return found


def console() -> str:
    return runstone.Client().read_artifact(only_run().info.run_id, ".runstone/console.log").decode()


def test_a_run_lives_on_over_cells_and_their_errors_until_the_kernel_ends(notebook: Notebook) -> None:
    assert notebook.cell(START) == ("first cell\n", "")
    assert notebook.cell("1 / 0")[1] == "ZeroDivisionError"
    assert only_run().info.status == "RUNNING"
    assert notebook.cell("runstone.log_metric('loss', 0.5); print('third cell')") == ("third cell\n", "")
    assert notebook.cell("import sys; sys.exit(3)")[1] == "SystemExit"
    assert console().startswith("first cell\nthird cell\n")
    notebook.close()
    found = only_run()
    assert (found.info.status, found.data.metrics) == ("FINISHED", {"loss": 0.5})
    assert found.data.tags["mlflow.source.type"] == "NOTEBOOK"
    assert console().startswith("first cell\nthird cell\n")


def test_a_run_ended_by_hand_is_finished_and_a_block_that_fails_is_failed(notebook: Notebook) -> None:
    notebook.cell(START)
    assert notebook.cell("runstone.end_run()")[1] == ""
    assert only_run().info.status == "FINISHED"
    source = "with runstone.start_run(run_name='block'):\n    print('inside')\n    1 / 0"
    assert notebook.cell(source)[1] == "ZeroDivisionError"
    (found,) = runstone.search_runs(filter_string="run_name = 'block'", output_format="list")
    assert found.info.status == "FAILED"
    assert notebook.cell("print('after'); print(runstone.active_run())") == ("after\nNone\n", "")


def test_a_cell_that_is_interrupted_kills_its_block_and_not_the_run_outside(notebook: Notebook, tmp_path: Path) -> None:
    notebook.cell(START)
    started = tmp_path / "started"
    source = f"import time\nwith runstone.start_run(nested=True, run_name='inner'):\n    open({str(started)!r}, 'w').close()\n    time.sleep(60)"
    request = notebook.client.execute(source)
    until(started.exists)
    notebook.manager.interrupt_kernel()
    while notebook.client.get_shell_msg(timeout=60)["parent_header"]["msg_id"] != request:
        pass
    # A kernel refuses what comes just behind an error: that is asked again.
    until(lambda: notebook.cell("print('on')") == ("on\n", ""))
    runs = {found.data.tags["mlflow.runName"]: found for found in runstone.search_runs(output_format="list")}
    assert runs.pop("inner").info.status == "KILLED"
    assert [found.info.status for found in runs.values()] == ["RUNNING"]


def test_a_kernel_that_is_killed_leaves_its_run_killed_and_its_console(notebook: Notebook) -> None:
    notebook.cell(START)
    notebook.close(now=True)
    assert only_run().info.status == "KILLED"
    assert console() == "first cell\n"


def test_a_kernel_that_is_terminated_says_that_its_run_was_killed(notebook: Notebook) -> None:
    notebook.cell(START)
    (pid,) = {int(notebook.cell("import os; print(os.getpid())")[0])}
    os.kill(pid, 15)
    until(lambda: only_run().info.status != "RUNNING")
    assert only_run().info.status == "KILLED"


def test_a_run_is_called_after_the_notebook_that_jupyter_or_vs_code_says(notebook: Notebook) -> None:
    record = "import os, runstone\nwith runstone.start_run() as run: pass\nprint(runstone.get_run(run.info.run_id).data.tags['mlflow.source.name'])"
    assert notebook.cell(record)[0].strip().endswith("ipykernel_launcher.py")
    assert (
        notebook.cell(f"import os; os.environ['JPY_SESSION_NAME'] = '/home/ada/iris.ipynb'\n{record}")[0]
        == "iris.ipynb\n"
    )
    assert notebook.cell(f"__vsc_ipynb_file__ = '/home/ada/wine.ipynb'\n{record}")[0] == "wine.ipynb\n"
