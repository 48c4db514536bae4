"""The files beside a saved model that say what it needs: requirements.txt, constraints.txt, conda.yaml, python_env.yaml, requirements.lock."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from runstone.environments import given, lock
from runstone.environments.finding import needed, pruned
from runstone.environments.installed import here
from runstone.environments.requirement import Requirement, key, public
from runstone.warning import warn

REQUIREMENTS, CONDA, PYTHON = "requirements.txt", "conda.yaml", "python_env.yaml"
ALL = (REQUIREMENTS, CONDA, PYTHON, given.CONSTRAINTS)
_BUILD = ("pip", "setuptools", "wheel")


def write(
    folder: str,
    packages: Iterable[str],
    modules: Iterable[str] = (),
    conda_env: str | Mapping[str, Any] | None = None,
    pip_requirements: str | Sequence[str] | None = None,
    extra_pip_requirements: str | Sequence[str] | None = None,
) -> dict[str, str]:
    """Write them into a model's folder; what comes back is the `env` of its `python_function` block.

    Args:
        folder: the model's. Modules in its `code` folder need nothing.
        packages: distributions that it needs, by name.
        modules: modules whose distributions it needs.
        conda_env: the user's own environment, a mapping or a file; in place of what is found.
        pip_requirements: the user's own requirements, a list or a file; likewise.
        extra_pip_requirements: beside what is found; what they say of a distribution counts.

    Raises:
        InvalidParameter: more than one of the last three is given, or one of them cannot be read; MissingFile: a file is not there.
    """
    given.check_combination(
        conda_env=conda_env, pip_requirements=pip_requirements, extra_pip_requirements=extra_pip_requirements
    )
    env: dict[str, Any] = {"name": "mlflow-env", "channels": ["conda-forge"]}
    dependencies: list[Any] = [f"python={platform.python_version()}", _pip()]
    if conda_env is not None:
        env, said = given.conda(conda_env)
        dependencies = env["dependencies"]
    elif pip_requirements is not None:
        said = given.requirements("pip_requirements", pip_requirements)
    else:
        own = tuple(packages)
        found = pruned(needed(own, modules, os.path.join(folder, "code")), needed(own))
        said = given.requirements("extra_pip_requirements", extra_pip_requirements or ())
        said = given.Given(_beside([str(one) for one in found], said.lines), said.constraints)
    lines = list(said.lines)
    if said.constraints:
        lines.append(f"-c {given.CONSTRAINTS}")
        _write(folder, given.CONSTRAINTS, "\n".join(said.constraints))
    _write(folder, REQUIREMENTS, "\n".join(lines))
    _write(folder, CONDA, _yaml({**env, "dependencies": [*dependencies, {"pip": lines}] if lines else dependencies}))
    build = {
        "python": python_of(dependencies) or platform.python_version(),
        "build_dependencies": [_built(name) for name in _BUILD],
    }
    _write(folder, PYTHON, _yaml({**build, "dependencies": [f"-r {REQUIREMENTS}"]}))
    _lock(folder, said)
    return {"conda": CONDA, "virtualenv": PYTHON}


def _beside(found: list[str], extra: list[str]) -> list[str]:
    """What is found, and what the user says beside it: in place of it for the same distribution, unless it says no more than its name."""
    lines = {key(one.name): line for line in found if (one := given.read(line)) is not None}
    free = []
    for line in extra:
        one = given.read(line)
        if one is None:
            free.append(line)
            continue
        before = lines.get(key(one.name))
        if before is not None and line == str(one) and not (one.clauses or one.url or one.marker):
            known = given.read(before)
            assert known is not None
            line = str(known._replace(extras=tuple(sorted({*known.extras, *one.extras}))))
        if before is not None and one.marker:
            free.append(line)  # holds elsewhere only: it is no reason to leave the other out
            continue
        lines[key(one.name)] = line
    return [*lines.values(), *free]


def _lock(folder: str, said: given.Given) -> None:
    wanted: list[Requirement] = []
    for line in said.lines:
        one = given.read(line)
        if one is not None:
            wanted.append(one)
        elif not re.match(
            r"(-i|-f|--index-url|--extra-index-url|--find-links|--pre|--no-index|--trusted-host|--prefer-binary)\b",
            line,
        ):
            return _not_locked(f"{line} has no name before it is installed")
    text, why = lock.text(wanted)
    return _not_locked(why) if text is None else _write(folder, lock.FILE_NAME, text)


def _not_locked(why: str) -> None:
    warn(
        f"The model gets no {lock.FILE_NAME}, for what it asks for is not what is installed: {why}. It was not tried with that here."
    )


def _pip() -> str:
    # "<=": an index of conda has a version of pip later than pip's own.
    found = here().find("pip")
    return f"pip<={public(found.version)}" if found else "pip"


def _built(name: str) -> str:
    found = here().find(name)
    return f"{name}=={public(found.version)}" if found else name


def python_of(dependencies: Any) -> str | None:
    """The version of Python that a conda environment's dependencies name; None where they name none, or several."""
    for one in dependencies if isinstance(dependencies, list) else ():
        if isinstance(one, str) and (exact := re.match(r"python\s*={1,2}\s*([0-9]+(?:\.[0-9]+)+)\Z", one.strip())):
            return exact[1]
    return None


def _yaml(value: Any) -> str:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(value, Dumper=dumper, sort_keys=False, default_flow_style=False, allow_unicode=True)
    return text


def _write(folder: str, name: str, text: str) -> None:
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)
