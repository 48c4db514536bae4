"""State dicts: tensors by name, as a file of `torch.save` (MLflow's) or of safetensors. Reading one runs no code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runstone.errors import InvalidParameter, MissingFile
from runstone.flavors import torch_pickles as pickles

if TYPE_CHECKING:
    from runstone.safety.trust import Trust

FILE, SAFE_FILE = "state_dict.pth", "state_dict.safetensors"


def write(state_dict: Any, folder: str, *, serialization_format: str = "pickle", **options: Any) -> None:
    """Write it into a folder.

    Args:
        state_dict: a mapping.
        folder: where to; made if missing.
        serialization_format: 'pickle' or 'safetensors'.
        **options: as `torch.save` takes them.

    Raises:
        InvalidParameter: it is no mapping, or safetensors has no form for something in it.
    """
    import torch

    if not isinstance(state_dict, Mapping):
        raise InvalidParameter(
            f"A state dict is a mapping, as model.state_dict() gives one; got a {type(state_dict).__name__}."
        )
    if serialization_format not in ("pickle", "safetensors"):
        raise InvalidParameter(
            f"Unrecognized serialization format: {serialization_format!r}. Write one of pickle, safetensors."
        )
    os.makedirs(folder, exist_ok=True)
    if serialization_format == "pickle":
        torch.save(state_dict, os.path.join(folder, FILE), **options)
        return
    other = [
        name for name, value in state_dict.items() if not isinstance(name, str) or not isinstance(value, torch.Tensor)
    ]
    if other:
        raise InvalidParameter(
            f"safetensors has tensors by name alone, and {other[0]!r:.100} is none: leave serialization_format out."
        )
    import safetensors.torch

    # parts of one storage are written each by itself
    whole = {name: value.detach().contiguous().clone() for name, value in state_dict.items()}
    safetensors.torch.save_file(whole, os.path.join(folder, SAFE_FILE))


def read(folder: str, trust: Trust, *, weights_only: bool = True, map_location: Any = None, **options: Any) -> Any:
    """Read it from a folder.

    Raises:
        MissingFile: there is none.
        InvalidParameter: it holds more than tensors and plain values.
        Forbidden: that is wanted (`weights_only=False`), and nobody vouches for it.
    """
    safe, path = os.path.join(folder, SAFE_FILE), os.path.join(folder, FILE)
    if os.path.exists(safe):
        import safetensors.torch

        return safetensors.torch.load_file(safe, device="cpu" if map_location is None else str(map_location))
    if not os.path.exists(path):
        raise MissingFile(f"There is no {FILE} in {folder!r}.", folder)
    return pickles.read(path, trust, map_location=map_location, weights_only=weights_only, **options)
