"""Packs as files of a folder here."""

from __future__ import annotations

import os

from runstone.errors import CorruptData, from_os_error


class LocalBlobs:
    """A folder of packs.

    Args:
        folder: made when first needed.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def put(self, name: str, source: str) -> None:
        """Sync, then rename: a pack is whole or not there. `source` must lie in this file system."""
        try:
            descriptor = os.open(source, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            os.rename(source, os.path.join(self.folder, name))
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise from_os_error(error, f"Keeping the pack {name}") from error

    def get(self, name: str, offset: int, length: int) -> bytes:
        """A range of a pack."""
        try:
            descriptor = os.open(os.path.join(self.folder, name), os.O_RDONLY)
        except FileNotFoundError as error:
            raise CorruptData(f"The pack {name} is missing from {self.folder!r}. Restore it from a backup.") from error
        try:
            data = os.pread(descriptor, length, offset)
        finally:
            os.close(descriptor)
        if len(data) != length:
            raise CorruptData(
                f"The pack {name} ends before byte {offset + length}: it was cut short. Restore it from a backup."
            )
        return data

    def has(self, name: str) -> bool:
        """Whether there is such a pack."""
        return os.path.exists(os.path.join(self.folder, name))

    def list(self) -> list[str]:
        """The names of all packs."""
        if not os.path.isdir(self.folder):
            return []
        return sorted(name for name in os.listdir(self.folder) if name.endswith(".pack"))

    def delete(self, name: str) -> None:
        """Take a pack away."""
        if self.has(name):
            os.unlink(os.path.join(self.folder, name))
