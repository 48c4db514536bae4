"""The flavors: one leaf for each library whose models are saved and loaded. Leaves know files and objects, not runs, stores or MLmodel files.

A leaf is loaded by its name, when a model of its kind is met; nobody imports one.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from runstone.errors import InvalidParameter

if TYPE_CHECKING:
    from runstone.flavors.flavor import Flavor

# Name of the flavor to the modules, any of which is imported where there is an object of its kind. The order is that of asking:
# a library's own classes before those that they are made to look like.
LIBRARIES: dict[str, tuple[str, ...]] = {
    "xgboost": ("xgboost",),
    "lightgbm": ("lightgbm",),
    "catboost": ("catboost",),
    "transformers": ("transformers",),
    "keras": ("keras",),
    "tensorflow": ("tensorflow",),
    "pytorch": ("torch",),
    "onnx": ("onnx",),
    "spacy": ("spacy",),
    "prophet": ("prophet",),
    "statsmodels": ("statsmodels",),
    "sklearn": ("sklearn",),
}
# Models of Keras's are of either flavor, and each reads both.
_ALSO = {"keras": "tensorflow", "tensorflow": "keras"}


def find(name: str) -> Flavor:
    """The leaf of a name. Raises InvalidParameter for one that is not here."""
    if name not in LIBRARIES:
        raise InvalidParameter(f"{name!r} is no flavor that runstone knows. It knows {', '.join(sorted(LIBRARIES))}.")
    found: Flavor = import_module(f"runstone.flavors.{name}").FLAVOR
    return found


def of(model: object) -> Flavor | None:
    """The flavor whose kind an object is, by its type; None where it is none's. Loads no library: one whose object is here is loaded."""
    for name, modules in LIBRARIES.items():
        if any(module in sys.modules for module in modules):
            found = find(name)
            if found.recognises(model):
                return found
    return None


def known(names: list[str]) -> str | None:
    """The first of a model's flavors that runstone knows."""
    return next((name for name in names if name in LIBRARIES), None)


def read_by(name: str) -> tuple[str, ...]:
    """Under which names a leaf finds its block in a model's description, the first one that is there."""
    return (name, _ALSO[name]) if name in _ALSO else (name,)
