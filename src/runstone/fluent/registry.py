"""MLflow's module-level functions on the model registry."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from runstone.client import run_models
from runstone.client.artifacts import own_artifacts
from runstone.client.uris import parts_of_uri
from runstone.errors import AlreadyExists, InvalidParameter, NotFound
from runstone.fluent.location import client
from runstone.operations import owners

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

    Raises:
        NotFound: there is no such model. No registered model is made then.
        InvalidParameter: it is no address of a model in the store.
    """
    _require(model_uri)
    with contextlib.suppress(AlreadyExists):
        client().create_registered_model(name)
    return client().create_model_version(name, model_uri, tags=tags)


def _require(model_uri: Any) -> None:
    """Raises where an address means nothing, before a registered model is made for it."""
    if not isinstance(model_uri, str):
        return  # which the store says in its own words
    if model_uri.startswith("runs:/"):
        run_id, path = parts_of_uri(model_uri)
        if not own_artifacts(client(), run_id, path or None) and run_models.model_at(client(), run_id, path) is None:
            raise NotFound(run_models.nothing_at(client(), run_id, path))
    elif model_uri.startswith("models:/") and owners.is_model_id(model_uri.removeprefix("models:/")):
        client().get_logged_model(model_uri.removeprefix("models:/"))
    elif ":" not in model_uri:
        raise InvalidParameter(
            f"{model_uri!r} is no address of a model in the store. Write models:/MODEL_ID or runs:/RUN_ID/NAME; a saved model's folder is logged "
            "first: runstone.models.log_saved_model(folder, registered_model_name=...)."
        )


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
