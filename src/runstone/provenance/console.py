"""The console as a file: what the program writes to sys.stdout and sys.stderr goes to both. Works in notebooks; output that C code
writes by itself is not seen."""

from __future__ import annotations

import os
import sys
from typing import Any


class _Tee:
    """A stream that also writes to a file; everything else is the stream's own."""

    def __init__(self, stream: Any, descriptor: int) -> None:
        self._stream, self._descriptor, self._owner = stream, descriptor, os.getpid()

    def write(self, text: str) -> Any:
        count = self._stream.write(text)
        if self._descriptor >= 0 and os.getpid() == self._owner:
            try:
                os.write(self._descriptor, text.encode("utf-8", "replace"))
            except OSError:
                self._descriptor = -1  # a full disk must not break the program's print
        return count

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class ConsoleCapture:
    """From now until `close()`, the console goes to the file `path` too."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._tees = {
            name: _Tee(getattr(sys, name), self._descriptor) for name in ("stdout", "stderr") if getattr(sys, name)
        }
        for name, tee in self._tees.items():
            setattr(sys, name, tee)

    def close(self) -> None:
        """Give the streams back, unless somebody replaced them meanwhile."""
        for name, tee in self._tees.items():
            tee._descriptor = -1
            if getattr(sys, name) is tee:
                setattr(sys, name, tee._stream)
        os.close(self._descriptor)
