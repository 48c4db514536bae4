"""Plain files in a folder here. No link is followed below it; a file is under its name only when it is whole and on disk."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterable, Iterator

from runstone.errors import CorruptData, InvalidParameter, RunstoneError, from_os_error
from runstone.repository import unfinished
from runstone.repository.plain import PIECE, PlainFile

# Of a name of its own length, so that the file may have the longest that the file system takes.
_PART = (".runstone-", ".part")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


class FolderPlain:
    """A folder.

    Args:
        folder: absolute; made when something is first written. It may itself be a link.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def put(self, path: str, content: Iterable[bytes]) -> None:
        """Write it beside its name, sync it, rename it."""
        *folders, name = path.split("/")
        try:
            os.makedirs(self.folder, exist_ok=True)
            place = self._enter(folders, make=True)
            assert place is not None
            try:
                self._write(place, name, content)
            finally:
                os.close(place)
        except RunstoneError:
            raise
        except OSError as error:
            if error.errno in (
                errno.ENOTDIR,
                errno.EISDIR,
                errno.ELOOP,
                errno.EEXIST,
                errno.ENOTEMPTY,
                errno.ENAMETOOLONG,
            ):
                raise InvalidParameter(
                    f"Invalid artifact path: {path!r} cannot be written in {self.folder!r}: {error.strerror}. Take another name."
                ) from error
            raise from_os_error(error, f"Writing {os.path.join(self.folder, path)!r}") from error

    def open(self, path: str) -> _Reader | None:
        """The file of that path."""
        descriptor = self._open(path)
        return None if descriptor is None else _Reader(self.folder, path, descriptor)

    def below(self, folder: str) -> list[PlainFile]:
        """All files at and below a path."""
        one = self.open(folder) if folder else None
        if one is not None:
            one.close()
            return [one.file]
        found: list[PlainFile] = []
        try:
            place = self._enter(folder.split("/") if folder else [], make=False)
            if place is not None:
                self._walk(place, f"{folder}/" if folder else "", found)
        except OSError as error:
            raise from_os_error(error, f"Listing {os.path.join(self.folder, folder)!r}") from error
        return sorted(found)

    def delete(self, path: str) -> None:
        """Take it away."""
        *folders, name = path.split("/")
        try:
            place = self._enter(folders, make=False)
            if place is not None:
                try:
                    _remove(place, name)
                finally:
                    os.close(place)
        except OSError as error:
            raise from_os_error(error, f"Deleting {os.path.join(self.folder, path)!r}") from error

    def _enter(self, folders: list[str], *, make: bool) -> int | None:
        """A descriptor of the folder; None where there is none, or a link or file is in the way and nothing is to be made."""
        try:
            here = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            return None
        for name in folders:
            above = here
            try:
                if make:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(name, dir_fd=above)
                        os.fsync(above)
                here = os.open(name, _FOLDER, dir_fd=above)
            except OSError as error:
                if make or error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG):
                    raise
                return None
            finally:
                os.close(above)
        return here

    def _write(self, place: int, name: str, content: Iterable[bytes]) -> None:
        unfinished.sweep(place, *_PART)
        partial = os.urandom(8).hex().join(_PART)
        descriptor = unfinished.create(place, partial)
        try:
            for data in content:
                unfinished.write(descriptor, data)
            os.fsync(descriptor)
            os.rename(partial, name, src_dir_fd=place, dst_dir_fd=place)
            os.fsync(place)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(partial, dir_fd=place)
            raise
        finally:
            os.close(descriptor)

    def _open(self, path: str) -> int | None:
        """A descriptor of the file; None where there is none: a link is none, nor is a pipe, which must not be waited for."""
        *folders, name = path.split("/")
        try:
            place = self._enter(folders, make=False)
            if place is None:
                return None
            try:
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place)
            finally:
                os.close(place)
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                return descriptor
            os.close(descriptor)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.ENAMETOOLONG):
                raise from_os_error(error, f"Opening {os.path.join(self.folder, path)!r}") from error
        return None

    def _walk(self, top: int, prefix: str, found: list[PlainFile]) -> None:
        # A stack of our own: folders may be nested deeper than Python calls.
        places = [(top, prefix)]
        try:
            while places:
                place, prefix = places.pop()
                try:
                    for name in os.listdir(place):
                        if name.startswith(_PART[0]) and name.endswith(_PART[1]):
                            continue
                        with contextlib.suppress(FileNotFoundError):  # gone since it was listed
                            status = os.stat(name, dir_fd=place, follow_symlinks=False)
                            if stat.S_ISDIR(status.st_mode):
                                places.append((os.open(name, _FOLDER, dir_fd=place), f"{prefix}{name}/"))
                            elif stat.S_ISREG(status.st_mode):
                                found.append(_file(prefix + name, status))
                finally:
                    os.close(place)
        except BaseException:
            for place, _ in places:
                os.close(place)
            raise


class _Reader:
    """One file, by its descriptor; a file object has it, which closes it too when nobody holds this any more."""

    def __init__(self, folder: str, path: str, descriptor: int) -> None:
        self._folder, self._open = folder, os.fdopen(descriptor, "rb", buffering=0)
        self.file = _file(path, os.fstat(descriptor))

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """A stretch of it."""
        return (self._piece(at, min(PIECE, stop - at)) for at in range(start, stop, PIECE))

    def _piece(self, start: int, length: int) -> bytes:
        path = self.file.path
        try:
            data = os.pread(self._open.fileno(), length, start)
        except OSError as error:
            raise from_os_error(error, f"Reading {os.path.join(self._folder, path)!r}") from error
        if len(data) != length:
            raise CorruptData(f"{path!r} in {self._folder!r} was shortened while it was read. Read it again.")
        return data

    def close(self) -> None:
        """Close the descriptor."""
        self._open.close()


def _file(path: str, status: os.stat_result) -> PlainFile:
    return PlainFile(path, status.st_size, f"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}")


def _remove(place: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=place)
        return
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno not in (errno.EISDIR, errno.EPERM):
            raise
    folder = os.open(name, _FOLDER, dir_fd=place)
    try:
        for inner in os.listdir(folder):
            _remove(folder, inner)
    finally:
        os.close(folder)
    with contextlib.suppress(OSError):  # something was put into it meanwhile: it stays
        os.rmdir(name, dir_fd=place)
