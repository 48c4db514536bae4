"""Whole training scripts on released MLflow clients, pointed at our server by MLFLOW_TRACKING_URI alone: they read back what they wrote.

The scripts are in trainings/. `make soak` adds those that need PyTorch, and plays all of them on MLflow's own server too: that they
expect of ours what MLflow does.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.mlflow_compat import real
from tests.support.servers import Server, mlflow_server, serve

pytestmark = pytest.mark.compat

HERE = Path(__file__).parent / "trainings"
# Runs a script as it stands. Only which packages a model needs is not found out: MLflow has a process load each model for that, which
# takes ten seconds, and no server has a part in it.
PLAY = """
import os, runpy, sys, mlflow.models
mlflow.models.infer_pip_requirements = lambda uri, flavor, fallback=None, **more: fallback
del sys.argv[0]
sys.path[0] = os.path.dirname(sys.argv[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""
# the folder under .envs/ of each client, and what its users run
CLIENTS = {
    "mlflow": (
        "by_hand", "models_by_hand", "registry", "sklearn_autolog", "xgboost_autolog", "lightgbm_autolog", "optuna_callback",
    ),
    "mlflow-2": ("by_hand", "registry", "sklearn_autolog"),
    "training": ("torch_checkpoints", "lightning_logger", "transformers_callback"),
}  # fmt: skip
QUICK = [(client, name) for client in ("mlflow", "mlflow-2") for name in CLIENTS[client]]
LONG = [("training", name) for name in CLIENTS["training"]]


def train(client: str, name: str, url: str, folder: Path) -> None:
    """Run a script against a server; what it read must be what it wrote."""
    python = real.ROOT / ".envs" / client / "bin" / "python"
    if not python.exists():
        pytest.skip(
            f"MLflow's client is not at {python}: `make test` puts mlflow and mlflow-2 there, `make soak` training"
        )
    done = subprocess.run(
        [python, "-W", "ignore", "-c", PLAY, HERE / f"{name}.py"],
        cwd=folder, capture_output=True, text=True, check=False,
        env={**real.ENVIRONMENT, "MLFLOW_TRACKING_URI": url, "TMPDIR": str(folder)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-6000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["read"].keys() == said["written"].keys()
    for what, written in said["written"].items():
        assert said["read"][what] == written, what


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Server]:
    """Our server, on a store of its own; afterwards its log must hold no failure of its own."""
    server = serve(tmp_path / "store")
    try:
        yield server
        assert server.stop() == 0
        failed = [line for line in requests(server.log) if line["status"] >= 500]
        assert not failed
    finally:
        server.kill()


def requests(log: Path) -> list[dict[str, Any]]:
    """The access log."""
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


@pytest.mark.parametrize(("client", "name"), QUICK)
def test_a_training_reads_back_what_it_wrote(client: str, name: str, ours: Server, tmp_path: Path) -> None:
    train(client, name, ours.url, tmp_path)


@pytest.mark.parametrize(
    "options",
    [
        ["--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", "./files"],
        [
            "--backend-store-uri",
            "./runs",
            "--default-artifact-root",
            "./files",
            "--no-serve-artifacts",
            "--workers",
            "1",
        ],
    ],
    ids=["artifacts through the server", "artifacts past the server"],
)
def test_a_command_line_of_mlflow_server_moves_over_by_one_word(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-m", "runstone", "server", *options, "--host", "127.0.0.1", "--port", "0"]
    server = Server(command, None, tmp_path / "server.log")
    try:
        train("mlflow", "by_hand", server.url, tmp_path)
    finally:
        server.kill()
    (weights,) = (tmp_path / "files").rglob("weights.bin")
    assert re.fullmatch(r"files/\d+/[0-9a-f]{32}/artifacts/weights.bin", str(weights.relative_to(tmp_path)))


@pytest.mark.soak
@pytest.mark.parametrize(("client", "name"), LONG)
def test_a_training_of_a_network_reads_back_what_it_wrote(client: str, name: str, ours: Server, tmp_path: Path) -> None:
    train(client, name, ours.url, tmp_path)


@pytest.mark.soak
def test_every_training_expects_what_mlflows_own_server_does(tmp_path: Path) -> None:
    for client, names in CLIENTS.items():
        server = mlflow_server(tmp_path / client)
        try:
            for name in names:
                train(client, name, server.url, tmp_path)
        finally:
            server.kill()


def test_every_training_is_played() -> None:
    played = {name for names in CLIENTS.values() for name in names}
    assert played == {path.stem for path in HERE.glob("*.py")} - {"reading"}
