"""SEAM 4: plain files at a place that the operator named, a folder or a bucket, as other programs write and read them too.

Nothing is cut, shared or named by its digest there: what is written is the file. (Its tests: tests/contracts/test_plain.py)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

PIECE = 1024 * 1024


class PlainFile(NamedTuple):
    """A file: its path below the place, its size in bytes, and a text that changes when it does."""

    path: str
    size: int
    version: str


class PlainReader(Protocol):
    """A file that was opened: the same one to the end, whatever takes its name meanwhile. Whoever opened it closes it."""

    file: PlainFile

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` to before `stop`, in pieces. Raises CorruptData where they are not there any more."""
        ...

    def close(self) -> None:
        """Let go of it. Nothing of it is read then or later."""
        ...


class Plain(Protocol):
    """A place for plain files. Paths are relative and plain, with '/' between their parts; whoever asks has checked them."""

    def put(self, path: str, content: Iterable[bytes]) -> None:
        """Write a file, in place of one of that name: all of it or nothing of it, also where the content raises; for good when this
        returns. Raises InvalidParameter where a file stands for one of its folders, or a folder in its place."""
        ...

    def open(self, path: str) -> PlainReader | None:
        """The file of that path, opened; None where there is none."""
        ...

    def below(self, folder: str) -> list[PlainFile]:
        """All files at and below a path ('' for all), by path."""
        ...

    def delete(self, path: str) -> None:
        """Take away a file, or a folder with all that is in it; nothing happens where there is none."""
        ...


def open_place(uri: str) -> Plain:
    """The place that an operator's words mean: a path, a file: URI, or a bucket's. Raises InvalidParameter for another kind."""
    from runstone.errors import InvalidParameter

    scheme, separator, rest = uri.partition("://")
    if not separator or scheme == "file":
        import os
        from urllib.parse import unquote

        from runstone.repository.plain.folder import FolderPlain

        path = unquote(rest) if separator else uri.removeprefix("file:")
        if not path or (separator and not path.startswith("/")) or "\0" in path:
            raise InvalidParameter(f"{uri!r} names no folder. Write a path, or file:///path.")
        return FolderPlain(os.path.abspath(path))
    if scheme in ("s3", "gs", "gcs", "az", "azure", "abfs", "abfss", "wasbs"):
        from runstone.repository.plain.bucket import BucketPlain

        return BucketPlain(uri)
    raise InvalidParameter(
        f"{uri!r} names no place for artifacts. Give a folder, or a bucket: s3://bucket/path, gs://, az://."
    )
