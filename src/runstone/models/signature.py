"""A model's signature: the schemas of what it takes, what it gives, and the params of its predicting."""

from __future__ import annotations

from typing import Any


class ModelSignature:
    """What a model takes and gives.

    Args:
        inputs: the schema of what it takes.
        outputs: of what it gives.
        params: of the params that predicting takes.
    """

    def __init__(self, inputs: Any = None, outputs: Any = None, params: Any = None) -> None:
        self.inputs, self.outputs, self.params = inputs, outputs, params

    def to_dict(self) -> dict[str, Any]:
        """As MLmodel has it: JSON texts, or None."""
        return {"inputs": self.inputs, "outputs": self.outputs, "params": self.params}

    @classmethod
    def from_dict(cls, signature_dict: dict[str, Any]) -> ModelSignature:
        """A signature of MLmodel's mapping."""
        return cls(signature_dict.get("inputs"), signature_dict.get("outputs"), signature_dict.get("params"))
