"""An environment of a model's own: what its files say that it needs, planned; made only if somebody vouches for what would be installed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from typing import NamedTuple

import yaml

from runstone.environments import files, given, lock, making, planning
from runstone.errors import CorruptData, InvalidParameter
from runstone.models.changing import read
from runstone.models.fetching import description, located
from runstone.models.locating import Place
from runstone.models.mlmodel import PYFUNC
from runstone.safety.texts import read_yaml
from runstone.safety.trust import Trust


class Wanted(NamedTuple):
    """The environment that a model is to be asked in.

    Attributes:
        plan: of what it is made.
        texts: the model's files that say so, by name.
        what: the model, as an error names it.
        vouched: whether it is the store's.
    """

    plan: planning.Plan
    texts: dict[str, str]
    what: str
    vouched: bool

    @property
    def folder(self) -> str:
        """Where it is, or is to be."""
        return making.folder_of(self.plan)


def wanted(uri: str | os.PathLike[str], manager: str, override: Sequence[str] = ()) -> Wanted:
    """Plan a model's environment.

    Args:
        uri: its address.
        manager: 'uv' or 'virtualenv'.
        override: requirements in place of the model's of the same names.

    Raises:
        NotFound: there is no such model. InvalidParameter, NotServed: no environment can be made of what it says.
    """
    place = located(uri)
    block = description(os.fspath(uri)).flavors.get(PYFUNC, {})
    env = block.get("env")
    names = {"conda": files.CONDA, "virtualenv": files.PYTHON}
    names |= {"conda": env} if isinstance(env, str) else env if isinstance(env, dict) else {}
    own = map(_plain, (names.get("virtualenv"), names.get("conda")))
    texts = _texts(place, files.REQUIREMENTS, given.CONSTRAINTS, lock.FILE_NAME, *own)
    requirements = texts.get(files.REQUIREMENTS)
    conda = _mapping(texts.get(str(names["conda"])), uri)
    if requirements is None:
        requirements = "".join(f"{line}\n" for line in given.conda(conda)[1].lines)
    python = _mapping(texts.get(str(names["virtualenv"])), uri).get("python") or files.python_of(
        conda.get("dependencies") or []
    )
    plan = planning.plan(
        manager,
        str(python or block.get("python_version") or ""),
        requirements,
        texts.get(given.CONSTRAINTS, ""),
        texts.get(lock.FILE_NAME, ""),
        override,
    )
    return Wanted(plan, texts, _called(place, uri), place.folder is None)


def made(wanted: Wanted, tell: Callable[[str], None]) -> making.Made:
    """That environment, which is made where it is not there (`making.environment`).

    Raises:
        Forbidden: nobody vouches for what would be installed.
    """
    return making.environment(wanted.plan, lambda: _agree(wanted), tell)


def _agree(wanted: Wanted) -> None:
    """Installing runs what is installed: so the model's requirements go by the rules of its pickles. Raises Forbidden."""
    with tempfile.TemporaryDirectory(prefix="runstone-requirements-") as folder:
        for name, text in wanted.texts.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as file:
                file.write(text)
        reason = f"for its environment it installs {wanted.plan.named()}"
        Trust(wanted.what, wanted.vouched).runs(folder, reason)


def _called(place: Place, uri: str | os.PathLike[str]) -> str:
    return f"the model at {place.folder!r}" if place.folder is not None else f"the model {os.fspath(uri)!r}"


def _texts(place: Place, *names: str) -> dict[str, str]:
    try:
        return {name: text for name in names if (text := read(place, name)) is not None}
    except UnicodeDecodeError as error:
        raise CorruptData(f"A file of the model's requirements is no text in UTF-8: {error.reason}.") from error


def _plain(name: object) -> str:
    if not isinstance(name, str) or os.path.basename(name) != name or name in ("", ".", ".."):
        raise InvalidParameter(f"The model's environment is {name!r:.200}, which is no file of its folder.")
    return name


def _mapping(text: str | None, uri: str | os.PathLike[str]) -> dict[str, object]:
    try:
        found = read_yaml(text) if text is not None else {}
    except (ValueError, yaml.YAMLError) as error:
        raise CorruptData(f"The environment of {os.fspath(uri)!r} is no YAML: {error}") from error
    if not isinstance(found, dict):
        raise CorruptData(f"The environment of {os.fspath(uri)!r} is not as one is.")
    return found
