"""A Python model becomes files: a pickle, or its code; the files it needs; or a loader of the user's own and its data."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any

from runstone.errors import InvalidParameter, MissingFile
from runstone.flavors.flavor import Saved
from runstone.flavors.pyfunc import code, own_modules, pickled
from runstone.flavors.pyfunc.checking import input_of
from runstone.flavors.pyfunc.predicting import require
from runstone.flavors.pyfunc.python_model import HOME, FunctionModel, PythonModel
from runstone.types import hints
from runstone.types.schema import AnyType, ColSpec, Schema
from runstone.warning import warn

# By which MLflow loads a file of code.
CODE_HOME = "mlflow.pyfunc.loaders.code_model"
PICKLE = "python_model.pkl"
ARTIFACTS = "artifacts"
DATA = "data"

# Fetches what an artifact's address names: (address, folder) to the path below the folder.
Fetch = Callable[[str, str], str]


def recognises(model: object) -> bool:
    """Whether it is something that predicts: an object with `predict`, a function, or the path of a file of code."""
    return hasattr(model, "predict") or callable(model)


def check(model: object) -> None:
    """Raise InvalidParameter for an object that does not predict. What a file of code sets, and what a loader loads, is seen when it is made."""
    if model is not None and not isinstance(model, str | os.PathLike):
        require(model)


def save(
    model: Any,
    folder: str,
    *,
    fetch: Fetch | None = None,
    loader_module: str | None = None,
    data_path: str | None = None,
    artifacts: dict[str, str] | None = None,
    model_config: dict[str, Any] | str | os.PathLike[str] | None = None,
    streamable: bool | None = None,
    infer_code_paths: bool = False,
) -> Saved:
    """Write a Python model.

    Args:
        model: a PythonModel or another object with `predict`, a function, or the path of a file of code; None with `loader_module`.
        folder: to write to.
        fetch: by which artifacts are fetched.
        loader_module: a module of the user's with `_load_pyfunc(path)`, in place of a model.
        data_path: a file or folder, which that module loads.
        artifacts: name to a path or an address; the files are kept beside the model.
        model_config: options of loading, a mapping or a YAML file.
        streamable: whether it has `predict_stream`.
        infer_code_paths: whether the user's own modules that it needs, those below the working folder, go along.
    """
    config = {} if model_config is None else {"config": read_config(model_config)}
    if model is None:
        if loader_module is None:
            raise InvalidParameter(
                "Give python_model (an object with `predict`, a function, a file of code), or loader_module."
            )
        data = {} if data_path is None else {"data": _copied(data_path, os.path.join(folder, DATA), DATA)}
        block = {"loader_module": loader_module, "streamable": bool(streamable), **data, **config}
        files = own_modules.of_modules([loader_module]) if infer_code_paths else None
        return Saved(None, block, (), (loader_module,), code_files=files)
    if loader_module is not None or data_path is not None:
        raise InvalidParameter(
            "python_model is loaded as runstone does: leave out loader_module and data_path, or python_model."
        )
    kept = {"artifacts": _keep(folder, artifacts, fetch)} if artifacts else {}
    made = object_of(model, config.get("config"))
    library = pickled.cloudpickle()
    common = {"cloudpickle_version": library.__version__, "streamable": _streams(made, streamable), **kept, **config}
    if isinstance(model, str | os.PathLike):
        path = os.fspath(model)
        shutil.copy2(path, folder)
        block = {"loader_module": CODE_HOME, "model_code_path": os.path.basename(path), **common}
        code_paths = own_modules.of_file(path) if infer_code_paths else None
        imported = tuple(own_modules.imported_by(path))
        return Saved(None, block, ("cloudpickle",), imported, _schemas(made), code_paths)
    place = os.path.join(folder, PICKLE)
    modules = pickled.dump(made, place)
    code_paths = own_modules.of_pickle(place) if infer_code_paths else None
    origin = (model if isinstance(made, FunctionModel) else type(model)).__module__
    block = {"loader_module": HOME, "python_model": PICKLE, **common}
    return Saved(None, block, ("cloudpickle",), (str(origin), *modules), _schemas(made), code_paths)


def _schemas(model: Any) -> tuple[Schema, Schema] | None:
    """What the type hints of a model's `predict` say of what it takes and gives; None, with a warning, where they say too little."""
    found = input_of(model.func if isinstance(model, FunctionModel) else model.predict)
    if found is None or not hints.is_list(found.hint):
        return None
    try:
        inputs = hints.schema_of(found.hint)
    except (InvalidParameter, RecursionError) as error:
        warn(f"The model's type hint is no signature, and what it is asked is not checked by it. {error}")
        return None
    anything = Schema([ColSpec(AnyType())])
    if found.output is None:
        return inputs, anything
    try:
        return inputs, hints.schema_of(found.output)
    except (InvalidParameter, RecursionError):
        return inputs, anything


def read_config(given: dict[str, Any] | str | os.PathLike[str]) -> dict[str, Any]:
    """Options, of a mapping or of a YAML file."""
    if isinstance(given, dict):
        return given
    import yaml

    with open(given, encoding="utf-8") as file:
        found = yaml.safe_load(file)
    if not isinstance(found, dict):
        raise InvalidParameter(f"The model config {os.fspath(given)!r} holds no keys.")
    return found


def object_of(model: Any, model_config: dict[str, Any] | None) -> Any:
    """The object that predicts, of what was given to be saved. Raises MissingFile, and InvalidParameter for what does not predict."""
    if isinstance(model, str | os.PathLike):
        path = os.fspath(model)
        if not os.path.isfile(path):
            raise MissingFile(f"The model's file of code {path!r} is not there.", path)
        found = code.run(path, model_config)
        require(found.func if isinstance(found, FunctionModel) else found)
        return found
    require(model)
    return model if hasattr(model, "predict") else FunctionModel(model)


def _streams(model: Any, said: bool | None) -> bool:
    if said is not None:
        return said
    method = getattr(type(model), "predict_stream", None)
    return method is not None and method is not PythonModel.predict_stream


def _keep(folder: str, artifacts: dict[str, str], fetch: Fetch | None) -> dict[str, dict[str, str]]:
    kept: dict[str, dict[str, str]] = {}
    for name, given in artifacts.items():
        uri = os.fspath(given)
        below = (
            f"{ARTIFACTS}/{len(kept)}"
            if any(os.path.basename(uri.rstrip("/")) == os.path.basename(other["path"]) for other in kept.values())
            else ARTIFACTS
        )
        place = os.path.join(folder, below)
        os.makedirs(place, exist_ok=True)
        if ":/" in uri and not uri.startswith("file:"):
            if fetch is None:
                raise InvalidParameter(f"The artifact {name!r} is {uri!r}; only files of this machine are taken here.")
            path = os.path.relpath(fetch(uri, place), folder)
        else:
            path = _copied(uri.removeprefix("file://").removeprefix("file:"), place, below)
        kept[name] = {"path": path, "uri": uri}
    return kept


def _copied(source: str, place: str, below: str) -> str:
    name = os.path.basename(os.path.abspath(source))
    if not os.path.exists(source):
        raise MissingFile(f"{source!r} is to be part of the model, and is not there.", source)
    os.makedirs(place, exist_ok=True)
    target = os.path.join(place, name)
    shutil.copytree(source, target) if os.path.isdir(source) else shutil.copy2(source, target)
    return f"{below}/{name}"
