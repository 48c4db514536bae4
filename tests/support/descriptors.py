"""Which files this process has open, as Linux shows it."""

from __future__ import annotations

import contextlib
import os

import pytest

needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open files are counted in /proc")


def open_files(of: str, process: int | str = "self") -> int:
    """How many descriptors a process has of what is called so or begins so: a folder's files, a database's, or "socket:". Those of others
    come and go meanwhile."""
    found = 0
    for name in os.listdir(f"/proc/{process}/fd"):
        with contextlib.suppress(FileNotFoundError):
            found += os.readlink(f"/proc/{process}/fd/{name}").startswith(of)
    return found
