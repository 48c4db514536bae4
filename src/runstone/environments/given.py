"""What a user says of a model's environment: requirements in a list or a file, with `-r` and `-c` lines, or a conda environment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import yaml

from runstone.environments.requirement import Requirement, parse
from runstone.errors import InvalidParameter, MissingFile, WrongFileKind

CONSTRAINTS = "constraints.txt"
_COMMENT = re.compile(r"(^|\s)#.*$")
# Lines that pip takes in such a file and that are no requirements: indexes, and what has no name before it is there.
_FREE = re.compile(r"(-|\.{0,2}/|[A-Za-z]:\\|[A-Za-z0-9+.-]+://)")
_DEEPEST = 20


class Given(NamedTuple):
    """Lines of requirements, and of constraints: comments, `-r` and `-c` lines resolved."""

    lines: list[str]
    constraints: list[str]


def check_combination(**given: Any) -> None:
    """Refuse more than one of them, as MLflow does. Raises InvalidParameter."""
    said = [name for name, value in given.items() if value is not None]
    if len(said) > 1:
        raise InvalidParameter(
            f"Only one of {', '.join(given)} can be given, not {' and '.join(said)}: conda_env and pip_requirements say all that the model "
            "needs, extra_pip_requirements adds to what is found."
        )


def requirements(what: str, given: Any) -> Given:
    """Read requirements.

    Args:
        what: the argument's name, for errors.
        given: a file, or a list of lines as a file has them; `-r` and `-c` lines of a list are relative to the working folder.

    Raises:
        InvalidParameter: a line is none; MissingFile: a file is not there.
    """
    found = Given([], [])
    if isinstance(given, str | os.PathLike):
        _read_file(os.fspath(given), found, what, False, 0)
    elif isinstance(given, Iterable) and not isinstance(given, bytes | Mapping):
        lines = list(given)
        if wrong := [line for line in lines if not isinstance(line, str)]:
            raise InvalidParameter(
                f"{what} has {wrong[0]!r:.100}, which is no text. Write lines such as 'scipy>=1.11'."
            )
        _read(lines, found, what, False, os.getcwd(), 0)
    else:
        raise InvalidParameter(
            f"{what} is a file or a list of lines such as 'scipy>=1.11', not {type(given).__name__}."
        )
    return found


def read(line: str) -> Requirement | None:
    """A line's requirement; None of an option (`--extra-index-url`), a path or an address. Raises ValueError."""
    return None if _FREE.match(line) else parse(re.split(r"\s--?[a-z]", line)[0])


def conda(given: Any) -> tuple[dict[str, Any], Given]:
    """Read a conda environment, a mapping or a YAML file: itself without its pip requirements, and these."""
    if isinstance(given, str | os.PathLike):
        try:
            env = yaml.safe_load(_text(os.fspath(given), "conda_env"))
        except yaml.YAMLError as error:
            raise InvalidParameter(f"conda_env: {os.fspath(given)!r} is no YAML: {error}") from error
    else:
        env = given
    if not isinstance(env, Mapping):
        raise InvalidParameter(f"conda_env is a mapping as in a conda.yaml, or such a file, not {type(env).__name__}.")
    dependencies = env.get("dependencies") or []
    if not isinstance(dependencies, list):
        raise InvalidParameter("conda_env: its 'dependencies' are a list, such as ['python=3.11', {'pip': ['scipy']}].")
    pip: list[Any] = []
    for one in dependencies:
        if isinstance(one, Mapping) and isinstance(one.get("pip"), list):
            pip += one["pip"]
    rest = [one for one in dependencies if not (isinstance(one, Mapping) and "pip" in one)]
    return {**env, "dependencies": rest}, requirements("conda_env", pip)


def _read_file(path: str, found: Given, what: str, constraint: bool, depth: int) -> None:
    if depth > _DEEPEST:
        raise InvalidParameter(f"{what}: {path!r} is read by files that are read by itself.")
    folder = os.path.dirname(os.path.abspath(path))
    _read(_text(path, what).splitlines(), found, what, constraint, folder, depth)


def _text(path: str, what: str) -> str:
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except FileNotFoundError as error:
        raise MissingFile(f"{what}: there is no file {path!r}.", path) from error
    except IsADirectoryError as error:
        raise WrongFileKind(f"{what}: {path!r} is a folder, not a file.", path) from error
    except UnicodeDecodeError as error:
        raise InvalidParameter(f"{what}: {path!r} is no text in UTF-8.") from error


def _read(lines: list[str], found: Given, what: str, constraint: bool, folder: str, depth: int) -> None:
    for line in joined(lines):
        option = re.match(r"(-r|--requirement|-c|--constraint)(?:\s*=\s*|\s+|(?=[^-\s]))(.+)\Z", line)
        if option:
            below = constraint or option[1] in ("-c", "--constraint")
            _read_file(os.path.join(folder, option[2].strip()), found, what, below, depth + 1)
            continue
        try:
            read(line)
        except ValueError as error:
            raise InvalidParameter(f"{what}: {error}. Write lines such as 'scipy>=1.11'.") from error
        (found.constraints if constraint else found.lines).append(line)


def joined(lines: list[str]) -> Iterable[str]:
    """The lines of a file of requirements: continued ones as one, without comments and empty ones."""
    begun = ""
    for line in "\n".join(lines).splitlines():
        text = line.rstrip()
        if text.endswith("\\") and not text.lstrip().startswith("#"):
            begun += text[:-1] + " "
            continue
        whole = _COMMENT.sub("", begun + text).strip()
        begun = ""
        if whole:
            yield whole
    if begun.strip():
        yield _COMMENT.sub("", begun).strip()
