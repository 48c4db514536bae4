"""SEAM 1: how an operation reaches its store. `call(operation, request) -> response`; bytes go by its repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from runstone.operations.table import Operation, Request, Response

if TYPE_CHECKING:
    from runstone.repository.files import Repository


class Transport(Protocol):
    """Where operations are carried out: in this process, or on a server."""

    uri: str
    # Of this machine: what is on its way there lies in it, in `journal/`, `console/` and `git/`. A folder store's own folder.
    folder: str

    def call(self, operation: Operation[Request, Response], request: Request) -> Response:
        """Carry out one operation. Raises the RunstoneError that the operation raised, wherever it ran."""
        ...

    def repository(self) -> Repository:
        """The bytes of the store: where they are cut, sent and fetched. What is in it, operations say."""
        ...
