"""Estimators in scikit-learn's manner as files: skops (which runs no code when it is read), or a pickle where that must be."""

from __future__ import annotations

import os
import re
import zipfile
from typing import Any, NamedTuple

from runstone.errors import InvalidParameter
from runstone.flavors.flavor import Folder
from runstone.flavors.likeness import difference
from runstone.flavors.pickling import noting
from runstone.safety.held import Held
from runstone.warning import warn

# Bytes that a small file may unpack to; and how many times its size may come out of a larger one. skops itself packs nothing.
_MUCH, _MOST_TIMES = 256 << 20, 100
FORMATS = ("skops", "cloudpickle", "pickle")
# The first skops of whose files nobody knows how they would have something called that their types do not name.
_TIGHT = [0, 15]
_ENDINGS = {"skops": "skops", "cloudpickle": "pkl", "pickle": "pkl"}


class Written(NamedTuple):
    """An estimator's file.

    Attributes:
        name: the file's, in the folder.
        format: of `FORMATS`.
        types: the types that a reader of skops is to trust, beyond those it knows; None of a pickle.
        packages: the distributions that reading it needs.
        modules: the modules that its objects come from.
    """

    name: str
    format: str
    types: list[str] | None
    packages: tuple[str, ...]
    modules: tuple[str, ...]


def write(model: Any, folder: str, format: str | None, trusted: list[str] | None = None) -> Written:
    """Write an estimator as `model.skops` or `model.pkl`.

    Args:
        model: the estimator.
        folder: where to.
        format: of `FORMATS`; None: skops if it can, else cloudpickle (what skops has no form for, classes that only this script has, and
            everything where skops is not installed: that is warned of).
        trusted: types that are to be trusted on reading beyond those that the estimator holds.

    Raises:
        InvalidParameter: the format is none, or (where it was asked for) skops cannot write this estimator; the sentence says why.
    """
    if format not in (None, *FORMATS):
        raise InvalidParameter(f"Unrecognized serialization format: {format!r}. Write one of {', '.join(FORMATS)}.")
    if format == "skops" or (format is None and _skops_is_here()):
        try:
            return _write_skops(model, folder, trusted or [], anywhere=format is None)
        except _NotByName as error:
            if format is not None:
                raise InvalidParameter(str(error)) from error
    return _write_pickle(model, folder, format or "cloudpickle")


def read(folder: Folder, key: str) -> Any:
    """The estimator of the file that a block names under a key; its trust is asked first."""
    with folder.held(key) as held:
        if folder.block.get("serialization_format") == "skops" or held.path.endswith(".skops"):
            return _read_skops(folder, held)
        import pickle

        folder.trust.pickle(held)
        with held.open() as file:
            return pickle.load(file)  # noqa: S301  (the trust was asked)


class _NotByName(Exception):
    """An estimator that skops has no form for."""


def _write_skops(model: Any, folder: str, trusted: list[str], *, anywhere: bool) -> Written:
    io = _skops()
    path = os.path.join(folder, "model.skops")
    try:
        io.dump(model, path)
        types = io.get_untrusted_types(file=path)
        strange = [name for name in types if name.startswith("__main__.") or "<" in name]
        if strange and anywhere:  # another process would look for them in vain; cloudpickle carries them along
            raise _NotByName(f"{strange[0]} is a class of this script alone.")
        if any(
            not _is_known(name) for name in types
        ):  # of some kinds skops writes what it cannot read, or less than there was
            lost = difference(model, io.load(path, trusted=types))
            if lost is not None:
                raise _NotByName(f"what is read back has not the same {lost}")
    except Exception as error:
        if os.path.exists(path):
            os.remove(path)
        raise _NotByName(
            f"skops cannot write this {type(model).__qualname__}: {error}. Leave serialization_format out, or say 'cloudpickle'."
        ) from error
    modules = tuple(sorted({name.rpartition(".")[0] for name in types}))
    return Written("model.skops", "skops", sorted({*types, *trusted}), ("skops",), modules)


def _is_known(name: str) -> bool:
    return name.partition(".")[0] in ("sklearn", "numpy", "lightgbm", "xgboost")


def _read_skops(folder: Folder, held: Held) -> Any:
    # What the file is made of is told first, and only then made. The list in the MLmodel file was written by whoever wrote the model: it is
    # no reason to trust anything.
    io = _skops()
    import skops

    if [int(part) for part in re.findall(r"\d+", skops.__version__)[:2]] < _TIGHT:
        reason = (
            f"skops {skops.__version__}, which is installed here, calls what it names unasked; 0.15 and later do not"
        )
        folder.trust.runs(held, f"its file {os.path.basename(held.path)!r} is read by skops: {reason}")
    try:
        from skops.io._audit import get_tree
        from skops.io._utils import read_schema
    except ImportError:  # another version of skops: it reads the file once for each
        with held.open() as file, zipfile.ZipFile(file) as parts:
            _check_size(parts, held)
        with held.open() as file:
            types = io.get_untrusted_types(file=file)
        folder.trust.types(types, held)
        with held.open() as file:
            return io.load(file, trusted=types)
    with held.open() as file, zipfile.ZipFile(file) as parts:
        _check_size(parts, held)
        schema, context = read_schema(parts)
        tree = get_tree(schema, context, trusted=None)
        folder.trust.types(sorted(tree.get_unsafe_set()), held)
        return tree.construct()


def _check_size(parts: zipfile.ZipFile, held: Held) -> None:
    whole = sum(part.file_size for part in parts.infolist())
    with held.open() as file:
        packed = file.seek(0, os.SEEK_END)
    if whole > max(_MUCH, _MOST_TIMES * packed):
        raise InvalidParameter(
            f"The model's file {os.path.basename(held.path)!r} of {packed:,} bytes would be {whole:,} when it is unpacked, as no model's is. It is not read."
        )


def _skops_is_here() -> bool:
    # A training is not lost for want of a package; what is lost is a word about the model that anybody may believe.
    try:
        _skops()
    except ImportError:
        warn(
            "skops is not installed, so the model is kept as a pickle, which can run code when it is read. `pip install skops` keeps models in "
            "a format that runs none; serialization_format='cloudpickle' says that a pickle is meant."
        )
        return False
    return True


def _skops() -> Any:
    try:
        import skops.io
    except ImportError as error:
        raise ImportError(
            "Estimators are kept in skops' format, which runs no code when it is read: `pip install skops`, or say serialization_format='cloudpickle'."
        ) from error
    return skops.io


def _write_pickle(model: Any, folder: str, format: str) -> Written:
    name = f"model.{_ENDINGS[format]}"
    if format == "cloudpickle":
        try:
            import cloudpickle as library
        except ImportError as error:
            raise ImportError("This estimator is kept by cloudpickle: `pip install cloudpickle`.") from error
        packages: tuple[str, ...] = ("cloudpickle",)
    else:
        import pickle as library

        packages = ()
    modules = set[str]()
    with open(os.path.join(folder, name), "wb") as file:
        noting(library.Pickler, modules)(file).dump(model)
    return Written(name, format, None, packages, tuple(sorted(modules)))


def class_of(name: object, package: str) -> Any:
    """A class that an MLmodel file names, which must be of its library. Raises InvalidParameter."""
    from importlib import import_module

    module, _, kind = str(name).rpartition(".")
    if module.partition(".")[0] == package:
        try:
            found = getattr(import_module(module), kind)
        except (ImportError, AttributeError) as error:
            raise InvalidParameter(
                f"The model's class {name!r:.200} is not in the {package} that is installed here: {error}."
            ) from error
        if isinstance(found, type):
            return found
    raise InvalidParameter(f"The model's class is {name!r:.200}, which is no class of {package}.")
