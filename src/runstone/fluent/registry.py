"""MLflow's module-level functions on the model registry."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from runstone.errors import AlreadyExists
from runstone.fluent.location import client

if TYPE_CHECKING:
    from runstone.entities import PagedList
    from runstone.entities.model_registry import ModelVersion, RegisteredModel

Item = TypeVar("Item")


def register_model(
    model_uri: str,
    name: str,
    await_registration_for: int = 300,
    *,
    tags: dict[str, Any] | None = None,
    env_pack: Any = None,
) -> ModelVersion:
    """Register a model under a name, which is made where it is missing.

    Args:
        model_uri: `models:/<model id>`, or `runs:/<run id>/<path>` for a model among a run's files.
        name: of the registered model.
        await_registration_for: taken for MLflow's sake; there is nothing to wait for.
        tags: labels of the version.
        env_pack: taken for MLflow's sake.
    """
    with contextlib.suppress(AlreadyExists):
        client().create_registered_model(name)
    return client().create_model_version(name, model_uri, tags=tags)


def search_registered_models(
    max_results: int | None = None, filter_string: str | None = None, order_by: list[str] | None = None
) -> list[RegisteredModel]:
    """The registered models that a filter lets through (its language: docs/search.md), all of them unless `max_results` says so."""
    return _paged(
        lambda size, token: client().search_registered_models(filter_string, size, order_by, token), 100, max_results
    )


def search_model_versions(
    max_results: int | None = None, filter_string: str | None = None, order_by: list[str] | None = None
) -> list[ModelVersion]:
    """The versions that a filter lets through (its language: docs/search.md), all of them unless `max_results` says so."""
    return _paged(
        lambda size, token: client().search_model_versions(filter_string, size, order_by, token), 10_000, max_results
    )


def set_model_version_tag(name: str, version: str | None = None, key: str | None = None, value: Any = None) -> None:
    """Set a tag of a version (kept as `str(value)`)."""
    client().set_model_version_tag(name, version, key, value)


def _paged(search: Callable[[int, str | None], PagedList[Item]], most: int, limit: int | None) -> list[Item]:
    found: list[Item] = []
    token = None
    while limit is None or len(found) < limit:
        page = search(most if limit is None else min(most, limit - len(found)), token)
        found.extend(page)
        token = page.token
        if token is None:
            break
    return found
