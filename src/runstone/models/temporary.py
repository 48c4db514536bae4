"""Temporary folders of this process: a fetched model's, its code's, its requirements'."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile


def temporary(kind: str) -> str:
    """A new folder, gone when this process ends; `kind` stands in its name."""
    folder = tempfile.mkdtemp(prefix=f"runstone-{kind}-")
    atexit.register(_remove, folder, os.getpid())
    return folder


def _remove(folder: str, maker: int) -> None:
    if os.getpid() == maker:  # a forked child's end is not the end of those who use it
        shutil.rmtree(folder, ignore_errors=True)
