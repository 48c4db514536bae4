"""Operations that wait in a journal for their server: how they are written, carried out later, and kept where the server refuses them.

All of them may be carried out twice, in their order, without another end than once: what was acknowledged and not marked comes again.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from runstone.errors import (
    AlreadyExists,
    InvalidParameter,
    NotFound,
    NotServed,
    RunstoneError,
    StorageBusy,
    from_os_error,
)
from runstone.operations.table import TABLE, Operation
from runstone.transport import Transport

# Stands before the name of an experiment that could not be asked for, in place of its id.
BY_NAME = "offline:"
REJECTED_SUFFIX = ".rejected"
# What a run says of itself: all of it names the run, and none of it needs the answer.
QUEUED = frozenset(
    {"create_run", "update_run", "end_run", "set_tag", "delete_tag", "log_param", "log_batch", "log_inputs", "log_outputs"}
)  # fmt: skip
# The answers that mean "not now": what was asked is worth asking again as it is.
_LATER = frozenset(
    {"TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "CANCELLED", "ABORTED"}
)  # fmt: skip
# And those that mean "never": asked again, it would be answered the same.
_NEVER = frozenset(
    {"INVALID_PARAMETER_VALUE", "BAD_REQUEST", "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS", "NOT_FOUND"}
)  # fmt: skip


class Rejected(msgspec.Struct):
    """An operation that was acknowledged while its server was away, and that the server did not take: a line of a `.rejected` file."""

    run_id: str
    operation: str
    request: dict[str, Any]
    error_code: str
    message: str


def is_passing(error: RunstoneError) -> bool:
    """Whether the same request may be answered otherwise later."""
    return error.error_code in _LATER


def is_final(error: RunstoneError) -> bool:
    """Whether the same request will be answered the same."""
    return error.error_code in _NEVER


def written(operation: Operation[Any, Any], request: msgspec.Struct) -> bytes:
    """An operation as a journal holds it."""
    from runstone.transport.http import plain

    return msgspec.json.encode((operation.name, plain(request)))


def carry_out(transport: Transport, run_id: str, text: bytes, folder: str, early: bool) -> None:
    """Carry out an operation that waited. One that the server refuses for good is kept beside and told of; the rest goes on.

    Raises what else the transport raises: it waits on.
    """
    name, fields = msgspec.json.decode(text, type=tuple[str, dict[str, Any]])
    try:
        operation = _row(name)
        request = _request(operation, fields)
        with patient(early and name != "create_run"):
            transport.call(operation, request)
    except RunstoneError as error:
        said = error.__cause__ if is_early(error) else error
        done = (isinstance(error, AlreadyExists) and name == "create_run") or (
            isinstance(said, NotFound) and name == "delete_tag" and "no tag" in said.message.lower()
        )
        if done:
            return  # by ourselves: the answer did not reach us, or not the mark behind it
        if not is_final(error):
            raise
        keep_rejected(folder, Rejected(run_id, name, fields, error.error_code, error.message))


def is_early(error: RunstoneError) -> bool:
    """Whether a run was only not there yet, which says nothing of its server and of other runs."""
    return isinstance(error.__cause__, NotFound)


@contextlib.contextmanager
def patient(early: bool) -> Iterator[None]:
    """Where the run may not be there yet, its absence is no refusal."""
    try:
        yield
    except NotFound as error:
        if not early:
            raise
        raise StorageBusy(f"{error.message} It waits for the process that makes the run.") from error


def rejected(folder: str) -> list[Rejected]:
    """What was refused, of all runs whose journals lie in `journal/` below a folder."""
    found = []
    with contextlib.suppress(FileNotFoundError), os.scandir(os.path.join(folder, "journal")) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.endswith(REJECTED_SUFFIX):
                with open(entry.path, "rb") as file:
                    found += [msgspec.json.decode(line, type=Rejected) for line in file if line.endswith(b"\n")]
    return found


def _row(name: str) -> Operation[Any, Any]:
    from runstone.operations import inputs, outputs, runs  # noqa: F401  # their rows are in the table from here on

    if name not in TABLE:
        raise NotServed(f"The journal holds an operation {name!r}, which this runstone does not have. Upgrade it.")
    return TABLE[name]


def _request(operation: Operation[Any, Any], fields: dict[str, Any]) -> msgspec.Struct:
    try:
        request: msgspec.Struct = msgspec.convert(fields, operation.request, strict=False)
    except msgspec.ValidationError as error:  # what another version wrote
        raise InvalidParameter(f"The journal holds {operation.name!r} in a form that is not known: {error}.") from error
    return request


def tell(text: str) -> None:
    """A line on stderr, where there is one that takes it: nothing that is only told may end a training."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):  # its reader is gone, or it is closed
            print(text, file=sys.stderr)


def keep_rejected(folder: str, refused: Rejected) -> None:
    """Write down, beside the journals in a folder, what a server refused, and tell of it."""
    path = os.path.join(folder, refused.run_id + REJECTED_SUFFIX)
    try:
        os.makedirs(folder, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, msgspec.json.encode(refused) + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise from_os_error(error, f"Keeping what the server refused in {path!r}") from error
    tell(
        f"runstone: run {refused.run_id}: the server refused {refused.operation}, said while it was away: {refused.message} "
        f"(kept in {path})"
    )
