"""Packs as files of a folder here."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator, Sequence

from runstone.errors import CorruptData, from_os_error
from runstone.repository.blobs import Range, check_name


class LocalBlobs:
    """A folder of packs.

    Args:
        folder: made when first needed.
    """

    full_size = 64 * 1024 * 1024
    # What is written and not yet synced stays bounded; a disk syncs one file no slower than two.
    at_once = 1
    indexed = False

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def put(self, name: str, source: str | Sequence[bytes | memoryview]) -> None:
        """Sync, then rename: a pack is whole or not there. `source` must lie in this file system."""
        assert isinstance(source, str)
        target = self._path(name)
        try:
            _sync(source)
            if not os.path.isdir(self.folder):
                _make_synced(os.path.abspath(self.folder))
            os.rename(source, target)
            try:
                _sync(self.folder)
            except BaseException:
                # Nobody has been told of it: it must not stay and take space for ever.
                with contextlib.suppress(OSError):
                    os.unlink(target)
                raise
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

    def gather(self, ranges: Iterable[Range]) -> Iterator[bytes]:
        """Several ranges, in order."""
        return (self.get(*wanted) for wanted in ranges)

    def size(self, name: str) -> int | None:
        """How long the pack's file is."""
        path = self._path(name)
        try:
            return os.stat(path).st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise from_os_error(error, f"Looking for the pack {path!r}") from error

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
        return os.path.join(self.folder, check_name(name))


def _make_synced(folder: str) -> None:
    """Make a folder, and those above it that are missing, so that a crash does not take them back."""
    above = os.path.dirname(folder)
    if not os.path.isdir(above):
        _make_synced(above)
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder)
    _sync(above)


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
