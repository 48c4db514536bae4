"""The few files of a saved model that may change afterwards, for what they say of it: its requirements, its signature. What predicts never does."""

from __future__ import annotations

import contextlib
import os

from runstone.errors import InvalidParameter, MissingFile, NotFound
from runstone.fluent.location import client
from runstone.models.fetching import located
from runstone.models.locating import Place
from runstone.models.mlmodel import FILE_NAME, Model
from runstone.models.signature import ModelSignature
from runstone.safety.held import Held
from runstone.safety.remembered import made_here, note


def changeable(uri: str | os.PathLike[str]) -> Place:
    """Where a model is that may be changed. Raises InvalidParameter for a version of a registered model."""
    place = located(uri)
    if place.version is not None:
        raise InvalidParameter(
            f"{os.fspath(uri)!r} is a version of a registered model, which stays as it was registered. Name its logged model (models:/m-...), "
            "or log the model again."
        )
    return place


def read(place: Place, name: str) -> str | None:
    """The text of one of a model's files; None where it has no such file."""
    if place.folder is not None:
        path = os.path.join(place.folder, name)
        if not os.path.isfile(path):
            return None
        with open(path, encoding="utf-8") as file:
            return file.read()
    assert place.owner is not None
    try:
        return client().read_artifact(place.owner, _inner(place, name)).decode("utf-8")
    except (NotFound, MissingFile):
        return None


def replace(place: Place, name: str, text: str) -> None:
    """Have one of a model's files say something else; whoever reads it meanwhile gets the one or the other.

    What was made here stays so, for whoever changes it is who made it.
    """
    before = read(place, name)
    _write(place, name, text)
    if before is not None and made_here([_digest(name, before)]):
        note(_digest(name, text))


def _digest(name: str, text: str) -> str:
    with Held(name, text.encode("utf-8")) as held:
        return held.digest()


def _write(place: Place, name: str, text: str) -> None:
    if place.folder is not None:
        path = os.path.join(place.folder, name)
        unfinished = f"{path}.{os.getpid()}.tmp"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(unfinished)
        # "x": whoever made the folder may have put a link there, to a file of the user's
        with open(unfinished, "x", encoding="utf-8") as file:
            file.write(text)
        os.replace(unfinished, path)
        return
    assert place.owner is not None
    client().log_text(place.owner, text, _inner(place, name))


def set_signature(model_uri: str | os.PathLike[str], signature: ModelSignature) -> None:
    """Say what a saved model takes and gives: its MLmodel file is written anew. What is loaded from then on checks its data by it.

    Args:
        model_uri: its address; not a version of a registered model.
        signature: in place of the one it has.

    Raises:
        NotFound: there is no such model.
        InvalidParameter: it is a version of a registered model.
    """
    if not isinstance(signature, ModelSignature):
        raise TypeError(f"A ModelSignature is needed, not a {type(signature).__name__}; infer_signature makes one.")
    place = changeable(model_uri)
    text = read(place, FILE_NAME)
    if text is None:
        raise NotFound(f"The model {os.fspath(model_uri)!r} has no {FILE_NAME} file.")
    model = Model.from_yaml(text, f"The {FILE_NAME} of {os.fspath(model_uri)!r}")
    model.signature = signature
    model.others["is_signature_from_type_hint"] = False
    replace(place, FILE_NAME, model.to_yaml())


def _inner(place: Place, name: str) -> str:
    return f"{place.path}/{name}" if place.path else name
