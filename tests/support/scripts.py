"""Run a piece of Python in a process of its own, as a user would, and look at how it ended."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path


def start(folder: Path, source: str, *arguments: str) -> subprocess.Popen[str]:
    """Start the source as a script in `folder`; its output can be read line by line."""
    script = folder / "script.py"
    script.write_text(textwrap.dedent(source))
    return subprocess.Popen(
        [sys.executable, "-u", str(script), *arguments],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(folder: Path, source: str, *arguments: str) -> tuple[int, str, str]:
    """Run it to its end: exit code (negative: killed by that signal), what it printed, what it said on stderr."""
    process = start(folder, source, *arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err
