"""The errors and their codes under the names that MLflow keeps in `mlflow.exceptions` and `mlflow.protos.databricks_pb2`."""

from __future__ import annotations

from typing import Any

from runstone.errors import CODE_NUMBERS, MlflowException, NotServed, RunstoneError

__all__ = [
    "ErrorCode",
    "ExecutionException",
    "InvalidUrlException",
    "MissingConfigException",
    "MlflowException",
    "MlflowNotImplementedException",
    "RestException",
    *CODE_NUMBERS,
]

# A code's number on the wire, by name: `from mlflow.exceptions import RESOURCE_DOES_NOT_EXIST`.
globals().update(CODE_NUMBERS)

MlflowNotImplementedException = NotServed


class ErrorCode:
    """Between a code's name and its number, as protobuf enums do it."""

    @staticmethod
    def Name(number: int) -> str:  # noqa: N802 - protobuf's name
        """The name of a number. Raises ValueError for a number that is none."""
        for name, known in CODE_NUMBERS.items():
            if known == number:
                return name
        raise ValueError(f"{number!r} is the number of no error code")

    @staticmethod
    def Value(name: str) -> int:  # noqa: N802 - protobuf's name
        """The number of a name. Raises ValueError for a name that is none."""
        if name not in CODE_NUMBERS:
            raise ValueError(f"{name!r} is none of {', '.join(CODE_NUMBERS)}")
        return CODE_NUMBERS[name]

    @staticmethod
    def keys() -> list[str]:
        """Every name."""
        return list(CODE_NUMBERS)


class RestException(RunstoneError):
    """A server's refusal, from its JSON body. An embedded store raises its errors directly; programs catch this one too.

    Args:
        json: the body, with `error_code` and `message`.
    """

    def __init__(self, json: dict[str, Any]) -> None:
        self.json = json
        code = json.get("error_code", "INTERNAL_ERROR")
        super().__init__(f"{code}: {json.get('message', 'no message')}", code)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.json,)


class ExecutionException(RunstoneError):
    """MLflow raises it when a project's run fails; runstone runs no projects, programs may catch it."""


class MissingConfigException(RunstoneError):
    """MLflow raises it for a missing configuration file; runstone has none, programs may catch it."""


class InvalidUrlException(RunstoneError):
    """MLflow raises it for a server's address that is none; programs may catch it."""
