"""The switches that MLflow keeps in `mlflow.config`."""

from __future__ import annotations

from runstone.client import waiting
from runstone.fluent.location import (
    get_registry_uri,
    get_tracking_uri,
    is_tracking_uri_set,
    set_registry_uri,
    set_tracking_uri,
)

__all__ = [
    "enable_async_logging",
    "get_registry_uri",
    "get_tracking_uri",
    "is_tracking_uri_set",
    "set_registry_uri",
    "set_tracking_uri",
]


def enable_async_logging(enable: bool = True) -> None:
    """Have calls that do not say `synchronous` return something to wait for, as with `synchronous=False`.

    Nothing else changes: points never wait for the store, and nothing that was logged is held in memory only.
    """
    waiting.asynchronous = enable
