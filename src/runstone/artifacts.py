"""Artifacts by URI or by run: download, list, load. The public module that MLflow calls `mlflow.artifacts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runstone.client import Client
from runstone.client.uris import parts_of_uri
from runstone.entities import FileInfo
from runstone.errors import BadRequest, InvalidParameter
from runstone.fluent.location import client


def download_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    dst_path: str | None = None,
    tracking_uri: str | None = None,
    registry_uri: str | None = None,
    *,
    include: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
) -> str:
    """Fetch a file or folder, every byte checked; the local path comes back. What is broken off goes on, called again.

    Args:
        artifact_uri: runs:/RUN/PATH, or a run's artifact_uri with a path behind it. This, or `run_id`.
        run_id: the run, with `artifact_path` (all its artifacts unless given).
        artifact_path: the file or folder among the run's artifacts.
        dst_path: an existing folder to put it in; a new temporary one unless given.
        tracking_uri: another store than the current one.
        registry_uri: taken for MLflow's sake.
        include: patterns, as in a .gitignore, of the files that are wanted; all unless given.
        exclude: and of those that are not.
    """
    owner, path = _place(artifact_uri, run_id, artifact_path)
    return _client(tracking_uri).download_artifacts(owner, path, dst_path, include=include, exclude=exclude)


def list_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    tracking_uri: str | None = None,
) -> list[FileInfo]:
    """The files and folders at one level. The arguments are `download_artifacts`'s."""
    owner, path = _place(artifact_uri, run_id, artifact_path)
    return _client(tracking_uri).list_artifacts(owner, path or None)


def load_text(artifact_uri: str) -> str:
    """A text file's content (UTF-8)."""
    return _read(artifact_uri).decode("utf-8")


def load_dict(artifact_uri: str) -> dict[str, Any]:
    """A JSON file's content."""
    import json

    try:
        content: dict[str, Any] = json.loads(_read(artifact_uri))
    except ValueError as error:
        raise BadRequest(f"{artifact_uri!r} does not hold JSON: {error}. load_text gives it as it is.") from error
    return content


def load_image(artifact_uri: str) -> Any:
    """An image file as a PIL image."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("load_image gives a PIL image: `pip install pillow`.") from error
    from io import BytesIO

    try:
        return Image.open(BytesIO(_read(artifact_uri)))
    except OSError as error:
        raise BadRequest(f"{artifact_uri!r} holds no image that Pillow reads: {error}.") from error


def _read(artifact_uri: str) -> bytes:
    owner, path = _place(artifact_uri, None, None)
    return client().read_artifact(owner, path)


def _client(tracking_uri: str | None) -> Client:
    return client() if tracking_uri is None else Client(tracking_uri)


def _place(artifact_uri: str | None, run_id: str | None, artifact_path: str | None) -> tuple[str, str]:
    """The run and the path in it that the arguments mean."""
    if (artifact_uri is None) == (run_id is None):
        raise InvalidParameter("Exactly one of artifact_uri and run_id must be provided: a URI names its run itself.")
    if artifact_uri is None:
        assert run_id is not None
        return run_id, artifact_path or ""
    owner, path = parts_of_uri(artifact_uri)
    return owner, _joined(path, artifact_path)


def _joined(first: str, second: str | None) -> str:
    return "/".join(part for part in (first, second) if part)
