"""Which packages are installed, from the names of their metadata folders: no file is opened, it takes a few milliseconds."""

from __future__ import annotations

import os
import sys


def installed() -> str:
    """One "name==version" a line, sorted, as a requirements file has it. The first of several on the path counts, as in imports."""
    found: dict[str, str] = {}
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for entry in names:
            if entry.endswith(".dist-info"):
                name, _, version = entry.removesuffix(".dist-info").partition("-")
                found.setdefault(name.lower().replace("_", "-"), version)
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))
