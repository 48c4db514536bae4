"""What is installed for this Python: distributions by name, and whose a file is. Read off the metadata folders on the path.

`importlib.metadata` knows it too, but opens the list of files of every distribution for it (0.1 s of CPU for a hundred). Here a folder's
name says name and version, and a list of files is opened only to look for one file in it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from functools import cached_property
from urllib.parse import unquote, urlsplit

from runstone.environments.requirement import Requirement, key, parse


class Distribution:
    """One that is installed.

    Attributes:
        name: as it calls itself.
        version: likewise, with a local part where it has one.
        folder: with its metadata (a file, of some very old ones).
        root: where its files are, of those that lie on the path.
    """

    def __init__(self, folder: str) -> None:
        self.folder, self.root = folder, os.path.dirname(folder)
        stem = os.path.basename(folder).removesuffix(".dist-info").removesuffix(".egg-info")
        self.name, _, rest = stem.partition("-")
        # an egg's name goes on with the Python that it is for; one of a working folder has no version
        self.version = rest.split("-py")[0] if folder.endswith(".egg-info") else rest
        self.described = folder.endswith(".dist-info")
        if not self.version:
            self.version = self._field("Version")

    def __repr__(self) -> str:
        return f"<Distribution {self.name} {self.version}>"

    @cached_property
    def called(self) -> str:
        """Its name as it is published: with the hyphens and capitals that its folder has not."""
        return self._field("Name") or self.name

    @cached_property
    def requires(self) -> tuple[Requirement, ...]:
        """What it needs itself, with and without extras; what cannot be read is left out."""
        found = []
        for line in self._fields("Requires-Dist"):
            try:
                found.append(parse(line))
            except ValueError:
                continue
        return tuple(found)

    @cached_property
    def origin(self) -> dict[str, object]:
        """Where it was installed from, when that was no index (PEP 610); else empty."""
        try:
            found = json.loads(self._read("direct_url.json") or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def working_folder(self) -> str | None:
        """The folder that it is installed from without being copied (`pip install -e`)."""
        info, url = self.origin.get("dir_info"), self.origin.get("url")
        if isinstance(info, dict) and info.get("editable") and isinstance(url, str):
            return unquote(urlsplit(url).path)
        if self.folder.endswith(".egg-info") and not os.path.exists(os.path.join(self.folder, "installed-files.txt")):
            return self.root if "site-packages" not in self.root and "dist-packages" not in self.root else None
        return None

    @cached_property
    def _files(self) -> bytes:
        name = "RECORD" if self.described else "installed-files.txt"
        return b"\n" + (self._read(name) or "").encode("utf-8", "surrogateescape").replace(b'"', b"")

    def has(self, path: str) -> bool:
        """Whether a file is its own; the path is relative to `root`, with slashes."""
        wanted = path.encode("utf-8", "surrogateescape")
        if self.described:
            return b"\n" + wanted + b"," in self._files
        return b"/" + wanted + b"\n" in self._files

    def _read(self, name: str) -> str | None:
        try:
            with open(os.path.join(self.folder, name), encoding="utf-8", errors="surrogateescape") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError):
            return None

    @cached_property
    def _head(self) -> list[str]:
        if os.path.isfile(self.folder):
            with open(self.folder, encoding="utf-8", errors="replace") as file:
                text = file.read()
        else:
            text = self._read("METADATA" if self.described else "PKG-INFO") or ""
        return text.partition("\n\n")[0].splitlines()

    def _fields(self, name: str) -> list[str]:
        return [line[len(name) + 1 :].strip() for line in self._head if line.startswith(f"{name}:")]

    def _field(self, name: str) -> str:
        return next(iter(self._fields(name)), "")


class Installed:
    """All distributions on a path; the first of a name counts, as in imports."""

    def __init__(self, path: Iterable[str]) -> None:
        self._of: dict[str, Distribution] = {}
        self._owners: dict[str, Distribution | None] = {}
        for folder in path:
            for one in _listed(folder):
                self._of.setdefault(key(one.name), one)

    def find(self, name: str) -> Distribution | None:
        """The distribution of a name."""
        return self._of.get(key(name))

    def owner(self, file: str) -> Distribution | None:
        """The distribution that a file of the disk belongs to."""
        if file not in self._owners:
            real = os.path.realpath(file)
            self._owners[file] = self._listing(os.path.abspath(file)) or self._listing(real) or self._editable(real)
        return self._owners[file]

    def _listing(self, file: str) -> Distribution | None:
        # One that is called as the folder is asked first: mostly it is the one, and no other list is read.
        for one in sorted(self._of.values(), key=lambda one: not file.startswith(os.path.join(one.root, one.name))):
            for root in (one.root, os.path.realpath(one.root)):
                if file.startswith(root + os.sep) and one.has(os.path.relpath(file, root).replace(os.sep, "/")):
                    return one
        return None

    def _editable(self, file: str) -> Distribution | None:
        above = [
            (len(folder), one) for one in self._of.values() if (folder := one.working_folder) and _within(file, folder)
        ]
        return max(above, key=lambda each: each[0])[1] if above else None


_known: tuple[object, Installed] | None = None
_folders: dict[str, tuple[int, list[Distribution]]] = {}


def here() -> Installed:
    """What is installed for this process; a folder of the path is looked at again when it has changed."""
    global _known
    state = tuple((folder, _changed(folder)) for folder in sys.path)
    if _known is None or _known[0] != state:
        _known = (state, Installed(sys.path))
    return _known[1]


def _listed(folder: str) -> list[Distribution]:
    # By folder: the working folder is on the path, too, and changes often.
    folder = os.path.abspath(folder or ".")
    changed = _changed(folder)
    if folder not in _folders or _folders[folder][0] != changed:
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            names = []
        wanted = [name for name in names if name.endswith((".dist-info", ".egg-info")) and not name.startswith("~")]
        _folders[folder] = (changed, [Distribution(os.path.join(folder, name)) for name in wanted])
    return _folders[folder][1]


def _within(file: str, folder: str) -> bool:
    return file.startswith(os.path.join(os.path.realpath(folder), ""))


def _changed(folder: str) -> int:
    try:
        return os.stat(folder or ".").st_mtime_ns
    except OSError:
        return 0
