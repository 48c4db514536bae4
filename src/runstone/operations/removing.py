"""What is deleted is removed for good when it has been kept for long enough: runs, logged models, experiments."""

from __future__ import annotations

from runstone.operations import deleting, locations
from runstone.operations.engine import Engine
from runstone.store import removing
from runstone.store.database import Connection
from runstone.store.removing import Deleted

# What is removed, by the word for one.
_LISTED = {
    "run": removing.deleted_runs,
    "model": removing.deleted_models,
    "experiment": removing.deleted_experiments,
}
_REMOVE = {
    "run": removing.remove_run,
    "model": removing.remove_model,
    "experiment": removing.remove_experiment,
}
_OWNERS = {"run": "runs", "model": "models"}


def candidates(connection: Connection) -> list[tuple[str, Deleted]]:
    """All that is deleted and could be removed for good, with the word for it. What a registered version is made of is not in it."""
    return [
        (kind, one)
        for kind, listed in _LISTED.items()
        for one in listed(connection)
        if kind == "experiment" or not deleting.needed_paths(connection, owner_of(kind, one))
    ]


def due(connection: Connection, before: int) -> tuple[list[tuple[str, Deleted]], list[tuple[str, Deleted]]]:
    """Of these, those that go: deleted up to a time (ms), or begun to be removed; and the others."""
    begun = removing.begun(connection)
    going: list[tuple[str, Deleted]] = []
    staying: list[tuple[str, Deleted]] = []
    for kind, one in candidates(connection):
        goes = one.time <= before or (kind != "experiment" and owner_of(kind, one) in begun)
        (going if goes else staying).append((kind, one))
    return going, staying


def owner_of(kind: str, one: Deleted) -> str:
    """What it is called as an owner of files."""
    return f"{_OWNERS[kind]}/{one.id}"


def remove(engine: Engine, kind: str, one: Deleted) -> bool:
    """Remove it with all that is its own, if it is still deleted; False where it was restored meanwhile."""
    if kind != "experiment" and (engine.locations.destination is not None or engine.locations.places):
        # Plain files first: behind a crash the rest of them would be nobody's, while its rows still say whose they are. Before the
        # first of them goes it is noted, so that nobody restores a run without its files.
        with engine.database.write() as connection:
            if not _still(connection, kind, one):
                return False
            owner = owner_of(kind, one)
            found = locations.place_of(engine, connection, owner)
            if found is not None:
                removing.begin(connection, owner)
        if found is not None:
            found.place.delete(found.join(""))
    with engine.database.write() as connection:
        if not _still(connection, kind, one):
            return False
        _REMOVE[kind](connection, one.row)
    return True


def _still(connection: Connection, kind: str, one: Deleted) -> bool:
    still = removing.is_still_deleted(connection, kind, one)
    return still and (kind == "experiment" or not deleting.needed_paths(connection, owner_of(kind, one)))
