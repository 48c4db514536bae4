"""The client's methods on registered models, their tags and aliases. One typed method per operation; MLflow's names and arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runstone.client.ordering import clauses
from runstone.entities import PagedList

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.entities.model_registry import ModelVersion, RegisteredModel, RegistryChange


def create_registered_model(
    self: Client,
    name: str,
    tags: dict[str, Any] | None = None,
    description: str | None = None,
    deployment_job_id: str | None = None,
) -> RegisteredModel:
    """Make a name for versions of a model. Raises AlreadyExists for a name in use. `deployment_job_id` is taken for MLflow's sake."""
    from runstone.entities.model_registry import RegisteredModelTag
    from runstone.operations import registered_models

    labels = [RegisteredModelTag(key, str(value)) for key, value in (tags or {}).items()]
    request = registered_models.CreateRegisteredModel(name, labels, description, deployment_job_id)
    return self._transport.call(registered_models.create_registered_model, request).registered_model


def get_registered_model(self: Client, name: str) -> RegisteredModel:
    """The registered model, with the newest version of each stage. Raises NotFound."""
    from runstone.operations import registered_models

    request = registered_models.RegisteredModelName(name)
    return self._transport.call(registered_models.get_registered_model, request).registered_model


def rename_registered_model(self: Client, name: str, new_name: str) -> RegisteredModel:
    """Give a registered model another name; its versions and aliases go with it."""
    from runstone.operations import registered_models

    request = registered_models.RenameRegisteredModel(name, new_name)
    return self._transport.call(registered_models.rename_registered_model, request).registered_model


def update_registered_model(
    self: Client, name: str, description: str | None = None, deployment_job_id: str | None = None
) -> RegisteredModel:
    """Set the description. `deployment_job_id` is taken for MLflow's sake."""
    from runstone.operations import registered_models

    request = registered_models.UpdateRegisteredModel(name, description, deployment_job_id)
    return self._transport.call(registered_models.update_registered_model, request).registered_model


def delete_registered_model(self: Client, name: str) -> None:
    """Delete a registered model with its versions, for good. The files and logged models that they name are kept."""
    from runstone.operations import registered_models

    self._transport.call(registered_models.delete_registered_model, registered_models.RegisteredModelName(name))


def search_registered_models(
    self: Client,
    filter_string: str | None = None,
    max_results: int = 100,
    order_by: list[str] | None = None,
    page_token: str | None = None,
) -> PagedList[RegisteredModel]:
    """The registered models that a filter lets through (its language: docs/search.md), a page at a time, by name."""
    from runstone.operations import model_search

    request = model_search.SearchRegisteredModels(filter_string, max_results, clauses(order_by), page_token or None)
    answer = self._transport.call(model_search.search_registered_models, request)
    return PagedList(answer.registered_models, answer.next_page_token or None)


def get_latest_versions(self: Client, name: str, stages: list[str] | None = None) -> list[ModelVersion]:
    """The newest version of each of these stages, of every stage unless said."""
    from runstone.operations import registered_models

    request = registered_models.GetLatestVersions(name, list(stages or []))
    return self._transport.call(registered_models.get_latest_versions, request).model_versions


def set_registered_model_tag(self: Client, name: str, key: str, value: Any) -> None:
    """Set a tag (kept as `str(value)`)."""
    from runstone.operations import registered_models

    request = registered_models.SetRegisteredModelTag(name, key, str(value))
    self._transport.call(registered_models.set_registered_model_tag, request)


def delete_registered_model_tag(self: Client, name: str, key: str) -> None:
    """Take a tag away; one that is not there is no mistake."""
    from runstone.operations import registered_models

    request = registered_models.DeleteRegisteredModelTag(name, key)
    self._transport.call(registered_models.delete_registered_model_tag, request)


def set_registered_model_alias(self: Client, name: str, alias: str, version: str, *, confirm: bool = False) -> None:
    """Point an alias to a version; one that pointed elsewhere is moved. Raises NotFound for a missing version, PermissionError for a
    protected alias unless `confirm` says that it is meant."""
    from runstone.operations import registered_models

    request = registered_models.SetAlias(name, alias, None if version is None else str(version), confirm)
    self._transport.call(registered_models.set_registered_model_alias, request)


def delete_registered_model_alias(self: Client, name: str, alias: str, *, confirm: bool = False) -> None:
    """Take an alias away; one that is not there is no mistake. Raises PermissionError for a protected one unless `confirm` says that it is meant."""
    from runstone.operations import registered_models

    request = registered_models.DeleteAlias(name, alias, confirm)
    self._transport.call(registered_models.delete_registered_model_alias, request)


def protect_alias(self: Client, name: str, alias: str, users: list[str] | None = None) -> None:
    """Let nobody but these users move or take away an alias, unless it is confirmed; `*` in it is any characters. (Ours.)"""
    from runstone.operations import alias_protection

    request = alias_protection.ProtectAlias(name, alias, list(users or []))
    self._transport.call(alias_protection.protect_alias, request)


def unprotect_alias(self: Client, name: str, alias: str) -> None:
    """Let everybody move the aliases of a pattern again. (Ours.)"""
    from runstone.operations import alias_protection

    self._transport.call(alias_protection.unprotect_alias, alias_protection.UnprotectAlias(name, alias))


def get_alias_protections(self: Client, name: str) -> dict[str, list[str]]:
    """Protected patterns of aliases, and who may move them. (Ours.)"""
    from runstone.operations import alias_protection

    answer = self._transport.call(alias_protection.get_alias_protections, alias_protection.ProtectionsOf(name))
    return {found.alias: found.users for found in answer.protections}


def get_model_version_by_alias(self: Client, name: str, alias: str) -> ModelVersion:
    """The version that an alias points to. Raises NotFound for a missing model, InvalidParameter for a missing alias."""
    from runstone.operations import registered_models

    request = registered_models.Alias(name, alias)
    return self._transport.call(registered_models.get_model_version_by_alias, request).model_version


def get_registry_changes(self: Client, name: str, version: str | None = None) -> list[RegistryChange]:
    """What was changed of a registered model and its versions, or of one version: who, when, from what to what; where none has the name, of the
    one that was deleted last under it. Raises NotFound where there was never one. (Ours.)"""
    from runstone.operations import registered_models

    number = None if version is None else str(version)
    found: list[RegistryChange] = []
    token: str | None = None
    while True:
        request = registered_models.GetRegistryChanges(name, number, page_token=token)
        answer = self._transport.call(registered_models.get_registry_changes, request)
        found += answer.changes
        token = answer.next_page_token
        if not token:
            return found
