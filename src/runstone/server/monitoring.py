"""What a server tells of itself while it runs: figures for Prometheus, and a line of JSON for each request."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, TextIO

import msgspec

from runstone.server.figures import Figures
from runstone.server.writer import Writer

# Lines of the log that wait to be written at the most: where nobody reads it, the oldest go.
_HELD = 10_000
# Seconds between two looks at whether there are any.
_PAUSE = 0.2


class Monitor:
    """Counts and logs the requests of one server process."""

    def __init__(self, writer: Writer, log: TextIO | None) -> None:
        self._writer = writer
        self._log = log
        self._lines: deque[bytes] = deque(maxlen=_HELD)
        self._ending = threading.Event()
        # On a thread of its own: writing waits for whoever reads, and nobody else may wait for that.
        self._writing = threading.Thread(target=self._write, name="runstone-log", daemon=True)
        if log is not None:
            self._writing.start()
        self.figures = Figures()

    def note(self, scope: Mapping[str, Any], route: str, status: int, started: float, size: int) -> None:
        """A request was answered: by which route, with which status, begun when (perf_counter), with how many bytes of body."""
        seconds = time.perf_counter() - started
        self.figures.count(route, status, seconds)
        if self._log is not None:
            client = scope.get("client")
            line = {
                "time": round(time.time(), 3), "client": client[0] if client else None, "method": scope["method"],
                "path": scope["path"], "status": status, "ms": round(seconds * 1000, 3), "bytes": size,
            }  # fmt: skip
            self._lines.append(msgspec.json.encode(line))

    def stop(self) -> None:
        """Write what waits, if that is soon done."""
        self._ending.set()
        if self._log is not None:
            self._writing.join(_PAUSE)

    def _write(self) -> None:
        assert self._log is not None
        while True:
            ending = self._ending.wait(_PAUSE)
            lines = []
            while self._lines:
                lines.append(self._lines.popleft())
            try:
                if lines:
                    self._log.write(b"\n".join(lines).decode() + "\n")
                    self._log.flush()
            except (OSError, ValueError):
                return  # whoever read it has gone: the server goes on
            if ending:
                return

    @property
    def writing(self) -> bool:
        """Whether writes are carried out."""
        return self._writer.alive

    def page(self) -> bytes:
        """The figures as Prometheus reads them."""
        return self.figures.page(self._writer.groups, self._writer.requests)
