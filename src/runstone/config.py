"""The switches that MLflow keeps in `mlflow.config`."""

from __future__ import annotations

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
    """Nothing changes: logging never waits for the store, and is never held in memory only, whatever is said here."""
