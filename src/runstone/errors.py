"""Every error runstone raises: a code of MLflow's, an HTTP status, and a sentence that names the value, the rule, the way out.

RunstoneError
├── InvalidParameter (ValueError)        400 INVALID_PARAMETER_VALUE
├── BadRequest (ValueError)              400 BAD_REQUEST
├── AlreadyExists (ValueError)           400 RESOURCE_ALREADY_EXISTS
├── NotFound (LookupError)               404 RESOURCE_DOES_NOT_EXIST
├── Forbidden (PermissionError)          403 PERMISSION_DENIED         whoever asks may not
├── NotServed (NotImplementedError)      501 NOT_IMPLEMENTED
├── MissingFile (FileNotFoundError)      400 INVALID_PARAMETER_VALUE   a path the caller gave is not there
├── WrongFileKind (OSError)              400 INVALID_PARAMETER_VALUE   a directory where a file is needed, or the reverse
├── FileChanged (OSError)                409 RESOURCE_CONFLICT         a file changed while it was being read
├── Conflict (RuntimeError)              409 RESOURCE_CONFLICT         somebody else changed it meanwhile
├── ContentGone (RuntimeError)           409 ABORTED                   what was to be named was pruned meanwhile: store it again
├── RunStateError (RuntimeError)         500 INVALID_STATE             a call in the wrong order: no run, or one too many
├── StorageFull (OSError)                429 RESOURCE_EXHAUSTED
├── StorageDenied (PermissionError)      403 PERMISSION_DENIED         read-only, or not ours to write
├── StorageBusy (TimeoutError)           503 TEMPORARILY_UNAVAILABLE
├── Unreachable (ConnectionError)        503 TEMPORARILY_UNAVAILABLE   a server that does not answer, or not now
├── Refused (PermissionError)            401 UNAUTHENTICATED           a server that asks who we are
├── WrongAnswer (RuntimeError)           500 INTERNAL_ERROR            an address that answers, but not as a tracking server does
├── TooLarge (ValueError)                400 INVALID_PARAMETER_VALUE   a request that the server, or a proxy before it, takes in parts only
├── StoreMismatch (RuntimeError)         500 INVALID_STATE             a foreign database, or one from a newer version
└── CorruptData (RuntimeError)           500 DATA_LOSS                 bytes that do not match their digest or checksum
"""

from __future__ import annotations

import errno as _errno
from typing import Any

INTERNAL_ERROR = "INTERNAL_ERROR"
INVALID_PARAMETER_VALUE = "INVALID_PARAMETER_VALUE"
RESOURCE_DOES_NOT_EXIST = "RESOURCE_DOES_NOT_EXIST"
RESOURCE_ALREADY_EXISTS = "RESOURCE_ALREADY_EXISTS"

# Number of each code on MLflow's wire, and the HTTP status it travels with (500 where none is named).
CODE_NUMBERS: dict[str, int] = {
    "INTERNAL_ERROR": 1, "TEMPORARILY_UNAVAILABLE": 2, "BAD_REQUEST": 4, "DEADLINE_EXCEEDED": 7, "CANCELLED": 8,
    "RESOURCE_EXHAUSTED": 9, "ABORTED": 10, "NOT_FOUND": 11, "ALREADY_EXISTS": 12, "UNAUTHENTICATED": 13,
    "INVALID_PARAMETER_VALUE": 1000, "ENDPOINT_NOT_FOUND": 1001, "INVALID_STATE": 1003, "PERMISSION_DENIED": 1004,
    "CUSTOMER_UNAUTHORIZED": 1006, "REQUEST_LIMIT_EXCEEDED": 1007, "RESOURCE_CONFLICT": 1008, "NOT_IMPLEMENTED": 1010,
    "DATA_LOSS": 1011, "RESOURCE_ALREADY_EXISTS": 3001, "RESOURCE_DOES_NOT_EXIST": 3002,
}  # fmt: skip
HTTP_STATUSES: dict[str, int] = {
    "BAD_REQUEST": 400, "INVALID_PARAMETER_VALUE": 400, "RESOURCE_ALREADY_EXISTS": 400,
    "UNAUTHENTICATED": 401, "CUSTOMER_UNAUTHORIZED": 401, "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404, "ENDPOINT_NOT_FOUND": 404, "RESOURCE_DOES_NOT_EXIST": 404,
    "ABORTED": 409, "ALREADY_EXISTS": 409, "RESOURCE_CONFLICT": 409,
    "REQUEST_LIMIT_EXCEEDED": 429, "RESOURCE_EXHAUSTED": 429, "CANCELLED": 499, "NOT_IMPLEMENTED": 501,
    "TEMPORARILY_UNAVAILABLE": 503, "DEADLINE_EXCEEDED": 504,
}  # fmt: skip
_NAMES = {number: name for name, number in CODE_NUMBERS.items()}

# Characters of a message at the most: a value of any size may stand in one.
MOST_SAID = 10_000
# Characters of a value in one, where that is what a caller gave in some other thing's place.
SHOWN = 80


class RunstoneError(Exception):
    """The root of the family; `mlflow.exceptions.MlflowException` is this class under the alias.

    Args:
        message: the sentence for the person who reads it.
        error_code: a code's name, or its number on MLflow's wire. Unknown codes become INTERNAL_ERROR.
    """

    code = INTERNAL_ERROR

    def __init__(self, message: object, error_code: str | int | None = None, **details: Any) -> None:
        said = str(message)
        # What programs say themselves, by MLflow's name of the class, is theirs.
        self.message = said if type(self) is RunstoneError or len(said) <= MOST_SAID else _cut(said)
        name = _NAMES.get(error_code) if isinstance(error_code, int) else error_code
        self.error_code = name if name in CODE_NUMBERS else (self.code if error_code is None else INTERNAL_ERROR)
        self.sqlstate = details.pop("sqlstate", None)
        self.error_class = details.pop("error_class", None)
        self.json_kwargs = details
        super().__init__(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.error_code, self.__dict__)

    def __str__(self) -> str:
        return self.message

    def get_http_status_code(self) -> int:
        """The HTTP status this error travels with."""
        return HTTP_STATUSES.get(self.error_code, 500)

    def serialize_as_json(self) -> str:
        """The error as MLflow's JSON body."""
        import json

        return json.dumps({"error_code": self.error_code, "message": self.message, **self.json_kwargs})

    @classmethod
    def invalid_parameter_value(cls, message: str, **details: Any) -> RunstoneError:
        """An error with the code INVALID_PARAMETER_VALUE."""
        return cls(message, error_code=INVALID_PARAMETER_VALUE, **details)


def _cut(said: str) -> str:
    # The beginning says what is wrong, the end what to do.
    half = MOST_SAID // 2 - 50
    return f"{said[:half]} ... [{len(said) - 2 * half:,} characters left out] ... {said[-half:]}"


def brief(value: object) -> str:
    """A value as a sentence shows it: its repr; of a long text, of bytes and of what holds many, the beginning and how long it is."""
    import reprlib

    if isinstance(value, str | bytes | bytearray) and len(value) > SHOWN:
        unit = "characters" if isinstance(value, str) else "bytes"
        return f"{value[:SHOWN]!r}... ({len(value):,} {unit})"
    limited = reprlib.Repr()
    limited.maxstring = limited.maxother = SHOWN
    return limited.repr(value)


def _rebuild(kind: type[RunstoneError], message: str, code: str, state: dict[str, Any]) -> RunstoneError:
    error = kind.__new__(kind)
    RunstoneError.__init__(error, message, code)
    error.__dict__.update(state)
    return error


# the name that scripts written for MLflow catch
MlflowException = RunstoneError


class InvalidParameter(RunstoneError, ValueError):
    """A value that breaks a rule."""

    code = INVALID_PARAMETER_VALUE


class BadRequest(RunstoneError, ValueError):
    """A request that cannot be carried out as it was put."""

    code = "BAD_REQUEST"


class AlreadyExists(RunstoneError, ValueError):
    """A name that is taken."""

    code = RESOURCE_ALREADY_EXISTS


class NotFound(RunstoneError, LookupError):
    """A thing that is not in the store."""

    code = RESOURCE_DOES_NOT_EXIST


class Forbidden(RunstoneError, PermissionError):
    """Whoever asks may not have what they ask for."""

    code = "PERMISSION_DENIED"


class NotServed(RunstoneError, NotImplementedError):
    """A part of MLflow that runstone does not have."""

    code = "NOT_IMPLEMENTED"


class Conflict(RunstoneError, RuntimeError):
    """Somebody else changed it meanwhile."""

    code = "RESOURCE_CONFLICT"


class ContentGone(RunstoneError, RuntimeError):
    """Bytes that were stored when it was asked, and are no more: they are to be stored again."""

    code = "ABORTED"


class RunStateError(RunstoneError, RuntimeError):
    """A call in the wrong order: there is no run, or one is already active."""

    code = "INVALID_STATE"


class StoreMismatch(RunstoneError, RuntimeError):
    """A database that is not runstone's, or that a newer runstone wrote."""

    code = "INVALID_STATE"


class CorruptData(RunstoneError, RuntimeError):
    """Bytes that do not match the digest or checksum they were stored with."""

    code = "DATA_LOSS"


class StorageError(RunstoneError, OSError):
    """The machine's storage refused; `errno` and `filename` are as the operating system gave them."""

    number = _errno.EIO

    def __init__(self, message: object, filename: object = None, error_code: str | int | None = None) -> None:
        super().__init__(message, error_code)
        self.errno = self.number
        self.filename = None if filename is None else str(filename)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.filename, self.error_code)


class MissingFile(StorageError, FileNotFoundError):
    """A path the caller named is not there."""

    code = INVALID_PARAMETER_VALUE
    number = _errno.ENOENT


class WrongFileKind(StorageError):
    """A directory where a file is needed, or the reverse."""

    code = INVALID_PARAMETER_VALUE
    number = _errno.EISDIR


class FileChanged(StorageError):
    """A file that changed while it was being read."""

    code = "RESOURCE_CONFLICT"
    number = _errno.EBUSY


class StorageFull(StorageError):
    """No space is left."""

    code = "RESOURCE_EXHAUSTED"
    number = _errno.ENOSPC


class StorageDenied(StorageError, PermissionError):
    """The storage is read-only, or not ours to write."""

    code = "PERMISSION_DENIED"
    number = _errno.EACCES


class StorageBusy(StorageError, TimeoutError):
    """Another process held a lock for longer than we wait."""

    code = "TEMPORARILY_UNAVAILABLE"
    number = _errno.ETIMEDOUT


class Unreachable(StorageError, ConnectionError):
    """A server that does not answer, or says that it cannot now."""

    code = "TEMPORARILY_UNAVAILABLE"
    number = _errno.ECONNREFUSED


class Refused(StorageError, PermissionError):
    """A server that wants to know who asks, or does not like who it is."""

    code = "UNAUTHENTICATED"
    number = _errno.EACCES


class WrongAnswer(RunstoneError, RuntimeError):
    """An address that answers, but not as a tracking server does."""


class TooLarge(RunstoneError, ValueError):
    """A request that is larger than a server, or a proxy before it, takes."""

    code = INVALID_PARAMETER_VALUE


_KINDS: dict[str, type[RunstoneError]] = {
    kind.code: kind
    for kind in (
        BadRequest, AlreadyExists, NotFound, NotServed, RunStateError, CorruptData, StorageFull, StorageDenied, StorageBusy,
        Conflict, ContentGone, InvalidParameter, Refused,
    )
}  # fmt: skip
_KINDS["NOT_FOUND"] = NotFound
_KINDS["ENDPOINT_NOT_FOUND"] = NotServed
_KINDS["ALREADY_EXISTS"] = AlreadyExists
_KINDS["CUSTOMER_UNAUTHORIZED"] = Refused


def from_wire(code: str, message: str) -> RunstoneError:
    """The error that a server's answer names."""
    return _KINDS.get(code, RunstoneError)(message, error_code=code)


def from_os_error(error: OSError, what: str) -> RunstoneError:
    """Translate an operating-system error at the seam where it enters; `what` says what was being done, to which path."""
    path = error.filename
    if error.errno in (_errno.ENOSPC, _errno.EDQUOT):
        return StorageFull(
            f"{what}: no space is left on the device. Free some space and try again; nothing was half written.", path
        )
    if error.errno in (_errno.EROFS, _errno.EACCES, _errno.EPERM):
        return StorageDenied(
            f"{what}: {error.strerror}. Check the folder's permissions, or point RUNSTONE_URI elsewhere.", path
        )
    if error.errno == _errno.ENOENT:
        return MissingFile(f"{what}: {path!r} does not exist.", path)
    if error.errno in (_errno.EISDIR, _errno.ENOTDIR):
        return WrongFileKind(f"{what}: {error.strerror} ({path!r}).", path)
    return StorageError(f"{what}: {error.strerror or error}", path)
