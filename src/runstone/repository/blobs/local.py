"""Packs as files of a folder here."""

from __future__ import annotations

import contextlib
import errno
import os

from runstone.errors import CorruptData, from_os_error

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


class LocalBlobs:
    """A folder of packs.

    Args:
        folder: made when first needed.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def put(self, name: str, source: str) -> None:
        """Sync, then rename: a pack is whole or not there. `source` must lie in this file system."""
        target = self._path(name)
        try:
            _sync(source)
            if not os.path.isdir(self.folder):
                os.makedirs(self.folder, exist_ok=True)
                _sync(os.path.dirname(os.path.abspath(self.folder)))
            os.rename(source, target)
            _sync(self.folder)
        except OSError as error:
            raise from_os_error(error, f"Keeping the pack {name}") from error

    def get(self, name: str, offset: int, length: int) -> bytes:
        """A range of a pack."""
        path = self._path(name)
        try:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                data = os.pread(descriptor, length, offset)
                while len(data) < length and (more := os.pread(descriptor, length - len(data), offset + len(data))):
                    data += more
            finally:
                os.close(descriptor)
        except FileNotFoundError as error:
            raise CorruptData(
                f"The pack {name} is missing from {self.folder!r}. Restore it from a backup, or log the files again."
            ) from error
        except OSError as error:
            if error.errno == errno.EIO:
                raise CorruptData(
                    f"The disk cannot read the pack {path!r} any more. Restore it from a backup."
                ) from error
            raise from_os_error(error, f"Reading the pack {path!r}") from error
        if len(data) != length:
            raise CorruptData(
                f"The pack {name} ends before byte {offset + length}: it was cut short. Restore it from a backup."
            )
        return data

    def has(self, name: str) -> bool:
        """Whether there is such a pack."""
        return os.path.isfile(self._path(name))

    def list(self) -> dict[str, int]:
        """All packs and their sizes."""
        found = {}
        try:
            for name in os.listdir(self.folder) if os.path.isdir(self.folder) else ():
                with contextlib.suppress(FileNotFoundError):  # deleted since it was listed
                    found[name] = os.stat(os.path.join(self.folder, name)).st_size
        except OSError as error:
            raise from_os_error(error, f"Listing the packs in {self.folder!r}") from error
        return found

    def delete(self, name: str) -> None:
        """Take a pack away."""
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path(name))
        except OSError as error:
            raise from_os_error(error, f"Deleting the pack {name}") from error

    def _path(self, name: str) -> str:
        # Names of packs are in the database, which may be somebody else's: none of them leads out of the folder.
        if not name or name.startswith(".") or not _LETTERS.issuperset(name):
            raise CorruptData(f"{name!r} is not the name of a pack: the store's index is damaged or forged.")
        return os.path.join(self.folder, name)


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
