"""From a method and a path to what answers it: rows of the operations table, and the few routes that carry bytes or pages.

A path without names in it is found in a dict, whatever the number of routes; only the others are tried one by one.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import runstone.operations
from runstone.operations.table import TABLE, Operation, Permission

# Each row is asked under all of these; MLflow's own page uses the second pair.
PREFIXES = ("/api/2.0", "/api/3.0", "/ajax-api/2.0", "/ajax-api/3.0")

# In the scope of a request that is answered as long as its client listens: a server that ends does not wait for it.
ENDLESS = "runstone.endless"


class Route(NamedTuple):
    """What answers a method and a path.

    `path` may hold `{name}` for one part of it, or, at its end, `{name:path}` for all the rest. `answer` is a row of the table, or a
    coroutine function of a Starlette request. `permission` None: anybody may ask. `root`: it is asked without any prefix.
    """

    method: str
    path: str
    answer: Any
    permission: Permission | None
    root: bool = False


class Found(NamedTuple):
    """A route, and the texts that stood in the path where it has names."""

    route: Route
    named: dict[str, str]


def table_routes() -> list[Route]:
    """A route for each way to ask each row of the table."""
    for module in pkgutil.iter_modules(runstone.operations.__path__):
        importlib.import_module(f"runstone.operations.{module.name}")
    rows: Iterable[Operation[Any, Any]] = TABLE.values()
    return [Route(method, path, row, row.permission) for row in rows for method, path in row.routes]


class Routes:
    """All routes of a server.

    Args:
        routes: what it serves.
        prefix: a path that stands before every other, where the server is one of several behind a proxy.
    """

    def __init__(self, routes: Iterable[Route], prefix: str = "") -> None:
        self._plain: dict[tuple[str, str], Found] = {}
        self._named: list[tuple[re.Pattern[str], dict[str, Route]]] = []
        patterns: dict[str, dict[str, Route]] = {}
        self.all: list[Route] = []
        for route in routes:
            for before in ("",) if route.root else PREFIXES:
                path = prefix + before + route.path
                self.all.append(route._replace(path=path))
                if "{" in path:
                    patterns.setdefault(path, {})[route.method] = route
                else:
                    self._plain[route.method, path] = Found(route, {})
        # The more a path says itself, the earlier it is tried.
        for path in sorted(patterns, key=lambda path: (":path}" in path, -len(path))):
            self._named.append((_pattern(path), patterns[path]))
        self._paths = {path for _, path in self._plain}

    def find(self, method: str, path: str) -> Found | None:
        """What answers; None where nothing does."""
        found = self._plain.get((method, path))
        if found is None and path not in self._paths:
            for pattern, methods in self._named:
                match = pattern.fullmatch(path)
                if match is not None and method in methods:
                    return Found(methods[method], match.groupdict())
        return found

    def methods(self, path: str) -> list[str]:
        """The methods that the path answers to."""
        allowed = {method for method, plain in self._plain if plain == path}
        for pattern, methods in self._named:
            if pattern.fullmatch(path) is not None:
                allowed |= methods.keys()
        return sorted(allowed)


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"{(\w+)(:path)?}", path)
    text = re.escape(parts[0])
    for place in range(1, len(parts), 3):
        text += f"(?P<{parts[place]}>{'.*' if parts[place + 1] else '[^/]+'})" + re.escape(parts[place + 2])
    return re.compile(text, re.DOTALL)
