"""What can be asked of what is in a file: a preview, made here, within bounds, without running anything of the file."""

from __future__ import annotations

import threading
from collections import OrderedDict

import msgspec

from runstone.errors import InvalidParameter
from runstone.operations import locating, rules
from runstone.operations.engine import Engine
from runstone.operations.reading import open_file
from runstone.operations.table import operation
from runstone.previews import kinds
from runstone.previews.found import ROWS, Preview
from runstone.previews.rows import Places
from runstone.previews.window import Window
from runstone.store import artifacts

# Files whose rows' places are remembered, by digest: whoever scrolls asks for window after window.
_REMEMBERED = 32
_places: OrderedDict[str, Places] = OrderedDict()
_lock = threading.Lock()


class PreviewArtifact(msgspec.Struct, omit_defaults=True):
    """A file of a run or a logged model; of a file of rows, `limit` of them from `offset` on."""

    run_id: str
    path: str
    offset: int = 0
    limit: int = 100


class ArtifactPreview(msgspec.Struct, omit_defaults=True):
    """What is in a file, its size in bytes, and its digest, where it has one."""

    preview: Preview
    size: int
    digest: str | None = None


class FileOf(msgspec.Struct):
    """A file of a run or a logged model."""

    run_id: str
    path: str


class StoredSize(msgspec.Struct, omit_defaults=True):
    """Bytes that a file takes in the store, which other files may share; None of one without chunks: it still grows, or is a plain file."""

    stored: int | None = None


@operation("GET", "/runstone/artifacts/preview", permission="read", alone=True)
def preview_artifact(engine: Engine, request: PreviewArtifact) -> ArtifactPreview:
    """What is in a file, as far as a preview looks. Raises NotFound, and InvalidParameter for a folder."""
    rules.check_limit("rows", request.limit, ROWS)
    if request.offset < 0 or request.limit < 1:
        raise InvalidParameter("A window of rows has an offset of 0 or more and a limit of 1 or more.")
    place = locating.of_owner(engine, request.run_id, request.path)
    opened = open_file(engine, place)
    try:
        window = Window(opened.read, opened.size)
        found = kinds.preview(window, place.path, _remembered(opened.name), request.offset, request.limit)
    finally:
        opened.close()
    return ArtifactPreview(found, opened.size, opened.name)


@operation("GET", "/runstone/artifacts/stored", permission="read")
def get_stored_size(engine: Engine, request: FileOf) -> StoredSize:
    """What a file takes in the store. Raises NotFound for a run or a model that is not there."""
    place = locating.of_owner(engine, request.run_id, request.path)
    with engine.database.read() as connection:
        digest = artifacts.digest_of(connection, place.owner, place.path)
        return StoredSize(None if digest is None else artifacts.stored_size(connection, digest))


def _remembered(digest: str | None) -> Places:
    """What is known of where a file's rows are; of one that may change, nothing."""
    if digest is None or not digest.startswith("blake3:"):
        return Places()
    with _lock:
        found = _places.setdefault(digest, Places())
        _places.move_to_end(digest)
        while len(_places) > _REMEMBERED:
            _places.popitem(last=False)
        return found
