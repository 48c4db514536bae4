"""Reading a file of somebody's that may be written meanwhile: what is taken is what it held at one moment, or there is an error."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from io import FileIO

from runstone.errors import FileChanged, MissingFile, RunstoneError, WrongFileKind, from_os_error
from runstone.repository.stores import refuse_file


def read_steadily(source: str, read: Callable[[FileIO, int], object], forget: Callable[[], object]) -> None:
    """Have a regular file read, once more where it changed meanwhile. Raises FileChanged where it does so again, MissingFile, WrongFileKind,
    InvalidParameter for a file of a store's database.

    Args:
        source: the file's path.
        read: takes the open file, at its start, and the size it has in bytes.
        forget: undoes what `read` did.
    """
    for _ in (1, 2):
        try:
            # Asked before it is opened: opening a pipe would wait for its writer.
            status = os.stat(source)
            if not stat.S_ISREG(status.st_mode):
                raise WrongFileKind(f"{source!r} is no regular file; only files can be logged.", source)
            refuse_file(source, status)
            with open(source, "rb", buffering=0) as file:
                before = os.fstat(file.fileno())
                read(file, before.st_size)
                after = os.stat(source)
        except RunstoneError:
            raise
        except FileNotFoundError as error:
            raise MissingFile(_missing(source), source) from error
        except OSError as error:
            raise from_os_error(error, f"Reading {source!r}") from error
        if _stamp(before) == _stamp(after):
            return
        forget()
    raise FileChanged(f"{source!r} changed while it was being logged, twice. Log it when its writer is done.", source)


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    # The time of change (ctime) cannot be set back, as that of modification can.
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _missing(source: str) -> str:
    if os.path.islink(source):
        return f"{source!r} is a link to {os.readlink(source)!r}, which does not exist. Remove the link, or make what it leads to."
    return f"{source!r} went away while it was being logged. Log it when its writer is done."
