"""A user's folder that files are put into: nothing outside it is touched, and a file is under its name only when it is whole."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType

from runstone.errors import AlreadyExists, CorruptData, RunstoneError, WrongFileKind, from_os_error
from runstone.repository import unfinished
from runstone.repository.chunks import digest_of_file
from runstone.repository.duplicating import clone, copy
from runstone.repository.resumed import open_partial, sweep_old
from runstone.repository.stores import is_open_database, refuse_in

# A name of its own length: what is fetched may have the longest name that the file system takes.
_PART = (".runstone-", ".part")
# Another file system, one that knows no links, or nothing of that name any more.
_NO_LINK = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOENT)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_Identity = tuple[int, int]


class Destination:
    """A folder that is open for files. Folders below it are made as needed; a link among them is not followed.

    Args:
        folder: an existing one; it may itself be a link.
        beside: another one of the same folder, that other files are put in by another thread: no file of either replaces one of the other's.

    Attributes:
        spares: whether a file that somebody else put under a name, with other bytes, is left as it is (AlreadyExists is raised then);
            else it is replaced.
    """

    def __init__(self, folder: str, beside: Destination | None = None) -> None:
        self.folder = folder
        try:
            self._top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise from_os_error(error, f"Opening the folder {folder!r}") from error
        self._here = os.dup(self._top)
        self._parts: list[str] | None = None
        # Files that were put here, each with its names: folder and name in it.
        self._placed: dict[_Identity, set[tuple[_Identity, str]]] = {} if beside is None else beside._placed
        self._guard: threading.Lock = threading.Lock() if beside is None else beside._guard
        self.spares: bool = beside is not None and beside.spares

    def __enter__(self) -> Destination:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._here)
        os.close(self._top)

    def put(self, path: str, content: Iterable[bytes]) -> None:
        """Write a file and let it replace what is there under its name. Nothing is replaced where the content raises.

        Args:
            path: below the folder, plain, with '/' between its parts.
            content: the bytes, piece by piece.
        """
        with self._writing(path), self._finishing(path, *self._create()) as (_, descriptor):
            for data in content:
                unfinished.write(descriptor, data)

    def put_resumed(self, path: str, whole: str, fill: Callable[[int], None]) -> None:
        """The same with a content that takes long: where this is broken off, what arrived stays for the next who puts it here.

        Args:
            path: as for `put`.
            whole: the content's digest.
            fill: writes what is missing to the file, a descriptor.
        """
        with self._writing(path):
            partial = open_partial(self._here, whole)
            with self._finishing(path, *(partial or self._create()), keep=partial is not None) as (_, descriptor):
                fill(descriptor)

    def put_copy(self, path: str, source: int, name: str | None, is_good: Callable[[], bool]) -> bool:
        """Let a file have the bytes of one that is here: it shares its blocks where the file system can; else it is one more name of it,
        where that is allowed and possible; else it is a copy.

        Args:
            path: as for `put`.
            source: the one that is here, a descriptor.
            name: the path of it, where this may be one more name of it. Another file that has that name meanwhile is not taken for it.
            is_good: asked when the bytes are here. Where they are not, nothing is replaced and False comes back.
        """
        try:
            with self._writing(path), self._finishing(path, *self._create()) as (partial, descriptor):
                if not clone(source, descriptor) and not (name and self._link(source, name, partial)):
                    copy(source, descriptor)
                if not is_good():
                    raise _ChangedError
        except _ChangedError:
            return False
        return True

    def make_executable(self, path: str) -> None:
        """Let a file that was put here be run by whoever may read it."""
        with self._writing(path):
            descriptor = os.open(
                path.rpartition("/")[2], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=self._here
            )
            try:
                mode = os.fstat(descriptor).st_mode
                os.fchmod(descriptor, stat.S_IMODE(mode | (mode & 0o444) >> 2))
            finally:
                os.close(descriptor)

    def is_taken(self, path: str) -> bool:
        """Whether anything is under its name. No folder is made to find out. Raises WrongFileKind where a folder is."""
        *folders, name = path.split("/")
        try:
            self._enter(folders, make=False)
            if stat.S_ISDIR(os.stat(name, dir_fd=self._here, follow_symlinks=False).st_mode):
                raise self._folder_in_the_way(path)
            return True
        except FileNotFoundError:
            return False
        except RunstoneError:
            raise
        except OSError as error:
            raise from_os_error(error, f"Looking for {os.path.join(self.folder, path)!r}") from error

    def holds(self, path: str, whole: Callable[[], str], size: int) -> bool:
        """Whether a content is under its name already: what is there is read and compared. Its digest is asked for where the size fits."""
        name = path.rpartition("/")[2]
        with self._writing(path):
            try:
                if is_open_database(os.stat(name, dir_fd=self._here, follow_symlinks=False)):
                    return False
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=self._here)
            except OSError:
                return False
            with open(descriptor, "rb", buffering=0) as file:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode) or status.st_size != size or digest_of_file(file) != whole():
                    return False
            with self._guard:
                self._note(_identity(status), name)
        return True

    @contextlib.contextmanager
    def _writing(self, path: str) -> Iterator[None]:
        """In the folder of a path, which is no store's own; what goes wrong is told in words."""
        *folders, name = path.split("/")
        try:
            self._enter(folders)
            refuse_in(os.path.join(self.folder, *folders), name, path)
            yield
        except RunstoneError:
            raise
        except IsADirectoryError as error:
            raise self._folder_in_the_way(path) from error
        except OSError as error:
            raise from_os_error(error, f"Writing {os.path.join(self.folder, path)!r}") from error

    def _folder_in_the_way(self, path: str) -> WrongFileKind:
        place = os.path.join(self.folder, path)
        return WrongFileKind(
            f"{place!r} is a folder, and a file is to be put there. Move it away, or fetch into another folder.", place
        )

    def _create(self) -> tuple[str, int]:
        partial = os.urandom(8).hex().join(_PART)
        return partial, unfinished.create(self._here, partial)

    @contextlib.contextmanager
    def _finishing(self, path: str, partial: str, descriptor: int, keep: bool = False) -> Iterator[tuple[str, int]]:
        """Give the file its own name when it is written. Where it is not, take it away, unless what is there is good (`keep`)."""
        name = path.rpartition("/")[2]
        try:
            yield partial, descriptor
            with self._guard:
                self._refuse_twice(path, name)
                if self.spares:
                    self._refuse_other(path, name, partial)
                identity = _identity(os.stat(partial, dir_fd=self._here, follow_symlinks=False))
                os.rename(partial, name, src_dir_fd=self._here, dst_dir_fd=self._here)
                self._note(identity, name)
        except BaseException as error:
            if not keep or isinstance(error, CorruptData) or getattr(error, "errno", None) in _NO_ROOM:
                with contextlib.suppress(OSError):
                    os.unlink(partial, dir_fd=self._here)
            raise
        finally:
            unfinished.unlock(descriptor)

    def _link(self, source: int, name: str, partial: str) -> bool:
        other = os.urandom(8).hex().join(_PART)
        try:
            os.link(name, other, dst_dir_fd=self._here, follow_symlinks=False)
        except OSError as error:
            if error.errno in _NO_LINK:
                return False
            raise
        if _identity(os.stat(other, dir_fd=self._here, follow_symlinks=False)) != _identity(os.fstat(source)):
            os.unlink(other, dir_fd=self._here)
            return False
        os.rename(other, partial, src_dir_fd=self._here, dst_dir_fd=self._here)
        return True

    def _enter(self, folders: list[str], make: bool = True) -> None:
        """Go to a folder, made where it is missing (unless told not to); what dead processes left in it is swept."""
        if folders == self._parts:
            return
        here = os.dup(self._top)
        for depth, name in enumerate(folders):
            above = here
            try:
                refuse_in(os.path.join(self.folder, *folders[:depth]), name, "/".join(folders))
                if make:
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
        sweep_old(here)

    def _note(self, file: _Identity, name: str) -> None:
        self._placed.setdefault(file, set()).add((_identity(os.fstat(self._here)), name))

    def _refuse_twice(self, path: str, name: str) -> None:
        # Names that are two in the store may be one here, where case or the way an accent is written makes no difference.
        with contextlib.suppress(FileNotFoundError):
            file = _identity(os.stat(name, dir_fd=self._here, follow_symlinks=False))
            if file in self._placed and not self._is_one_more_name(name, self._placed[file]):
                raise AlreadyExists(
                    f"{path!r} would replace another file that was fetched just now: {self.folder!r} takes their names for one. Fetch them one by one, into different folders."
                )

    def _refuse_other(self, path: str, name: str, partial: str) -> None:
        try:
            if self._digest_at(name) == self._digest_at(partial):
                return
        except FileNotFoundError:
            return
        except OSError:
            pass  # a link, or what may not be read: it is somebody's all the same
        place = os.path.join(self.folder, path)
        raise AlreadyExists(
            f"{place!r} was put there while it was being fetched, with other bytes, and is left as it is. Fetch into another folder."
        )

    def _digest_at(self, name: str) -> str:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=self._here)
        with open(descriptor, "rb", buffering=0) as file:
            return digest_of_file(file)

    def _is_one_more_name(self, name: str, names: set[tuple[_Identity, str]]) -> bool:
        """Whether a file that is here has this name beside those, as hard links have: each can be replaced by itself."""
        here = _identity(os.fstat(self._here))
        others = {other for folder, other in names if folder == here}
        return name not in others and (not others or {name, *others}.issubset(os.listdir(self._here)))


class _ChangedError(Exception):
    """What was copied was written meanwhile."""


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino
