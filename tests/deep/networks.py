"""Small networks of every kind, each with something it can be asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lightning
import torch
from torch import nn

X = torch.rand(5, 4, generator=torch.Generator().manual_seed(0))


class Own(nn.Module):
    """A class that is nobody's but the user's, with a layer that says something else while it trains."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.drop, self.two = nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.two(self.drop(torch.relu(self.one(x))))  # type: ignore[no-any-return]


class Pictures(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)  # type: ignore[no-any-return]


class Words(nn.Module):
    """Takes any number of words; a graph of its LSTM takes one."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.reads = nn.Embedding(9, 4), nn.LSTM(4, 4, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.reads(self.words(x))[0][:, -1]  # type: ignore[no-any-return]


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(4, 3)

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"sum": self.line(a) + b, "a": a}


class Branches(nn.Module):
    """What it does depends on what it is given: no graph says that."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.line(x) if x.sum() > 0 else -self.line(x)  # type: ignore[no-any-return]


class Lit(lightning.LightningModule):
    def __init__(self, width: int = 2) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.line = nn.Linear(4, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.line(x)  # type: ignore[no-any-return]

    def training_step(self, batch: Any, index: int) -> torch.Tensor:
        return self(batch[0]).square().mean()  # type: ignore[no-any-return]

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.parameters())


def trained() -> tuple[Lit, lightning.Trainer]:
    """A Lightning module after an epoch, and what trained it."""
    module = Lit()
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    trainer = lightning.Trainer(max_epochs=1, accelerator="cpu", **quiet)
    trainer.fit(module, torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X), batch_size=5))
    return module, trainer


def quantised() -> nn.Module:
    return torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(4, 4)), {nn.Linear}, dtype=torch.qint8)  # type: ignore[no-any-return]


def plain() -> nn.Module:
    """Of PyTorch's own classes alone."""
    return nn.Sequential(
        nn.Linear(4, 8),
        nn.BatchNorm1d(8),
        nn.ReLU(),
        nn.TransformerEncoderLayer(8, 2, 8),
        nn.Unflatten(1, (2, 4)),
        nn.Flatten(),
        nn.Linear(8, 2),
    )


# Asked: one input, rows of four floats.
MODULES: dict[str, Callable[[], nn.Module]] = {
    "own": Own,
    "plain": plain,
    "lightning": lambda: trained()[0],
    "branches": Branches,
    "scripted": lambda: torch.jit.script(Own()),
    "quantised": quantised,
    "double": lambda: nn.Linear(4, 2).double(),
    "averaged": lambda: torch.optim.swa_utils.AveragedModel(nn.Linear(4, 2)),
}
