"""A model's files on this machine, to be read only: every byte checked by its digest; and whether this store vouches for them."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from runstone.client.artifacts import own_artifacts
from runstone.client.downloads import read_whole, small_tree
from runstone.client.run_models import nothing_at
from runstone.environments import files as environment
from runstone.environments import lock as requirements_lock
from runstone.errors import NotFound
from runstone.flavors.files import Content, Files
from runstone.flavors.flavor import check_path
from runstone.fluent.location import client
from runstone.models import examples
from runstone.models.locating import Place, Version, folder_of, leading_to, locate, no_folder, require
from runstone.models.mlmodel import FILE_NAME, Model
from runstone.models.temporary import temporary
from runstone.operations import owners
from runstone.operations.rules import check_path as check_name
from runstone.safety.trust import Trust

if TYPE_CHECKING:
    from runstone.entities import FileInfo

# Bytes of a model that is read at once, into memory; one that is larger is fetched to a folder, by several threads, through the cache.
_SMALL = 8 * 1024 * 1024


# What lies beside a model and is not needed to load it: read only where its files are needed in a folder.
_BESIDE = frozenset([*environment.ALL, requirements_lock.FILE_NAME, examples.FILE_NAME, examples.SERVING_FILE_NAME])


class Fetched(NamedTuple):
    """A model's files on this machine.

    Attributes:
        files: they. Nothing in their folder may be changed: it may hold files of the cache.
        model: its description.
        trust: who vouches for it.
        version: the version of a registered model that was asked for.
        own: whether its folder is this process's own: a temporary one, not the user's.
    """

    files: Files
    model: Model
    trust: Trust
    version: Version | None
    own: bool = False

    @property
    def path(self) -> str:
        """Their folder."""
        return self.files.folder


def fetch(uri: str | os.PathLike[str], dst_path: str | None = None) -> Fetched:
    """Fetch a model, and read its description. Raises NotFound, CorruptData.

    Args:
        uri: its address (`locating.locate`).
        dst_path: an existing folder to put it in; a temporary one, gone when this process ends, unless given.
    """
    folder = folder_of(uri)
    place = leading_to(client(), uri) if folder is None else Place(folder, None, "")
    known = f"the model at {place.folder!r}" if place.folder is not None else f"the model {os.fspath(uri)!r}"
    trust = Trust(known, vouched=place.folder is None)
    files = _in_memory(place) if place.folder is None and dst_path is None else None
    if files is None:
        _require_model(place)
        files = Files(os.path.abspath(here(place, dst_path)))
    content = files.content(FILE_NAME)
    model = (
        Model.from_file(_file(files.folder)) if content is None else Model.from_yaml(content, f"{FILE_NAME} of {uri}")
    )
    return Fetched(files, model, trust, place.version, place.folder is None and dst_path is None)


def _require_model(place: Place) -> None:
    """Raises NotFound where a logged model is not there, or a run's path holds no model, before all that is there is fetched."""
    if place.owner is None:
        return
    require(client(), place)
    if owners.is_model_id(place.owner):
        return
    wanted = f"{place.path}/{FILE_NAME}" if place.path else FILE_NAME
    if wanted not in {file.path for file in own_artifacts(client(), place.owner, place.path or None)}:
        raise NotFound(nothing_at(client(), place.owner, place.path))


def _in_memory(place: Place) -> Files | None:
    """A small model's files; None where it is none."""
    store, owner = client(), place.owner
    assert owner is not None
    try:
        found = small_tree(store, owner, place.path, _SMALL, _BESIDE, active=place.by_id)
    except NotFound:
        require(store, place)  # it says what there is instead
        raise
    if found is None:
        return None
    below = len(place.path) + 1 if place.path else 0

    def named(files: Iterable[tuple[FileInfo, bytes | None]]) -> dict[str, Content]:
        # the store may be somebody else's: what it says a path is, is checked again
        return {
            check_name(file.path)[below:]: Content(data, file.executable) for file, data in files if data is not None
        }

    contents = named(found)
    if FILE_NAME not in contents:
        return None
    rest = [file for file, data in found if data is None]
    return Files(
        None,
        contents,
        lambda: named(zip(rest, read_whole(store, owner, rest), strict=True)),
        partial(temporary, "model"),
    )


def located(uri: str | os.PathLike[str]) -> Place:
    """Where a model is (`locating.locate`), in the current store; a folder of this machine is told without opening, or making, one."""
    folder = folder_of(uri)
    return locate(client(), uri) if folder is None else Place(folder, None, "")


def here(place: Place, dst_path: str | None = None) -> str:
    """The folder of this machine that has a model's files: its own, or one that they are fetched to (`fetch`)."""
    if place.folder is not None:
        return os.path.dirname(_file(place.folder))
    assert place.owner is not None
    folder = temporary("model") if dst_path is None else dst_path
    return client().download_artifacts(place.owner, place.path, folder)


def description(uri: str) -> Model:
    """A model's description alone. Raises NotFound."""
    place = located(uri)
    if place.folder is not None:
        return Model.from_file(_file(place.folder))
    assert place.owner is not None
    path = f"{place.path}/{FILE_NAME}" if place.path else FILE_NAME
    return Model.from_yaml(client().read_artifact(place.owner, path), f"{path!r} of {place.owner}")


@contextlib.contextmanager
def beside(model: Model, path: str | None) -> Iterator[str]:
    """A folder with a model's input example: the one given, or a temporary one of what was logged. Raises NotFound where it was not."""
    if path is not None or model.saved_input_example_info is None:
        yield path or ""
        return
    if model.model_id is None and (model.run_id is None or model.artifact_path is None):
        raise NotFound("This model was not logged: say in which folder it is, load_input_example(path).")
    store = client()
    place = locate(
        store, f"models:/{model.model_id}" if model.model_id else f"runs:/{model.run_id}/{model.artifact_path}"
    )
    assert place.owner is not None
    info = model.saved_input_example_info
    with tempfile.TemporaryDirectory(prefix="runstone-example-") as folder:
        for name in {str(info.get(key)) for key in ("artifact_path", "serving_input_path") if info.get(key)}:
            source = f"{place.path}/{name}" if place.path else name
            inner = os.path.join(folder, os.path.dirname(name))
            check_path(folder, name, "input example")
            store.download_artifacts(place.owner, source, inner)
        yield folder


def _file(folder: str) -> str:
    if not os.path.isdir(folder):
        raise NotFound(no_folder(folder))
    return os.path.join(folder, FILE_NAME)
