"""What is to be logged is looked at before anything is made of it: the model, its signature, the names of the arguments."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from runstone import flavors
from runstone.errors import InvalidParameter
from runstone.models.signature import ModelSignature

if TYPE_CHECKING:
    from runstone.flavors.flavor import Flavor

_PARTS = {"inputs", "outputs", "params"}


def check_model(flavor: Flavor, model: Any) -> None:
    """Raise InvalidParameter for a class, and for a model of another library than the flavor's."""
    if flavor.check is not None:
        flavor.check(model)
        return
    if isinstance(model, type):
        raise InvalidParameter(
            f"{model.__qualname__} is a class, and a model is an object of one: {flavor.argument}={model.__qualname__}(...), trained."
        )
    if flavor.recognises(model):
        return
    other = flavors.of(model)
    if other is not None:
        raise InvalidParameter(
            f"{type(model).__module__}.{type(model).__qualname__} is no model of runstone.{flavor.name}'s: runstone.{other.name} takes it, "
            "and runstone.log_model finds that by itself."
        )


def check_signature(signature: Any) -> None:
    """Raise InvalidParameter for what is no signature: neither an object, nor what its `to_dict` gives, nor False."""
    if signature is None or signature is False or isinstance(signature, ModelSignature):
        return
    if isinstance(signature, Mapping) and signature and _PARTS.issuperset(signature):
        return
    if not isinstance(signature, Mapping) and hasattr(signature, "to_dict") and hasattr(signature, "inputs"):
        return  # MLflow's own
    raise InvalidParameter(
        f"signature is a {type(signature).__name__}, where a ModelSignature is wanted: runstone.models.infer_signature(data, predictions) makes one; "
        "left out, an input_example tells it; False is none."
    )


def check_names(function: str, given: Collection[str], known: Collection[str]) -> None:
    """Raise TypeError for the name of an argument that a function does not have, with the nearest that it has."""
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, 1, 0.5)
            meant = f" Did you mean {near[0]!r}?" if near else f" It takes {', '.join(sorted(known))}."
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}.{meant}")
