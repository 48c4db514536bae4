"""The lock: exact versions of all that a model brings, in the format of pip's requirements, and the hashes of their files.

Versions are those of this process, written at once. Hashes are an index's, not an installed distribution's: they are added by `hashed`, when asked.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping

from runstone.environments.finding import closure, pinned
from runstone.environments.requirement import Requirement, key, parse
from runstone.errors import InvalidParameter, NotFound, Unreachable

FILE_NAME = "requirements.lock"
_SECONDS = 600
_PIN = re.compile(r"[\w.-]+(?:\[[\w.,-]+\])?==[\w.!+*-]+", re.ASCII)


def text(requirements: Iterable[Requirement]) -> tuple[str | None, str]:
    """The lock of some requirements, as far as what they ask for is what is installed.

    Returns:
        The file's text, without hashes; None where it could not say the same as the requirements, and the reason in a sentence.
    """
    asked = [one for one in requirements if one.applies()]
    found, missing = closure(asked)
    for one in asked:
        there = found.get(key(one.name))
        if there is None:
            return None, f"{one.name} is not installed here"
        if one.url and pinned(there, one.extras).url != one.url:
            return None, f"{one.name} is wanted from {one.url}, and is not from there here"
        if not one.url and one.met_by(there.version) is not True:
            return None, f"{one} is wanted, and {there.version} is installed here"
    lines = [
        f"# Python {platform.python_version()}, {platform.system()} {platform.machine()}: all that the requirements bring, as it was installed.",
        *(f"# not installed: {name}, which {by} asks for" for name, by in sorted(missing.items())),
    ]
    for _, there in sorted(found.items()):
        pin = str(pinned(there))
        lines.append(pin if "+" not in there.version else f"{pin}  # installed: {there.version}")
    return "\n".join(lines) + "\n", ""


def is_hashed(lock: str) -> bool:
    """Whether it has a hash for every distribution, so that `pip install --require-hashes -r` takes it."""
    found = pins(lock)
    return bool(found) and all("--hash=" in rest for rest in found.values())


def says(lock: str, requirements: Iterable[Requirement]) -> bool:
    """Whether its versions are those that some requirements mean. What it has beyond them does no harm."""
    known = pins(lock)
    for one in requirements:
        if not one.applies():
            continue
        pin = _bare(known.get(key(one.name), ""))
        locked = parse(pin) if pin else None
        if locked is None or one.url != locked.url or not (one.url or one.met_by(locked.clauses[0][1])):
            return False
    return True


def hashed(lock: str, tool: str | None = None) -> str:
    """The same lock with the hashes of the files that the configured index has of each version.

    Asks the index, through uv or pip, which know its address, credentials and certificates: seconds, and a network. Of wheels only: to
    build a distribution from its sources would run its code.

    Args:
        lock: as `text` gives it.
        tool: 'uv' gives the hashes of all files of a version, for any system; 'pip' those of the files that this Python would take.
            uv unless said, where it is on the PATH and knows them all; else pip.

    Raises:
        InvalidParameter: the lock names something that has no hash (a repository), or is none.
        NotFound: neither uv nor pip is here.
        Unreachable: the index does not answer, or has no wheel of a version.
    """
    exact = {name: _exact(pin) for name, pin in pins(lock).items()}
    found = _asked(exact, tool)
    if without := sorted(name for name in exact if not found.get(name)):
        raise Unreachable(f"The index has no wheel, and so no hash, for {', '.join(exact[name] for name in without)}.")
    lines = [line for line in lock.splitlines() if line.startswith("#")]
    for name, pin in exact.items():
        lines.append(" \\\n".join([pin, *(f"    --hash={one}" for one in sorted(found[name]))]))
    return "\n".join(lines) + "\n"


def pins(lock: str) -> dict[str, str]:
    """Its lines by the keys of their distributions, continued ones joined."""
    joined = re.sub(r"\s*\\\n\s*", " ", lock)
    lines = [line.strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return {key(re.split(r"[\s=@\[;]", line, maxsplit=1)[0]): line for line in lines}


def _exact(pin: str) -> str:
    """A pin's bare text. A lock may be anybody's: nothing but a name and a version reaches uv or pip, no option and no path."""
    try:
        one = parse(_bare(pin))
    except ValueError as error:
        raise InvalidParameter(f"The lock has a line that is no pin: {error}.") from error
    if one.url:
        raise InvalidParameter(
            f"{str(one)!r:.300} is no file of an index, and has no hash. Publish it, or install without hashes."
        )
    if one.marker or [sign for sign, _ in one.clauses] != ["=="]:
        raise InvalidParameter(f"The lock has {pin!r:.200}, which is no pin such as 'scipy==1.11.2'.")
    if not _PIN.fullmatch(str(one)):
        raise InvalidParameter(f"The lock has {pin!r:.200}, which is no pin such as 'scipy==1.11.2'.")
    return str(one)


def _bare(pin: str) -> str:
    return pin.split(" --hash=")[0].split(" #")[0].strip()


def _asked(exact: Mapping[str, str], tool: str | None) -> dict[str, set[str]]:
    uv = shutil.which("uv") if tool in (None, "uv") else None
    if uv is None:
        if tool == "uv":
            raise NotFound("There is no uv on the PATH. Install it, or say tool='pip'.")
        return _with_pip(exact)
    if tool == "uv" or not _has_pip():
        return _with_uv(uv, exact)
    # Of folders of wheels uv gives no hashes, and it may know other indexes than pip.
    with contextlib.suppress(Unreachable):
        found = _with_uv(uv, exact)
        if all(found.get(name) for name in exact):
            return found
    return _with_pip(exact)


def _has_pip() -> bool:
    return importlib.util.find_spec("pip") is not None


def _with_uv(uv: str, exact: Mapping[str, str]) -> dict[str, set[str]]:
    with tempfile.TemporaryDirectory(prefix="runstone-lock-") as folder:
        asked = _write(folder, exact)
        out = _run(
            [uv, "pip", "compile", "--quiet", "--no-deps", "--only-binary", ":all:", "--generate-hashes", "--no-header", "--no-annotate", "--emit-build-options",
             "--python", sys.executable, asked]
        )  # fmt: skip
    return {name: set(re.findall(r"--hash=(\S+)", rest)) for name, rest in pins(out).items()}


def _with_pip(exact: Mapping[str, str]) -> dict[str, set[str]]:
    if not _has_pip():
        raise NotFound("Neither uv nor pip is here to ask the index for hashes. Install one of them.")
    with tempfile.TemporaryDirectory(prefix="runstone-lock-") as folder:
        asked, report = _write(folder, exact), os.path.join(folder, "report.json")
        _run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--dry-run", "--no-deps", "--only-binary", ":all:",
             "--ignore-installed", "--report", report, "-r", asked]
        )  # fmt: skip
        with open(report, encoding="utf-8") as file:
            rows = json.load(file)["install"]
    found: dict[str, set[str]] = {}
    for row in rows:
        hashes = row.get("download_info", {}).get("archive_info", {}).get("hashes", {})
        found[key(row["metadata"]["name"])] = {f"{kind}:{value}" for kind, value in hashes.items()}
    return found


def _write(folder: str, exact: Mapping[str, str]) -> str:
    path = os.path.join(folder, "requirements.in")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(exact.values()) + "\n")
    return path


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise Unreachable(f"The index did not answer in {_SECONDS} seconds.") from error
    if done.returncode != 0:
        raise Unreachable(f"The index did not give the hashes: {done.stderr.strip()[-1000:]}")
    return done.stdout
