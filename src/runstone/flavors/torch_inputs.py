"""What people hold becomes tensors, a module predicts without being changed, and its tensors become arrays again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from runstone.errors import InvalidParameter
from runstone.flavors.flavor import Folder, Predict


def plain(example: Any) -> Any:
    """An input example with arrays for its tensors; None for several tensors without names, which no signature knows."""
    if isinstance(example, tuple) and len(example) == 2 and isinstance(example[1], dict):
        data = plain(example[0])
        return None if data is None else (data, example[1])
    if isinstance(example, Mapping):
        return {name: _array(value) for name, value in example.items()}
    if isinstance(example, list | tuple) and any(hasattr(one, "shape") for one in example):
        return None
    return _array(example)


def _array(value: Any) -> Any:
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value


def given(data: Any, module: Any = None) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The tensors that a module is called with: by place, and by name.

    Args:
        data: a frame (of floats), an array, a tensor, numbers in lists; several of these in a tuple or list; a mapping of names to them.
        module: on its device, and in its precision, floats are handed in.

    Raises:
        InvalidParameter: it is none of these.
    """
    known = next(module.parameters(), None) if module is not None else None
    if isinstance(data, Mapping):
        return (), {str(name): _tensor(value, known) for name, value in data.items()}
    if isinstance(data, list | tuple) and any(hasattr(one, "shape") for one in data):
        return tuple(_tensor(value, known) for value in data), {}
    return (_tensor(data, known),), {}


def _tensor(value: Any, known: Any) -> Any:
    import numpy
    import torch

    if not isinstance(value, torch.Tensor):
        array = value.to_numpy() if hasattr(value, "to_numpy") else numpy.asarray(value)
        if hasattr(value, "columns"):
            array = array.astype(numpy.float32)
        if array.dtype.kind not in "biufc":
            raise InvalidParameter(
                f"A module takes numbers: a frame, an array, tensors, or a mapping of them; got {array.dtype.name} of a {type(value).__name__}."
            )
        value = torch.from_numpy(numpy.ascontiguousarray(array))
    if known is None:
        return value
    # JSON and pandas have floats of 64 bits; a module counts with its own
    kind = known.dtype if value.is_floating_point() and known.is_floating_point() else value.dtype
    return value.to(device=known.device, dtype=kind)


@contextmanager
def predicting(module: Any) -> Iterator[None]:
    """While within, a module predicts: nothing of it trains, and no gradient is kept. Then it is as it was."""
    import torch

    training = [part for part in module.modules() if part.training]
    for part in training:
        part.training = False
    try:
        with torch.no_grad():
            yield
    finally:
        for part in training:
            part.training = True


def predictor(model: Any, folder: Folder) -> Predict:
    """Calls the module. A frame for a frame, arrays for the rest; several outputs as a tuple or by name, as the module gives them."""

    def predict(data: Any, params: dict[str, Any] | None = None) -> Any:
        if params and "device" in params:
            raise InvalidParameter(
                "The device is said when the model is loaded, not when it predicts: pyfunc.load_model(uri, model_config={'device': 'cuda'})."
            )
        args, named = given(data, model)
        with predicting(model):
            said = model(*args, **named, **(params or {}))
        return _said(said, data)

    return predict


def _said(said: Any, data: Any) -> Any:
    array = _arrays(said)
    if (
        hasattr(data, "iloc")
        and hasattr(data, "columns")
        and hasattr(array, "ndim")
        and array.ndim in (1, 2)
        and len(array) == len(data)
    ):
        import pandas

        return pandas.DataFrame(array, index=data.index)
    return array


def _arrays(said: Any) -> Any:
    import torch

    if isinstance(said, torch.Tensor):
        tensor = said.detach().cpu()
        tensor = tensor.dequantize() if tensor.is_quantized else tensor
        return tensor.float().numpy() if tensor.dtype == torch.bfloat16 else tensor.numpy()
    if isinstance(said, Mapping):
        return {str(name): _arrays(value) for name, value in said.items()}
    if isinstance(said, list | tuple):
        return tuple(_arrays(value) for value in said)
    return said
