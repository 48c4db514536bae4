"""A call when a module has been imported: at once where it is here already."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

_waiting: dict[str, dict[str, Callable[[str], None]]] = {}


class _Finder(importlib.abc.MetaPathFinder):
    """Finds nothing itself: has others find the modules that are waited for, and looks on while they are run."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in _waiting:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec: importlib.machinery.ModuleSpec | None = (
                find(fullname, path, target) if find is not None and finder is not self else None
            )
            if spec is not None:
                _watch(spec.loader, fullname)
                return spec
        return None


_finder = _Finder()


def when_imported(who: str, name: str, call: Callable[[str], None]) -> None:
    """Have `call(name)` called when the module has been imported.

    Args:
        who: who waits; each one's latest call counts.
        name: the module's.
        call: must not raise.
    """
    module = sys.modules.get(name)
    if module is not None and not getattr(module.__spec__, "_initializing", False):
        call(name)
        return
    _waiting.setdefault(name, {})[who] = call
    if module is not None and module.__spec__ is not None:  # it is being imported just now
        _watch(module.__spec__.loader, name)
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def no_longer(who: str) -> None:
    """Wait for nothing any more."""
    for name in list(_waiting):
        _waiting[name].pop(who, None)
        if not _waiting[name]:
            del _waiting[name]
    if not _waiting and _finder in sys.meta_path:
        sys.meta_path.remove(_finder)


def _watch(loader: Any, name: str) -> None:
    execute = getattr(loader, "exec_module", None)
    if execute is None or not hasattr(loader, "__dict__"):
        return

    def exec_module(module: ModuleType) -> None:
        vars(loader).pop("exec_module", None)
        execute(module)
        for call in list(_waiting.pop(name, {}).values()):
            call(name)

    loader.exec_module = exec_module
