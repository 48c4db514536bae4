"""An environment for each contender under .envs/, made with plain pip and kept; and how a contender's script is run in it.

Knows which packages a contender is, nothing of what is measured.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from benchmarks.measure import ROOT, Sample, run

FOLDER = os.path.join(ROOT, ".envs")
PEERS = ("mlflow", "mlflow-skinny", "trackio", "wandb", "tensorboardx")
SERVERS = ("mlflow", "fasttrackml")  # the peers of the server's benchmarks
MODULES = {
    "runstone": "runstone",
    "mlflow": "mlflow",
    "mlflow-skinny": "mlflow",
    "trackio": "trackio",
    "wandb": "wandb",
    "tensorboardx": "tensorboardX",
    "fasttrackml": "fasttrackml",
}
DISTRIBUTIONS = {**{name: name for name in MODULES}, "tensorboardx": "tensorboardX"}
_SCRIPTS = {name: f"on_{name.split('-')[0]}.py" for name in MODULES}


def prepare(install: bool = True, peers: Sequence[str] = PEERS) -> dict[str, str]:
    """The Python of each contender that is or can be installed, by name; runstone's is made anew from this checkout.

    Args:
        install: make the environments that are missing (a few minutes, some 2 GB); otherwise leave those contenders out.
        peers: who else takes part.
    """
    pythons = {"runstone": _ours()}
    for name in peers:
        python = os.path.join(FOLDER, name, "bin", "python")
        if not _has(python, MODULES[name]):
            if not install:
                continue
            try:
                _make(name)
            except subprocess.CalledProcessError as error:
                print(f"{name} could not be installed: {error}", file=sys.stderr)
                continue
        pythons[name] = python
    return pythons


def _ours() -> str:
    # Installed as a user has it (compiled, not editable), beside what the five-line script itself imports.
    folder = os.path.join(FOLDER, "runstone")
    python = os.path.join(folder, "bin", "python")
    if not _has(python, "joblib"):
        print("Making .envs/runstone ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        _pip(python, "joblib")
    _pip(python, ROOT)
    _pip(python, "--force-reinstall", "--no-deps", ROOT)
    return python


def _make(name: str) -> None:
    print(f"Installing {name} into .envs/{name}, once (a minute or two) ...", file=sys.stderr)
    folder = os.path.join(FOLDER, name)
    python = os.path.join(folder, "bin", "python")
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    if name == "mlflow":  # the differential test's: one environment, one lock, for both
        _pip(python, "--require-hashes", "-r", os.path.join(ROOT, "requirements", "mlflow.lock"))
        with open(os.path.join(folder, ".ready"), "w"):
            pass
    elif name == "fasttrackml":  # its server is one binary; what it requires beside is MLflow's client
        _pip(python, "--no-deps", "-r", os.path.join(ROOT, "benchmarks", "requirements-fasttrackml.txt"))
    else:
        _pip(python, "-r", os.path.join(ROOT, "benchmarks", f"requirements-{name}.txt"))


def _pip(python: str, *arguments: str) -> None:
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--compile", *arguments]
    subprocess.run(command, check=True, env=clean(), stderr=subprocess.DEVNULL)


def _has(python: str, module: str) -> bool:
    look = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    return os.path.exists(python) and subprocess.run([python, "-c", look], env=clean()).returncode == 0


def clean(**more: str) -> dict[str, str]:
    """The environment for a contender: ours, less what would change how Python starts, imports or finds its store."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "RUNSTONE_", "MLFLOW_", "WANDB_", "TRACKIO_", "HF_", "VIRTUAL_ENV"))
    }
    return {**kept, "MLFLOW_DISABLE_TELEMETRY": "true", "RUNSTONE_QUIET": "1", **more}


def command(pythons: Mapping[str, str], name: str, task: str, folder: str, size: int) -> list[str]:
    """The command that has a contender do a task."""
    return [pythons[name], os.path.join(ROOT, "benchmarks", "peers", _SCRIPTS[name]), task, folder, str(size)]


def perform(pythons: Mapping[str, str], name: str, task: str, folder: str, size: int, **more: str) -> Sample:
    """Have a contender do a task in a process of its own, with `more` in its environment. Raises Failed."""
    os.makedirs(folder, exist_ok=True)
    # What waits for a server, what was fetched, and temporary files go with the folder.
    own = {"RUNSTONE_STATE": os.path.join(folder, "state"), "TMPDIR": folder, **more}
    return run(command(pythons, name, task, folder, size), folder, clean(**own))
