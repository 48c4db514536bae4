"""PyTorch's pickles: written so that classes of a script go along, read so that nothing runs that was not asked about."""

from __future__ import annotations

import importlib
import os
import pickle
import zipfile
from types import ModuleType
from typing import TYPE_CHECKING, Any

from runstone.errors import InvalidParameter
from runstone.safety.held import Held
from runstone.safety.names import HARMLESS, verdict

if TYPE_CHECKING:
    from runstone.safety.trust import Trust

# By which MLflow reads what cloudpickle wrote; and the file that says so, beside the pickle.
MODULE = "mlflow.pytorch.pickle_module"
MODULE_FILE = "pickle_module_info.txt"
# What these write, Python's own pickle reads.
_PLAIN_READERS = (MODULE, "pickle", "cloudpickle", "cloudpickle.cloudpickle", "_pickle")


def is_plain(model: Any) -> bool:
    """Whether all of a module's classes are known to be harmless: PyTorch's own."""
    kinds = {type(part) for part in model.modules()}
    return all(verdict(kind.__module__, kind.__qualname__) == HARMLESS for kind in kinds)


def write(model: Any, path: str, pickle_module: Any, protocol: int) -> str:
    """Write a module, scripted or not; the name of the module that reads it comes back, and is noted beside it."""
    import torch

    name = MODULE if pickle_module is None else str(pickle_module.__name__)
    if isinstance(model, torch.jit.ScriptModule):
        model.save(path)
    else:
        try:
            torch.save(model, path, pickle_module=pickle_module or _cloudpickle(), pickle_protocol=protocol)
        except (RuntimeError, TypeError, AttributeError, pickle.PicklingError) as error:
            raise InvalidParameter(
                f"PyTorch cannot pickle this {type(model).__name__}: {error!s:.300} Give input_example, and serialization_format='pt2': then "
                "its graph is kept. Or save_state_dict keeps its tensors."
            ) from error
    with open(os.path.join(os.path.dirname(path), MODULE_FILE), "w", encoding="utf-8") as file:
        file.write(name)
    return name


def _cloudpickle() -> Any:
    """cloudpickle in the shape that `torch.save` wants: its own `Pickler` is Python's."""
    try:
        import cloudpickle
    except ImportError as error:
        raise ImportError(
            "Modules are kept by cloudpickle: `pip install cloudpickle`, or give pickle_module=pickle."
        ) from error
    found: Any = ModuleType(MODULE)
    found.Pickler, found.dump, found.dumps = cloudpickle.Pickler, cloudpickle.dump, cloudpickle.dumps
    return found


def read(
    path: str, trust: Trust, pickle_module: Any = None, *, weights_only: bool | None = None, **options: Any
) -> Any:
    """What a file of `torch.save` or of a scripted module holds.

    Args:
        path: the file.
        trust: asked before anything runs.
        pickle_module: by which it is read; what the file beside it says, unless given.
        weights_only: True lets nothing but tensors and plain values be read.
        **options: as `torch.load` takes them.

    Raises:
        Forbidden: reading it could run code that nobody vouches for.
    """
    import torch

    options = {name: value for name, value in options.items() if value is not None}
    if weights_only:
        return _narrowly(path, options)
    if is_script(path):
        trust.runs(path, f"its file {os.path.basename(path)!r} is TorchScript, a program of its own")
        return torch.jit.load(path, map_location=options.get("map_location"))
    if pickle_module is None:
        try:
            return _narrowly(path, options)
        except InvalidParameter:  # more than the narrow reader knows
            pickle_module = _reader(path, trust)
    with Held(path) as held:
        trust.pickle(held)
        with held.open() as file:
            return torch.load(file, weights_only=False, pickle_module=pickle_module, **{**options, "mmap": None})


def _narrowly(path: str, options: dict[str, Any]) -> Any:
    """By PyTorch's own narrow reader, which makes nothing but what it knows, and here what is known to be harmless.

    Raises InvalidParameter where the file holds more; it names that.
    """
    import torch

    strange, known = _imports(path)
    why = ""
    if not strange:
        try:
            with torch.serialization.safe_globals(known):
                return torch.load(path, weights_only=True, **options)
        except (pickle.UnpicklingError, TypeError) as error:
            why = str(error).partition("\n")[0]
    named = ", ".join(strange[:8]) or why
    raise InvalidParameter(
        f"{os.path.basename(path)!r} holds more than tensors and plain values: {ascii(named)[1:-1]:.400}. weights_only=False lets it be read, "
        "where somebody vouches for it."
    )


def _imports(path: str) -> tuple[list[str], list[Any]]:
    """What the file imports beside what every narrow reader knows: what is not known to be harmless, by name; and what is, imported."""
    import torch

    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except (ValueError, RuntimeError, pickle.UnpicklingError, OSError):  # another format, or none: its reader says so
        return [], []
    strange, known = [], []
    for name in names:
        module, _, kind = name.rpartition(".")
        found = _named(module, kind) if verdict(module, kind) == HARMLESS else None
        if found is None:
            strange.append(name)
        else:
            known.append(found)
    return sorted(strange), [*known, *_numpy_types()]


def _named(module: str, name: str) -> Any:
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None


def _numpy_types() -> list[Any]:
    """The types of numpy's dtypes, which the narrow reader makes without their being named."""
    import numpy

    return [kind for name, kind in vars(numpy.dtypes).items() if name.endswith("DType")]


def _reader(path: str, trust: Trust) -> Any:
    beside = os.path.join(os.path.dirname(path), MODULE_FILE)
    name = MODULE
    if os.path.exists(beside):
        with open(beside, encoding="utf-8", errors="replace") as file:
            name = file.read(200).strip()
    if name in _PLAIN_READERS:
        return pickle
    trust.runs(beside, f"its pickle is read by the module {name!r}")
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InvalidParameter(
            f"The model's pickle is read by the module {name!r}, which is not here: {error}."
        ) from error


def is_script(path: str) -> bool:
    """Whether it is a scripted module's file."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("constants.pkl") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False
