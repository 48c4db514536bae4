"""A saved or logged model is signed with a key, and checked against it. The signature is one more file of the model's."""

from __future__ import annotations

import os
import tempfile

from runstone.errors import InvalidParameter
from runstone.fluent.location import client
from runstone.models.fetching import here, located
from runstone.models.locating import folder_of
from runstone.safety import signing


def make_signing_key(path: str | os.PathLike[str]) -> str:
    """Make a key to sign with at `path`, and the one to check with at `path`.pub, which comes back. Raises InvalidParameter."""
    return signing.make_key(os.fspath(path))


def sign_model(model_uri: str | os.PathLike[str], key: str | os.PathLike[str]) -> None:
    """Sign a model's files: a folder's, or those of the store, which gets the signature as a file beside them.

    Args:
        model_uri: its address, as `load_model` takes it.
        key: the file of a key of `make_signing_key`.
    """
    place = located(model_uri)
    if place.folder is not None and folder_of(model_uri) is None:
        raise InvalidParameter(
            f"{os.fspath(model_uri)!r} is, as its server says, the folder {place.folder!r} of this machine. Name that folder to sign it."
        )
    content = signing.signature_of(here(place), os.fspath(key))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(place.folder or folder, signing.FILE_NAME)
        with open(path, "wb") as file:
            file.write(content)
        if place.owner is not None:
            client().log_artifact(place.owner, path, place.path or None)


def verify_model(model_uri: str | os.PathLike[str], public_key: str | os.PathLike[str]) -> None:
    """Check a model's files against its signature. Raises NotFound (not signed), Forbidden (another key), CorruptData (other files)."""
    signing.check(here(located(model_uri)), os.fspath(public_key))
