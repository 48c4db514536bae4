"""From what a request names (a key, a run and a path, a model) to a place: an owner that is there, and a checked path."""

from __future__ import annotations

from runstone.errors import NotFound
from runstone.operations import owners, rules, version_names
from runstone.operations.engine import Engine
from runstone.operations.owners import Place
from runstone.store import artifacts, keys


def of_key(engine: Engine, key: str) -> Place:
    """By a key of the artifact proxy."""
    owners.check_key(key)
    with engine.database.read() as connection:
        return owners.place_of_key(connection, key)


def of_run(engine: Engine, run_id: str | None, path: str | None) -> Place:
    """By a run and a path."""
    return _below(engine, owners.of_run(run_id), path)


def of_model(engine: Engine, model_id: str, path: str) -> Place:
    """By a logged model and a path."""
    return _below(engine, owners.of_model(model_id), path)


def of_owner(engine: Engine, owner_id: str | None, path: str | None) -> Place:
    """By the id of a run or a logged model, and a path."""
    place = Place(
        owners.of(owner_id), rules.check_path(path)
    )  # as it was logged: no address in which a % or # means anything else
    with engine.database.read() as connection:
        owners.require(connection, place.owner)
    return place


def of_version(engine: Engine, name: str, version: str, path: str) -> Place:
    """By a model version and a path."""
    owners.check_key(path)
    with engine.database.read() as connection:
        location = keys.version_location(connection, name, version)
        if location is None:
            raise NotFound(f"Model Version (name={name}, version={version}) not found")
        return owners.place_of_uri(connection, location, path)


def of_artifact_version(engine: Engine, reference: str, path: str) -> Place:
    """By a version of a named artifact and a path; the path may be '' of the only file."""
    with engine.database.read() as connection:
        owner = version_names.require(connection, reference).owner
        if not path:
            files = artifacts.paths(connection, owner)
            path = files[0][0] if len(files) == 1 else ""
    return Place(owner, owners.check_key(path))


def _below(engine: Engine, owner: str, path: str | None) -> Place:
    place = Place(owner, owners.check_key(path or ""))
    with engine.database.read() as connection:
        owners.require(connection, owner)
    return place
