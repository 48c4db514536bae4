"""The facts that become tags of a new run; read from files, without starting a process."""

from __future__ import annotations

import os
import re
import sys

_SECRET = re.compile(r"(?i)(token|password|passwd|secret|api_?key)")


def tags() -> dict[str, str]:
    """User, host, script, arguments, Python and git commit, under MLflow's tag names where it has one."""
    found = {
        "mlflow.user": _user(),
        "mlflow.source.name": sys.argv[0] if sys.argv and sys.argv[0] else "python",
        "mlflow.source.type": "NOTEBOOK" if "ipykernel" in sys.modules else "LOCAL",
        "runstone.host": os.uname().nodename,
        "runstone.pid": str(os.getpid()),
        "runstone.command": " ".join(_masked(sys.argv))[:8000],
        "runstone.python": sys.version.split()[0],
    }
    return {**found, **_git(os.path.dirname(os.path.abspath(found["mlflow.source.name"])))}


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _masked(arguments: list[str]) -> list[str]:
    """The arguments, with what looks like a secret's value left out: a run's tags are read by many."""
    shown, hide = [], False
    for argument in arguments:
        name, separator, _ = argument.partition("=")
        if hide:
            shown.append("***")
        else:
            shown.append(f"{name}=***" if separator and _SECRET.search(name) else argument)
        hide = not separator and argument.startswith("-") and bool(_SECRET.search(argument))
    return shown


def _git(folder: str) -> dict[str, str]:
    while not os.path.exists(os.path.join(folder, ".git")):
        if folder == os.path.dirname(folder):
            return {}
        folder = os.path.dirname(folder)
    directory = os.path.join(folder, ".git")
    try:
        if os.path.isfile(directory):  # a worktree or a submodule: the file says where its directory is
            directory = os.path.join(folder, _text(directory).removeprefix("gitdir:").strip())
        head = _text(os.path.join(directory, "HEAD"))
        if not head.startswith("ref:"):
            return {"mlflow.source.git.commit": head}
        reference = head.removeprefix("ref:").strip()
        branch = {"mlflow.source.git.branch": reference.removeprefix("refs/heads/")}
        common = os.path.join(directory, "commondir")
        roots = [directory, os.path.join(directory, _text(common))] if os.path.exists(common) else [directory]
        for root in roots:
            if os.path.exists(os.path.join(root, reference)):
                return {**branch, "mlflow.source.git.commit": _text(os.path.join(root, reference))}
            packed = os.path.join(root, "packed-refs")
            for line in _text(packed).splitlines() if os.path.exists(packed) else []:
                if line.endswith(" " + reference):
                    return {**branch, "mlflow.source.git.commit": line.split(" ")[0]}
        return branch
    except (OSError, UnicodeDecodeError):
        return {}  # an odd repository is no reason to stop a training


def _text(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read().strip()
