"""The switches that MLflow keeps in `mlflow.config`."""

from __future__ import annotations


def enable_async_logging(enable: bool = True) -> None:
    """Nothing changes: logging never waits for the store, and is never held in memory only, whatever is said here."""
