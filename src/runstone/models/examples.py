"""Input examples: something a model can be asked, kept beside it, and the signature that it tells."""

from __future__ import annotations

from typing import Any

from runstone.flavors.flavor import Predict
from runstone.models.signature import ModelSignature


def write(folder: str, input_example: Any) -> dict[str, Any] | None:
    """Write an example into a model's folder; what the MLmodel file says of it comes back, None where there is none."""
    return None


def signature_of(input_example: Any, predict: Predict) -> ModelSignature | None:
    """The signature that an example and what the model says to it tell; None where the model fails on it."""
    return None
