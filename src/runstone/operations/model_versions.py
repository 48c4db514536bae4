"""What can be asked of versions of registered models. Messages in MLflow's wire shape; the rules."""

from __future__ import annotations

import msgspec

from runstone.entities.model_registry import ModelVersion, ModelVersionTag
from runstone.errors import InvalidParameter
from runstone.operations import model_rules, webhook_events
from runstone.operations.alias_protection import check_loss
from runstone.operations.engine import Engine
from runstone.operations.model_sources import origin_of
from runstone.operations.registered_models import author_of
from runstone.operations.table import Empty, operation
from runstone.store import model_versions, registered_models
from runstone.store.database import Connection
from runstone.store.model_versions import Version

_ACTIVE_STAGES = ("Staging", "Production")


class CreateModelVersion(msgspec.Struct, omit_defaults=True):
    """What is to be registered under a name: `source` as model_sources says. Who says nothing of a text says an empty one, as on MLflow's wire."""

    name: str | None = None
    source: str | None = None
    run_id: str | None = ""
    tags: list[ModelVersionTag] = []
    run_link: str | None = ""
    description: str | None = ""
    model_id: str | None = None


class ModelVersionAnswer(msgspec.Struct, omit_defaults=True):
    """One version."""

    model_version: ModelVersion


class ModelVersionId(msgspec.Struct, omit_defaults=True):
    """One version, by its model's name and its number."""

    name: str | None = None
    version: str | None = None


class UpdateModelVersion(msgspec.Struct, omit_defaults=True):
    """A description in place of the one that it has; None is none."""

    name: str | None = None
    version: str | None = None
    description: str | None = None


class TransitionStage(msgspec.Struct, omit_defaults=True):
    """A stage to bring a version into; the others that are there may be archived."""

    name: str | None = None
    version: str | None = None
    stage: str | None = None
    archive_existing_versions: bool = False


class SetModelVersionTag(msgspec.Struct, omit_defaults=True):
    """A tag for a version."""

    name: str | None = None
    version: str | None = None
    key: str | None = None
    value: str | None = None


class DeleteModelVersionTag(msgspec.Struct, omit_defaults=True):
    """A tag to take away."""

    name: str | None = None
    version: str | None = None
    key: str | None = None


class DownloadUri(msgspec.Struct, omit_defaults=True):
    """Where a version's files are."""

    artifact_uri: str


@operation("POST", "/mlflow/model-versions/create", permission="edit")
def create_model_version(engine: Engine, request: CreateModelVersion) -> ModelVersionAnswer:
    """A new version under the next number. Raises InvalidParameter for a source that is not this store's own, NotFound."""
    name = model_rules.check_model_name(request.name)
    tags = [model_rules.check_tag(tag.key, tag.value) for tag in request.tags]
    description = model_rules.check_description(request.description)
    run_id, run_link = (
        model_rules.optional("run_id", request.run_id),
        model_rules.optional("run_link", request.run_link),
    )
    model_id = model_rules.optional("model_id", request.model_id)
    author = author_of(engine)
    with engine.database.write() as connection:
        origin = origin_of(connection, request.source, run_id, model_id)
        model = registered_models.require(connection, name)
        version = model_versions.insert(connection, model, origin, run_link, description, author)
        model_versions.set_tags(connection, version, tags, author)
        webhook_events.model_version_created(
            connection, name, version.number, origin.source, origin.run_id, tags, description, author.time
        )
        return _answer(connection, version)


@operation("GET", "/mlflow/model-versions/get", permission="read")
def get_model_version(engine: Engine, request: ModelVersionId) -> ModelVersionAnswer:
    """One version. Raises NotFound."""
    name, number = _named(request)
    with engine.database.read() as connection:
        return _answer(connection, model_versions.require(connection, name, number))


@operation("PATCH", "/mlflow/model-versions/update", permission="edit")
def update_model_version(engine: Engine, request: UpdateModelVersion) -> ModelVersionAnswer:
    """Set the description."""
    name, number = _named(request)
    description = model_rules.check_description(request.description)
    with engine.database.write() as connection:
        version = model_versions.require(connection, name, number)
        model_versions.describe(connection, version, description, author_of(engine))
        return _answer(connection, version)


@operation("POST", "/mlflow/model-versions/transition-stage", permission="edit")
def transition_model_version_stage(engine: Engine, request: TransitionStage) -> ModelVersionAnswer:
    """Bring a version into a stage; with `archive_existing_versions` the others that are there become Archived, in one transaction."""
    name, number = _named(request)
    stage = model_rules.check_stage(request.stage)
    if request.archive_existing_versions and stage not in _ACTIVE_STAGES:
        raise InvalidParameter(
            f"Model version transition cannot archive existing model versions because '{stage}' is not an Active stage. "
            f"Valid stages are {list(_ACTIVE_STAGES)}"
        )
    author = author_of(engine)
    with engine.database.write() as connection:
        version = model_versions.require(connection, name, number)
        if request.archive_existing_versions:
            for other in model_versions.others_in(connection, version, stage):
                model_versions.move(connection, other, "Archived", author)
        model_versions.move(connection, version, stage, author)
        registered_models.touch(connection, version.model, author.time)
        return _answer(connection, version)


@operation("DELETE", "/mlflow/model-versions/delete", permission="manage")
def delete_model_version(engine: Engine, request: ModelVersionId) -> Empty:
    """Delete a version and the aliases that point to it; its number is never given again. The files that it names are kept."""
    name, number = _named(request)
    author = author_of(engine)
    with engine.database.write() as connection:
        version = model_versions.require(connection, name, number)
        check_loss(connection, version.model, number, author)
        model_versions.delete(connection, version, author)
        registered_models.touch(connection, version.model, author.time)
    return Empty()


@operation("GET", "/mlflow/model-versions/get-download-uri", permission="read")
def get_model_version_download_uri(engine: Engine, request: ModelVersionId) -> DownloadUri:
    """Where a version's files are."""
    name, number = _named(request)
    with engine.database.read() as connection:
        origin = model_versions.origin(connection, model_versions.require(connection, name, number))
    return DownloadUri(origin.storage_location)


@operation("POST", "/mlflow/model-versions/set-tag", permission="edit")
def set_model_version_tag(engine: Engine, request: SetModelVersionTag) -> Empty:
    """Set a tag, in place of one of the same key."""
    name, number = _named(request)
    tag = model_rules.check_tag(request.key, request.value)
    with engine.database.write() as connection:
        version, author = model_versions.require(connection, name, number), author_of(engine)
        model_versions.set_tags(connection, version, [tag], author)
        webhook_events.version_tag_set(connection, name, number, *tag, author.time)
    return Empty()


@operation("DELETE", "/mlflow/model-versions/delete-tag", permission="edit")
def delete_model_version_tag(engine: Engine, request: DeleteModelVersionTag) -> Empty:
    """Take a tag away; one that is not there is no mistake."""
    name, number = _named(request)
    key = model_rules.required("key", request.key)
    with engine.database.write() as connection:
        version, author = model_versions.require(connection, name, number), author_of(engine)
        if model_versions.delete_tag(connection, version, key, author):
            webhook_events.version_tag_deleted(connection, name, number, key, author.time)
    return Empty()


def _named(
    request: ModelVersionId | UpdateModelVersion | TransitionStage | SetModelVersionTag | DeleteModelVersionTag,
) -> tuple[str, int]:
    return model_rules.check_model_name(request.name), model_rules.check_version(request.version)


def _answer(connection: Connection, version: Version) -> ModelVersionAnswer:
    return ModelVersionAnswer(model_versions.load_model_versions(connection, [version.row])[0])
