"""Keras's `fit`: recorded as TensorFlow's autologging does it where that was asked for, else as Keras's. One wrapper for both."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from runstone.autologging import patching, switches
from runstone.autologging.training import conduct

_FIRST, _ELSE = "tensorflow", "keras"


def patch(name: str) -> None:
    """Patch it, for either."""
    import keras

    patching.wrap(name, keras.Model, "fit", _fit)


def _fit(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    name = _ELSE if switches.options(_FIRST) is None else _FIRST
    record = import_module(f"runstone.autologging.{name}").record
    return conduct(switches.options(name), original, args, kwargs, partial(record, original, args, kwargs))
