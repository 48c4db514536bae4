"""A saved model becomes an object again: the library's own. What predicts whatever the library is: `runstone.pyfunc`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from runstone import flavors
from runstone.errors import InvalidParameter, NotFound
from runstone.flavors.flavor import Folder
from runstone.models.code_paths import add_code
from runstone.models.fetching import Fetched, fetch
from runstone.models.mlmodel import PYFUNC

if TYPE_CHECKING:
    from runstone.flavors.flavor import Flavor


def load_model(model_uri: str | os.PathLike[str], dst_path: str | None = None, **options: Any) -> Any:
    """Load a model as its library's own object, whichever library that is.

    Args:
        model_uri: its address: models:/NAME/3, models:/NAME@ALIAS, models:/m-ID, runs:/RUN/NAME, or a folder.
        dst_path: an existing folder to fetch its files to; a temporary one unless given.
        **options: what its flavor's own `load_model` takes.

    Raises:
        NotFound: there is no such model.
        Forbidden: loading it would run code that nobody vouches for.
        CorruptData: its files are not as they were stored.
    """
    fetched = fetch(model_uri, dst_path)
    name = flavors.known(list(fetched.model.flavors))
    if name is None:
        raise InvalidParameter(_no_object(os.fspath(model_uri), list(fetched.model.flavors)))
    return load_native(flavors.find(name), fetched, options)


def _no_object(uri: str, has: list[str]) -> str:
    if has == [PYFUNC]:
        return (
            f"The model {uri!r} is Python code, and no library's object: runstone.pyfunc.load_model({uri!r}) gives what predicts, and "
            ".unwrap_python_model() of that its PythonModel."
        )
    flavors_of_it = f"is of {', '.join(has)}, which runstone has no flavor for" if has else "has no flavor"
    return (
        f"The model {uri!r} {flavors_of_it}. runstone.pyfunc.load_model loads what predicts in Python; "
        "runstone.artifacts.download_artifacts fetches its files."
    )


def load_as(flavor: Flavor, model_uri: str | os.PathLike[str], dst_path: str | None, options: dict[str, Any]) -> Any:
    """Load a model that has a certain flavor. Raises NotFound where it has not."""
    return load_native(flavor, fetch(model_uri, dst_path), options)


def load_native(flavor: Flavor, fetched: Fetched, options: dict[str, Any]) -> Any:
    """The library's own object of what was fetched."""
    folder = folder_of(flavor, fetched)
    add_code(folder, fetched.own)
    return flavor.load(folder, **options)


def folder_of(flavor: Flavor, fetched: Fetched) -> Folder:
    """What a leaf needs to load. Raises NotFound where the model is not of its kind."""
    blocks = fetched.model.flavors
    names = [name for name in flavors.read_by(flavor.name) if name in blocks]
    if not names:
        raise NotFound(
            f'Model does not have the "{flavor.name}" flavor. It has: {", ".join(blocks) or "none"}. runstone.load_model takes the one it has.'
        )
    return Folder(fetched.files, blocks[names[0]], blocks.get(PYFUNC, {}), fetched.trust)
