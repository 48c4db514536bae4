"""Files become something that predicts: a pickled Python model, a file of code, or what a module of the user's own loads."""

from __future__ import annotations

import importlib
import inspect
import ntpath
import os
from typing import Any

from runstone.errors import InvalidParameter
from runstone.flavors.flavor import Folder, check_path
from runstone.flavors.pyfunc import code, pickled
from runstone.flavors.pyfunc.python_model import HOME, Bound, PythonModelContext
from runstone.flavors.pyfunc.saving import CODE_HOME
from runstone.flavors.pyfunc.standing_in import for_mlflow

LOADERS = (HOME, CODE_HOME)


def load(folder: Folder) -> Any:
    """What predicts: an object with `predict(data, params)`. The model's code is on the path already."""
    with for_mlflow():
        return _load(folder)


def _load(folder: Folder) -> Any:
    block = folder.pyfunc
    loader = str(block.get("loader_module"))
    config = dict(_mapping(folder, "config"))
    if loader == HOME and "model_code_path" not in block:
        with folder.held("python_model") as held:
            folder.trust.pickle(held)
            return _bound(pickled.load(held), folder, config)
    if loader in LOADERS:
        # MLflow says here where the file was, not where it is; on Windows, in Windows' words
        said = block.get("model_code_path")
        path = check_path(folder.path, ntpath.basename(said) if isinstance(said, str) else said, "model_code_path")
        folder.trust.code(path)
        return _bound(code.run(path, config or None), folder, config)
    return _by_module(loader, folder, config)


def _bound(model: Any, folder: Folder, config: dict[str, Any]) -> Any:
    kept = _mapping(folder, "artifacts")
    artifacts = {
        str(name): check_path(folder.path, one.get("path") if isinstance(one, dict) else one, f"artifact {name!r:.80}")
        for name, one in kept.items()
    }
    context = PythonModelContext(artifacts, config or None)
    if hasattr(model, "load_context"):
        model.load_context(context)
    return Bound(model, context)


def _mapping(folder: Folder, key: str) -> dict[str, Any]:
    found = folder.pyfunc.get(key) or {}
    if not isinstance(found, dict):
        raise InvalidParameter(f"The model's {key} is a {type(found).__name__}, where names and values are expected.")
    return found


def _by_module(loader: str, folder: Folder, config: dict[str, Any]) -> Any:
    """What a module named in the file loads. It is code: of the model's own folder, or installed here."""
    if not all(part.isidentifier() for part in loader.split(".")):
        raise InvalidParameter(f"The model's loader is {loader!r:.200}, which is no module's name.")
    data = folder.pyfunc.get("data") or folder.pyfunc.get("model_path")
    path = check_path(folder.path, data, "data") if data else folder.path
    # whoever wrote the file chose the module: any that is installed, with a function that reads what it likes
    folder.trust.code(os.path.join(folder.path, "MLmodel"), loader, path if data else None)
    try:
        module = importlib.import_module(loader)
    except ImportError as error:
        raise InvalidParameter(
            f"The model is loaded by the module {loader!r}, which is not here: {error}. Install it, or log it with code_paths."
        ) from error
    function = getattr(module, "_load_pyfunc", None)
    if function is None:
        raise InvalidParameter(f"The model's loader {loader!r} has no function _load_pyfunc(path).")
    if "model_config" in inspect.signature(function).parameters:
        return function(path, model_config=config)
    return function(path)
