"""What a `.keras` file would have Keras do when it is read: its config names the classes and functions that it is made of."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

# Classes that hold a program, or read files that their config names.
_PROGRAMS = frozenset(("Lambda", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "TFSMLayer"))
_MEMBERS = re.compile(
    r"config\.json|metadata\.json|model\.weights\.h5|assets/.*|model\.weights\.json|model_\d+\.weights\.h5"
)
_KERAS = re.compile(r"keras(?:\.[a-z_0-9]+)*")
_FUNCTIONS = re.compile(r"keras\.(?:activations|initializers|losses|metrics|ops|regularizers|constraints)(?:\.\w+)*")


def beside_a_model(path: str, known: tuple[str, ...] = ()) -> str | None:
    """What a file holds beside layers of Keras's own, as part of a sentence; None: nothing.

    Args:
        path: the file.
        known: names that its reader gives a meaning.
    """
    if not path.endswith(".keras"):
        return "is of Keras's older form, whose layers may be programs"
    try:
        with zipfile.ZipFile(path) as archive:
            strange = [name for name in archive.namelist() if not _MEMBERS.fullmatch(name)]
            if strange:
                return f"holds {ascii(strange[0])[:100]}, which is no part of a model"
            found = next(_strange(json.loads(archive.read("config.json")), known), None)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, RecursionError, NotImplementedError, RuntimeError):
        return "is no model of Keras's"
    return None if found is None else f"is made by {ascii(found)[:100]}, which is more than Keras's own layers"


def _strange(said: Any, known: tuple[str, ...]) -> Iterator[str]:
    if isinstance(said, list):
        for one in said:
            yield from _strange(one, known)
    elif isinstance(said, dict):
        if "class_name" in said:
            yield from _named(said, known)
        if isinstance(said.get("vocabulary"), str):
            yield f"the file {said['vocabulary']!r}"
        for value in said.values():
            yield from _strange(value, known)


def _named(said: dict[str, Any], known: tuple[str, ...]) -> Iterator[str]:
    name, module, registered = str(said["class_name"]), said.get("module"), said.get("registered_name")
    if name == "__lambda__":
        yield "a lambda"
    if name in known or registered in known or name.startswith("__") or (module is None and registered is None):
        return  # a tuple, a tensor, an array, ...
    if name == "function":
        if not (module == "builtins" or _FUNCTIONS.fullmatch(str(module))) or ">" in str(said.get("config")):
            yield f"{module}.{said.get('config')!s}"
    elif name in _PROGRAMS or not _KERAS.fullmatch(str(module)) or (registered and registered != name):
        yield f"{module}.{name}"
