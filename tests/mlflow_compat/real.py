"""The real MLflow, in an environment of its own: code runs in it as a process, and answers in JSON."""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(os.environ.get("RUNSTONE_TEST_MLFLOW") or ROOT / ".envs" / "mlflow" / "bin" / "python")

# No calls home, no progress bars, and nothing of this process's settings.
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "RUNSTONE_", "PYTHON"))},
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MPLBACKEND": "agg",
}


def require_mlflow() -> None:
    """Skip where its environment was not made."""
    if not PYTHON.exists():
        pytest.skip(f"the real MLflow is not at {PYTHON}: `make test` puts it there")


def ask(source: str, given: Any, folder: Path) -> Any:
    """Run a piece of Python with the real MLflow, `given` in its hands; what it leaves in `answer`. In a process of its own, which has
    imported `mlflow` and nothing else."""
    require_mlflow()
    process = _forking()
    with tempfile.TemporaryDirectory(prefix="runstone-asked-") as place:
        order = Path(place, "order")
        order.write_text(json.dumps({"source": source, "given": given, "folder": str(folder)}))
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{order}\n")
        process.stdin.flush()
        ended = process.stdout.readline()
        assert ended == "0\n", Path(f"{order}.said").read_text() if ended else "MLflow could not be imported"
        return json.loads(Path(f"{order}.answer").read_text())


@functools.cache
def _forking() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [PYTHON, Path(__file__).with_name("forking.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    )  # fmt: skip
    atexit.register(process.communicate)  # its input ends, and so does it
    return process
