"""What a saved model needs, asked later: its files of requirements, the lock with hashes, and requirements that are changed afterwards.

What is said of a model's environment may change once it is saved; its own files stay as they are.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import yaml

from runstone import flavors
from runstone.environments import files, given, lock
from runstone.environments.finding import needed
from runstone.environments.requirement import Requirement, key, parse
from runstone.errors import CorruptData, InvalidParameter, NotFound
from runstone.models.changing import changeable, read, replace
from runstone.models.fetching import description, located
from runstone.models.locating import Place
from runstone.models.mlmodel import PYFUNC
from runstone.models.temporary import temporary
from runstone.safety.texts import read_yaml

_FORMATS = {"pip": files.REQUIREMENTS, "conda": files.CONDA, "lock": lock.FILE_NAME}


def infer_pip_requirements(
    model_uri: str | os.PathLike[str],
    flavor: str,
    fallback: list[str] | None = None,
    timeout: int | None = None,
    extra_env_vars: dict[str, str] | None = None,
    uv_project_dir: str | os.PathLike[str] | None = None,
    uv_groups: list[str] | None = None,
    uv_extras: list[str] | None = None,
) -> list[str]:
    """What a saved model needs, pinned to what is installed here: its flavor's library, and what its requirements.txt names, if it has one.

    Nothing is loaded and no process started, so there is no time to limit.

    Args:
        model_uri: its address, or a folder that is not a whole model yet.
        flavor: its kind; one that runstone does not know adds nothing.
        fallback: given back where nothing is found.
        timeout, extra_env_vars, uv_project_dir, uv_groups, uv_extras: taken for MLflow's sake.
    """
    names: list[str] = list(flavors.LIBRARIES.get(flavor, ()))
    kept: dict[str, str] = {}
    for line in _lines(read(located(model_uri), files.REQUIREMENTS) or ""):
        one = _known(line)
        if one is not None:
            kept[key(one.name)] = line
    found = {key(one.name): one for one in needed([*names, *kept])}
    here = [one for one in found.values() if one.clauses or one.url]
    elsewhere = [kept[name] for name in found if name in kept and not (found[name].clauses or found[name].url)]
    return [*map(str, here), *elsewhere] or list(fallback or ())


def get_model_dependencies(model_uri: str | os.PathLike[str], format: str = "pip") -> str:
    """A file that says what a model needs, on this machine: to be installed with `pip install -r`. The rest of the model is not fetched.

    Args:
        model_uri: its address.
        format: 'pip' gives requirements.txt (made of conda.yaml where an old model has none), 'conda' conda.yaml, 'lock' requirements.lock.

    Raises:
        NotFound: there is no such model, or it has no such file.
    """
    if format not in _FORMATS:
        raise InvalidParameter(f"{format!r} is no format of a model's dependencies. They are {', '.join(_FORMATS)}.")
    place = located(model_uri)
    name = _FORMATS[format]
    source = _conda_file(model_uri) if format == "conda" else name
    text = _lock(place) if format == "lock" else read(place, source)
    if place.folder is not None and text is not None:
        return os.path.join(place.folder, source)
    if text is None and format == "pip":
        _, said = given.conda(_mapping(read(place, _conda_file(model_uri)), model_uri))
        text = "".join(f"{line}\n" for line in said.lines)
    if text is None:
        raise NotFound(f"The model {os.fspath(model_uri)!r} has no {source}.")
    folder = temporary("requirements")
    constraints = read(place, given.CONSTRAINTS) if format == "pip" else None
    if constraints is not None:
        _place(os.path.join(folder, given.CONSTRAINTS), constraints)
    _place(os.path.join(folder, name), text)
    return os.path.join(folder, name)


def lock_model_requirements(model_uri: str | os.PathLike[str], tool: str | None = None) -> str:
    """Add the hashes of an index to a model's lock, and keep it beside the model; the lock's text comes back.

    From then on `pip install --require-hashes -r requirements.lock` and `uv pip sync --require-hashes requirements.lock` take it. Its
    versions are not changed. Takes seconds, and a network.

    Args:
        model_uri: its address; not a version of a registered model, which stays as it was registered: name its logged model.
        tool: by which the index is asked, 'uv' or 'pip'; uv unless said, where it is on the PATH.

    Raises:
        NotFound: the model has no lock; or neither uv nor pip is here.
        Unreachable: the index does not answer, or does not have a version.
    """
    place = changeable(model_uri)
    text = _lock(place)
    if text is None:
        raise NotFound(f"The model {os.fspath(model_uri)!r} has no {lock.FILE_NAME}.")
    if not lock.is_hashed(text):
        text = lock.hashed(text, tool)
        replace(place, lock.FILE_NAME, text)
    return text


def update_model_requirements(
    model_uri: str | os.PathLike[str], operation: str, requirement_list: Sequence[str]
) -> None:
    """Add requirements to a model's files, or remove them. Its lock is emptied where it would not say the same any more.

    Args:
        model_uri: its address; not a version of a registered model.
        operation: 'add' (in place of those of the same names) or 'remove' (by name, whatever the version).
        requirement_list: such as ['scipy>=1.11'].

    Raises:
        InvalidParameter: one of them cannot be read, or the operation is none.
    """
    if operation not in ("add", "remove"):
        raise InvalidParameter(f"{operation!r} is no operation on requirements. Write 'add' or 'remove'.")
    wrong, changes = {}, []
    for text in requirement_list:
        try:
            changes.append((text.strip(), parse(text)))
        except ValueError as error:
            wrong[text] = str(error)
    if wrong:
        raise InvalidParameter(f"These are no requirements: {'; '.join(wrong.values())}.")
    place = changeable(model_uri)
    requirements = read(place, files.REQUIREMENTS)
    conda_name = _conda_file(model_uri)
    conda = _mapping(read(place, conda_name), model_uri)
    pip = next((one["pip"] for one in conda["dependencies"] if isinstance(one, dict) and "pip" in one), None)
    if pip is None:
        pip = []
        conda["dependencies"].append({"pip": pip})
    lines = _changed(_lines(requirements) if requirements is not None else list(pip), operation, changes)
    pip[:] = _changed(pip, operation, changes)
    locked = _lock(place)
    if locked is not None and not lock.says(locked, [one for one in map(_known, _named(lines)) if one is not None]):
        # First: a lock that says something else is worse than none.
        replace(
            place,
            lock.FILE_NAME,
            "# Not locked any more: the model's requirements were changed, and are not what was installed.\n",
        )
    replace(place, conda_name, yaml.safe_dump(conda, sort_keys=False, default_flow_style=False, allow_unicode=True))
    replace(place, files.REQUIREMENTS, "\n".join(lines))


def _changed(lines: list[Any], operation: str, changes: list[tuple[str, Requirement]]) -> list[Any]:
    names = {key(one.name) for _, one in changes}
    kept = []
    for line in lines:
        one = _known(line) if isinstance(line, str) else None
        if one is None or key(one.name) not in names:
            kept.append(line)
    return kept + ([text for text, _ in changes] if operation == "add" else [])


def _known(line: str) -> Requirement | None:
    try:
        return given.read(line)
    except ValueError as error:
        raise CorruptData(f"The model's requirements have a line that is none: {error}.") from error


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _named(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith("-")]


def _conda_file(uri: str | os.PathLike[str]) -> str:
    env = description(os.fspath(uri)).flavors.get(PYFUNC, {}).get("env")
    name = env.get("conda") if isinstance(env, dict) else env  # MLflow 1 wrote the name alone
    if name is None:
        return files.CONDA
    if not isinstance(name, str) or os.path.basename(name) != name or name in ("", ".", ".."):
        raise InvalidParameter(f"The model's conda environment is {name!r:.200}, which is no file of its folder.")
    return name


def _mapping(text: str | None, uri: str | os.PathLike[str]) -> dict[str, Any]:
    if text is None:
        raise NotFound(f"The model {os.fspath(uri)!r} has no {files.REQUIREMENTS} and no {files.CONDA}.")
    try:
        found = read_yaml(text)
    except ValueError as error:
        raise CorruptData(f"The conda environment of {os.fspath(uri)!r} is no YAML: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.setdefault("dependencies", []), list):
        raise CorruptData(f"The conda environment of {os.fspath(uri)!r} is not as one is.")
    return found


def _lock(place: Place) -> str | None:
    text = read(place, lock.FILE_NAME)
    return text if text is not None and lock.pins(text) else None


def _place(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
