"""A server at an address, ours or a stock MLflow's: which it is, is asked once, when the first thing is asked of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from runstone.connection import Answer, answer_error
from runstone.errors import Unreachable
from runstone.operations.table import Operation, Request, Response
from runstone.transport import Transport
from runstone.transport.http import PREFIX, HttpTransport
from runstone.version import HEADER

if TYPE_CHECKING:
    from runstone.repository.files import Repository

_VERSION = re.compile(rb"\d+\.\d+[\w.+-]{0,40}")


class ServerTransport:
    """Operations carried out on a server.

    Args:
        address: as `addresses.normal` gives it.
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
        """What our own server says; nothing for a stock one. Raises Unreachable where it is neither.

        A missing page alone does not make it a stock server: a proxy whose server is away says that too, and what is said to a stock
        server (runs under ids of its own) is nothing to say to ours.
        """
        answer = self._page(PREFIX + "/mlflow/server-info")
        try:
            said = msgspec.json.decode(answer.body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            said = {}
        if "runstone" in said:
            return said
        version = self._page("/version")
        if version.status != 200 or HEADER in version.headers or not _VERSION.fullmatch(version.body.strip()):
            raise Unreachable(
                f"{self.uri} answers, but not as a tracking server does: {version.status} to /version, {answer.status} to "
                f"{PREFIX}/mlflow/server-info. Is this its address, path and all? Or does a proxy stand before it whose server is away?"
            )
        return {}

    def _page(self, path: str) -> Answer:
        answer = self.http.connection.request("GET", path)
        if answer.status >= 400 and answer.status != 404:
            raise answer_error(answer, self.uri)
        return answer
