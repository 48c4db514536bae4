"""The schema of a dataset of tensors; that of a table is a `Schema` of `runstone.types`."""

from __future__ import annotations

from typing import Any, NamedTuple

from runstone.types.schema import Schema as Schema


class TensorDatasetSchema(NamedTuple):
    """The tensors of a dataset: its features and, where it has any, its targets."""

    features: Schema
    targets: Schema | None = None

    def to_dict(self) -> dict[str, Any]:
        """The schema as MLflow writes it: the specs of the tensors are JSON texts within."""
        targets = None if self.targets is None else self.targets.to_json()
        return {"mlflow_tensorspec": {"features": self.features.to_json(), "targets": targets}}
