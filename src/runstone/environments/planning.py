"""What an environment for a model is made of: a Python, the model's requirements or its lock, and what runstone itself needs there. Makes nothing."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import sys
from collections.abc import Sequence
from typing import NamedTuple

from runstone.environments import given, lock
from runstone.environments.installed import here
from runstone.environments.requirement import Requirement, key, parse
from runstone.errors import InvalidParameter, NotFound, NotServed

MANAGERS = ("local", "uv", "virtualenv")
_OLDEST = (3, 11)
# Options that a file of requirements may have: where to look.
_OPTIONS = re.compile(
    r"(-i|-f|--index-url|--extra-index-url|--find-links|--pre|--no-index|--trusted-host|--prefer-binary)\b"
)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
# What a request is read with, whatever the model needs.
_READS = "pandas"
_MADE_ON = re.compile(r"# Python (\d+\.\d+)\S*, (\S+) (\S+):")
_MOST_NAMED = 6


class Plan(NamedTuple):
    """An environment, before it is made. Two that are equal are one environment.

    Attributes:
        manager: by which it is made: 'uv' or 'virtualenv'.
        python: its Python's version, as '3.11'.
        lines: what is installed for the model, as pip's files of requirements have it.
        constraints: on what that brings.
        locked: the lines are all that is needed, each in one version.
        own: what runstone needs.
        home: runstone's folder, which is put on the environment's path.
        described: the folder that describes runstone's distribution.
    """

    manager: str
    python: str
    lines: tuple[str, ...]
    constraints: tuple[str, ...]
    locked: bool
    own: tuple[str, ...]
    home: str
    described: str

    @property
    def hashed(self) -> bool:
        """Whether nothing is installed for the model but files of known hashes."""
        return self.locked and all("--hash=" in line for line in self.lines if not line.startswith("-"))

    @property
    def digest(self) -> str:
        """The environment's name."""
        machine = [sys.implementation.name, platform.system(), platform.machine()]
        return hashlib.sha256(json.dumps([*self, *machine]).encode()).hexdigest()[:32]

    def named(self) -> str:
        """What is installed for the model, in words."""
        bare = [line.split(" --hash=")[0] for line in self.lines]
        # where it is looked for is said first: it counts more than the names
        bare.sort(key=lambda line: not (line.startswith("-") or "://" in line))
        more = len(bare) - _MOST_NAMED
        return (", ".join(bare[:_MOST_NAMED]) or "nothing") + (f" and {more} more" if more > 0 else "")


def plan(
    manager: str,
    python: str,
    requirements: str,
    constraints: str = "",
    locked: str = "",
    override: Sequence[str] = (),
) -> Plan:
    """Plan an environment.

    Args:
        manager: 'uv' or 'virtualenv'.
        python: the version that the model was made with; '' is this one. Its first two numbers count.
        requirements, constraints, locked: the texts of the model's files; '' where there is none.
        override: requirements in place of those of the same names.

    Raises:
        InvalidParameter: a line cannot be followed here. NotServed: runstone does not run on that Python. NotFound: it is not known what runstone needs.
    """
    if manager not in MANAGERS or manager == "local":
        raise InvalidParameter(
            f"{manager!r} makes no environment here. Write 'uv' or 'virtualenv', or 'local' for the environment that runstone runs in."
        )
    minor = _minor(python)
    lines = _instead(_lines(requirements), override)
    wanted = [one for one in map(_known, lines) if one is not None]
    if locked and not override and _suits(locked, minor) and lock.says(locked, wanted):
        options = [line for line in lines if _OPTIONS.match(line)]
        pinned = [line.split("  #")[0] for line in lock.pins(locked).values()]
        return Plan(manager, minor, (*options, *pinned), (), True, *_runstone())
    bounds = tuple(_lines(constraints))
    return Plan(manager, minor, tuple(lines), bounds, False, *_runstone())


def _minor(python: str) -> str:
    said = re.match(r"(\d+)\.(\d+)", python or platform.python_version())
    if said is None:
        raise InvalidParameter(f"The model names its Python {python!r:.100}, which is no version such as 3.11.2.")
    found = int(said[1]), int(said[2])
    if found < _OLDEST:
        raise NotServed(
            f"The model was made with Python {said[0]}, and runstone needs {'.'.join(map(str, _OLDEST))} or later. Try it in this environment "
            "(--env-manager local), and save it again if it predicts as it did; or serve it with MLflow."
        )
    return said[0]


def _suits(locked: str, minor: str) -> bool:
    """Whether a lock was written for such a Python on such a machine."""
    said = _MADE_ON.match(locked)
    return (
        bool(lock.pins(locked)) and said is not None and said.groups() == (minor, platform.system(), platform.machine())
    )


def _lines(text: str) -> list[str]:
    found = []
    for line in given.joined(text.splitlines()):
        if re.match(r"(-c|--constraint)[\s=]", line):
            continue  # they are given beside
        if not (_OPTIONS.match(line) or _ADDRESS.match(line)):
            _known(line)
            if line.startswith(("-", ".", "/")):
                raise _not_followed(line, "it names files that are not installed from here")
        found.append(line)
    return found


def _known(line: str) -> Requirement | None:
    if line.startswith("-") or _ADDRESS.match(line):
        return None
    try:
        return given.read(line)
    except ValueError as error:
        raise _not_followed(line, str(error)) from error


def _not_followed(line: str, why: str) -> InvalidParameter:
    return InvalidParameter(
        f"The model's requirements have the line {line!r:.200}, and no environment is made of it: {why}. Make one by hand, install runstone into "
        "it, and say --env-manager local there."
    )


def _instead(lines: list[str], override: Sequence[str]) -> list[str]:
    names = set()
    for text in override:
        try:
            names.add(key(parse(text).name))
        except ValueError as error:
            raise InvalidParameter(f"{error}. Write requirements such as scipy==1.11.2.") from error
    kept = [line for line in lines if (one := _known(line)) is None or key(one.name) not in names]
    return [*kept, *override]


def _runstone() -> tuple[tuple[str, ...], str, str]:
    """What runstone needs, its folder, and the one that describes its distribution."""
    found = here().find("runstone")
    if found is None:
        raise NotFound(
            "It is not known what runstone needs, for it was not installed, only put on the path. `pip install -e` its folder."
        )
    own = [str(one) for one in found.requires if "extra" not in one.marker]
    return (*own, _READS), os.path.realpath(os.path.dirname(os.path.dirname(__file__))), os.path.realpath(found.folder)
