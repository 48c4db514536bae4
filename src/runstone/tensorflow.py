"""TensorFlow's models, under MLflow's names (`mlflow.tensorflow`): Keras's, and modules."""

from __future__ import annotations

from runstone.flavors.tensorflow import FLAVOR
from runstone.models.published import published

save_model, log_model, load_model = published(FLAVOR)

__all__ = ["load_model", "log_model", "save_model"]
