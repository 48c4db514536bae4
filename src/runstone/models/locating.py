"""From a model's address to where its files are: a logged model's, a run's or a folder. Addresses as MLflow writes them."""

from __future__ import annotations

import os
import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from runstone.client import Client, run_models
from runstone.client.artifacts import own_artifacts
from runstone.client.uris import parts_of_uri
from runstone.errors import InvalidParameter, NotFound, WrongAnswer
from runstone.operations.owners import is_model_id

# The stages that versions had before there were aliases.
STAGES = ("None", "Staging", "Production", "Archived")
_MOST_HOPS = 20
# What begins as an address does; one letter is a drive. And what the terminal takes for models:/... : NAME/3, NAME@ALIAS, a model's id.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+-]+:/")
_NAMED = re.compile(r"[^/.~][^/]*(/\d+|/latest|@[^/]+)|m-[0-9a-f]{32}")


class Version(NamedTuple):
    """A version of a registered model."""

    name: str
    number: str


class Place(NamedTuple):
    """Where a model's files are.

    Attributes:
        folder: of this machine; None for a store's.
        owner: whose they are in the store: a run's id or a logged model's; None for a folder of this machine.
        path: the model's folder among them; '' is all.
        version: the version that the address named.
        inner: the part of `path` that stood behind the model in the address: '' where the model itself was meant.
        by_id: whether the address names a logged model by its id: it must be there, and not be deleted (`require`).
    """

    folder: str | None
    owner: str | None
    path: str
    version: Version | None = None
    inner: str = ""
    by_id: bool = False


def locate(client: Client, uri: str | os.PathLike[str]) -> Place:
    """Where a model is. As `leading_to`, and Raises NotFound where the model that the address names is not there."""
    place = leading_to(client, uri)
    require(client, place)
    return place


def leading_to(client: Client, uri: str | os.PathLike[str], hops: int = 0) -> Place:
    """Where an address leads: whether the model is there is not asked, where asking for its files tells.

    Args:
        client: of the store that is asked.
        uri: models:/NAME/3, models:/NAME/latest, models:/NAME@ALIAS, models:/m-ID, runs:/RUN/PATH (also the name of models that the run
            logged: the newest that is READY), an artifact's address, or a folder of this machine; each with a path behind it, if need be.
        hops: versions that led here, each made of the next.

    Raises:
        InvalidParameter: it is no model's address.
        NotFound: there is no such model.
    """
    folder = folder_of(uri)
    if folder is not None:
        return Place(folder, None, "")
    text = os.fspath(uri)
    scheme, _, rest = text.partition(":")
    if scheme == "models":
        return _of_model(client, text, rest, hops)
    if scheme == "runs":
        return _of_run(client, *parts_of_uri(text))
    return of_artifacts(text)


def folder_of(uri: str | os.PathLike[str]) -> str | None:
    """The folder of this machine that an address names; None for one in the store. Asks no store. Raises InvalidParameter."""
    text = os.fspath(uri) if isinstance(uri, str | os.PathLike) else ""
    scheme, colon, _ = text.partition(":")
    if colon and scheme in ("models", "runs", "mlflow-artifacts"):
        return None
    if scheme == "file" and colon:
        parts = urlsplit(text)
        if parts.netloc not in ("", "localhost"):
            raise InvalidParameter(f"{text!r} names another machine. Write file:///path.")
        return unquote(parts.path)
    if not text or "://" in text or (_SCHEME.match(text) and not os.path.lexists(text)):
        raise InvalidParameter(
            f"{uri!r} is no address of a model. Write models:/NAME/VERSION, models:/NAME@ALIAS, models:/MODEL_ID, runs:/RUN_ID/PATH, or a folder."
        )
    return os.path.abspath(text)


def no_folder(folder: str) -> str:
    """The sentence for a folder that is not there; what reads as the terminal's name of a model in the store is called that."""
    word = os.path.relpath(folder)
    meant = f" A model of the store is written 'models:/{word}'." if _NAMED.fullmatch(word) else ""
    return f"There is no model at {folder!r}: no such folder.{meant}"


def of_artifacts(uri: str) -> Place:
    """Where an artifact's address leads: EXPERIMENT/models/ID/artifacts/PATH, EXPERIMENT/RUN/artifacts/PATH."""
    parts = uri.partition(":")[2].lstrip("/").split("/")
    if len(parts) >= 4 and parts[1] == "models" and parts[3] == "artifacts":
        return Place(None, parts[2], "/".join(parts[4:]).strip("/"))
    return Place(None, *parts_of_uri(uri))


def _of_model(client: Client, text: str, rest: str, hops: int) -> Place:
    parts = rest.strip("/").split("/")
    first = parts[0]
    if not first:
        raise InvalidParameter(
            f"{text!r} names no model. Write models:/NAME/VERSION, models:/NAME@ALIAS or models:/MODEL_ID."
        )
    if "@" in first:
        name, _, alias = first.rpartition("@")
        found = client.get_model_version_by_alias(name, alias)
        return _of_version(client, Version(name, str(found.version)), "/".join(parts[1:]), hops)
    if len(parts) == 1 or is_model_id(first):
        inner = "/".join(parts[1:])
        if not is_model_id(first):  # among files it could be a run's
            _require_logged(client, first)
        return Place(None, first, inner, inner=inner, by_id=True)
    return _of_version(client, Version(first, _number(client, first, parts[1])), "/".join(parts[2:]), hops)


def require(client: Client, place: Place) -> None:
    """Raises NotFound, or InvalidParameter, where a place is that of a logged model which is not there, or is deleted: what it is instead."""
    if place.by_id and place.owner is not None:
        _require_logged(client, place.owner)


def _require_logged(client: Client, model_id: str) -> None:
    try:
        client.get_logged_model(model_id)
    except NotFound as error:
        try:
            client.get_registered_model(model_id)
        except (NotFound, InvalidParameter):
            raise error from None
        raise InvalidParameter(
            f"'models:/{model_id}' does not say which version of the registered model {model_id!r}. "
            f"Write models:/{model_id}/NUMBER, models:/{model_id}/latest or models:/{model_id}@ALIAS."
        ) from None


def _number(client: Client, name: str, said: str) -> str:
    if said.isdecimal():
        return said
    if said.lower() == "latest":
        versions = client.get_latest_versions(name, [])
        if not versions:
            raise NotFound(f"No versions of model with name '{name}' found")
        return str(max(int(version.version) for version in versions))
    stage = next((stage for stage in STAGES if stage.lower() == said.lower()), None)
    if stage is None:
        raise InvalidParameter(
            f"{said!r} is no version of the model {name!r}. Write a number, 'latest', or {name}@ALIAS."
        )
    staged = client.get_latest_versions(name, [stage])
    if not staged:
        raise NotFound(f"No versions of model with name '{name}' and stage '{said}' found")
    return str(staged[0].version)


def _of_version(client: Client, version: Version, path: str, hops: int) -> Place:
    if hops == _MOST_HOPS:  # the store may be anybody's
        raise WrongAnswer(f"Version {version.number} of {version.name!r} is made of versions without end.")
    uri = client.get_model_version_download_uri(version.name, version.number)
    found = of_artifacts(uri) if uri.startswith("mlflow-artifacts:") else leading_to(client, uri, hops + 1)
    return found._replace(version=version, inner=path, path="/".join(part for part in (found.path, path) if part))


def _of_run(client: Client, run_id: str, path: str) -> Place:
    if own_artifacts(client, run_id, path or None):
        return Place(None, run_id, path)
    found = run_models.model_at(client, run_id, path)
    if found is not None:
        return Place(None, found.model_id, found.path)
    raise NotFound(run_models.nothing_at(client, run_id, path))
