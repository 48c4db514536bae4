"""What this installation is, which store it speaks to and whether that is well: for a person with a question, or a bug report."""

from __future__ import annotations

import os
import sys
from typing import Any

from runstone import settings
from runstone.errors import RunstoneError


def report() -> dict[str, Any]:
    """Versions, the store's address and why it is that one, what is in it, and the settings that are set."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from runstone.fluent.location import get_tracking_uri

    packages = {}
    for name in ("runstone", "msgspec", "numpy", "blake3", "pyfastcdc", "click", "rich", "PyYAML"):
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "missing"
    found: dict[str, Any] = {
        "runstone": packages.pop("runstone"),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "packages": packages,
        "store": get_tracking_uri(),
        "settings": {
            name: os.environ[name]
            for setting in settings.ALL
            for name in (setting.name, *setting.also)
            if name in os.environ
        },
    }
    folder = found["store"].removeprefix("file://")
    found["exists"] = os.path.isdir(folder)
    if found["exists"]:
        found.update(_contents())
    return found


def _contents() -> dict[str, Any]:
    from runstone.fluent.location import client
    from runstone.operations import store as operations

    try:
        answer = client()._transport.call(operations.inspect_store, operations.InspectStore())
    except RunstoneError as error:
        return {"healthy": False, "problem": str(error)}
    return {"healthy": answer.problem is None, "problem": answer.problem, "rows": answer.rows, "bytes": answer.size}


def doctor(mask_envs: bool = False) -> None:
    """Print the report.

    Args:
        mask_envs: leave the values of environment variables out.
    """
    for name, value in report().items():
        shown = dict.fromkeys(value, "***") if mask_envs and name == "settings" else value
        print(f"{name}: {shown}")
