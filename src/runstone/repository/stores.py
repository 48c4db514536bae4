"""Which files here are a store's own: they are not read, nor written over, as somebody's files are.

SQLite locks its files by locks that a process has of a file, not of a descriptor: when it closes any other descriptor of that file, it
loses all of them. (sqlite.org/howtocorrupt.html) Another process, which then believes itself alone, damages the database. So a file of an
open database is never opened here; and whether a folder is a store is known without it.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from typing import Protocol
from weakref import WeakSet

from runstone.errors import InvalidParameter, WrongFileKind, from_os_error

DATABASE_NAME = "runstone.db"
# SQLite marks whose file it is in its header; any other number there is a foreign database. ("RNST")
APPLICATION_ID = 0x524E5354
_DATABASE_FILES = frozenset(DATABASE_NAME + end for end in ("", "-wal", "-shm", "-journal"))
_OWN_NAMES = _DATABASE_FILES | {"packs", "incoming", "journal", "console", "files", "git"}
# Those of a database's files that SQLite locks.
_LOCKED = ("", "-shm")
_MAGIC = b"SQLite format 3\0"
# Where the header has the number.
_PLACE = 68

Identity = tuple[int, int]


class Opened(Protocol):
    """A database that this process has open, or may open at any time, while this object is there."""

    path: str


_opened: WeakSet[Opened] = WeakSet()
# No database is opened between a look at its header and the end of that look.
_turn = threading.Lock()


def enter(database: Opened) -> None:
    """Have its files known for what they are. Before it is opened."""
    with _turn:
        _opened.add(database)


def is_store(folder: str) -> bool:
    """Whether a folder is a store, one of ours, whoever has it open."""
    path = os.path.join(folder, DATABASE_NAME)
    try:
        status = os.stat(path)
        with _turn:
            return identity(status) in _locked() or (stat.S_ISREG(status.st_mode) and _is_ours(path))
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise from_os_error(error, f"Reading {path!r}") from error


def is_open_database(status: os.stat_result) -> bool:
    """Whether it is a file of a database that this process has open, by whichever name it was found."""
    with _turn:
        return identity(status) in _locked()


def refuse_folder(folder: str) -> None:
    """Raises WrongFileKind for a store."""
    if is_store(folder):
        raise WrongFileKind(
            f"{folder!r} is a runstone store, whose own files are not read as data. Name a folder beside or below it; to keep a copy of the "
            "store, stop what writes to it and copy the folder with another program.",
            folder,
        )


def refuse_file(path: str, status: os.stat_result | None = None) -> None:
    """Raises InvalidParameter for a file of a store's database. `status` is the file's, where it is known."""
    if is_open_database(os.stat(path) if status is None else status) or (
        os.path.basename(path) in _DATABASE_FILES and is_store(os.path.dirname(path) or ".")
    ):
        raise InvalidParameter(
            f"{path!r} belongs to the database of a runstone store, which no program may read as a file while it has the store open. To log "
            "the store as it is now, have another program (sqlite3's .backup) make a copy under another name, and log that."
        )


def refuse_in(folder: str, name: str, path: str) -> None:
    """Raises InvalidParameter where an entry of a folder is a store's own, so that a file put there would take the store's place.

    Args:
        folder: the folder.
        name: the entry.
        path: what an error calls the file that is to be put there, or below it.
    """
    if name in _OWN_NAMES and is_store(folder):
        raise InvalidParameter(
            f"{path!r} would be put among the files of the runstone store {folder!r}. Fetch it into another folder."
        )


def identity(status: os.stat_result) -> Identity:
    """Which file it is, whatever it is called."""
    return status.st_dev, status.st_ino


def _locked() -> set[Identity]:
    return set(_identities())


def _identities() -> Iterator[Identity]:
    for database in list(_opened):
        for end in _LOCKED:
            try:
                yield identity(os.stat(database.path + end))
            except OSError:
                continue


def _is_ours(path: str) -> bool:
    with open(path, "rb", buffering=0) as file:
        header = file.read(_PLACE + 4)
    return header.startswith(_MAGIC) and header[_PLACE:] == APPLICATION_ID.to_bytes(4, "big")


def _after_fork() -> None:
    # A thread of the parent's may have had it.
    global _turn
    _turn = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
