"""The real MLflow, in an environment of its own: code runs in it as a process, and answers in JSON."""

from __future__ import annotations

import json
import os
import subprocess
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
    """Run a piece of Python with the real MLflow, `given` in its hands; what it leaves in `answer`."""
    require_mlflow()
    frame = "import json, sys\ngiven = json.load(sys.stdin)\n{}\nprint('\\n' + json.dumps(answer))\n"
    done = subprocess.run(
        [PYTHON, "-c", frame.format(source)],
        input=json.dumps(given), capture_output=True, text=True, cwd=folder, env=ENVIRONMENT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
