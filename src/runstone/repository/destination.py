"""A user's folder that files are put into: nothing outside it is touched, and a file is under its name only when it is whole."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable
from types import TracebackType

from runstone.errors import AlreadyExists, RunstoneError, WrongFileKind, from_os_error
from runstone.repository import unfinished

# A name of its own length: what is fetched may have the longest name that the file system takes.
_PART = (".runstone-", ".part")


class Destination:
    """A folder that is open for files. Folders below it are made as needed; a link among them is not followed.

    Args:
        folder: an existing one; it may itself be a link.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        try:
            self._top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise from_os_error(error, f"Opening the folder {folder!r}") from error
        self._here = os.dup(self._top)
        self._parts: list[str] | None = None
        self._placed: set[tuple[int, int]] = set()

    def __enter__(self) -> Destination:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._here)
        os.close(self._top)

    def put(self, path: str, content: Iterable[bytes]) -> None:
        """Write a file and let it replace what is there under its name. Nothing is replaced where the content raises.

        Args:
            path: below the folder, plain, with '/' between its parts.
            content: the bytes, piece by piece.
        """
        *folders, name = path.split("/")
        try:
            self._enter(folders)
            partial = os.urandom(8).hex().join(_PART)
            descriptor = unfinished.create(self._here, partial)
            try:
                for data in content:
                    unfinished.write(descriptor, data)
                self._refuse_twice(path, name)
                os.rename(partial, name, src_dir_fd=self._here, dst_dir_fd=self._here)
                self._placed.add(_identity(os.fstat(descriptor)))
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(partial, dir_fd=self._here)
                raise
            finally:
                os.close(descriptor)
        except RunstoneError:
            raise
        except OSError as error:
            raise from_os_error(error, f"Writing {os.path.join(self.folder, path)!r}") from error

    def _enter(self, folders: list[str]) -> None:
        """Go to a folder, made where it is missing; what dead processes left in it is swept."""
        if folders == self._parts:
            return
        here = os.dup(self._top)
        for depth, name in enumerate(folders):
            above = here
            try:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, dir_fd=above)
                here = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
            except OSError as error:
                if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                    raise
                place = os.path.join(self.folder, *folders[: depth + 1])
                raise WrongFileKind(
                    f"{place!r} is a file or a link where a folder is needed; nothing is written through it. Move it away, or fetch into another folder.",
                    place,
                ) from error
            finally:
                os.close(above)
        os.close(self._here)
        self._here, self._parts = here, folders
        unfinished.sweep(here, *_PART)

    def _refuse_twice(self, path: str, name: str) -> None:
        # Names that are two in the store may be one here, where case or the way an accent is written makes no difference.
        with contextlib.suppress(FileNotFoundError):
            if _identity(os.stat(name, dir_fd=self._here, follow_symlinks=False)) in self._placed:
                raise AlreadyExists(
                    f"{path!r} would replace another file that was fetched just now: {self.folder!r} takes their names for one. Fetch them one by one, into different folders."
                )


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
