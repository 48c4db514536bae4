"""Which of the user's own modules a model needs: those below the working folder that its code imports, and that they import. Nothing is run."""

from __future__ import annotations

import ast
import os
import pickletools
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import PathFinder
from types import ModuleType

# By the path below a folder that Python looks in: 'package/module.py' to where it is.
Files = dict[str, str]
# What Python calls the program that it runs, whichever file that is.
_SCRIPT = "__main__"


def of_file(path: str) -> Files:
    """What a file of code needs; not the file itself."""
    return of_modules(imported_by(path, ""))


def of_pickle(path: str) -> Files:
    """What the objects of a pickle need: the modules that it names."""
    with open(path, "rb") as file:
        return of_modules(_words(file.read()))


def of_modules(names: Iterable[str]) -> Files:
    """These modules and what they need, as far as they are the user's own. Names that are no module's do no harm."""
    root = os.path.join(os.path.realpath(os.getcwd()), "")
    found: Files = {}
    waiting, seen = list(names), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        file = _file(name)
        if file is None or not _is_own(file, root):
            continue
        if name == _SCRIPT:  # what is defined in it is pickled whole, and no other process could import it by this name
            waiting += imported_by(file, getattr(sys.modules[name], "__package__", None) or "")
            continue
        found[_place(name, file)] = file
        waiting += imported_by(file, name if _is_package(file) else name.rpartition(".")[0])
        if "." in name:
            waiting.append(name.rpartition(".")[0])
    return found


def followed(names: Iterable[str], code: str) -> set[str]:
    """These modules, and what those of them import that lie in a folder of code, and so on."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        stem = os.path.join(code, *name.split("."))
        for file in (f"{stem}.py", os.path.join(stem, "__init__.py")):
            if os.path.isfile(file):
                waiting += imported_by(file, name if _is_package(file) else name.rpartition(".")[0])
    return found


def _words(content: bytes) -> Iterator[str]:
    """The texts in a pickle that may be a module's name."""
    for _, argument, _ in pickletools.genops(content):
        if isinstance(argument, str) and len(argument) < 500:
            yield argument.partition(" ")[0]  # older protocols have module and name in one


def imported_by(path: str, package: str = "") -> list[str]:
    """The modules that a file's imports may mean, those within functions too."""
    with open(path, "rb") as file:
        try:
            parsed = ast.parse(file.read(), path)
        except (SyntaxError, ValueError):
            return []
    found: list[str] = []
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import):
            found += [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = _above(package, node.level)
            if above is None:
                continue
            base = ".".join(part for part in (above, node.module) if part)
            found += [base, *(f"{base}.{one.name}" for one in node.names)]
    return found


def _above(package: str, level: int) -> str | None:
    """The package that a relative import starts at."""
    if not level:
        return ""
    parts = package.split(".") if package else []
    return ".".join(parts[: len(parts) - level + 1]) if level <= len(parts) else None


def _file(name: str) -> str | None:
    """Where a module's source is: the imported one's, or the one that would be imported."""
    if not all(part.isidentifier() for part in name.split(".")) or name.partition(".")[0] in sys.stdlib_module_names:
        return None
    module = sys.modules.get(name)
    if isinstance(module, ModuleType):
        file = getattr(module, "__file__", None)
    else:
        path: list[str] | None = None
        file = None
        for length in range(1, name.count(".") + 2):
            spec = PathFinder.find_spec(".".join(name.split(".")[:length]), path)
            if spec is None:
                return None
            file, path = spec.origin, list(spec.submodule_search_locations or ())
    if not isinstance(file, str) or not file.endswith(".py") or not os.path.isfile(file):
        return None
    return os.path.realpath(file)


def _is_own(file: str, root: str) -> bool:
    installed = {"site-packages", "dist-packages"}
    return (
        file.startswith(root)
        and not installed.intersection(file.split(os.sep))
        and not file.startswith(os.path.join(os.path.realpath(sys.prefix), ""))
    )


def _is_package(file: str) -> bool:
    return os.path.basename(file) == "__init__.py"


def _place(name: str, file: str) -> str:
    return "/".join(name.split(".")) + ("/__init__.py" if _is_package(file) else ".py")
