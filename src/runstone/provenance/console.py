"""What the program writes to its console goes to `sinks` too. Works in notebooks; what C code and other programs write is not seen.

The streams themselves are taught to tell (their `write` is replaced), and not wrapped: whoever holds one already, such as a logging
handler, is heard, and a stream stays the object that it was.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

Sink = Callable[[bytes], None]

# A progress bar writes its line again and again behind a carriage return. So many seconds pass between two that are recorded.
_REWRITE_INTERVAL = 5.0

_sinks: list[Sink] = []
_taught: list[_Taught] = []
_lock = threading.RLock()
# Whether this thread is inside a taught stream: what that hands down to another one, or to its buffer, was told.
_inside = threading.local()


def start(sink: Sink) -> None:
    """From now on, `sink` is given what is written to stdout and stderr (as UTF-8)."""
    with _lock:
        _teach()
        if not _sinks:
            _each_cell("register")
        _sinks.append(sink)


def stop(sink: Sink) -> None:
    """The sink is given nothing more; when it was the last, the streams are as they were."""
    with _lock:
        for taught in _taught:
            taught.settle()
        if sink in _sinks:
            _sinks.remove(sink)
            if not _sinks:
                _each_cell("unregister")
        if not _sinks:
            while _taught:
                _taught.pop().forget()


def _teach(*_: object) -> None:
    with _lock:
        for taught in tuple(_taught):
            if not taught.holds():
                _taught.remove(taught)
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not any(taught.stream is stream for taught in _taught):
                # A stream that takes no attributes is not heard.
                with contextlib.suppress(AttributeError, TypeError):
                    _taught.append(_Taught(stream))


def _each_cell(act: str) -> None:
    # IPython listens in by replacing `write` too, and puts it back as it was when the cell that started the run ends. So the streams
    # are taught anew in each cell.
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None:
        getattr(shell.events, act)("pre_run_cell", _teach)


class _Taught:
    """A stream whose `write` tells the sinks."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.lines = Lines()
        self.guard = threading.RLock()
        self._replaced: list[tuple[Any, str, Any, Any]] = []
        self._replace(stream, "write", self._write)
        buffer = getattr(stream, "buffer", None)
        if buffer is not None:
            # Bytes written to the buffer directly are heard too; those that a text stream hands down to it were heard above.
            with contextlib.suppress(AttributeError, TypeError):
                self._replace(stream, "flush", self._flush)
                self._replace(buffer, "write", self._write_bytes)

    def _replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        before = getattr(owner, name)
        after = make(before)
        own = vars(owner).get(name)
        setattr(owner, name, after)
        self._replaced.append((owner, name, own, after))

    def holds(self) -> bool:
        """Whether nobody has put `write` back as it was before."""
        owner, name, _, after = self._replaced[0]
        return vars(owner).get(name) is after

    def forget(self) -> None:
        """Everything as it was, unless somebody else replaced it meanwhile (who then calls ours, which does no harm)."""
        for owner, name, own, after in reversed(self._replaced):
            if vars(owner).get(name) is after:
                if own is None:
                    delattr(owner, name)
                else:
                    setattr(owner, name, own)

    def _write(self, before: Callable[[str], Any]) -> Callable[[str], Any]:
        def write(text: str) -> Any:
            outer, _inside.text = getattr(_inside, "text", False), True
            try:
                count = before(text)
            finally:
                _inside.text = outer
            if not outer:
                self._tell(text)
            return count

        return write

    def _flush(self, before: Callable[[], Any]) -> Callable[[], Any]:
        def flush() -> Any:
            outer, _inside.text = getattr(_inside, "text", False), True
            try:
                return before()
            finally:
                _inside.text = outer

        return flush

    def _write_bytes(self, before: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def write(data: Any) -> Any:
            count = before(data)
            if not getattr(_inside, "text", False):
                self._tell(bytes(data).decode("utf-8", "replace"))
            return count

        return write

    def _tell(self, text: str) -> None:
        with self.guard:
            _give(self.lines.add(text, time.monotonic()))

    def settle(self) -> None:
        """Tell what is still held back."""
        with self.guard:
            _give(self.lines.rest())


def _give(text: str) -> None:
    if text:
        data = text.encode("utf-8", "replace")
        for sink in tuple(_sinks):  # another thread may stop one meanwhile
            sink(data)


class Lines:
    """Leaves out what was overwritten at once: of a line with carriage returns, its last state, and every few seconds one before."""

    def __init__(self) -> None:
        self._held = ""  # the line as it stands, as far as it is not told
        self._over = False  # whether that stands in place of what was told of the line
        self._at_start = False  # whether a carriage return came last: what follows is written over the line
        self._begun = False  # whether something of the line was told
        self._last = -_REWRITE_INTERVAL

    def add(self, text: str, now: float) -> str:
        """What of this text, and of what was held back, is to be told now (`now` in seconds)."""
        if not self._held and not self._at_start and "\r" not in text:
            self._begun = not text.endswith("\n") if text else self._begun
            return text
        *ended, rest = text.split("\n")
        told = []
        for line in ended:
            self._take(line)
            told.append(self.rest() + "\n")
            self._at_start = self._begun = False
        self._take(rest)
        if not self._over:
            told.append(self.rest())
        elif now - self._last >= _REWRITE_INTERVAL:
            self._last = now
            told.append(self.rest())
        return "".join(told)

    def rest(self) -> str:
        """What is held back."""
        told = ("\r" if self._over and self._begun else "") + self._held
        self._begun = self._begun or bool(told)
        self._held, self._over = "", False
        return told

    def _take(self, line: str) -> None:
        for place, part in enumerate(line.split("\r")):
            self._at_start = self._at_start or place > 0
            if part and self._at_start:
                self._held, self._over, self._at_start = part, True, False
            else:
                self._held += part


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()  # another thread may have held these
    for taught in _taught:
        taught.guard = threading.RLock()


os.register_at_fork(after_in_child=_after_fork)
