"""Stop a process at one of its system calls, and kill it there or make the call fail: ptrace(2) through ctypes, Linux only.

Only calls that change something outside the process count: they are the arrows between which a crash can fall. Writing to a memory
map is no call, but it lies between two. Whether a kill leaves a call done or not done is told by killing before it, and before the next.
"""

from __future__ import annotations

import ctypes
import errno
import itertools
import os
import platform
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import NamedTuple

# Numbers of the calls that matter: x86-64's and those that every younger machine of Linux shares.
_X86_64 = {
    1: "write", 18: "pwrite64", 20: "writev", 296: "pwritev", 74: "fsync", 75: "fdatasync", 76: "truncate", 77: "ftruncate",
    285: "fallocate", 82: "rename", 264: "renameat", 316: "renameat2", 87: "unlink", 263: "unlinkat", 83: "mkdir", 258: "mkdirat",
    84: "rmdir", 2: "open", 257: "openat", 86: "link", 265: "linkat", 40: "sendfile", 326: "copy_file_range",
}  # fmt: skip
_AARCH64 = {
    64: "write", 68: "pwrite64", 66: "writev", 70: "pwritev", 82: "fsync", 83: "fdatasync", 45: "truncate", 46: "ftruncate",
    47: "fallocate", 38: "renameat", 276: "renameat2", 35: "unlinkat", 34: "mkdirat", 56: "openat", 37: "linkat",
    71: "sendfile", 285: "copy_file_range",
}  # fmt: skip
_CALLS = {"x86_64": _X86_64, "aarch64": _AARCH64}.get(platform.machine(), {})

_GO_ON, _POKEUSER, _SEIZE, _INTERRUPT, _INFO = 24, 6, 0x4206, 0x4207, 0x420E
_SYSGOOD, _FOLLOW_THREADS, _EXIT_KILL = 0x1, 0x8, 0x100000
_WALL = 0x40000000
_INFO_SIZE = 88
_ENTERS, _LEAVES = 1, 2
# Where x86-64 keeps the call's number on entry, and its result on exit.
_ORIG_RAX, _RAX = 15 * 8, 10 * 8


# Seconds after which a process that does not end is killed: a test that hangs says less than one that fails.
_LONGEST = 120.0


class Call(NamedTuple):
    """One call that matters: its name, and the number of the file it is on, or its flags where it opens one."""

    name: str
    argument: int


def can_trace() -> str | None:
    """Why processes cannot be traced here; None where they can."""
    if sys.platform != "linux" or not _CALLS:
        return "tracing system calls is written for Linux on x86-64 and ARM"
    return None


def kill_at(process: subprocess.Popen[str], number: int) -> list[Call]:
    """Let a process that waits for a line on its stdin go on, until it is about to make its n-th call that matters (from 1), and
    kill it there.

    The calls it made come back, the last of them not made; all of them where it ended before. It must lead its process group.
    """
    return _follow(process, lambda count, call: "kill" if count == number else None)


def kill_before(process: subprocess.Popen[str], name: str, number: int) -> list[Call]:
    """The same, before its n-th call of that name."""
    seen = itertools.count(1)
    return _follow(process, lambda count, call: "kill" if call.name == name and next(seen) == number else None)


def fail_at(process: subprocess.Popen[str], number: int, error: int, times: int = 1) -> list[Call]:
    """Let such a process run to its end, and have its n-th call that matters, `times` in a row, fail with this error number instead
    of being made. (x86-64 only.) What it writes to its own pipes is left alone and not counted."""
    return _follow(
        process,
        lambda count, call: error if number <= count < number + times else None,
        counts=lambda call: call.name != "write" or call.argument > 2,
    )


def _follow(
    process: subprocess.Popen[str],
    decide: Callable[[int, Call], str | int | None],
    counts: Callable[[Call], bool] = lambda call: True,
) -> list[Call]:
    for name in os.listdir(f"/proc/{process.pid}/task"):
        _ptrace(_SEIZE, int(name), 0, _SYSGOOD | _FOLLOW_THREADS | _EXIT_KILL)
        _ptrace(_INTERRUPT, int(name), 0, 0)
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    watchdog = threading.Timer(_LONGEST, os.kill, (process.pid, signal.SIGKILL))
    watchdog.start()
    try:
        return _answer(process, decide, counts)
    finally:
        watchdog.cancel()


def _answer(
    process: subprocess.Popen[str], decide: Callable[[int, Call], str | int | None], counts: Callable[[Call], bool]
) -> list[Call]:
    made: list[Call] = []
    failing: dict[int, int] = {}
    while True:
        thread, status = os.waitpid(-process.pid, _WALL)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            if thread == process.pid:
                process.returncode = os.waitstatus_to_exitcode(status)
                return made
            continue
        number, event, deliver = os.WSTOPSIG(status), status >> 16, 0
        if number == signal.SIGTRAP | 0x80:
            kind, call = _call(thread)
            if call is not None and counts(call):
                made.append(call)
                action = decide(len(made), call)
                if action == "kill":
                    os.kill(process.pid, signal.SIGKILL)  # Popen.kill() polls first, and would take a stop from us
                    continue
                if isinstance(action, int):
                    _ptrace(_POKEUSER, thread, _ORIG_RAX, -1)  # there is no such call, so that nothing is done
                    failing[thread] = action
            elif kind == _LEAVES and thread in failing:
                _ptrace(_POKEUSER, thread, _RAX, -failing.pop(thread))
        elif event == 0:
            deliver = number
        _ptrace(_GO_ON, thread, 0, deliver)


def _call(thread: int) -> tuple[int, Call | None]:
    """Whether the thread enters or leaves a call; which, where it enters one that matters."""
    buffer = ctypes.create_string_buffer(_INFO_SIZE)
    _ptrace(_INFO, thread, _INFO_SIZE, ctypes.addressof(buffer))
    kind = buffer.raw[0]
    if kind != _ENTERS:
        return kind, None
    number, first, second, third = struct.unpack_from("<QQQQ", buffer.raw, 24)
    name = _CALLS.get(number)
    if name is None:
        return kind, None
    if name in ("open", "openat"):
        flags = third if name == "openat" else second
        return kind, Call("create", flags) if flags & os.O_CREAT else None
    return kind, Call(name, first & 0xFFFFFFFF)


def _ptrace(request: int, thread: int, address: int, data: int) -> None:
    ctypes.set_errno(0)
    if _libc().ptrace(request, thread, ctypes.c_void_p(address), ctypes.c_void_p(data)) < 0:
        number = ctypes.get_errno()
        # killed between its stop and now: the next wait tells
        if number != errno.ESRCH or request == _SEIZE:
            raise OSError(number, f"ptrace({request:#x}) of {thread}: {os.strerror(number)}")


def _libc() -> ctypes.CDLL:
    global _loaded
    if _loaded is None:
        _loaded = ctypes.CDLL(None, use_errno=True)
        _loaded.ptrace.restype = ctypes.c_long
        _loaded.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    return _loaded


_loaded: ctypes.CDLL | None = None
