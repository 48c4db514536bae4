"""A file that is looked at and then read: the same bytes both times, whatever is put under its name meanwhile."""

from __future__ import annotations

import io
import mmap
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from runstone.errors import FileChanged, WrongFileKind, from_os_error

# Bytes of a file that is held in memory. A larger one stays open: another file under its name is not it, but it can be written to.
MOST_IN_MEMORY = 64 << 20


class Held:
    """A file of this machine, as it was when this was made.

    Args:
        path: the file's.
        content: its bytes, where they are in memory already; nothing is read then.

    Attributes:
        path: the same.

    Raises:
        MissingFile: there is none; WrongFileKind: it is a folder, or a pipe, which is not waited for.
    """

    def __init__(self, path: str, content: bytes | None = None) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        if content is not None:
            self._bytes = content
            return
        try:
            number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise from_os_error(error, f"Reading the file {path!r}") from error
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            raise WrongFileKind(f"{path!r} is no file.", path)
        self._file = os.fdopen(number, "rb")
        self._bytes = b""
        if os.fstat(number).st_size <= MOST_IN_MEMORY:
            with self._file as file:
                self._bytes = file.read(MOST_IN_MEMORY + 1)
            if len(self._bytes) > MOST_IN_MEMORY:
                raise FileChanged(f"{path!r} grew while it was read.", path)
            self._file = None

    def __enter__(self) -> Held:
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Read it from its beginning. One reader at a time."""
        if self._file is None:
            yield io.BytesIO(self._bytes)
        else:
            self._file.seek(0)
            yield self._file

    def digest(self) -> str:
        """Its BLAKE3 digest, in hex."""
        from blake3 import blake3

        hasher = blake3(max_threads=blake3.AUTO)
        if self._file is None:
            return hasher.update(self._bytes).hexdigest()
        with mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            return hasher.update(whole).hexdigest()
