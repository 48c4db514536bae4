"""Parquet and Arrow, read by pyarrow in a process of its own: what breaks it, or makes it swell, ends that process and nothing else."""

from __future__ import annotations

import subprocess
import sys
from threading import Timer

import msgspec

from runstone.previews.found import Preview
from runstone.previews.window import EnoughError, UnreadableError, Window

# What the process says in one line, at the most.
_LINE = 8 << 20
_COMMAND = (sys.executable, "-c", "from runstone.previews.apart import main; main()")


class Asked(msgspec.Struct):
    """What the process is to do: a window of a file of so many bytes."""

    name: str
    size: int
    offset: int
    limit: int


class Said(msgspec.Struct, omit_defaults=True):
    """What the process says: that it wants bytes, from `read[0]` to before `read[1]`; or what it found; or why it did not."""

    read: tuple[int, int] | None = None
    found: Preview | None = None
    missing: bool = False
    problem: str = ""


def table(window: Window, name: str, offset: int, limit: int) -> Preview:
    """A window of a table, with its columns' types."""
    process = subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    timer = Timer(window.seconds_left, process.kill)
    timer.start()
    try:
        return _served(process, window, Asked(name, window.size, offset, limit))
    except BrokenPipeError:
        raise UnreadableError("whoever read it broke off") from None
    finally:
        timer.cancel()
        process.kill()
        process.communicate()


def _served(process: subprocess.Popen[bytes], window: Window, asked: Asked) -> Preview:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(msgspec.json.encode(asked) + b"\n")
    process.stdin.flush()
    while line := process.stdout.readline(_LINE):
        said = msgspec.json.decode(line, type=Said)
        if said.found is not None:
            return said.found
        if said.missing:
            return Preview(note="The server needs pyarrow for this preview: `pip install pyarrow` beside runstone.")
        if said.read is None:
            raise UnreadableError(said.problem)
        start, stop = said.read
        window.seek(start)
        data = bytearray()
        while start + len(data) < stop and (piece := window.read(stop - start - len(data))):
            data += piece
        process.stdin.write(len(data).to_bytes(8, "little") + data)
        process.stdin.flush()
    window.check()
    raise EnoughError("it takes more time or memory than a preview has")
