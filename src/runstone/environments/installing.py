"""An environment's folder is filled, by uv or by venv and pip; what they say is passed on, what fails is a sentence."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence

from runstone.environments.planning import Plan
from runstone.errors import InvalidParameter, NotFound, RunstoneError, Unreachable

Tell = Callable[[str], None]
_LAST_LINES = 20
# Lines that say how far it is; the others are noise unless it fails.
_PROGRESS = re.compile(r"\s*(Collecting|Building|Downloading|Installing|Installed|Prepared|Resolved|Successfully) ")
_PIN = re.compile(r"[\w.-]+==[^\s;]+")
# What uv and pip say of an index that cannot be reached, and of requirements that cannot be met.
_AWAY = re.compile(
    r"failed to fetch|dns error|error sending request|connection (refused|error|broken)|timed out|name or service not known|network is unreachable"
    r"|temporary failure in name resolution|client error \(connect\)|proxyerror|newconnectionerror",
    re.IGNORECASE,
)
_UNMET = re.compile(
    r"no solution found|no matching distribution|resolutionimpossible|conflicting dependencies|not found in the package registry|hash",
    re.IGNORECASE,
)


def python_of(folder: str) -> str:
    """An environment's Python."""
    return os.path.join(folder, "bin", "python")


def install(plan: Plan, folder: str, tell: Tell, held: int) -> None:
    """Make an environment in a folder that is not there.

    Args:
        plan: of what.
        folder: where it stays: what is installed names it.
        tell: is told how far it is, line by line.
        held: a file that the tools keep open, so that its lock lasts as long as they write.

    Raises:
        NotFound: uv, or the Python, is not here.
        Unreachable: an index does not answer.
        InvalidParameter: what is wanted cannot be had together, or at all.
        RunstoneError: it fails otherwise; the sentence has the tool's last lines.
    """
    steps = _Steps(folder, tell, held)
    if plan.manager == "uv":
        uv = _uv()
        steps.python([uv, "venv", "--quiet", "--no-project", "--python", _this_or(plan.python), folder], plan.python)
        pip = [uv, "pip", "install", "--python", python_of(folder)]
    else:
        steps.python([_python(plan.python), "-m", "venv", folder], plan.python)
        pip = [python_of(folder), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    model = steps.write("requirements.txt", plan.lines)
    own = steps.write("runstone.txt", plan.own)
    if plan.locked:
        hashed = ["--require-hashes"] if plan.hashed else []
        steps.packages([*pip, "--no-deps", *hashed, "-r", model])
        bounds = [pin for pin in (line.split(" --hash=")[0] for line in plan.lines) if _PIN.fullmatch(pin)]
    else:
        bounds = list(plan.constraints)
    constraints = ["-c", steps.write("constraints.txt", bounds)] if bounds else []
    steps.packages([*pip, *([] if plan.locked else ["-r", model]), "-r", own, *constraints])
    _link(plan, folder)


class _Steps:
    def __init__(self, folder: str, tell: Tell, held: int) -> None:
        self._folder, self._tell, self._held = folder, tell, held

    def write(self, name: str, lines: Sequence[str]) -> str:
        """One of the tools' files, which stays beside what it made."""
        path = os.path.join(self._folder, f"model-{name}")
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
        return path

    def python(self, command: list[str], version: str) -> None:
        code, said = self._run(command)
        if code:
            raise NotFound(
                f"No environment with Python {version}, which the model was made with, could be made:\n{said}\n"
                f"Install that Python (on Debian with python{version}-venv), or try the model in this environment: --env-manager local."
            )

    def packages(self, command: list[str]) -> None:
        code, said = self._run(command)
        if not code:
            return
        tool = "uv" if "uv" in os.path.basename(command[0]) else "pip"
        if _AWAY.search(said):
            raise Unreachable(
                f"{tool} cannot reach the index that it is to install from:\n{said}\nNothing was kept. Is there a network? Another index is named "
                f"by {'UV_DEFAULT_INDEX' if tool == 'uv' else 'PIP_INDEX_URL'}."
            )
        kind = InvalidParameter if _UNMET.search(said) else RunstoneError
        raise kind(
            f"{tool} cannot install what the model needs:\n{said}\nNothing was kept. Its requirements are changed by update_model_requirements, "
            "or for once by --pip-requirements-override."
        )

    def _run(self, command: list[str]) -> tuple[int, str]:
        last: deque[str] = deque(maxlen=_LAST_LINES)
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            pass_fds=[self._held],
        )
        with process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.strip():
                    last.append(line.rstrip())
                    if _PROGRESS.match(line):
                        self._tell(line.strip())
        return process.returncode, "\n".join(last)


def _uv() -> str:
    found = shutil.which("uv") or shutil.which("uv", path=os.path.dirname(sys.executable))
    if found is None:
        raise NotFound(
            "There is no uv here. `pip install uv`, or say --env-manager virtualenv, which takes venv and pip."
        )
    return found


def _this_or(version: str) -> str:
    """This Python, where it is of the version; else the version, which uv looks for, and fetches where it may."""
    return sys.executable if _is_this(version) else version


def _is_this(version: str) -> bool:
    return version == f"{sys.version_info.major}.{sys.version_info.minor}"


def _python(version: str) -> str:
    found = sys.executable if _is_this(version) else shutil.which(f"python{version}")
    if found is None:
        raise NotFound(
            f"The model was made with Python {version}, and there is no python{version} on the PATH. Install it, say --env-manager uv, which fetches "
            "one, or try the model in this environment: --env-manager local."
        )
    return found


def _link(plan: Plan, folder: str) -> None:
    """runstone itself is not installed but linked: the one that runs now, whatever it came from."""
    packages = os.path.join(folder, "lib", f"python{plan.python}", "site-packages")
    for target in (plan.home, plan.described):
        os.symlink(target, os.path.join(packages, os.path.basename(target)))
