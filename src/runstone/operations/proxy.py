"""What can be asked of MLflow's artifact proxy besides bytes: lists and deletions by key, and what it does not have."""

from __future__ import annotations

import msgspec

from runstone.entities import FileInfo
from runstone.errors import InvalidParameter, NotServed
from runstone.operations import deleting, owners, rules
from runstone.operations.artifacts import Files, level, paths
from runstone.operations.engine import Engine
from runstone.operations.owners import Place
from runstone.operations.table import Empty, operation
from runstone.store import keys


class KeyFolder(msgspec.Struct):
    """A folder by its key; None is the top."""

    path: str | None = None


class Named(msgspec.Struct, omit_defaults=True):
    """What lies in a folder, by its last name."""

    files: list[FileInfo] = []


class Key(msgspec.Struct):
    """A file or folder by its key."""

    artifact_path: str


class Multipart(msgspec.Struct):
    """An upload in parts to a folder, by its key."""

    artifact_path: str


class ModelFolder(msgspec.Struct):
    """A folder among a logged model's artifacts; None is the top."""

    model_id: str
    artifact_directory_path: str | None = None


@operation("GET", "/mlflow-artifacts/artifacts", permission="read")
def list_keys(engine: Engine, request: KeyFolder) -> Named:
    """One level of what lies below a key; nothing for one that is a file or missing."""
    key = owners.check_key(request.path or "", folder=True)
    with engine.database.read() as connection:
        owner, folder = owners.place_of_key(connection, key)
        rows = paths(engine, connection, owner, folder)
        roots = keys.roots_below(connection, key) if owner == owners.FREE else []
    rows += [(f"{root}/", 0, None) for root in roots]
    found = level(rows, folder)
    return Named([FileInfo(file.path.rpartition("/")[2], file.is_dir, file.file_size) for file in found])


@operation("DELETE", "/mlflow-artifacts/artifacts/{artifact_path:path}", permission="edit", alone=True)
def delete_key(engine: Engine, request: Key) -> Empty:
    """Delete a file, a folder, or all that a run or model has, by key; nothing where there is none. What lies above is no folder of its own."""
    key = owners.check_key(request.artifact_path, folder=True)
    if not key:
        raise InvalidParameter("Invalid path: '' is everything. Name what is to be deleted.")
    with engine.database.write() as connection:
        owner, path = owners.place_of_key(connection, key)
        if owner == owners.FREE and keys.is_above_roots(connection, key):
            raise InvalidParameter(f"Invalid path: {key!r} holds the artifacts of runs or models. Name one of them.")
        remove_plain = deleting.remove(engine, connection, Place(owner, path))
    remove_plain()
    return Empty()


@operation(
    "POST",
    "/mlflow-artifacts/mpu/create/{artifact_path:path}",
    permission="edit",
    also=(
        ("POST", "/mlflow-artifacts/mpu/complete/{artifact_path:path}"),
        ("POST", "/mlflow-artifacts/mpu/abort/{artifact_path:path}"),
    ),
)
def create_multipart(engine: Engine, request: Multipart) -> Empty:
    """Not had: clients that ask are told so in the words they know, and send the file in one piece, which is streamed."""
    raise NotServed("Multipart upload is not supported for the current artifact repository")


@operation("GET", "/mlflow-artifacts/presigned/{artifact_path:path}", permission="read")
def presign(engine: Engine, request: Key) -> Empty:
    """Not had, as there is no bucket to lead clients to: they are told so in the words they know, and read from here."""
    raise NotServed("Multipart download is not supported for the current artifact repository")


@operation("GET", "/mlflow/logged-models/{model_id}/artifacts/directories", permission="read")
def list_model_artifacts(engine: Engine, request: ModelFolder) -> Files:
    """One level of a logged model's artifacts."""
    owner = owners.of_model(request.model_id)
    folder = (request.artifact_directory_path or "").strip("/")
    if folder:
        rules.check_path(folder)
    with engine.database.read() as connection:
        owners.require(connection, owner)
        rows = paths(engine, connection, owner, folder)
        return Files(keys.model_uri(connection, request.model_id), level(rows, folder))
