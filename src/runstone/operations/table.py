"""The narrow waist: an Operation is one row of all that can be asked of runstone. Knows nothing of any single operation.

Routes, the local call, the HTTP call, the permission check and the docs are all derived from these rows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import msgspec

if TYPE_CHECKING:
    from runstone.operations.engine import Engine

Request = TypeVar("Request", bound=msgspec.Struct)
Response = TypeVar("Response", bound=msgspec.Struct)
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Permission = Literal["read", "edit", "manage"]

TABLE: dict[str, Operation] = {}  # type: ignore[type-arg]  # rows of every request and response type


class Operation(Generic[Request, Response]):
    """One row: how it is asked over HTTP, what goes in and out, who may, and the function that decides."""

    def __init__(
        self,
        method: Method,
        path: str,
        permission: Permission,
        function: Callable[[Engine, Request], Response],
        also: tuple[tuple[Method, str], ...] = (),
        alone: bool = False,
    ) -> None:
        self.method, self.path, self.permission, self.function = method, path, permission, function
        self.also, self.alone = also, alone
        self.name = function.__name__

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.permission == "read" or self.method == "GET"

    @property
    def routes(self) -> tuple[tuple[Method, str], ...]:
        """Every method and path it is asked under; the first is its own."""
        return ((self.method, self.path), *self.also)

    @cached_property
    def request_type(self) -> type[Request]:
        """`request`, kept: a server asks for it with every request."""
        return self.request

    @property
    def request(self) -> type[Request]:
        """The type of what goes in."""
        return self._types()[0]

    @property
    def response(self) -> type[Response]:
        """The type of what comes out."""
        return self._types()[1]

    def _types(self) -> tuple[type[Request], type[Response]]:
        # Resolved when a server or the docs ask, not at import: evaluating annotations costs time that scripts would feel.
        from runstone.operations.engine import Engine

        code = self.function.__code__
        names = {**self.function.__globals__, "Engine": Engine}
        resolve = {
            key: eval(text, names) if isinstance(text, str) else text  # noqa: S307  # our own annotations
            for key, text in self.function.__annotations__.items()
        }
        return resolve[code.co_varnames[1]], resolve["return"]

    def __repr__(self) -> str:
        return f"<Operation {self.name}: {self.method} {self.path}>"


def operation(
    method: Method,
    path: str,
    *,
    permission: Permission,
    also: tuple[tuple[Method, str], ...] = (),
    alone: bool = False,
) -> Callable[[Callable[[Engine, Request], Response]], Operation[Request, Response]]:
    """Put the function below into the table; its annotations say the request and response types.

    Args:
        method: how it is asked over HTTP.
        path: and where, below the prefixes that a server serves; `{name}` in it is that field of the request.
        permission: what whoever asks must be allowed. What only reads says "read": a server then runs it beside other readers.
        also: further methods and paths that mean the same.
        alone: it works on bytes for long. A server gives it a thread of its own instead of a place among the short writes that
            share a transaction.
    """

    def add(function: Callable[[Engine, Request], Response]) -> Operation[Request, Response]:
        row = Operation(method, path, permission, function, also, alone)
        if row.name in TABLE:
            raise ValueError(f"operation {row.name!r} is said twice")
        TABLE[row.name] = row
        return row

    return add


class Empty(msgspec.Struct, frozen=True):
    """A request or response that says nothing."""
