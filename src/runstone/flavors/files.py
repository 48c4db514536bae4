"""A saved model's files: in a folder of this machine; or, where they are small, in memory until somebody needs them in a folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple


class Content(NamedTuple):
    """A file's bytes, and whether it may be run."""

    data: bytes
    executable: bool = False


class Files:
    """A model's files.

    Args:
        folder: that they are in; None where they are in memory.
        contents: of those in memory, by their plain paths.
        others: gives the contents of the rest, which a folder is to have as well.
        place: gives a new, empty folder to put all of them in.
    """

    def __init__(
        self,
        folder: str | None,
        contents: Mapping[str, Content] | None = None,
        others: Callable[[], Mapping[str, Content]] | None = None,
        place: Callable[[], str] | None = None,
    ) -> None:
        self._folder, self._contents, self._others, self._place = folder, contents or {}, others, place
        self._one_at_a_time = threading.Lock()

    @property
    def folder(self) -> str:
        """The folder, absolute; they are put into one the first time it is asked for. Nothing in it may be changed."""
        with self._one_at_a_time:
            if self._folder is None:
                assert self._place is not None
                everything = {**self._contents, **(self._others() if self._others is not None else {})}
                folder = os.path.abspath(self._place())
                for name, content in everything.items():
                    _write(os.path.join(folder, name), content)
                self._folder = folder
            return self._folder

    def content(self, name: object) -> bytes | None:
        """A file's bytes; None where it is not in memory."""
        found = self._contents.get(name) if isinstance(name, str) else None
        return None if found is None else found.data


def _write(path: str, content: Content) -> None:
    above = os.path.dirname(path)
    if not os.path.isdir(above):
        os.makedirs(above)
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o777 if content.executable else 0o666)
    with open(number, "wb") as file:
        file.write(content.data)
