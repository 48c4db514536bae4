"""A server at an address, ours or a stock MLflow's: which it is, is asked once, when the first thing is asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runstone.connection import answer_error
from runstone.operations.table import Operation, Request, Response
from runstone.transport import Transport
from runstone.transport.http import PREFIX, HttpTransport

if TYPE_CHECKING:
    from runstone.repository.files import Repository


class ServerTransport:
    """Operations carried out on a server.

    Args:
        address: as `connection.normal` gives it.
    """

    def __init__(self, address: str) -> None:
        self.http = HttpTransport(address)
        self.uri, self.folder = self.http.uri, self.http.folder
        self._spoken: Transport | None = None

    def call(self, operation: Operation[Request, Response], request: Request) -> Response:
        """Carry the operation out, in the server's own words."""
        return self._speak().call(operation, request)

    def repository(self) -> Repository:
        """The server's, whichever it is."""
        return self._speak().repository()

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def _speak(self) -> Transport:
        if self._spoken is None:
            said = self._says_of_itself()
            if "runstone" in said and said.get("artifacts") != "files":
                self._spoken = self.http
            else:
                from runstone.transport.stock import PlainFilesTransport, StockTransport

                self._spoken = (PlainFilesTransport if "runstone" in said else StockTransport)(self.http)
        return self._spoken

    def _says_of_itself(self) -> dict[str, Any]:
        answer = self.http.connection.request("GET", PREFIX + "/mlflow/server-info")
        if answer.status >= 400 and answer.status != 404:
            raise answer_error(answer, self.uri)
        try:
            return msgspec.json.decode(answer.body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {}  # a page: the servers that have no such route answer with one
