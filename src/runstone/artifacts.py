"""Artifacts by URI or by run: download, list, load. The public module that MLflow calls `mlflow.artifacts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from runstone.client import Client
from runstone.client.uris import parts_of_uri
from runstone.entities import FileInfo
from runstone.errors import BadRequest, InvalidParameter
from runstone.fluent.location import client
from runstone.operations import owners


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
        artifact_uri: runs:/RUN/PATH, a run's artifact_uri with a path behind it, or a model's address (models:/NAME/3,
            models:/NAME@ALIAS, models:/MODEL_ID) with or without one. This, or `run_id`.
        run_id: the run, with `artifact_path` (all its artifacts unless given).
        artifact_path: the file or folder among the run's artifacts.
        dst_path: a folder to put it in; a new temporary one unless given. A whole model's files go straight into it.
        tracking_uri: another store than the current one.
        registry_uri: taken for MLflow's sake.
        include: patterns, as in a .gitignore, of the files that are wanted; all unless given.
        exclude: and of those that are not.
    """
    from runstone.client import fetching

    store = _client(tracking_uri)
    place = _place(store, artifact_uri, run_id, artifact_path)
    return fetching.fetch(
        store, place.owner, place.path, dst_path, include=include, exclude=exclude, bare=place.is_model
    ).path


def list_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    tracking_uri: str | None = None,
) -> list[FileInfo]:
    """The files and folders at one level. The arguments are `download_artifacts`'s. Of a model's address, paths are below the model."""
    store = _client(tracking_uri)
    place = _place(store, artifact_uri, run_id, artifact_path)
    if owners.is_model_id(place.owner):
        found = store.list_logged_model_artifacts(place.owner, place.path or None)
    else:
        found = store.list_artifacts(place.owner, place.path or None)
    below = len(place.root) + 1 if place.root else 0
    return [FileInfo(file.path[below:], file.is_dir, file.file_size, file.digest, file.executable) for file in found]


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
    store = client()
    place = _place(store, artifact_uri, None, None)
    return store.read_artifact(place.owner, place.path)


def _client(tracking_uri: str | None) -> Client:
    return client() if tracking_uri is None else Client(tracking_uri)


class _Place(NamedTuple):
    """Whose files are meant, and which path among them; of a model, where among them it begins, and whether all of it is meant."""

    owner: str
    path: str
    root: str = ""
    is_model: bool = False


def _place(store: Client, artifact_uri: str | None, run_id: str | None, artifact_path: str | None) -> _Place:
    if (artifact_uri is None) == (run_id is None):
        raise InvalidParameter("Exactly one of artifact_uri and run_id must be provided: a URI names its run itself.")
    if artifact_uri is None:
        assert run_id is not None
        return _Place(run_id, artifact_path or "")
    if not artifact_uri.startswith("models:"):
        owner, path = parts_of_uri(artifact_uri)
        return _Place(owner, _joined(path, artifact_path))
    from runstone.models.locating import locate

    place = locate(store, _joined(artifact_uri.rstrip("/"), artifact_path))
    if place.owner is None:
        raise InvalidParameter(f"The files of {artifact_uri!r} are not in this store, but in {place.folder!r}.")
    return _Place(place.owner, place.path, place.path.removesuffix(place.inner).rstrip("/"), not place.inner)


def _joined(first: str, second: str | None) -> str:
    return "/".join(part for part in (first, second) if part)
