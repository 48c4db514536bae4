"""What this installation is, which store it speaks to and whether that is well: for a person with a question, or a bug report."""

from __future__ import annotations

import os
import sys
from typing import Any

from runstone import settings
from runstone.errors import RunstoneError

_PACKAGES = ("msgspec", "numpy", "blake3", "pyfastcdc", "click", "rich", "PyYAML")


def report() -> dict[str, Any]:
    """Versions, the store's address and why it is that one, what is in it, whether it is well and which files it refused, and the settings that are set."""
    import platform

    from runstone.addresses import masked
    from runstone.fluent.location import get_tracking_uri
    from runstone.transport.discovery import is_store

    address = get_tracking_uri()
    found: dict[str, Any] = {
        "runstone": _version("runstone"),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "settings": _settings(),
        "store": masked(address),
        "chosen_by": _chosen_by(),
        "exists": is_store(address),
    }
    if found["exists"]:
        found.update(_contents())
    return found


def as_lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    """A report as names and sentences."""
    lines = []
    for name, value in found.items():
        if isinstance(value, dict):
            separator = " = " if name == "settings" else " "
            shown = ", ".join(f"{key}{separator}{item}" for key, item in value.items()) or "none set"
        elif isinstance(value, list):
            shown = ", ".join(map(str, value)) or "none"
        elif isinstance(value, bool):
            shown = "yes" if value else "no"
        else:
            shown = "none" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
        lines.append((name.replace("_", " "), shown))
    if not found["exists"]:
        lines.append(("", "the store is made when the first run is logged"))
    return lines


def doctor(mask_envs: bool = False) -> None:
    """Print the report.

    Args:
        mask_envs: leave the values of environment variables out.
    """
    found = report()
    if mask_envs:
        found["settings"] = dict.fromkeys(found["settings"], "***")
    for name, value in as_lines(found):
        print(f"{name}: {value}")


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _settings() -> dict[str, str]:
    names = [name for setting in settings.ALL for name in (setting.name, *setting.also)]
    return {name: _shown(name, os.environ[name]) for name in names if name in os.environ}


def _shown(name: str, text: str) -> str:
    # A report is made to be shown to others; an address may hold a password too.
    if name.endswith(("PASSWORD", "TOKEN", "KEY")):
        return "***"
    from runstone.addresses import masked

    return masked(text)


def _chosen_by() -> str:
    for name in (settings.URI.name, *settings.URI.also):
        if os.environ.get(name):
            return name
    return "the nearest .runstone/ above the working folder"


def _contents() -> dict[str, Any]:
    from runstone.client import spool
    from runstone.fluent.location import client
    from runstone.operations import store as operations

    refused: list[str] = []
    try:
        store = client()
        refused += [path for path, _ in spool.refused(store._folder)]
        answer = store._transport.call(operations.inspect_store, operations.InspectStore())
    except RunstoneError as error:
        return {"healthy": False, "problem": error.message, "refused_files": refused}
    return {
        "healthy": answer.problem is None,
        "problem": answer.problem,
        "rows": answer.rows,
        "database_bytes": answer.size,
        "refused_files": refused,
    }
