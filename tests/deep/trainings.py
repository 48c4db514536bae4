"""Trainings by Lightning's trainers that record themselves, and what is recorded of one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

import runstone

X = torch.rand(20, 4, generator=torch.Generator().manual_seed(0))
Y = X[:, :1]
QUIET = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}


def loader() -> Any:
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, Y), batch_size=5)


def module(library: ModuleType, **more: Any) -> Any:
    """A line that logs at steps, at epochs, at both, and after an epoch."""

    class Line(library.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.line = torch.nn.Linear(4, 1)

        def forward(self, x: Any) -> Any:
            return self.line(x)

        def _loss(self, batch: Any) -> Any:
            return (self(batch[0]) - batch[1]).square().mean()

        def training_step(self, batch: Any, index: int) -> Any:
            loss = self._loss(batch)
            self.log("train_loss", loss)
            self.log("both", loss, on_step=True, on_epoch=True)
            self.log("whole", loss, on_step=False, on_epoch=True)
            return loss

        def validation_step(self, batch: Any, index: int) -> None:
            self.log("val_loss", self._loss(batch))

        def test_step(self, batch: Any, index: int) -> None:
            self.log("test_loss", self._loss(batch))

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), lr=0.1)

    torch.manual_seed(1)
    made = Line()
    for name, value in more.items():
        setattr(Line, name, value)
    return made


def train(library: ModuleType, test: bool = False, epochs: int = 3, **more: Any) -> Any:
    """Train a line. The trainer comes back."""
    trainer = library.Trainer(max_epochs=epochs, **{**QUIET, **more})
    line = module(library)
    trainer.fit(line, loader(), loader())
    if test:
        trainer.test(line, loader(), verbose=False)
        trainer.validate(line, loader(), verbose=False)
    return trainer


def run(program: Path, *arguments: str | Path, python: str = sys.executable, installed: str | Path = "") -> str:
    """Run a program that finds this file, too. What it wrote to stderr comes back."""
    path = [Path(runstone.__file__).parents[1], Path(__file__).parents[2], installed]
    done = subprocess.run(
        [python, program, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(str(place) for place in path if place)},
        capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr


def described(client: Any, run_id: str) -> dict[str, Any]:
    """What is recorded of a training, in the terms of both."""
    run = client.get_run(run_id)
    (made,) = run.outputs.model_outputs
    model = client.get_logged_model(made.model_id)
    tags = ("mlflow.autologging", "Mode", "mlflow.latest_checkpoint_artifact")
    return {
        "status": run.info.status,
        "params": dict(run.data.params),
        "metrics": {
            key: [(point.step, float(f"{point.value:.5g}")) for point in client.get_metric_history(run_id, key)]
            for key in run.data.metrics
        },
        "tags": {key: run.data.tags.get(key) for key in tags},
        "files": sorted(_files(client, run_id, None)),
        "checkpoints": {
            path: _numbers(client, run_id, path) for path in _files(client, run_id, None) if ".json" in path
        },
        "model": (model.name, str(model.status), sorted({metric.key for metric in model.metrics or []})),
    }


def _numbers(client: Any, run_id: str, path: str) -> dict[str, float]:
    about = json.loads(Path(client.download_artifacts(run_id, path)).read_text())
    return {name: float(f"{value:.5g}") for name, value in about.items()}


def _files(client: Any, run_id: str, folder: str | None) -> list[str]:
    found = []
    for file in client.list_artifacts(run_id, folder):
        found += _files(client, run_id, file.path) if file.is_dir else [file.path]
    return found
