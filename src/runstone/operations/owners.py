"""Whose an artifact is: a run's, a logged model's, a version's of a named artifact, or nobody's. MLflow's keys and URIs lead to an owner and a path, never to a disk."""

from __future__ import annotations

import re
from typing import NamedTuple

from runstone.errors import InvalidParameter, NotFound
from runstone.operations import rules
from runstone.store import keys, runs
from runstone.store.database import Connection

# The owner of what lies at keys of the artifact proxy that are no run's and no model's.
FREE = "free"
# Decodings after which a key must stay as it is.
_DECODINGS = 4
_DRIVE = re.compile(r"(^|/)[A-Za-z]:(/|$)")
_MODEL_ID = re.compile(r"[\w\-]{1,256}")
# As our own and MLflow's servers make them: no run bears such an id unless somebody asked for it.
_MADE_MODEL_ID = re.compile(r"m-[0-9a-f]{32}")


class Place(NamedTuple):
    """A file or folder: its owner, and its path there ('' is all of them)."""

    owner: str
    path: str


def of(owner_id: str | None) -> str:
    """The owner that an id names, a run's or a logged model's (`m-` and 32 hex digits); InvalidParameter, NotFound for what is neither."""
    return of_model(owner_id) if owner_id and is_model_id(owner_id) else of_run(owner_id)


def is_model_id(owner_id: str) -> bool:
    """Whether an id has the form of a logged model's, so that it is no run's."""
    return _MADE_MODEL_ID.fullmatch(owner_id) is not None


def of_run(run_id: str | None) -> str:
    """A run's name as an owner; InvalidParameter for what is no run's id."""
    return f"runs/{rules.check_run_id(run_id)}"


def of_model(model_id: str | None) -> str:
    """A logged model's name as an owner; NotFound for what is no model's id."""
    if not model_id or not _MODEL_ID.fullmatch(model_id):
        raise _no_model(model_id)
    return f"models/{model_id}"


def run_of(owner: str) -> str | None:
    """The run that an owner is; None where it is none."""
    kind, _, name = owner.partition("/")
    return name if kind == "runs" else None


def require(connection: Connection, owner: str, *, active: bool = False) -> None:
    """Refuse an owner that is not there, or (`active`) that takes no more files because it is deleted."""
    kind, _, name = owner.partition("/")
    if kind == "runs":
        runs.require(connection, name, active=active)
    elif kind == "models":
        stage = keys.model_stage(connection, name)
        if stage is None or (active and stage != "active"):
            raise _no_model(name)
    elif kind == "named" and active:
        raise InvalidParameter(
            "The files of a version never change. Log them to a run, under the same name, as its next version."
        )


def check_key(key: str, *, folder: bool = False) -> str:
    """A key of the artifact proxy, or InvalidParameter. It was decoded once; whatever decodes to something else once more is refused.

    Args:
        key: the text from the request's path.
        folder: whether it may name a folder: '' is the top, and a '/' at the end is taken off.
    """
    from urllib.parse import unquote

    if folder:
        key = key.removesuffix("/")
        if not key:
            return key
    text = key
    for _ in range(_DECODINGS):
        # U+FFFD stands where bytes of the address were no UTF-8: which ones is not known any more.
        if "#" in text or "\ufffd" in text or _DRIVE.search(text):
            raise InvalidParameter(f"Invalid path: {key[:200]!r} holds a '#', a drive's letter, or what is not UTF-8.")
        rules.check_path(text)
        decoded = unquote(text, errors="surrogateescape")
        if decoded == text:
            return key
        text = decoded
    raise InvalidParameter(f"Invalid path: {key[:200]!r} is encoded again and again. Encode it once.")


def place_of_key(connection: Connection, key: str) -> Place:
    """Where a checked key leads."""
    found = keys.owner_of(connection, key)
    return Place(FREE, key) if found is None else Place(*found)


def place_of_uri(connection: Connection, uri: str, path: str) -> Place:
    """Where a path below a URI of this store's leads. Raises NotFound for a URI that is not this store's."""
    scheme, _, rest = uri.partition(":")
    rest = rest.strip("/")
    whole = f"{rest}/{path}" if path else rest
    if scheme == "mlflow-artifacts":
        return place_of_key(connection, check_key(whole))
    if scheme in ("runs", "models"):
        name, _, inner = whole.partition("/")
        owner = of_run(name) if scheme == "runs" else of_model(name)
        require(connection, owner)
        return Place(owner, rules.check_path(inner) if inner else "")
    found = _owner_at(connection, uri)
    if found is not None:
        owner, location = found
        inner = f"{uri}/{path}".removeprefix(location).strip("/")
        return Place(owner, rules.check_path(inner) if inner else "")
    raise NotFound(f"{uri[:200]!r} does not lie in this store. Ask whoever keeps it.")


def _owner_at(connection: Connection, uri: str) -> tuple[str, str] | None:
    """Among whose artifacts an address lies, and the address of those: the id of a run or a logged model is a part of it."""
    for part in uri.split("/"):
        places = []
        if runs.find(connection, part) is not None:
            places.append((f"runs/{part}", runs.artifact_uri(connection, part)))
        if keys.model_stage(connection, part) is not None:
            places.append((f"models/{part}", keys.model_uri(connection, part)))
        for owner, location in places:
            if f"{uri}/".startswith(f"{location}/"):
                return owner, location
    return None


def _no_model(model_id: str | None) -> NotFound:
    return NotFound(f"Logged model with ID '{model_id}' not found.")
