"""What can be asked of registered models, their tags and aliases. Messages in MLflow's wire shape; the rules."""

from __future__ import annotations

import msgspec

from runstone.entities.model_registry import ModelVersion, RegisteredModel, RegisteredModelTag, RegistryChange
from runstone.errors import InvalidParameter
from runstone.operations import model_rules, webhook_events
from runstone.operations.alias_protection import check_loss, check_move
from runstone.operations.engine import Engine
from runstone.operations.table import Empty, operation
from runstone.store import model_versions, registered_models, registry_changes
from runstone.store.database import Connection
from runstone.store.registry_changes import Author

MOST_CHANGES = 1_000


class CreateRegisteredModel(msgspec.Struct, omit_defaults=True):
    """A name for versions of a model."""

    name: str | None = None
    tags: list[RegisteredModelTag] = []
    description: str | None = None
    deployment_job_id: str | None = None


class RegisteredModelName(msgspec.Struct, omit_defaults=True):
    """One registered model, by name."""

    name: str | None = None


class RegisteredModelAnswer(msgspec.Struct, omit_defaults=True):
    """One registered model."""

    registered_model: RegisteredModel


class RenameRegisteredModel(msgspec.Struct, omit_defaults=True):
    """Another name."""

    name: str | None = None
    new_name: str | None = None


class UpdateRegisteredModel(msgspec.Struct, omit_defaults=True):
    """A description in place of the one that it has; None is none."""

    name: str | None = None
    description: str | None = None
    deployment_job_id: str | None = None


class SetRegisteredModelTag(msgspec.Struct, omit_defaults=True):
    """A tag for a registered model."""

    name: str | None = None
    key: str | None = None
    value: str | None = None


class DeleteRegisteredModelTag(msgspec.Struct, omit_defaults=True):
    """A tag to take away."""

    name: str | None = None
    key: str | None = None


class SetAlias(msgspec.Struct, omit_defaults=True):
    """An alias and the version that it is to point to; `confirm` says that a protected one is meant (ours)."""

    name: str | None = None
    alias: str | None = None
    version: str | None = None
    confirm: bool = False


class Alias(msgspec.Struct, omit_defaults=True):
    """An alias of a registered model."""

    name: str | None = None
    alias: str | None = None


class DeleteAlias(msgspec.Struct, omit_defaults=True):
    """An alias to take away; `confirm` says that a protected one is meant (ours)."""

    name: str | None = None
    alias: str | None = None
    confirm: bool = False


class AliasedVersion(msgspec.Struct, omit_defaults=True):
    """The version that an alias points to."""

    model_version: ModelVersion


class GetLatestVersions(msgspec.Struct, omit_defaults=True):
    """The newest version of each of these stages; of every stage where none is named."""

    name: str | None = None
    stages: list[str] = []


class LatestVersions(msgspec.Struct, omit_defaults=True):
    """Versions, one for each stage."""

    model_versions: list[ModelVersion] = []


class GetRegistryChanges(msgspec.Struct, omit_defaults=True):
    """What was changed of a registered model, or of one of its versions; `page_token` as the page before gave it."""

    name: str | None = None
    version: str | None = None
    max_results: int = MOST_CHANGES
    page_token: str | None = None


class RegistryChanges(msgspec.Struct, omit_defaults=True):
    """A page of changes, in the order in which they were made; no token on the last."""

    changes: list[RegistryChange] = []
    next_page_token: str | None = None


@operation("POST", "/mlflow/registered-models/create", permission="edit")
def create_registered_model(engine: Engine, request: CreateRegisteredModel) -> RegisteredModelAnswer:
    """A new registered model, without versions. Raises AlreadyExists for a name in use."""
    name = model_rules.check_model_name(request.name)
    tags = [model_rules.check_tag(tag.key, tag.value) for tag in request.tags]
    description = model_rules.check_description(request.description)
    author = author_of(engine)
    with engine.database.write() as connection:
        model = registered_models.insert(connection, name, description, author)
        registered_models.set_tags(connection, model, tags, author)
        webhook_events.registered_model_created(connection, name, tags, description, author.time)
        return _answer(connection, model)


@operation("GET", "/mlflow/registered-models/get", permission="read")
def get_registered_model(engine: Engine, request: RegisteredModelName) -> RegisteredModelAnswer:
    """One registered model, with the newest version of each stage. Raises NotFound."""
    name = model_rules.check_model_name(request.name)
    with engine.database.read() as connection:
        return _answer(connection, registered_models.require(connection, name))


@operation("POST", "/mlflow/registered-models/rename", permission="edit")
def rename_registered_model(engine: Engine, request: RenameRegisteredModel) -> RegisteredModelAnswer:
    """Give a registered model another name. Raises AlreadyExists for a name in use, Forbidden where an alias of it is protected."""
    name = model_rules.check_model_name(request.name)
    new = model_rules.check_model_name(request.new_name, "new_name")
    with engine.database.write() as connection:
        model, author = registered_models.require(connection, name), author_of(engine)
        check_loss(connection, model, None, author, "renamed")
        registered_models.rename(connection, model, name, new, author)
        return _answer(connection, model)


@operation("PATCH", "/mlflow/registered-models/update", permission="edit")
def update_registered_model(engine: Engine, request: UpdateRegisteredModel) -> RegisteredModelAnswer:
    """Set the description."""
    name = model_rules.check_model_name(request.name)
    description = model_rules.check_description(request.description)
    with engine.database.write() as connection:
        model = registered_models.require(connection, name)
        registered_models.describe(connection, model, description, author_of(engine))
        return _answer(connection, model)


@operation("DELETE", "/mlflow/registered-models/delete", permission="manage")
def delete_registered_model(engine: Engine, request: RegisteredModelName) -> Empty:
    """Delete a registered model with its versions; the files and logged models that they name are kept."""
    name = model_rules.check_model_name(request.name)
    with engine.database.write() as connection:
        model, author = registered_models.require(connection, name), author_of(engine)
        check_loss(connection, model, None, author)
        registered_models.delete(connection, model, name, author)
    return Empty()


@operation(
    "GET",
    "/mlflow/registered-models/get-latest-versions",
    permission="read",
    also=(("POST", "/mlflow/registered-models/get-latest-versions"),),
)
def get_latest_versions(engine: Engine, request: GetLatestVersions) -> LatestVersions:
    """The newest version of each stage."""
    name = model_rules.check_model_name(request.name)
    stages = {model_rules.check_stage(stage) for stage in request.stages}
    with engine.database.read() as connection:
        rows = list(model_versions.latest(connection, [registered_models.require(connection, name)]))
        found = model_versions.load_model_versions(connection, rows)
    return LatestVersions([version for version in found if not stages or version.current_stage in stages])


@operation("POST", "/mlflow/registered-models/set-tag", permission="edit")
def set_registered_model_tag(engine: Engine, request: SetRegisteredModelTag) -> Empty:
    """Set a tag, in place of one of the same key."""
    name = model_rules.check_model_name(request.name)
    tag = model_rules.check_tag(request.key, request.value)
    with engine.database.write() as connection:
        model = registered_models.require(connection, name)
        registered_models.set_tags(connection, model, [tag], author_of(engine))
    return Empty()


@operation("DELETE", "/mlflow/registered-models/delete-tag", permission="edit")
def delete_registered_model_tag(engine: Engine, request: DeleteRegisteredModelTag) -> Empty:
    """Take a tag away; one that is not there is no mistake."""
    name, key = model_rules.check_model_name(request.name), model_rules.required("key", request.key)
    with engine.database.write() as connection:
        registered_models.delete_tag(connection, registered_models.require(connection, name), key, author_of(engine))
    return Empty()


@operation("POST", "/mlflow/registered-models/alias", permission="edit")
def set_registered_model_alias(engine: Engine, request: SetAlias) -> Empty:
    """Point an alias to a version; one that pointed elsewhere is moved. Raises NotFound for a missing version."""
    name, alias = model_rules.check_model_name(request.name), model_rules.check_alias(request.alias)
    number = model_rules.check_version(request.version)
    with engine.database.write() as connection:
        version = model_versions.require(connection, name, number)
        author = author_of(engine)
        check_move(connection, version.model, alias, author, request.confirm)
        registered_models.set_alias(connection, version.model, alias, number, author)
        webhook_events.alias_set(connection, name, alias, number, author.time)
    return Empty()


@operation("DELETE", "/mlflow/registered-models/alias", permission="edit")
def delete_registered_model_alias(engine: Engine, request: DeleteAlias) -> Empty:
    """Take an alias away; one that is not there is no mistake."""
    name, alias = model_rules.check_model_name(request.name), model_rules.required("alias", request.alias)
    with engine.database.write() as connection:
        model = registered_models.require(connection, name)
        author = author_of(engine)
        check_move(connection, model, alias, author, request.confirm)
        if registered_models.delete_alias(connection, model, alias, author):
            webhook_events.alias_deleted(connection, name, alias, author.time)
    return Empty()


@operation("GET", "/mlflow/registered-models/alias", permission="read")
def get_model_version_by_alias(engine: Engine, request: Alias) -> AliasedVersion:
    """The version that an alias points to. Raises NotFound for a missing model, InvalidParameter for a missing alias."""
    name, alias = model_rules.check_model_name(request.name), model_rules.required("alias", request.alias)
    with engine.database.read() as connection:
        number = registered_models.aliased(connection, registered_models.require(connection, name), alias)
        if number is None:
            raise InvalidParameter(
                f"Registered model alias {alias} not found. get_registered_model({name!r}).aliases, or `runstone models show`, lists them."
            )
        version = model_versions.require(connection, name, number)
        return AliasedVersion(model_versions.load_model_versions(connection, [version.row])[0])


@operation("GET", "/runstone/registry/changes", permission="read")
def get_registry_changes(engine: Engine, request: GetRegistryChanges) -> RegistryChanges:
    """What was changed of a registered model and its versions: who, when, from what to what. Where none has the name, of the one that was
    deleted last under it. Raises NotFound where there was never one."""
    name = model_rules.check_model_name(request.name)
    number = None if request.version is None else model_rules.check_version(request.version)
    after = model_rules.check_version(request.page_token or "0")
    size = min(max(request.max_results, 1), MOST_CHANGES)
    with engine.database.read() as connection:
        model = registered_models.find(connection, name) or registry_changes.deleted(connection, name)
        if model is None:
            model = registered_models.require(connection, name)  # raises
        found = registry_changes.page(connection, model, number, after, size + 1)
    token = str(found[size - 1][0]) if len(found) > size else None
    return RegistryChanges([change for _, change in found[:size]], token)


def author_of(engine: Engine) -> Author:
    """Who asks, and when."""
    return Author(engine.user(), engine.now())


def _answer(connection: Connection, model: int) -> RegisteredModelAnswer:
    return RegisteredModelAnswer(registered_models.load_registered_models(connection, [model])[0])
