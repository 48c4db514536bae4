"""The Python code that came with a model is made importable: from a copy, so that nothing is written beside the model; and never in another's place."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from typing import NamedTuple

from runstone.errors import Conflict
from runstone.flavors.flavor import Folder, check_path
from runstone.models.temporary import temporary

# Folders that Python makes beside code, and what is in them.
_PASSED_OVER = "__pycache__"
_one_at_a_time = threading.Lock()


class _Added(NamedTuple):
    """Code of one name that models brought."""

    files: dict[str, bytes]
    folder: str


# By the name that is imported: 'helper' of helper.py, 'package' of package/...
_added: dict[str, _Added] = {}


def add_code(folder: Folder, own: bool) -> None:
    """Let Python find the code that came with a model. Asked of its trust first.

    Args:
        folder: the model's.
        own: whether it is a temporary one of this process, which Python may write its caches to.

    Raises:
        Conflict: other code of the same name is in use here. Python has one module of a name; which one it took would be chance.
    """
    code = folder.block.get("code") or folder.pyfunc.get("code")
    if not code:
        return
    path = check_path(folder.path, code, "code path")
    folder.trust.code(path)
    with _one_at_a_time:
        brought = _by_name(path)
        brought.pop("__main__", None)  # a script that was copied along: here that name is this program's
        missing = [name for name, files in brought.items() if not _is_there(name, files)]
        if not missing:
            return
        place = path if own else _copied(path)
        for name in missing:
            _added[name] = _Added(brought[name], place)
        sys.path.insert(0, place)


def _by_name(path: str) -> dict[str, dict[str, bytes]]:
    """The files of a folder of code, by what is imported."""
    found: dict[str, dict[str, bytes]] = {}
    for above, folders, names in os.walk(path):
        folders[:] = [name for name in folders if name != _PASSED_OVER]
        for name in names:
            file = os.path.join(above, name)
            inner = os.path.relpath(file, path).replace(os.sep, "/")
            with open(file, "rb") as opened:
                found.setdefault(inner.partition("/")[0].removesuffix(".py"), {})[inner] = opened.read()
    return found


def _is_there(name: str, files: dict[str, bytes]) -> bool:
    """Whether the same code is importable already. Raises Conflict where other code is."""
    known = _added.get(name)
    if known is not None:
        if known.files == files:
            return True
        raise _conflict(name, files, known.files, known.folder)
    module = sys.modules.get(name)
    if module is None:
        return False
    roots = [os.path.dirname(place) for place in getattr(module, "__path__", ())]
    file = getattr(module, "__file__", None)
    roots = roots or ([os.path.dirname(file)] if file else [])
    for root in roots:
        here = {inner: _read(os.path.join(root, inner)) for inner in files}
        if here == files:
            return True
    raise _conflict(name, files, {}, roots[0] if roots else "this program")


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def _conflict(name: str, files: dict[str, bytes], others: dict[str, bytes], where: str) -> Conflict:
    different = next(
        (inner for inner in files if others.get(inner, _read(os.path.join(where, inner))) != files[inner]), name
    )
    return Conflict(
        f"The model brings its own {different!r}, and other code of that name is in use here, from {where!r}. Python has one module of a name: "
        "load the model in a process of its own, or give the module another name."
    )


def _copied(path: str) -> str:
    place = os.path.join(temporary("code"), "code")
    # the bytes alone: what is stored may be there for reading only
    shutil.copytree(path, place, ignore=shutil.ignore_patterns(_PASSED_OVER), copy_function=shutil.copyfile)
    for folder, _, _ in os.walk(place):
        os.chmod(folder, 0o700)
    return place
