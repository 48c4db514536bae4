"""The `runstone` command in a process of its own: in a pipe, as a program reads it, or on a terminal, as a person does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

RUNSTONE = (sys.executable, "-m", "runstone")


class Ended(NamedTuple):
    """How a command ended: its exit code (negative: killed by that signal), stdout and stderr."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


def runstone(folder: Path, *arguments: str, stdin: str = "", **environment: str) -> Ended:
    """Run the command in a pipe."""
    done = subprocess.run(
        [*RUNSTONE, *arguments],
        cwd=folder,
        input=stdin,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def on_terminal(
    folder: Path,
    *arguments: str,
    columns: int = 80,
    program: tuple[str, ...] = RUNSTONE,
    typed: str = "",
    **environment: str,
) -> Ended:
    """Run the command on a terminal so wide, where somebody types; stdout and stderr come out as one, without colours."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        [*program, *arguments],
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), **environment},
    )
    os.close(theirs)
    if typed:
        os.write(ours, typed.encode())
    out = bytearray()
    while True:
        try:
            data = os.read(ours, 65536)
        except OSError:  # Linux says so when the last writer is gone
            break
        if not data:
            break
        out += data
    os.close(ours)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", out.decode(errors="replace")).replace("\r\n", "\n")
    return Ended(process.wait(timeout=120), text, "")


def script(folder: Path, source: str, name: str = "script.py") -> str:
    """Write a script; its name."""
    import textwrap

    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(source))
    return name
