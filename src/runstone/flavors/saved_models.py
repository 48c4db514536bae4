"""TensorFlow's SavedModels: folders that hold a program. Written where the user asks for one, read where somebody vouches for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from runstone.flavors.flavor import Folder, Predict


def read(folder: Folder, place: str, options: Mapping[str, Any] | None = None) -> Any:
    """What `tf.saved_model.load` gives.

    Args:
        folder: the model's.
        place: the SavedModel's folder in it.
        options: of `tf.saved_model.load`.

    Raises:
        Forbidden: nobody vouches for it.
    """
    name = os.path.relpath(place, os.path.realpath(folder.path))
    folder.trust.runs(place, f"its folder {ascii(name)[:200]} is a SavedModel, which is a program of TensorFlow's")
    import tensorflow

    return tensorflow.saved_model.load(place, **(options or {}))


def predictor(model: Any) -> Predict:
    """Calls it, or what Keras's `export` named `serve`, on arrays: one, several in a tuple, or by name in a mapping."""
    ask = model.serve if callable(getattr(model, "serve", None)) else model

    def predict(data: Any, params: Mapping[str, Any]) -> Any:
        import tensorflow

        said = ask(_each(tensorflow.convert_to_tensor, data), **params)
        return _each(lambda part: part.numpy() if isinstance(part, tensorflow.Tensor) else part, said)

    return on_arrays(predict)


def _each(make: Callable[[Any], Any], data: Any) -> Any:
    if isinstance(data, Mapping):
        return {name: _each(make, part) for name, part in data.items()}
    return tuple(_each(make, part) for part in data) if isinstance(data, tuple) else make(data)


def on_arrays(ask: Callable[[Any, Mapping[str, Any]], Any]) -> Predict:
    """What predicts by asking with arrays: with a frame's values for a frame, and says a frame of the same index then.

    Args:
        ask: is called with the data, and the params by name.
    """

    def predict(data: Any, params: dict[str, Any] | None = None) -> Any:
        frame = hasattr(data, "columns")
        said = ask(data.to_numpy() if frame else data, params or {})
        if frame and hasattr(data, "iloc") and getattr(said, "ndim", 0) in (1, 2):
            import pandas

            return pandas.DataFrame(said, index=data.index)
        return said

    return predict
