"""The client's methods on versions of registered models. One typed method per operation; MLflow's names and arguments."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from runstone.client.ordering import clauses
from runstone.client.uris import parts_of_uri
from runstone.entities import PagedList
from runstone.errors import AlreadyExists, InvalidParameter, NotFound

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.entities.model_registry import ModelVersion


def create_model_version(
    self: Client,
    name: str,
    source: str,
    run_id: str | None = None,
    tags: dict[str, Any] | None = None,
    run_link: str | None = None,
    description: str | None = None,
    await_creation_for: int = 300,
    model_id: str | None = None,
) -> ModelVersion:
    """Register a version under the next number, READY at once.

    Args:
        name: of a registered model, which must be there.
        source: what to register: `models:/<model id>`, `runs:/<run id>/<path>`, or the artifact URI of a run or a logged model. Of
            `runs:/<run id>/<name of a model of the run>` the newest model is registered, and stays it.
        run_id: the run that made it; the source's own unless said.
        tags: labels, kept as text.
        run_link: where to look at the run.
        description: what it is.
        await_creation_for: taken for MLflow's sake; there is nothing to wait for.
        model_id: the logged model; the source's own unless said.

    Raises:
        InvalidParameter: the source is not this store's own, or not the run's or the model's that is named.
    """
    from runstone.entities.model_registry import ModelVersionTag
    from runstone.operations import model_versions

    labels = [ModelVersionTag(key, str(value)) for key, value in (tags or {}).items()]
    source = _lasting(self, source)
    request = model_versions.CreateModelVersion(name, source, run_id, labels, run_link, description, model_id)
    return self._transport.call(model_versions.create_model_version, request).model_version


def _lasting(self: Client, source: str) -> str:
    """A source that means the same model tomorrow: what a run's name means now is said by that model's id."""
    if not isinstance(source, str) or not source.startswith("runs:/"):
        return source
    from runstone.client import artifacts, run_models

    with contextlib.suppress(NotFound, InvalidParameter):  # which the store says in its own words
        run_id, path = parts_of_uri(source)
        model = None if artifacts.own_artifacts(self, run_id, path or None) else run_models.model_at(self, run_id, path)
        if model is not None and not model.path:
            return f"models:/{model.model_id}"
    return source


def copy_model_version(self: Client, src_model_uri: str, dst_name: str) -> ModelVersion:
    """Register a version of one model as the next version of another, which is made where it is missing.

    Args:
        src_model_uri: `models:/<name>/<version>` or `models:/<name>@<alias>`.
        dst_name: under which name.
    """
    named = src_model_uri.removeprefix("models:/")
    if named == src_model_uri or not ("/" in named or "@" in named):
        raise InvalidParameter(
            f"Unsupported source model URI: {src_model_uri!r}. Give models:/<name>/<version> or models:/<name>@<alias>."
        )
    if "@" in named:
        source = self.get_model_version_by_alias(*named.split("@", 1))
    else:
        source = self.get_model_version(*named.split("/", 1))
    with contextlib.suppress(AlreadyExists):
        self.create_registered_model(dst_name)
    where = f"models:/{source.name}/{source.version}"
    # an MLflow server before 3.17 notes the run only where it is named
    run_id, tags, description = source.run_id or None, source.tags, source.description
    return self.create_model_version(dst_name, where, run_id, tags, description=description)


def get_model_version(self: Client, name: str, version: str) -> ModelVersion:
    """The version. Raises NotFound."""
    from runstone.operations import model_versions

    request = model_versions.ModelVersionId(name, _text(version))
    return self._transport.call(model_versions.get_model_version, request).model_version


def update_model_version(self: Client, name: str, version: str, description: str | None = None) -> ModelVersion:
    """Set the description; an empty text takes it away."""
    from runstone.operations import model_versions

    if description is None:
        raise InvalidParameter("update_model_version sets the description: give one, or '' for none.")

    request = model_versions.UpdateModelVersion(name, _text(version), description)
    return self._transport.call(model_versions.update_model_version, request).model_version


def transition_model_version_stage(
    self: Client, name: str, version: str, stage: str, archive_existing_versions: bool = False
) -> ModelVersion:
    """Bring a version into a stage: None, Staging, Production or Archived. (MLflow has aliases in place of stages by now.)

    With `archive_existing_versions` the other versions in that stage become Archived.
    """
    from runstone.operations import model_versions

    request = model_versions.TransitionStage(name, _text(version), stage, archive_existing_versions)
    return self._transport.call(model_versions.transition_model_version_stage, request).model_version


def get_model_version_stages(self: Client, name: str, version: str) -> list[str]:
    """The stages that a version may be in."""
    from runstone.entities.model_registry import STAGES

    return list(STAGES)


def delete_model_version(self: Client, name: str, version: str) -> None:
    """Delete a version and the aliases that point to it, for good. Its number is never given again; the files that it names are kept."""
    from runstone.operations import model_versions

    request = model_versions.ModelVersionId(name, _text(version))
    self._transport.call(model_versions.delete_model_version, request)


def get_model_version_download_uri(self: Client, name: str, version: str) -> str:
    """Where a version's files are."""
    from runstone.operations import model_versions

    request = model_versions.ModelVersionId(name, _text(version))
    return self._transport.call(model_versions.get_model_version_download_uri, request).artifact_uri


def search_model_versions(
    self: Client,
    filter_string: str | None = None,
    max_results: int = 10_000,
    order_by: list[str] | None = None,
    page_token: str | None = None,
) -> PagedList[ModelVersion]:
    """The versions that a filter lets through (its language: docs/search.md), a page at a time, those updated last first."""
    from runstone.operations import model_search

    request = model_search.SearchModelVersions(filter_string, max_results, clauses(order_by), page_token or None)
    answer = self._transport.call(model_search.search_model_versions, request)
    return PagedList(answer.model_versions, answer.next_page_token or None)


def set_model_version_tag(
    self: Client,
    name: str,
    version: str | None = None,
    key: str | None = None,
    value: Any = None,
    stage: str | None = None,
) -> None:
    """Set a tag (kept as `str(value)`) of a version, or of the newest version in a stage."""
    from runstone.operations import model_versions

    number = _one_of(self, name, version, stage)
    request = model_versions.SetModelVersionTag(name, number, key, str(value))
    self._transport.call(model_versions.set_model_version_tag, request)


def delete_model_version_tag(
    self: Client, name: str, version: str | None = None, key: str | None = None, stage: str | None = None
) -> None:
    """Take a tag of a version, or of the newest version in a stage, away; one that is not there is no mistake."""
    from runstone.operations import model_versions

    request = model_versions.DeleteModelVersionTag(name, _one_of(self, name, version, stage), key)
    self._transport.call(model_versions.delete_model_version_tag, request)


def _one_of(client: Client, name: str, version: str | None, stage: str | None) -> str:
    if (version is None) == (stage is None):
        raise InvalidParameter(
            f"version={version!r} and stage={stage!r}: give one of them, to say which version is meant."
        )
    if version is not None:
        return str(version)
    assert stage is not None
    newest = client.get_latest_versions(name, [stage])
    if not newest:
        raise InvalidParameter(f"Could not find any model version for {stage} stage.")
    return newest[0].version


def _text(version: object) -> str | None:
    return None if version is None else str(version)
