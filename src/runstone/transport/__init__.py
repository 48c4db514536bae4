"""SEAM 1: how an operation reaches its store. `call(operation, request) -> response` is all a transport can do."""

from __future__ import annotations

from typing import Protocol

from runstone.operations.table import Operation, Request, Response


class Transport(Protocol):
    """Where operations are carried out: in this process, or on a server."""

    uri: str
    # Of this machine: what is on its way there lies in it, in `journal/`, `console/` and `git/`. A folder store's own folder.
    folder: str

    def call(self, operation: Operation[Request, Response], request: Request) -> Response:
        """Carry out one operation. Raises the RunstoneError that the operation raised, wherever it ran."""
        ...
