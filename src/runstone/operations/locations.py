"""Places that the operator named, where artifacts are plain files: which of them an artifact URI lies in. Clients name none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from runstone.errors import InvalidParameter, NotServed
from runstone.operations import owners
from runstone.store import keys, runs
from runstone.store.database import Connection

if TYPE_CHECKING:
    from io import RawIOBase

    from runstone.operations.engine import Engine
    from runstone.repository.plain import Plain

PROXY = "mlflow-artifacts:"
_PIECE = 4 * 1024 * 1024


class Locations(NamedTuple):
    """What a server was started with.

    `root` is what stands before the number of a new experiment in its artifact location. `destination` is where keys of the artifact
    proxy are plain files; None is the store's own packs. `places` are further ones, by the URI that their files' URIs begin with.
    """

    root: str = PROXY
    destination: Plain | None = None
    places: Mapping[str, Plain] = MappingProxyType({})

    def find(self, uri: str) -> Found | None:
        """The place in which a URI lies, and the path there; None where its files are in the store."""
        if uri.startswith(PROXY):
            return None if self.destination is None else Found(self.destination, uri.removeprefix(PROXY).strip("/"))
        for prefix, place in self.places.items():
            if uri == prefix or uri.startswith(prefix + "/"):
                return Found(place, uri[len(prefix) + 1 :])
        return None


def named_locations(root: str | None, destination: str | None) -> Locations:
    """What an operator's words mean. Raises InvalidParameter for a place that is none.

    Args:
        root: where the artifacts of new experiments go: a folder, a bucket, or below mlflow-artifacts:/.
        destination: where the artifact proxy puts what lies below mlflow-artifacts:/, a folder or a bucket.
    """
    from runstone.repository.plain import open_place

    kept = None if destination is None else open_place(destination)
    if root is None or root.startswith(f"{PROXY}/"):
        return Locations((root or PROXY).rstrip("/"), kept)
    if "://" not in root:
        import os

        root = os.path.abspath(root)
    root = root.rstrip("/")
    return Locations(root, kept, {root: open_place(root)})


class Found(NamedTuple):
    """A place, and a path there ('' is its top)."""

    place: Plain
    path: str

    def join(self, path: str) -> str:
        """The path there of what lies below."""
        return f"{self.path}/{path}".strip("/")


def place_of(engine: Engine, connection: Connection, owner: str) -> Found | None:
    """Where an owner's files are plain files; None where they are in the store. The owner must be there."""
    if engine.locations.destination is None and not engine.locations.places:
        return None
    kind, _, name = owner.partition("/")
    uri = f"{PROXY}/"
    if kind == "runs":
        uri = runs.artifact_uri(connection, name)
    elif kind == "models":
        uri = keys.model_uri(connection, name)
    return engine.locations.find(uri)


def files(found: Found, path: str) -> list[tuple[str, int, None]]:
    """The files at and below a path: path, size, and no digest."""
    skipped = len(found.path) + 1 if found.path else 0
    return [(file.path[skipped:], file.size, None) for file in found.place.below(found.join(path))]


def write(found: Found, path: str, stream: BinaryIO | RawIOBase) -> None:
    """Write what a stream gives as a file."""
    found.place.put(found.join(path), _pieces(stream))


def refuse_chunks(found: Found | None) -> None:
    """Refuse to take a file in chunks where it is to be a plain one."""
    if found is not None:
        raise NotServed(
            "This server keeps artifacts as plain files, at a place that its operator named: send them to the artifact proxy, whole."
        )


def check_location(engine: Engine, location: str | None) -> None:
    """Refuse an artifact location that is neither the store's own nor inside a place that the operator named."""
    if not location:
        return
    if location.startswith(f"{PROXY}/"):
        owners.check_key(location.removeprefix(f"{PROXY}/"))
        return
    found = engine.locations.find(location)
    if found is None:
        named = [PROXY + "/...", *engine.locations.places]
        raise InvalidParameter(
            f"Invalid artifact location: {location[:200]!r} is no place that this store was started with ({', '.join(named)}). Leave "
            "artifact_location out, or have the server started with --default-artifact-root."
        )
    owners.check_key(found.path, folder=True)


def _pieces(stream: BinaryIO | RawIOBase) -> Iterator[bytes]:
    while data := stream.read(_PIECE):
        yield data
