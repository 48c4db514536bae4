"""A file or a folder on this machine as a dataset, without loading it: images, parquet files, whatever no frame holds."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import Any

import blake3

from runstone.data.dataset import Dataset
from runstone.data.digest import DIGITS, PREFIX, Digest
from runstone.data.sources import LocalArtifactDatasetSource
from runstone.errors import FileChanged, MissingFile, WrongFileKind, from_os_error
from runstone.repository.stores import is_store, refuse_file, refuse_folder

_PIECE = 1 << 20


class PathDataset(Dataset):
    """A file, or a folder and all that is under it.

    Args:
        path: the file or folder.
        source: where it came from; the path itself unless given.
        name: the last part of the path unless given.
        digest: one of your own, instead of one over all the bytes.
    """

    def __init__(
        self, path: str | os.PathLike[str], source: Any = None, name: str | None = None, digest: str | None = None
    ) -> None:
        self.path = os.fspath(path)
        if not os.path.exists(self.path):
            raise MissingFile(
                f"The data {self.path!r} do not exist (working folder: {os.getcwd()}). Create them first.", self.path
            )
        files = dict(_files(self.path))
        profile = {"num_files": len(files), "num_bytes": sum(facts.st_size for facts in files.values())}
        if digest is None:
            digest = _digest_of_folder(self.path, files) if os.path.isdir(self.path) else digest_of_file(self.path)
        super().__init__(
            digest,
            LocalArtifactDatasetSource(self.path) if source is None else source,
            os.path.basename(os.path.abspath(self.path)) if name is None else name,
            None,
            profile,
        )


def from_path(
    path: str | os.PathLike[str], source: Any = None, name: str | None = None, digest: str | None = None
) -> PathDataset:
    """A dataset of a file or a folder, read through once for its digest.

    A file's digest is the beginning of the one it has as an artifact: the two can be told to be the same.

    Args:
        path: the file, or the folder with all that is under it (links are followed, folders that are links are not; a
            runstone store in it is left out).
        source: where it came from: a URI or a DatasetSource; the path itself unless given.
        name: what to call it; the last part of the path unless given.
        digest: one of your own, at most 36 characters; over all the bytes unless given.

    Raises:
        MissingFile: there is nothing at this path.
    """
    return PathDataset(path, source, name, digest)


def digest_of_file(path: str) -> str:
    """The digest of a file's bytes. Raises FileChanged where they change meanwhile."""
    return PREFIX + _hash(path).hex()[:DIGITS]


def _digest_of_folder(folder: str, files: dict[str, os.stat_result]) -> str:
    digest = Digest("folder")
    digest.number(len(files))
    for path in sorted(files):
        digest.part(os.fsencode(os.path.relpath(path, folder)))
        digest.part(_hash(path))
    return digest.finish()


def _files(path: str) -> Iterator[tuple[str, os.stat_result]]:
    if os.path.isdir(path):
        refuse_folder(path)
        for folder, inner, names in os.walk(path, onerror=_refused):
            inner[:] = [name for name in inner if not is_store(os.path.join(folder, name))]
            for name in names:
                yield from _files(os.path.join(folder, name))
        return
    facts = os.stat(path)
    if not stat.S_ISREG(facts.st_mode):
        raise WrongFileKind(f"{path!r} is neither a file nor a folder; data are read from these.", path)
    refuse_file(path, facts)
    yield path, facts


def _hash(path: str) -> bytes:
    hasher = blake3.blake3()
    try:
        with open(path, "rb", buffering=0) as file:
            before = os.fstat(file.fileno())
            piece = bytearray(_PIECE)
            while count := file.readinto(piece):
                hasher.update(memoryview(piece)[:count])
            after = os.fstat(file.fileno())
    except OSError as error:
        raise from_os_error(error, f"Cannot read the data {path!r}") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise FileChanged(f"{path!r} changed while its digest was taken. Make the dataset once it is complete.", path)
    return hasher.digest()


def _refused(error: OSError) -> None:
    raise from_os_error(error, "Cannot read the data") from error
