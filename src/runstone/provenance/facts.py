"""The facts that become tags of a new run; read from files, without starting a process."""

from __future__ import annotations

import os
import sys

from runstone import settings
from runstone.provenance import git
from runstone.provenance.secrets import masked


def tags(checkout: git.Checkout | None) -> dict[str, str]:
    """User, host, script, arguments, Python and git commit, under MLflow's tag names where it has one."""
    return {
        "mlflow.user": _user(),
        "mlflow.source.name": _notebook() or (sys.argv[0] if sys.argv and sys.argv[0] else "python"),
        "mlflow.source.type": "NOTEBOOK" if "ipykernel" in sys.modules else "LOCAL",
        "runstone.host": os.uname().nodename,
        "runstone.pid": str(os.getpid()),
        "runstone.command": " ".join(map(_word, [*sys.argv[:1], *masked(sys.argv[1:])]))[:8000],
        "runstone.python": sys.version.split()[0],
        **(checkout.tags() if checkout is not None else {}),
    }


def _word(argument: str) -> str:
    """An argument that is one word of the command, in quotes where it would be none or several."""
    if argument and not any(mark in argument for mark in " \t\n\r'\"\\"):
        return argument
    return "'" + argument.replace("'", "'\\''") + "'"


def source_folder() -> str:
    """Where the code is that runs: the script's folder; in a notebook or a session by hand, the working folder."""
    script: str | None = getattr(sys.modules.get("__main__"), "__file__", None)
    try:
        if script is None or "ipykernel" in sys.modules:
            return os.getcwd()
        return os.path.dirname(os.path.abspath(script))
    except OSError:
        return os.sep  # the working folder was deleted


def _notebook() -> str | None:
    """The name of the notebook that this kernel runs; None where it is none, or nobody said. VS Code tells the kernel, Jupyter its environment."""
    if "ipykernel" not in sys.modules:
        return None
    said = getattr(sys.modules.get("__main__"), "__vsc_ipynb_file__", None)
    path = said if isinstance(said, str) and said else settings.NOTEBOOK.read()
    return os.path.basename(path) if path else None


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
