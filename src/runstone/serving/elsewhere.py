"""A model is asked in an environment of its own: this process goes on there, or asks one that runs there."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence

from runstone import settings
from runstone.errors import Conflict, RunstoneError
from runstone.models.environment import made, wanted
from runstone.safety.trust import allows_all

_HANDED_ON = "_RUNSTONE_ENVIRONMENT"

Tell = Callable[[str], None]


def enter(
    uri: str, manager: str, arguments: Sequence[str], override: Sequence[str], extra: Mapping[str, str], tell: Tell
) -> None:
    """Be in a model's environment when this returns. From elsewhere it does not return: this process becomes `runstone ARGUMENTS` there.

    Args:
        uri: the model's address.
        manager: 'uv' or 'virtualenv'.
        arguments: of the command that is under way, which calls this again.
        override: requirements in place of the model's.
        extra: environment variables.
        tell: is told how the making of the environment goes.

    Raises:
        Forbidden, NotFound, InvalidParameter, Unreachable, RunstoneError: it cannot be made.
        Conflict: the address has come to mean a model that needs another one.
    """
    found = wanted(uri, manager, override)
    if _here() == found.folder:
        return
    if _here():
        raise Conflict(f"{uri} means another model now than when its environment was looked for. Start again.")
    python = made(found, tell).python
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(python, _command(python, arguments), _variables(found.folder, extra))  # noqa: S606


def require_here(uri: str, manager: str) -> None:
    """Raise Conflict for a model that needs another environment than the one that this process was started in for one."""
    if manager != "local" and wanted(uri, manager).folder != _here():
        raise Conflict(
            f"{uri} needs another environment than this one, which a running process cannot change: start again"
        )


def ask(
    uri: str,
    body: bytes,
    content_type: str,
    manager: str,
    override: Sequence[str] = (),
    extra: Mapping[str, str] | None = None,
) -> bytes:
    """What a model says in its own environment to a request's body, as the body of an answer.

    Raises:
        Forbidden, NotFound, InvalidParameter, Unreachable, RunstoneError: the environment cannot be made, or the model fails there.
    """
    found = wanted(uri, manager, override)
    python, held = made(found, lambda line: print(f"runstone: {line}", file=sys.stderr, flush=True))
    with os.fdopen(held), tempfile.TemporaryDirectory(prefix="runstone-asked-") as folder:
        asked, said = os.path.join(folder, f"asked.{content_type}"), os.path.join(folder, "said.json")
        with open(asked, "wb") as file:
            file.write(body)
        arguments = ["models", "predict", "-m", uri, "-i", asked, "-o", said, "--env-manager", manager]
        arguments += ["-r", ",".join(override)] if override else []
        done = subprocess.run(
            _command(python, arguments),
            env=_variables(found.folder, extra or {}),
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            told = done.stderr.strip().removeprefix("runstone: ") or f"it ended with the exit code {done.returncode}"
            raise RunstoneError(f"In its own environment, {found.folder!r}: {told}")
        with open(said, "rb") as file:
            return file.read()


def _here() -> str:
    """The environment that this process was started in for a model; '' where it was not."""
    folder = settings.handed_on(_HANDED_ON)
    return folder if folder and os.path.realpath(folder) == os.path.realpath(sys.prefix) else ""


def _command(python: str, arguments: Sequence[str]) -> list[str]:
    # neither the working folder nor the user's own packages are on the path
    return [python, "-P", "-s", "-m", "runstone", *arguments]


def _variables(folder: str, extra: Mapping[str, str]) -> dict[str, str]:
    trusted = {settings.PICKLE.name: "allow"} if allows_all() else {}
    return settings.elsewhere(folder, {_HANDED_ON: folder, **trusted, **extra})
