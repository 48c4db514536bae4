"""CPU and memory of a server: of every process of its session, read from /proc (Linux). Knows nothing of what they do."""

from __future__ import annotations

import contextlib
import os

_TICK = os.sysconf("SC_CLK_TCK")


def members(leader: int) -> list[int]:
    """The processes of the session that `leader` leads."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                if int(_fields(int(name))[3]) == leader:
                    found.append(int(name))
    return found


def cpu(leader: int) -> float:
    """User and system seconds of all of them so far, with those of children that ended."""
    ticks = 0
    for process in members(leader):
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            ticks += sum(int(field) for field in _fields(process)[11:15])
    return ticks / _TICK


def memory(leader: int) -> int:
    """Bytes they have now; a page that several share counts once (PSS)."""
    return sum(_kilobytes(f"/proc/{process}/smaps_rollup", "Pss:") for process in members(leader)) * 1024


def forget_peak(leader: int) -> None:
    """Begin anew to watch for the peak of each process's memory."""
    for process in members(leader):
        with contextlib.suppress(OSError), open(f"/proc/{process}/clear_refs", "w") as file:
            file.write("5")


def peak(leader: int) -> int:
    """The sum of the largest RSS of each of them, in bytes, since `forget_peak`."""
    return sum(_kilobytes(f"/proc/{process}/status", "VmHWM:") for process in members(leader)) * 1024


def _fields(process: int) -> list[str]:
    """What stands in /proc/.../stat behind the name, which may hold anything: state is first, the session is at 3, utime at 11."""
    with open(f"/proc/{process}/stat") as file:
        return file.read().rpartition(")")[2].split()


def _kilobytes(path: str, name: str) -> int:
    with contextlib.suppress(OSError), open(path) as file:
        for line in file:
            if line.startswith(name):
                return int(line.split()[1])
    return 0
