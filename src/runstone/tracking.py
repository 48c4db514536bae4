"""The names that MLflow keeps in `mlflow.tracking`: the client, and which store is spoken to."""

from __future__ import annotations

from runstone.client import Client as MlflowClient
from runstone.fluent.location import (
    get_registry_uri,
    get_tracking_uri,
    is_tracking_uri_set,
    set_registry_uri,
    set_tracking_uri,
)

__all__ = [
    "MlflowClient",
    "get_registry_uri",
    "get_tracking_uri",
    "is_tracking_uri_set",
    "set_registry_uri",
    "set_tracking_uri",
]
