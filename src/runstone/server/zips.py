"""A folder of files as one zip, made as it is sent: no more of it is held than a piece. Nothing is compressed again."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from runstone.entities import FileInfo
from runstone.operations.engine import Engine
from runstone.operations.owners import Place
from runstone.operations.reading import open_file

# A file from here on is written as one that may have more than 4 GiB.
_LARGE = 1 << 31
# Times of logging are not kept: the same files make the same zip.
_TIME = (1980, 1, 1, 0, 0, 0)


class _Sink(io.RawIOBase):
    """What was written and not sent yet."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(self._pieces[-1])

    def take(self) -> bytes:
        """All of it, once."""
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found


def zipped(engine: Engine, owner: str, folder: str, files: Sequence[FileInfo]) -> Iterator[bytes]:
    """The zip, in pieces; its names are paths in the folder. Raises what reading a file raises: who is sent it must not take it for whole.

    Args:
        engine: the store.
        owner: whose the files are.
        folder: the folder that they are in; "" is the top.
        files: they.
    """
    sink = _Sink()
    start = len(f"{folder}/") if folder else 0
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            name = file.path[start:] or file.path.rpartition("/")[2]
            entry = zipfile.ZipInfo(name, _TIME)
            entry.external_attr = (0o100755 if file.executable else 0o100644) << 16
            opened = open_file(engine, Place(owner, file.path))
            try:
                with archive.open(entry, "w", force_zip64=opened.size >= _LARGE) as target:
                    for piece in opened.read(0, opened.size):
                        target.write(piece)
                        yield sink.take()
            finally:
                opened.close()
            yield sink.take()
    yield sink.take()
