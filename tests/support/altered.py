"""A saved model that a test alters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model that needs no trust, to be altered."""
    from sklearn.linear_model import LinearRegression

    import runstone

    runstone.sklearn.save_model(LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0]), tmp_path / "model")
    return tmp_path / "model"


def describe(folder: Path, **flavors: dict[str, Any]) -> None:
    """Say something else of a model's flavors."""
    described = yaml.safe_load((folder / "MLmodel").read_text())
    for name, block in flavors.items():
        described["flavors"].setdefault(name, {}).update(block)
    (folder / "MLmodel").write_text(yaml.safe_dump(described))
