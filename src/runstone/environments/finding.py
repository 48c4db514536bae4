"""Which distributions a model needs: those that its flavor names, and those that the modules come from whose objects it holds."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from importlib.machinery import PathFinder

from runstone.environments.installed import Distribution, Installed, here
from runstone.environments.requirement import Requirement, key, parse, public
from runstone.warning import warn


def needed(packages: Iterable[str], modules: Iterable[str] = (), code: str | None = None) -> list[Requirement]:
    """What a model needs, sorted by name, each pinned to the version that is installed.

    Args:
        packages: distributions by name ('scikit-learn', 'fastapi[standard]'). One that is not installed may be there under another name
            of the same module, as xgboost is as xgboost-cpu.
        modules: names of modules, imported or not: 'sklearn.tree._classes'. Python's own need nothing.
        code: a folder of code that goes along with the model: modules in it need nothing. Of modules that belong to no distribution and
            are not in it there is a warning.
    """
    installed = here()
    found: dict[str, Requirement] = {}
    for text in packages:
        asked = parse(text)
        one = installed.find(asked.name) or _distribution(installed, asked.name.replace("-", "_"))
        _add(found, pinned(one, asked.extras) if one else asked)
    homeless = []
    for name in dict.fromkeys(modules):
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top == "__main__" or _goes_along(code, top):
            continue
        one = _distribution(installed, name)
        if one is not None:
            _add(found, pinned(one))
        else:
            homeless.append(top)
    if homeless:
        named = ", ".join(sorted(set(homeless)))
        warn(
            f"The model holds objects of {named}, which no installed distribution has. Where it is to be loaded it must be importable: "
            "give its files as code_paths."
        )
    return sorted(found.values(), key=lambda one: key(one.name))


def pinned(one: Distribution, extras: tuple[str, ...] = ()) -> Requirement:
    """What installs the same again elsewhere. A version's local part (2.13.0+cpu) is left out: an index need not have it, and where it
    has, the version without it means that one too. What came from a repository is named by its commit; what came from a file or a
    working folder of this machine can only be named by its version."""
    vcs, url = one.origin.get("vcs_info"), one.origin.get("url")
    if isinstance(vcs, dict) and isinstance(url, str) and vcs.get("commit_id"):
        below = one.origin.get("subdirectory")
        end = f"#subdirectory={below}" if below else ""
        return Requirement(one.called, extras, (), f"{vcs.get('vcs')}+{_without_secrets(url)}@{vcs['commit_id']}{end}")
    return Requirement(one.called, extras, (("==", public(one.version)),))


def pruned(requirements: Iterable[Requirement], kept: Iterable[Requirement] = ()) -> list[Requirement]:
    """Those that no other one of them brings along, and in any case those of `kept`: whoever brings a library does not say its version."""
    given, own = list(requirements), {key(one.name) for one in kept}
    brought: set[str] = set()
    for one in given:
        if key(one.name) not in brought:
            # Two that bring each other: the first stays.
            brought |= {name for name in closure([one])[0] if name != key(one.name)}
    return [one for one in given if key(one.name) not in brought - own]


def closure(requirements: Iterable[Requirement]) -> tuple[dict[str, Distribution], dict[str, str]]:
    """All that requirements bring, themselves included: what is installed by its key, and what is not, with who asks for it."""
    installed = here()
    found: dict[str, Distribution] = {}
    missing: dict[str, str] = {}
    waiting = [(one, "the model") for one in requirements]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while waiting:
        asked, by = waiting.pop()
        name = key(asked.name)
        if (name, asked.extras) in seen:
            continue
        seen.add((name, asked.extras))
        one = installed.find(name)
        if one is None:
            missing.setdefault(name, by)
            continue
        found[name] = one
        waiting += [(each, one.called) for each in one.requires if each.applies(asked.extras)]
    return found, missing


def _add(found: dict[str, Requirement], one: Requirement) -> None:
    before = found.get(key(one.name))
    extras = tuple(sorted({*one.extras, *(before.extras if before else ())}))
    found[key(one.name)] = one._replace(extras=extras)


def _distribution(installed: Installed, module: str) -> Distribution | None:
    file = _file(module)
    return None if file is None else installed.owner(file)


def _file(module: str) -> str | None:
    """Where a module, or the nearest package above it that has a file, is; nothing is imported for it."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        loaded = sys.modules.get(".".join(parts[:length]))
        file = getattr(loaded, "__file__", None)
        if file:
            return str(file)
    path: list[str] | None = None
    for length in range(len(parts)):
        spec = PathFinder.find_spec(".".join(parts[: length + 1]), path)
        if spec is None:
            return None
        if spec.origin and spec.has_location:
            return spec.origin
        path = list(spec.submodule_search_locations or ())
    return None


def _goes_along(code: str | None, top: str) -> bool:
    return code is not None and any(os.path.exists(os.path.join(code, top + end)) for end in ("", ".py"))


def _without_secrets(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    user, at, host_only = host.rpartition("@")
    return f"{scheme}{mark}{user + at if user == 'git' else ''}{host_only}{slash}{path}"
