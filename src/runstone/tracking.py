"""The names that MLflow keeps in `mlflow.tracking`: the client, which store is spoken to, the tags that a new run gets."""

from __future__ import annotations

from typing import Any

from runstone.client import Client as MlflowClient
from runstone.fluent.location import (
    get_registry_uri,
    get_tracking_uri,
    is_tracking_uri_set,
    set_registry_uri,
    set_tracking_uri,
)
from runstone.fluent.recorder import facts

__all__ = [
    "MlflowClient",
    "get_registry_uri",
    "get_tracking_uri",
    "is_tracking_uri_set",
    "resolve_tags",
    "set_registry_uri",
    "set_tracking_uri",
]


def resolve_tags(tags: dict[str, Any] | None = None) -> dict[str, Any]:
    """The tags that `start_run` would give a run: user, host, script, git commit; `tags` go before them.

    Loggers that make their runs with the client (`mlflow.tracking.context.registry.resolve_tags`) ask for these.
    """
    return {**facts(), **(tags or {})}
