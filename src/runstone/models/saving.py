"""A model becomes a folder in MLflow's format: the flavor's files, the MLmodel file, what it needs, an example. Whole, or not there."""

from __future__ import annotations

import os
import platform
import shutil
from typing import TYPE_CHECKING, Any

from runstone.environments import files as environment
from runstone.errors import AlreadyExists, InvalidParameter, MissingFile, WrongFileKind
from runstone.flavors import pickling
from runstone.flavors.flavor import Folder, Saved
from runstone.flavors.pyfunc import own_modules
from runstone.flavors.pyfunc.saving import ARTIFACTS, DATA
from runstone.models import examples
from runstone.models.mlmodel import FILE_NAME, PYFUNC, Model
from runstone.models.signature import ModelSignature
from runstone.safety.remembered import remember
from runstone.safety.trust import Trust
from runstone.types.inference import infer_param_schema
from runstone.warning import warn

if TYPE_CHECKING:
    from runstone.flavors.flavor import Flavor
    from runstone.types.schema import Schema

CODE_FOLDER = "code"
EXTRA_FOLDER = "extra_files"


def save(
    flavor: Flavor,
    model: Any,
    path: str | os.PathLike[str],
    options: dict[str, Any],
    *,
    mlflow_model: Model | None = None,
    conda_env: Any = None,
    code_paths: list[str] | None = None,
    signature: Any = None,
    input_example: Any = None,
    pip_requirements: Any = None,
    extra_pip_requirements: Any = None,
    metadata: dict[str, Any] | None = None,
    extra_files: list[str] | None = None,
) -> Model:
    """Save a model into a folder that is missing or empty; its description comes back.

    Args:
        flavor: the model's kind.
        model: the library's own object.
        path: the folder.
        options: what this flavor has beside what all have.
        mlflow_model: a description to fill in; a new one unless given.
        conda_env, pip_requirements, extra_pip_requirements: what it needs, in place of or beside what is read off this process.
        code_paths: files and folders of Python code that it needs, copied beside it and importable when it is loaded.
        signature: what it takes and gives; inferred from `input_example` unless given, none when False.
        input_example: something it can be asked, kept beside it.
        metadata: what the user wants kept in the description.
        extra_files: files of the user's that are to lie beside it.

    Raises:
        AlreadyExists: the folder holds something.
    """
    place = os.path.abspath(os.fspath(path))
    if os.path.lexists(place) and (not os.path.isdir(place) or os.listdir(place)):
        raise AlreadyExists(f"Path '{path}' already exists and is not empty")
    described = Model() if mlflow_model is None else mlflow_model
    if metadata is not None:
        described.metadata = metadata
    unfinished = f"{place}.{os.getpid()}.tmp"
    shutil.rmtree(unfinished, ignore_errors=True)
    os.makedirs(unfinished)
    try:
        if flavor.plain is not None:
            options = {**options, "example": input_example}
            input_example = None if input_example is None else flavor.plain(input_example)
        saved = flavor.save(model, unfinished, **options)
        if saved.code_files is not None and code_paths:
            raise InvalidParameter("infer_code_paths finds the code; leave out code_paths, or infer_code_paths.")
        block = {**(saved.block or {}), "code": _copy_code(unfinished, code_paths, saved.code_files)}
        if extra_files:
            block["extra_files"] = _copy_extra(unfinished, extra_files)
        described.model_size_bytes = _size(unfinished)
        example = examples.write(unfinished, input_example)
        described.saved_input_example_info = example
        if saved.schemas is not None and signature is not False:
            _sign_by_hints(described, saved.schemas, signature, input_example)
        elif signature is not None:
            described.signature = signature or None
        elif input_example is not None and saved.pyfunc is not None:
            folder = Folder(unfinished, block, saved.pyfunc, Trust(f"the model at {place!r}", vouched=True))
            described.signature = examples.signature_of(input_example, flavor.predictor(model, folder))
        modules = pickling.needed(own_modules.followed(saved.modules, os.path.join(unfinished, CODE_FOLDER)))
        env = environment.write(
            unfinished, saved.packages, modules, conda_env, pip_requirements, extra_pip_requirements
        )
        if saved.pyfunc is not None:
            _add_pyfunc(described, flavor, saved, env, block["code"])
        if saved.block is not None:
            described.add_flavor(flavor.name, **block)
        described.save(os.path.join(unfinished, FILE_NAME))
        wholly = (CODE_FOLDER, *saved.asked, *((DATA,) if saved.block is None else ()))
        remember(unfinished, wholly, (ARTIFACTS, EXTRA_FOLDER))
        if os.path.isdir(place):
            os.rmdir(place)
        os.rename(unfinished, place)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return described


def _add_pyfunc(described: Model, flavor: Flavor, saved: Saved, env: dict[str, str], code: str | None) -> None:
    assert saved.pyfunc is not None
    block = {"loader_module": f"mlflow.{flavor.name}", "python_version": platform.python_version(), "env": env}
    described.add_flavor(PYFUNC, **{**block, **({"code": code} if code else {}), **saved.pyfunc})


def _sign_by_hints(described: Model, schemas: tuple[Schema, Schema], signature: Any, input_example: Any) -> None:
    params = examples.split(input_example)[1]
    found = ModelSignature(*schemas, infer_param_schema(params) if params else None)
    if signature is not None:
        if signature.inputs is not None and signature.inputs != found.inputs:
            warn(
                f"The signature that is given takes {signature.inputs}, the type hint of the model's `predict` says {found.inputs}: that counts. "
                "Leave out the signature, or change the hint."
            )
        found.params = signature.params or found.params
    described.signature = found
    described.others["is_signature_from_type_hint"] = True


def _copy_code(folder: str, code_paths: list[str] | None, files: dict[str, str] | None) -> str | None:
    if files:
        for path, source in files.items():
            place = os.path.join(folder, CODE_FOLDER, path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            shutil.copy2(source, place)
        return CODE_FOLDER
    if not code_paths:
        return None
    if not isinstance(code_paths, list | tuple):
        raise TypeError(f"Argument code_paths should be a list, not {type(code_paths)}")
    os.makedirs(os.path.join(folder, CODE_FOLDER))
    for path in code_paths:
        _copy(path, os.path.join(folder, CODE_FOLDER))
    return CODE_FOLDER


def _copy_extra(folder: str, extra_files: list[str]) -> list[dict[str, str]]:
    os.makedirs(os.path.join(folder, EXTRA_FOLDER))
    return [{"path": f"{EXTRA_FOLDER}/{_copy(path, os.path.join(folder, EXTRA_FOLDER))}"} for path in extra_files]


def _copy(path: str | os.PathLike[str], folder: str) -> str:
    source = os.path.abspath(os.fspath(path))
    name = os.path.basename(source)
    if not os.path.exists(source):
        raise MissingFile(f"{os.fspath(path)!r} is to lie beside the model, and is not there.", os.fspath(path))
    if os.path.exists(os.path.join(folder, name)):
        raise WrongFileKind(f"Two files that are to lie beside the model are called {name!r}. Rename one.", source)
    if os.path.isdir(source):
        shutil.copytree(
            source, os.path.join(folder, name), ignore=shutil.ignore_patterns("__pycache__", ".git", ".runstone")
        )
    else:
        shutil.copy2(source, os.path.join(folder, name))
    return name


def _size(folder: str) -> int:
    return sum(os.path.getsize(os.path.join(above, name)) for above, _, names in os.walk(folder) for name in names)
