"""What can be asked on the way out: files of a run or of a logged model are taken away. Their bytes go when the store is pruned."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from runstone.errors import Conflict, InvalidParameter, NotFound
from runstone.operations import growing as growing_files
from runstone.operations import locations, owners, rules
from runstone.operations.artifacts import HIDDEN
from runstone.operations.engine import Engine
from runstone.operations.owners import Place
from runstone.operations.table import operation
from runstone.repository import growing
from runstone.store import artifacts, needed
from runstone.store.database import Connection


class DeleteArtifact(msgspec.Struct, omit_defaults=True):
    """A file or a folder of a run's, or of a logged model's."""

    run_id: str | None = None
    path: str = ""
    model_id: str | None = None


class Deleted(msgspec.Struct):
    """What was taken away: how many files, of how many bytes."""

    files: int
    size: int


@operation("DELETE", "/runstone/artifacts", permission="edit", alone=True)
def delete_artifact(engine: Engine, request: DeleteArtifact) -> Deleted:
    """Take away a file, or a folder with all that is in it.

    Raises NotFound where there is none; InvalidParameter for a deleted run's; Conflict for one that still grows, or that a version of a
    registered model is made of.
    """
    path = rules.check_path(request.path.rstrip("/"))
    owner = owners.of_run(request.run_id) if request.model_id is None else owners.of_model(request.model_id)
    if f"{path}/".startswith(f"{HIDDEN}/"):
        _settle_growing(engine, owner, path)
    with engine.database.read() as connection:
        owners.require(connection, owner, active=True)
        found = locations.place_of(engine, connection, owner)
    plain = [] if found is None else locations.files(found, path)
    with engine.database.write() as connection:
        owners.require(connection, owner, active=True)
        _refuse_needed(connection, owner, path)
        rows = artifacts.paths(connection, owner, path)
        if not rows and not plain:
            raise NotFound(f"No artifact {path!r} in {owner}. `runstone artifacts ls` lists what there is.")
        remove_plain = remove(engine, connection, Place(owner, path))
    remove_plain()
    sizes = {name: size for name, size, _ in [*rows, *plain]}
    return Deleted(len(sizes), sum(sizes.values()))


def remove(engine: Engine, connection: Connection, place: Place) -> Callable[[], None]:
    """Take away the rows of an owner's files at and below a path ('' for all). What comes back takes the plain files away, where there
    are any: it is to be called when the rows are gone for good."""
    owner, path = place
    artifacts.delete(connection, owner, path)
    found = locations.place_of(engine, connection, owner)
    return (lambda: None) if found is None else (lambda: found.place.delete(found.join(path)))


def _settle_growing(engine: Engine, owner: str, path: str) -> None:
    """Keep what dead processes left there, so that it can be deleted; refuse what somebody still writes."""
    run_id = owners.run_of(owner)
    if run_id is None:
        return
    growing_files.adopt_growing.function(engine, growing_files.RunOfFiles(run_id))
    for file in growing.find(engine.folder, run_id):
        if f"{HIDDEN}/{file.name}/".startswith(f"{path}/"):
            raise Conflict(
                f"{HIDDEN}/{file.name} of run {run_id} is still being written by a process of the run. Delete it when that has ended."
            )


def needed_paths(connection: Connection, owner: str) -> list[tuple[str, int, str]]:
    """Which of an owner's files versions of registered models are made of: name, version, and the path ('' is all of them)."""
    found = []
    for name, version, location in needed.versions(connection, owner):
        try:
            place = owners.place_of_uri(connection, location, "")
        except (NotFound, InvalidParameter):
            continue  # it leads nowhere by now
        if place.owner == owner:
            found.append((name, version, place.path))
    return found


def overlap(one: str, other: str) -> bool:
    """Whether one of two paths is the other, or lies below it ('' is all there is)."""
    return not one or not other or f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def _refuse_needed(connection: Connection, owner: str, path: str) -> None:
    for name, version, needed_path in needed_paths(connection, owner):
        if overlap(needed_path, path):
            raise Conflict(
                f"{path!r} of {owner} belongs to version {version} of the registered model {name!r}. Delete that version first, "
                "or leave its files."
            )
