"""Operations carried out on a server: each row of the table is a request, said as MLflow's wire says it."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import msgspec

from runstone import settings
from runstone.connection import Answer, Connection, answer_error
from runstone.errors import InvalidParameter, WrongAnswer
from runstone.operations.numbers import spelt
from runstone.operations.table import Operation, Request, Response

if TYPE_CHECKING:
    from runstone.repository.files import Repository

ADDRESS_NAME = "address"
PREFIX = "/api/2.0"
# What makes a thing, or takes one away: carried out twice it is two things, or an error. Not so with a run whose id is given.
_NOT_TWICE = ("create_", "delete_", "restore_", "copy_", "rename_", "transition_")
_TWICE = frozenset({"create_run", "delete_run", "restore_run"})


class HttpTransport:
    """A server at an address, which is not asked anything before the first call.

    Args:
        address: as `addresses.normal` gives it.
    """

    def __init__(self, address: str) -> None:
        self.connection = Connection(address)
        self.uri = self.connection.address
        self.folder = os.path.join(settings.state_folder(), _folder_name(self.uri))
        _make(self.folder, self.uri)

    def call(self, operation: Operation[Request, Response], request: Request) -> Response:
        """Send the request; its answer, or the error that was raised there. Raises Unreachable where nobody answers."""
        answer = self.ask(operation, request)
        try:
            return _decoder(operation).decode(answer.body or b"{}")  # type: ignore[no-any-return]
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            start = answer.body[:80].decode("utf-8", "replace")
            raise WrongAnswer(
                f"{self.uri} answers {operation.name} with {start!r}, which does not fit: {error}. Is this a tracking server's address?"
            ) from error

    def ask(self, operation: Operation[Any, Any], request: msgspec.Struct) -> Answer:
        """The bare answer to an operation, which is not an error."""
        path, fields = _filled(operation.path, request)
        headers, body = {}, None
        if operation.method in ("GET", "DELETE"):
            query = urlencode(_pairs(plain(request), fields))
            path += f"?{query}" if query else ""
        else:
            headers, body = {"Content-Type": "application/json"}, encode(request)
        twice = (
            operation.permission == "read"
            or not operation.name.startswith(_NOT_TWICE)
            or (operation.name in _TWICE and bool(getattr(request, "run_id", None)))
        )
        answer = self.connection.request(
            operation.method,
            PREFIX + path,
            body=body,
            headers=headers,
            repeatable=twice,
        )
        if answer.status >= 400:
            raise answer_error(answer, self.uri)
        return answer

    def repository(self) -> Repository:
        """The packs on the server; those that are to be sent are written in the folder here."""
        from runstone.repository.blobs.http import HttpBlobs
        from runstone.repository.files import Repository

        return Repository(HttpBlobs(self.connection), os.path.join(self.folder, "incoming"))

    def close(self) -> None:
        """Close the connections."""
        self.connection.close()


def encode(request: msgspec.Struct) -> bytes:
    """A request as proto-JSON: NaN and infinities are texts, what is None is left out. Raises InvalidParameter for what no JSON can say."""
    try:
        data = msgspec.json.encode(request)
    except UnicodeEncodeError as error:
        text = str(error.object)[:40]
        raise InvalidParameter(
            f"A text of the request is not valid Unicode at character {error.start}: {text!r}. Decode it as what it is, or leave it out."
        ) from error
    # Both are nulls by now. Where there are none, which is the usual case with many points, it is well as it is.
    return data if b"null" not in data else msgspec.json.encode(plain(request))


def plain(value: Any) -> Any:
    """A struct as dicts and lists: bytes as base64, numbers that JSON does not have as texts, without what is None."""
    return _spelt(msgspec.to_builtins(value))


def _spelt(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _spelt(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_spelt(item) for item in value]
    return spelt(value) if isinstance(value, float) else value


def _filled(path: str, request: msgspec.Struct) -> tuple[str, frozenset[str]]:
    """The path with the request's fields in it, and which those were."""
    if "{" not in path:
        return path, frozenset()
    parts, used = [], set()
    for part in path.split("/"):
        if part.startswith("{"):
            name = part.strip("{}").partition(":")[0]
            used.add(name)
            part = quote(str(getattr(request, name)), safe="")
        parts.append(part)
    return "/".join(parts), frozenset(used)


def _pairs(fields: dict[str, Any], but: frozenset[str]) -> list[tuple[str, str]]:
    pairs = []
    for name, value in fields.items():
        if name not in but:
            values = value if isinstance(value, list) else [value]
            pairs += [(name, str(item).lower() if isinstance(item, bool) else str(item)) for item in values]
    return pairs


@functools.cache
def _decoder(operation: Operation[Any, Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(operation.response, strict=False)


def _make(folder: str, address: str) -> None:
    """A folder for nobody's eyes but ours, with the address that it belongs to in it: `runstone sync --all` goes by that."""
    # Where it cannot be made, whoever only reads must not fail because of it; a journal that is to lie in it will say so.
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(folder), 0o700, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, 0o700)
        path = os.path.join(folder, ADDRESS_NAME)
        # Whole or not at all, and again where a process was killed before it: what lies beside it would be found by nobody.
        if not os.path.exists(path) or os.path.getsize(path) == 0:
            new = f"{path}.{os.getpid()}.{threading.get_ident()}"
            with open(new, "w", encoding="utf-8") as file:
                file.write(address + "\n")
            os.replace(new, path)


def _folder_name(address: str) -> str:
    from hashlib import sha256

    readable = "".join(mark if mark.isalnum() or mark in ".-" else "-" for mark in address.partition("://")[2])
    return f"{readable[:80]}-{sha256(address.encode()).hexdigest()[:12]}"
