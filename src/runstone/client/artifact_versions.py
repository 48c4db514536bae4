"""The client's methods on named artifacts: versions of files across runs, who made and who used them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from runstone.entities import PagedList
from runstone.errors import InvalidParameter

if TYPE_CHECKING:
    from runstone.client import Client
    from runstone.client.version_files import ArtifactVersion
    from runstone.entities.artifact_versions import ArtifactChange, ArtifactDiff, ArtifactVersionInfo
    from runstone.operations.artifact_versions import NamedArtifact


def log_artifact_version(
    self: Client,
    run_id: str,
    path: str,
    name: str,
    aliases: Iterable[str] | None = None,
    tags: dict[str, Any] | None = None,
    description: str | None = None,
    *,
    files: Iterable[str] | None = None,
) -> ArtifactVersion:
    """Let files that a run has logged be a version of a named artifact: the one with the same bytes, or a new one. `latest` means it then.

    Args:
        run_id: the run, which is noted as having made it.
        path: the file or folder among the run's files.
        name: of the artifact; one for the whole store.
        aliases: what else the version is to be called, in place of those that were called so.
        tags: labels (kept as `str(value)`).
        description: a text on it.
        files: of a folder just these, by their paths in it.

    Raises:
        NotFound: the run has no such files.
        InvalidParameter: a name or an alias that cannot be; or the run's files are plain files, without digests.
    """
    from runstone.operations import artifact_versions

    labels = {key: str(value) for key, value in (tags or {}).items()}
    request = artifact_versions.LogArtifactVersion(
        run_id, name, path.rstrip("/"), list(files or []), listed(aliases), labels, description
    )
    answer = self._transport.call(artifact_versions.log_artifact_version, request)
    return _held(self, answer.version)


def use_artifact(self: Client, run_id: str, reference: str) -> ArtifactVersion:
    """Note that a run uses a version, and get it.

    Args:
        run_id: the run.
        reference: NAME (the latest), NAME:vN, NAME:ALIAS, or NAME@DIGEST (of the digest its first 8 digits or more).
    """
    from runstone.operations import artifact_versions

    request = artifact_versions.UseArtifactVersion(run_id, reference)
    return _held(self, self._transport.call(artifact_versions.use_artifact_version, request).version)


def get_artifact_version(self: Client, reference: str) -> ArtifactVersion:
    """The version that a reference means; nothing is noted. Raises NotFound."""
    from runstone.operations import artifact_versions

    request = artifact_versions.ArtifactVersionOf(reference)
    return _held(self, self._transport.call(artifact_versions.get_artifact_version, request).version)


def search_artifact_versions(
    self: Client,
    name: str | None = None,
    *,
    pattern: str | None = None,
    tags: dict[str, str] | None = None,
    run_id: str | None = None,
    max_results: int = 100,
    page_token: str | None = None,
) -> PagedList[ArtifactVersion]:
    """Versions, the newest first, a page at a time: of a name, with a text in their names, with tags, that a run made or used."""
    from runstone.operations import artifact_versions

    request = artifact_versions.SearchArtifactVersions(name, pattern, dict(tags or {}), run_id, max_results, page_token)
    answer = self._transport.call(artifact_versions.search_artifact_versions, request)
    return PagedList([_held(self, info) for info in answer.versions], answer.next_page_token)


def list_artifact_names(self: Client) -> list[NamedArtifact]:
    """All named artifacts: name, how many versions, and the latest."""
    from runstone.operations import artifact_versions

    found: list[NamedArtifact] = []
    while True:
        request = artifact_versions.ListArtifactNames(found[-1].name if found else "")
        page = self._transport.call(artifact_versions.list_artifact_names, request).names
        found += page
        if len(page) < request.max_results:
            return found


def set_artifact_alias(self: Client, reference: str, alias: str) -> None:
    """Let an alias mean a version, in place of the one that it meant. (`latest` moves by itself.)"""
    from runstone.operations import artifact_versions

    self._transport.call(artifact_versions.set_artifact_alias, artifact_versions.SetArtifactAlias(alias, reference))


def delete_artifact_alias(self: Client, name: str, alias: str) -> None:
    """Take an alias away; one that is not there is no mistake."""
    from runstone.operations import artifact_versions

    self._transport.call(artifact_versions.delete_artifact_alias, artifact_versions.DeleteArtifactAlias(name, alias))


def update_artifact_version(
    self: Client,
    reference: str,
    *,
    description: str | None = None,
    tags: dict[str, Any] | None = None,
    delete_tags: Iterable[str] = (),
) -> ArtifactVersion:
    """Change a version's labels: a description ('' takes it away, None leaves it), tags to set, and keys of tags to take away."""
    from runstone.operations import artifact_versions

    labels = {key: str(value) for key, value in (tags or {}).items()}
    request = artifact_versions.UpdateArtifactVersion(reference, description, labels, list(delete_tags))
    return _held(self, self._transport.call(artifact_versions.update_artifact_version, request).version)


def delete_artifact_version(self: Client, reference: str, *, force: bool = False) -> None:
    """Delete a version for good. The runs' own files stay; its number is never another's.

    Args:
        reference: which.
        force: although runs used it, or aliases mean it (Conflict is raised without).
    """
    from runstone.operations import artifact_versions

    request = artifact_versions.DeleteArtifactVersion(reference, force)
    self._transport.call(artifact_versions.delete_artifact_version, request)


def get_artifact_changes(self: Client, name: str) -> list[ArtifactChange]:
    """What was changed of a named artifact and its versions: aliases, labels, versions made and deleted; who, when, from what to what."""
    from runstone.operations import artifact_versions

    found: list[ArtifactChange] = []
    token: str | None = None
    while True:
        request = artifact_versions.GetArtifactChanges(name, token)
        answer = self._transport.call(artifact_versions.get_artifact_changes, request)
        found += answer.changes
        token = answer.next_page_token
        if not token:
            return found


def diff_artifact_versions(self: Client, old: str, new: str) -> ArtifactDiff:
    """Which files the version `new` has, is without, and has otherwise than `old`."""
    from runstone.operations import artifact_versions

    request = artifact_versions.DiffArtifactVersions(old, new)
    return self._transport.call(artifact_versions.diff_artifact_versions, request)


def _held(self: Client, info: ArtifactVersionInfo) -> ArtifactVersion:
    from runstone.client.version_files import ArtifactVersion

    return ArtifactVersion(self, info)


def listed(aliases: Iterable[str] | None) -> list[str]:
    """Aliases as a list, or InvalidParameter for one text, which would be one alias for each letter."""
    if isinstance(aliases, str):
        raise InvalidParameter(f"aliases takes a list of texts: [{aliases!r}].")
    return list(aliases or [])
